package server

import (
	"math"
	"math/bits"
	"runtime"
	"strconv"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/store"
)

// Keys expire at the hands of the keeper, which sleeps until the next deadline, and of the
// reactors, at the end of their turns: where the processors are busy a sleeper is woken
// late, but reactors run.

// helpSlice is for how long a reactor expires keys at the end of a turn.
const helpSlice = 200 * time.Microsecond

const (
	// keeperPassMs is how long the keeper may be busy expiring keys before it rests for
	// keeperBurstRest, so that very many keys with one deadline leave time for clients.
	keeperPassMs    = 5
	keeperBurstRest = 2 * time.Millisecond
	// keeperFreshMs is how long ago the keeper may have worked for reactors to rely on it.
	keeperFreshMs = 2
)

// mayExpire tells whether keys are to be deleted at their deadlines at all.
func (s *Server) mayExpire() bool {
	return s.activeExpire.Load() && s.guard.Load()&(guardLoading|guardPaused) == 0
}

// expire deletes what is due, shard by shard, until nothing is or a pass has taken its
// share of time.
func (k *keeper) expire() {
	s := k.srv
	k.burst = false
	if !s.mayExpire() {
		return
	}
	k.stats.overdue.Store(0)
	began := time.Now()
	now := s.wall(began.UnixMilli())
	for more := true; more; {
		more = false
		for i := range uint32(s.store.Shards()) {
			if s.store.Due(i) > now {
				continue
			}
			k.ex.gate.Lock()
			x := k.ex.expireStep(i, now)
			k.ex.gate.Unlock()
			if x.Inner > 0 {
				k.ex.end()
				k.ex.publish()
			}
			more = more || x.Work > 0 && s.store.Due(i) <= now
			runtime.Gosched()
			t := time.Now()
			k.workedAt.Store(t.UnixMilli())
			now = s.wall(t.UnixMilli())
			if busy := t.Sub(began); busy.Milliseconds() > keeperPassMs {
				k.stats.capReached.Add(1)
				k.burst = true
				k.stats.busyUs.Add(busy.Microseconds())
				return
			}
		}
	}
	k.stats.busyUs.Add(time.Since(began).Microseconds())
}

// expireAll deletes all that is due, however long it takes, but for what a long command
// locks.
func (k *keeper) expireAll() {
	for k.expire(); k.burst; k.expire() {
	}
}

// helpExpire deletes what is due in a slice of time, on a reactor, unless another one is
// at it.
func (s *Server) helpExpire(ex *executor, now int64) {
	k := s.keeper
	// A keeper that is at work needs no help, and the clients of a reactor no delay. When
	// a Clock is moved, the keeper is asked.
	if s.embedded.Clock != nil || now-k.workedAt.Load() < keeperFreshMs || !s.mayExpire() || !k.helping.TryLock() {
		return
	}
	k.dueAt.Store(math.MaxInt64) // Store's alarm, and what is left, lower it
	began := time.Now()
	now = began.UnixMilli()
	next := store.Never
	ex.gate.Lock()
	for i := range uint32(s.store.Shards()) {
		for s.store.Due(i) <= now && time.Since(began) < helpSlice {
			if x := ex.expireStep(i, now); x.Work == 0 {
				break // a long command holds the shard
			}
		}
		next = min(next, s.store.Due(i))
	}
	ex.gate.Unlock()
	k.lowerDueAt(next)
	k.helping.Unlock()
	if spent := time.Since(began); spent > 10*time.Microsecond {
		s.noteLatency("expire-cycle", spent)
		k.stats.busyUs.Add(spent.Microseconds())
	}
}

// lowerDueAt makes the reactors look from that moment on, if not earlier.
func (k *keeper) lowerDueAt(ms int64) {
	for at := k.dueAt.Load(); ms < at && !k.dueAt.CompareAndSwap(at, ms); at = k.dueAt.Load() {
	}
}

// alarm is the store's hook: something falls due before anybody would look.
func (k *keeper) alarm() {
	k.dueAt.Store(0)
	k.ring()
}

// expireStep does one step of expiry in a shard. The caller holds the executor's gate and
// no shard lock.
func (ex *executor) expireStep(shard uint32, now int64) store.Expiry {
	s := ex.srv
	if !s.mayExpire() {
		return store.Expiry{}
	}
	ex.setClock(now)
	x := s.store.ExpireStep(shard, now, ex.onInner)
	if x.Inner > 0 {
		ex.afterUnlock()
	}
	s.keeper.note(&x)
	return x
}

// expireInner is called by ExpireStep: something in k's value has fallen due. The shard
// is locked.
func (ex *executor) expireInner(db int, key store.Key, e store.Entry) {
	ex.ctx.DB = db
	ex.recorded(key, func() { command.ExpireFields(&ex.ctx, key, e) })
	ex.srv.counts.expiredFields.Add(ex.ctx.FieldsGone)
	ex.ctx.FieldsGone = 0
	if ex.unsettled() {
		ex.settleOne(key.Shard)
	}
}

// note adds up what a step did.
func (k *keeper) note(x *store.Expiry) {
	if x.Keys == 0 {
		return
	}
	if x.Late > k.stats.lateMaxMs.Load() {
		k.stats.lateMaxMs.Store(x.Late)
	}
	for i, n := range x.By {
		if n > 0 {
			k.stats.late[i].Add(int64(n))
			if i > bits.Len(keeperTickMs) {
				k.stats.overdue.Add(int64(n))
			}
		}
	}
}

// latePercentile returns a bound of the lateness of percent of the keys, in milliseconds:
// a power of two.
func (st *keeperStats) latePercentile(percent int64) int64 {
	total, sum := int64(0), int64(0)
	for i := range st.late {
		total += st.late[i].Load()
	}
	for i := range st.late {
		if sum += st.late[i].Load(); sum*100 >= total*percent {
			return int64(1)<<i - 1
		}
	}
	return 0
}

// keyExpired is the store's hook: the entry named key is being deleted because its
// deadline has come. The shard is locked; key is a view.
func (s *Server) keyExpired(shard, db int, key []byte) {
	s.keyGone(uint32(shard), db, key, command.EventExpired)
}

// stalePercent estimates which share of the keys with a deadline, of which there are
// expires, is overdue.
func (s *Server) stalePercent(expires int64) string {
	n := s.keeper.stats.overdue.Load()
	return strconv.FormatFloat(100*float64(n)/float64(max(expires+n, 1)), 'f', 2, 64)
}
