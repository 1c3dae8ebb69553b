package server

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/store"
)

// keeper is the participant that keeps the server in shape beside the commands: it
// deletes what has expired, evicts what exceeds maxmemory, compacts, gives memory back, surveys
// the keys and sheds clients. It has a gate of its own, takes one shard lock at a time, and
// gives way to others between its steps, each of which is bounded.
type keeper struct {
	srv   *Server
	ex    *executor // for what changes values, such as the expiry of fields
	wake  chan struct{}
	asked chan chan<- struct{} // to do all that is due, and then close the channel
	quit  chan struct{}
	ended chan struct{}
	stats keeperStats

	told       time.Time // when the store's sum was last made exact
	unfinished bool      // a pass ended before all was evicted

	survey       survey
	heap         heapKeeper
	evictClients atomic.Bool // clients' buffers are more than maxmemory-clients

	dueAt    atomic.Int64 // not before this moment is anything due that the reactors must see to
	workedAt atomic.Int64 // when it last did a step of expiry
	burst    bool         // the last pass had more to do than it may
	helping  sync.Mutex   // held by the reactor that expires keys

	comp   *store.Compactor
	looked time.Time     // when compaction was last thought of
	pause  time.Duration // until it goes on
	resume time.Time
	sweep  int // shards that compaction has still to look at

	idleTicks int // for how many ticks there has been free memory to give back
}

const (
	// keeperTickMs is how often the keeper looks around when nothing wakes it.
	keeperTickMs = 100
	// keeperPass is how long one pass of eviction may take before other duties get their
	// turn; keeperRetry the shortest sleep between passes.
	keeperPass  = 25 * time.Millisecond
	keeperRetry = 200 * time.Microsecond
	// evictSlice is for how long the keeper evicts before it gives way.
	evictSlice = 100 * time.Microsecond
)

// keeperStats are the keeper's counters; others read them.
type keeperStats struct {
	capReached                                            atomic.Int64                    // passes of expiry that had more to do than a pass may take
	busyUs                                                atomic.Int64                    // time spent expiring
	lateMaxMs                                             atomic.Int64                    // by how much the latest key was late
	late                                                  [store.LateClasses]atomic.Int64 // keys by lateness, see store.Expiry
	defragMoved, defragFailed, defragFreed, defragRunning atomic.Int64
	defragKeys, defragKept                                atomic.Int64
	wastedFrom, wastedMs                                  atomic.Int64 // since when more is unused than may be, 0: it is not; for how long in all

	overdue atomic.Int64 // keys deleted in the last pass that were overdue by keeperTickMs
}

// newKeeper makes the keeper of s; it gets its executor before it starts.
func newKeeper(s *Server) *keeper {
	return &keeper{srv: s, wake: make(chan struct{}, 1), asked: make(chan chan<- struct{}), quit: make(chan struct{}), ended: make(chan struct{})}
}

// ring wakes the keeper; any goroutine may call it, under any lock.
func (k *keeper) ring() {
	select {
	case k.wake <- struct{}{}:
	default: // it is awake, or about to be
	}
}

func (k *keeper) start() {
	k.comp = store.NewCompactor(k.srv.store)
	go k.run()
}

// stop ends the keeper and waits for it.
func (k *keeper) stop() {
	close(k.quit)
	<-k.ended
}

func (k *keeper) run() {
	defer close(k.ended)
	timer := time.NewTimer(0)
	for {
		select {
		case <-k.quit:
			return
		case <-k.wake:
		case done := <-k.asked:
			k.expireAll()
			close(done)
		case <-timer.C:
		}
		k.srv.store.SetAlarm(math.MinInt64)
		k.srv.endPause()
		k.expire()
		k.evict()
		k.ex.kick()
		k.shedClients()
		now := time.Now()
		tick := now.Sub(k.looked) >= keeperTickMs*time.Millisecond
		if tick {
			k.survey.look(k.srv, k.ex)
			k.heap.look(k.srv.ownsProcess)
		}
		if tick || k.sweep > 0 && now.After(k.resume) {
			k.looked = now
			k.compact()
			k.resume = time.Now().Add(k.pause)
		}
		timer.Reset(k.rest())
	}
}

// rest arms the store's alarm and returns how long the keeper may sleep.
func (k *keeper) rest() time.Duration {
	st, now := k.srv.store, time.Now()
	if k.srv.embedded.Clock != nil {
		return k.restUnderClock()
	}
	until := now.UnixMilli() + keeperTickMs
	if k.srv.mayExpire() {
		// What comes up before until after the alarm is set rings; what came before
		// shows in the answer.
		for next := st.SetAlarm(until); next < until; next = st.SetAlarm(until) {
			until = next
		}
		k.lowerDueAt(until)
	}
	if k.unfinished {
		return keeperRetry
	}
	if k.sweep > 0 {
		until = min(until, k.resume.UnixMilli()+1)
	}
	if k.burst {
		return keeperBurstRest
	}
	// A shard that a long command holds stays due: look again, but not all the time.
	return max(time.UnixMilli(until).Sub(now), keeperRetry)
}

// restUnderClock is rest where a Clock stands still: nothing falls due but by a command.
func (k *keeper) restUnderClock() time.Duration {
	s := k.srv
	soon := s.nowMs() + 1
	switch {
	case s.mayExpire() && s.store.SetAlarm(soon) < soon, k.unfinished:
		return keeperRetry
	case k.burst:
		return keeperBurstRest
	case k.sweep > 0:
		return max(time.Until(k.resume), keeperRetry)
	}
	return keeperTickMs * time.Millisecond
}

// evict brings the store within maxmemory, in steps, as far as a pass allows.
func (k *keeper) evict() {
	s := k.srv
	if s.guard.Load()&(guardMemory|guardLoading|guardPaused) != guardMemory {
		return
	}
	if now := time.Now(); now.Sub(k.told) > keeperTickMs*time.Millisecond {
		k.told = now
		s.store.PublishAll()
	}
	k.unfinished = false
	for end := time.Now().Add(keeperPass); s.overLimit(); runtime.Gosched() {
		k.ex.gate.Lock()
		more := k.ex.evict(evictSlice)
		k.ex.gate.Unlock()
		if !more {
			return
		}
		if time.Now().After(end) {
			k.unfinished = true
			return
		}
	}
	s.noteOver(false)
}

func (st *keeperStats) reset() {
	st.capReached.Store(0)
	st.busyUs.Store(0)
	st.lateMaxMs.Store(0)
	for i := range st.late {
		st.late[i].Store(0)
	}
}

// keyGone tells everybody who has to know that the server deleted a key on its own. The
// shard is locked; key is a view.
func (s *Server) keyGone(shard uint32, db int, key []byte, ev command.Event) {
	s.observedGone(shard, db, key)
	s.notify(nil, db, key, ev)
	s.journalDel(shard, db, key)
}
