package keeper

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/store"
)

// House is the server. The keeper calls it without a gate, and a reactor that helps does.
type House interface {
	MayExpire() bool     // keys are to be deleted at their deadlines
	MayEvict() bool      // maxmemory is set, and nothing forbids to keep to it now
	Loading() bool       // nobody but the loader may change the store
	OverLimit() bool     // the store holds more than maxmemory
	NoteOver(over bool)  // keeps the time that is spent above it
	Wall(ms int64) int64 // the time of the data at a time of the machine, both since 1970
	NowMs() int64        // the time of the data
	EndPause() (on bool) // ends CLIENT PAUSE if its time has come, and tells whether there is one
	ShedClients()        // closes clients until they are within maxmemory-clients; it waits for the reactors
	NoteLatency(event string, d time.Duration)
	LookAtMemory()     // notes how much is in use
	OwnsProcess() bool // the heap is the server's, and not a program's that it is embedded in
}

// Hand is an executor, in whose name things are changed.
type Hand interface {
	Lock()       // its gate
	Enter() bool // the same, for a reactor: false when a script keeps it for long
	Unlock()
	ExpireStep(shard uint32, now int64) store.Expiry // its gate is held, and no shard lock
	Evict(most time.Duration) (more bool)            // the same; more: there may be more to evict
	ExpireLocal(now int64)                           // on a replica, what its own clients wrote; without the gate
	Settle()                                         // after what changed values; without the gate
	Kick()                                           // has what was recorded written
}

// Keeper is the participant. Make one with New.
type Keeper struct {
	house House
	opts  *options.Options
	still bool // the clock of the data stands still between commands
	store *store.Store
	hand  Hand
	wake  chan struct{}
	asked chan chan<- struct{} // to do all that is due, and then close the channel
	quit  chan struct{}
	ended chan struct{}

	pulses, hard   atomic.Int64  // how often Pulse was called, and because of hard work
	seen, seenHard int64         // of them at the last tick
	period         time.Duration // to the next tick
	rests          atomic.Int64  // the same in nanoseconds, for Pulse

	told       time.Time // when the store's sum was last made exact
	unfinished bool      // a pass ended before all was evicted

	survey  Survey
	heap    heap
	crowded atomic.Bool // see ShedClients

	dueAt    atomic.Int64 // not before this moment is anything due that the reactors must see to
	workedAt atomic.Int64 // when it last did a step of expiry
	burst    bool         // the last pass had more to do than it may
	helping  sync.Mutex   // held by the reactor that expires keys

	compaction compaction
	Stats      Stats
}

// New makes a keeper, which may be rung, and rest, until it is started.
func New(house House, opts *options.Options, still bool) *Keeper {
	return &Keeper{
		house: house, opts: opts, still: still,
		wake: make(chan struct{}, 1), asked: make(chan chan<- struct{}), quit: make(chan struct{}), ended: make(chan struct{}),
	}
}

// Ring wakes the keeper; any goroutine may call it, under any lock.
func (k *Keeper) Ring() {
	select {
	case k.wake <- struct{}{}:
	default: // it is awake, or about to be
	}
}

// Pulse says that the server is at work: hard, or hardly. While it works hard, the keeper looks around in each of its ticks,
// while hardly every easyTick; when it is not at work, less and less often. Reactors call it in their ticks.
func (k *Keeper) Pulse(hard bool) {
	k.pulses.Add(1)
	if hard {
		k.hard.Add(1)
	}
	if rests := k.rests.Load(); rests > int64(easyTick) || hard && rests > tickMs*int64(time.Millisecond) {
		k.Ring()
	}
}

// pace says when the next tick is, at the end of one.
func (k *Keeper) pace() {
	pulses, hard := k.pulses.Load(), k.hard.Load()
	switch {
	case hard != k.seenHard || k.heap.swollen || k.compaction.idleTicks > 0:
		k.period = tickMs * time.Millisecond
	case pulses != k.seen:
		k.period = min(2*k.period, easyTick)
	default:
		k.period = min(2*k.period, slowTick)
	}
	k.seen, k.seenHard = pulses, hard
	k.rests.Store(int64(k.period))
	if k.hard.Load() != k.seenHard || k.period > easyTick && k.pulses.Load() != k.seen { // while that was not to be seen
		k.Ring()
	}
}

