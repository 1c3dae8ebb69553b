package keeper

import (
	"math"
	"runtime"
	"time"

	"github.com/kringdb/kring/store"
)

// Keys expire at the hands of the keeper, which sleeps until the next deadline, and of the
// reactors, at the end of their turns: where the processors are busy a sleeper is woken
// late, but reactors run.

// expire deletes what is due, shard by shard, until nothing is or a pass has taken its
// share of time.
func (k *Keeper) expire() {
	k.burst = false
	if !k.house.MayExpire() {
		return
	}
	k.Stats.Overdue.Store(0)
	began := time.Now()
	now := k.house.Wall(began.UnixMilli())
	for more := true; more; {
		more = false
		for i := range uint32(k.store.Shards()) {
			if k.store.Due(i) > now {
				continue
			}
			k.hand.Lock()
			x := k.hand.ExpireStep(i, now)
			k.hand.Unlock()
			k.note(&x)
			if x.Inner > 0 {
				k.hand.Settle()
			}
			more = more || x.Work > 0 && k.store.Due(i) <= now
			runtime.Gosched()
			t := time.Now()
			k.workedAt.Store(t.UnixMilli())
			now = k.house.Wall(t.UnixMilli())
			if busy := t.Sub(began); busy.Milliseconds() > expirePassMs {
				k.Stats.CapReached.Add(1)
				k.burst = true
				k.Stats.BusyUs.Add(busy.Microseconds())
				return
			}
		}
	}
	k.Stats.BusyUs.Add(time.Since(began).Microseconds())
}

// Due tells whether a reactor is to Help, by its clock.
func (k *Keeper) Due(now int64) bool { return now >= k.dueAt.Load() }

// Help deletes what is due in a slice of time, on a reactor, unless another one is
// at it.
func (k *Keeper) Help(hand Hand, now int64) {
	// A keeper that is at work needs no help, and the clients of a reactor no delay. When
	// a clock that stands still is moved, the keeper is asked.
	if k.still || now-k.workedAt.Load() < freshMs || !k.house.MayExpire() || !k.helping.TryLock() {
		return
	}
	if !hand.Enter() {
		k.helping.Unlock()
		return
	}
	k.dueAt.Store(math.MaxInt64) // Store's alarm, and what is left, lower it
	began := time.Now()
	now = began.UnixMilli()
	next := store.Never
	for i := range uint32(k.store.Shards()) {
		for k.store.Due(i) <= now && time.Since(began) < helpSlice {
			x := hand.ExpireStep(i, now)
			k.note(&x)
			if x.Work == 0 {
				break // a long command holds the shard
			}
		}
		next = min(next, k.store.Due(i))
	}
	hand.Unlock()
	k.lowerDueAt(next)
	k.helping.Unlock()
	if spent := time.Since(began); spent > helpNoted {
		k.house.NoteLatency("expire-cycle", spent)
		k.Stats.BusyUs.Add(spent.Microseconds())
	}
}

// lowerDueAt makes the reactors look from that moment on, if not earlier.
func (k *Keeper) lowerDueAt(ms int64) {
	for at := k.dueAt.Load(); ms < at && !k.dueAt.CompareAndSwap(at, ms); at = k.dueAt.Load() {
	}
}

// Alarm is the store's hook: something falls due before anybody would look.
func (k *Keeper) Alarm() {
	k.dueAt.Store(0)
	k.Ring()
}