// Start begins to keep a store, by means of an executor that is the keeper's own.
func (k *Keeper) Start(st *store.Store, hand Hand) {
	k.store, k.hand, k.period = st, hand, tickMs*time.Millisecond
	k.compaction.comp = store.NewCompactor(st)
	go k.run()
}

// Stop ends the keeper and waits for it.
func (k *Keeper) Stop() {
	close(k.quit)
	<-k.ended
}

func (k *Keeper) run() {
	defer close(k.ended)
	timer := time.NewTimer(0)
	for {
		select {
		case <-k.quit:
			k.compaction.comp.Stop()
			return
		case <-k.wake:
		case done := <-k.asked:
			for k.expire(); k.burst; k.expire() {
			}
			close(done)
		case <-timer.C:
		}
		k.store.SetAlarm(math.MinInt64)
		paused := k.house.EndPause()
		k.expire()
		k.evict()
		k.hand.Kick()
		if k.crowded.Swap(false) {
			k.house.ShedClients()
		}
		now := time.Now()
		c := &k.compaction
		tick := now.Sub(c.looked) >= tickMs*time.Millisecond
		if tick {
			k.survey.look(k.store, k.hand, k.pulses.Load(), now.Sub(c.looked))
			k.house.LookAtMemory()
			k.hand.ExpireLocal(k.house.Wall(now.UnixMilli()))
			k.heap.look(k.house.OwnsProcess())
		}
		if tick {
			c.looked = now
			k.giveBack()
		}
		if tick && c.sweep == 0 || c.sweep > 0 && now.After(c.resume) {
			k.compact()
			c.resume = time.Now().Add(c.pause)
		}
		if tick {
			k.pace()
		}
		if paused {
			k.period = tickMs * time.Millisecond
		}
		timer.Reset(k.rest())
	}
}

// rest arms the store's alarm and returns how long the keeper may sleep.
func (k *Keeper) rest() time.Duration {
	st, now := k.store, time.Now()
	if k.still {
		return k.restStill()
	}
	until := now.UnixMilli() + k.period.Milliseconds()
	if k.house.MayExpire() {
		// What comes up before until after the alarm is set rings; what came before
		// shows in the answer.
		for next := st.SetAlarm(until); next < until; next = st.SetAlarm(until) {
			until = next
		}
		k.lowerDueAt(until)
	}
	if k.unfinished {
		return retry
	}
	if k.compaction.sweep > 0 {
		until = min(until, k.compaction.resume.UnixMilli()+1)
	}
	if k.burst {
		return burstRest
	}
	// A shard that a long command holds stays due: look again, but not all the time.
	return max(time.UnixMilli(until).Sub(now), retry)
}

// restStill is rest where the clock of the data stands still: nothing falls due but by a command.
func (k *Keeper) restStill() time.Duration {
	soon := k.house.NowMs() + 1
	switch {
	case k.house.MayExpire() && k.store.SetAlarm(soon) < soon, k.unfinished:
		return retry
	case k.burst:
		return burstRest
	case k.compaction.sweep > 0:
		return max(time.Until(k.compaction.resume), retry)
	}
	return k.period
}

// evict brings the store within maxmemory, in steps, as far as a pass allows.
func (k *Keeper) evict() {
	if !k.house.MayEvict() {
		return
	}
	if now := time.Now(); now.Sub(k.told) > tickMs*time.Millisecond {
		k.told = now
		k.store.PublishAll()
	}
	k.unfinished = false
	for end := time.Now().Add(evictPass); k.house.OverLimit(); runtime.Gosched() {
		k.hand.Lock()
		more := k.hand.Evict(evictSlice)
		k.hand.Unlock()
		if !more {
			return
		}
		if time.Now().After(end) {
			k.unfinished = true
			return
		}
	}
	k.house.NoteOver(false)
}

// ExpireDue waits until all is deleted that is due, however long it takes, but for what a long
// command locks. It returns false if the keeper has ended.
func (k *Keeper) ExpireDue() bool {
	done := make(chan struct{})
	select {
	case k.asked <- done:
		<-done // the keeper answers before it ends
		return true
	case <-k.ended:
		return false
	}
}

// ShedClients has the keeper close clients, in its next pass, which is soon.
func (k *Keeper) ShedClients() {
	k.crowded.Store(true)
	k.Ring()
}

// GivenBack is how much the Go heap has given back in all because nobody needed it, in bytes.
func (k *Keeper) GivenBack() int64 { return k.heap.given.Load() }
