package keeper

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/store"
)

// house is a server that allows what it is told to.
type house struct {
	expires, evicts bool
	over            atomic.Int64 // how many steps of eviction it takes to be within the limit
	sheds, looks    atomic.Int64
	passes          atomic.Int64  // of the keeper
	slow            time.Duration // see hand
	keeper          *Keeper
	beside          atomic.Int64 // looks while it compacts
	shards          int          // of the store; 0: 4
	loads           atomic.Bool
}

func (h *house) MayExpire() bool                   { return h.expires }
func (h *house) MayEvict() bool                    { return h.evicts }
func (h *house) Loading() bool                     { return h.loads.Load() }
func (h *house) OverLimit() bool                   { return h.over.Load() > 0 }
func (h *house) NoteOver(bool)                     {}
func (h *house) Wall(ms int64) int64               { return ms }
func (h *house) NowMs() int64                      { return time.Now().UnixMilli() }
func (h *house) EndPause() bool                    { h.passes.Add(1); return false }
func (h *house) ShedClients()                      { h.sheds.Add(1) }
func (h *house) NoteLatency(string, time.Duration) {}
func (h *house) OwnsProcess() bool                 { return false }
func (h *house) LookAtMemory() {
	h.looks.Add(1)
	if h.keeper.Stats.DefragRunning.Load() > 0 {
		h.beside.Add(1)
	}
}

// hand is an executor without a server.
type hand struct {
	sync.Mutex
	t    *testing.T
	st   *store.Store
	h    *house
	slow time.Duration // how long the keeper waits for its gate
}

func (x *hand) Lock() {
	time.Sleep(x.slow)
	x.Mutex.Lock()
}

func (x *hand) ExpireLocal(int64) {}

func (x *hand) ExpireStep(shard uint32, now int64) store.Expiry {
	x.held()
	return x.st.ExpireStep(shard, now, func(int, store.Key, store.Entry) {})
}

func (x *hand) Evict(time.Duration) bool {
	x.held()
	return x.h.over.Add(-1) > 0
}

func (x *hand) Enter() bool {
	x.Lock()
	return true
}

func (x *hand) held() {
	if x.TryLock() {
		x.Unlock()
		x.t.Error("a step without the gate")
	}
}

func (x *hand) Settle() {}
func (x *hand) Kick()   {}

// keep runs a keeper of a store of its own, until the test ends.
func keep(t *testing.T, h *house) (*Keeper, *store.Store) {
	t.Helper()
	k := New(h, options.New(), false)
	h.keeper = k
	if h.shards == 0 {
		h.shards = 4
	}
	st, err := store.Open(store.Options{Shards: h.shards, Databases: 2, Hooks: store.Hooks{Alarm: k.Alarm}})
	if err != nil {
		t.Fatal(err)
	}
	k.Start(st, &hand{t: t, st: st, h: h, slow: h.slow})
	t.Cleanup(func() { k.Stop(); st.Close() })
	return k, st
}

func put(st *store.Store, name string, bytes int, deadline int64) {
	k := st.MakeKey([]byte(name))
	st.Lock(k.Shard)
	st.SetString(0, k, []byte(strings.Repeat("x", bytes)), deadline)
	st.Unlock(k.Shard)
}

// until waits for a condition that must come about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not within a minute: ", what)
		}
	}
}

// TestLooksAtMemory: how much is in use is noted again and again although nobody asks.
func TestLooksAtMemory(t *testing.T) {
	h := &house{}
	keep(t, h)
	until(t, "it looks", func() bool { return h.looks.Load() > 1 })
}

// TestTicksBesideCompaction: a sweep of all shards that takes long keeps the keeper from nothing else.
func TestTicksBesideCompaction(t *testing.T) {
	const keys = 100_000
	h := &house{slow: 20 * time.Millisecond}
	_, st := keep(t, h)
	for i := range keys {
		put(st, fmt.Sprint("k", i), 100, 0)
	}
	for i := range keys {
		if i%20 != 0 {
			key := st.MakeKey(fmt.Append(nil, "k", i))
			st.Lock(key.Shard)
			st.Delete(0, key)
			st.Unlock(key.Shard)
		}
	}
	st.Reap()
	until(t, "it looks at the memory while it compacts", func() bool { return h.beside.Load() > 1 })
}

// TestGathers: where maxmemory evicts, the pages that shards share are kept full, without a sweep.
func TestGathers(t *testing.T) {
	for _, evicts := range []bool{false, true} {
		h := &house{evicts: evicts, shards: 64}
		h.loads.Store(true) // it is filled at once, for the keeper
		k, st := keep(t, h)
		const keys = 20_000
		for i := range keys {
			put(st, fmt.Sprint("k", i), 10+i*7919%2000, 0)
		}
		for i := 0; i < keys; i += 12 {
			key := st.MakeKey(fmt.Append(nil, "k", i))
			st.Lock(key.Shard)
			st.Delete(0, key)
			st.Unlock(key.Shard)
		}
		h.loads.Store(false)
		if evicts {
			until(t, "it moves entries", func() bool { k.Pulse(true); return k.Stats.DefragMoved.Load() > 100 })
		} else {
			ticks := h.looks.Load() + 5
			until(t, "it looks around", func() bool { k.Pulse(true); return h.looks.Load() > ticks })
			if n := k.Stats.DefragMoved.Load(); n != 0 {
				t.Errorf("%d blocks were moved without maxmemory", n)
			}
		}
		if k.Stats.DefragKept.Load() > 0 {
			t.Error("it has gone through the store")
		}
	}
}

// TestExpires: keys go at their deadlines without anybody asking for them, and are accounted for; unless
// the house forbids it.
func TestExpires(t *testing.T) {
	const keys = 1000
	k, st := keep(t, &house{expires: true})
	for i := range keys {
		put(st, fmt.Sprint("k", i), 1, time.Now().UnixMilli()+int64(1+i%50))
	}
	put(st, "stays", 1, 0)
	until(t, "the keys expire", func() bool { return st.Len(0) == 1 })
	until(t, "they are counted", func() bool {
		n := int64(0)
		for i := range k.Stats.Late {
			n += k.Stats.Late[i].Load()
		}
		return n == keys
	})
	k.Stats.Reset()
	if k.Stats.LateMaxMs.Load() != 0 {
		t.Error("a figure is left")
	}

	k, st = keep(t, &house{})
	put(st, "k", 1, 1)
	if !k.ExpireDue() || st.Len(0) != 1 {
		t.Error("a key expired that must not")
	}
}

// TestEvictsAndSheds: a pass does what it is rung for.
func TestEvictsAndSheds(t *testing.T) {
	h := &house{evicts: true}
	k, _ := keep(t, h)
	h.over.Store(100)
	k.Ring()
	until(t, "the store is within its limit", func() bool { return h.over.Load() == 0 })
	if h.sheds.Load() != 0 {
		t.Error("clients shed without need")
	}
	k.ShedClients()
	until(t, "clients are shed", func() bool { return h.sheds.Load() == 1 })
}

// TestSurveyKnowsTheLargest: the walk meets all keys, and remembers the largest.
func TestSurveyKnowsTheLargest(t *testing.T) {
	k, st := keep(t, &house{})
	for i := range 500 {
		put(st, fmt.Sprint("k", i), 10+i, 0)
	}
	put(st, "large", 100_000, 0)
	k.Pulse(true)
	until(t, "a whole survey", func() bool {
		s := k.Surveyed()
		if s == nil || len(s.Big) == 0 || s.Big[0].Name != "large" {
			return false
		}
		sum := int64(0)
		for _, t := range s.Types {
			sum += t.Keys
		}
		return len(s.Big) == surveyKeep && sum == 501
	})
}

// TestRests: the keeper of a server that is not at work looks around less and less often, and at once
// when it is at work again.
func TestRests(t *testing.T) {
	h := &house{}
	k, _ := keep(t, h)
	until(t, "the keeper slows down", func() bool { return k.rests.Load() > tickMs*int64(time.Millisecond) && h.passes.Load() > 0 })
	until(t, "it is asleep", func() bool {
		before := h.passes.Load()
		time.Sleep(4 * tickMs * time.Millisecond)
		return h.passes.Load() == before
	})
	before := h.passes.Load()
	k.Pulse(true)
	until(t, "it looks again", func() bool { return h.passes.Load() > before })
}

// TestPulseRings: one that rests is woken when the server is at work again, and only then.
func TestPulseRings(t *testing.T) {
	k := New(&house{}, options.New(), false)
	k.period = tickMs * time.Millisecond
	rung := func() bool {
		select {
		case <-k.wake:
			return true
		default:
			return false
		}
	}
	if k.Pulse(true); rung() {
		t.Error("one that looks in each tick is rung")
	}
	for range 20 {
		k.pace()
	}
	if k.period != slowTick {
		t.Errorf("nothing happens, and the next tick is after %s", k.period)
	}
	if k.Pulse(true); !rung() {
		t.Error("one that rests is not rung")
	}
	if k.pace(); k.period != tickMs*time.Millisecond {
		t.Errorf("the next tick is after %s", k.period)
	}
	if k.Pulse(true); rung() {
		t.Error("one that looks in each tick is rung")
	}
}

// TestPulseOfHardlyAnything: while there is little to do the keeper looks around every second, and is not rung for that.
func TestPulseOfHardlyAnything(t *testing.T) {
	k := New(&house{}, options.New(), false)
	k.period = tickMs * time.Millisecond
	rung := func() bool {
		defer func() {
			select {
			case <-k.wake:
			default:
			}
		}()
		return len(k.wake) > 0
	}
	for range 20 {
		if k.Pulse(false); rung() {
			t.Fatal("rung for hardly anything")
		}
		k.pace()
	}
	if k.period != easyTick {
		t.Errorf("the next tick is after %s, want %s", k.period, easyTick)
	}
	if k.Pulse(true); !rung() {
		t.Error("not rung when there is much to do")
	}
	for range 20 {
		k.pace()
	}
	if k.Pulse(false); !rung() {
		t.Error("one that rests for longer than a second is not rung")
	}
	if k.pace(); k.period != easyTick {
		t.Errorf("the next tick is after %s, want %s", k.period, easyTick)
	}
}

// TestEnds: whoever asks a keeper that has ended is told so.
func TestEnds(t *testing.T) {
	h := &house{}
	k := New(h, options.New(), true)
	h.keeper = k
	st, err := store.Open(store.Options{Shards: 4, Databases: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	k.Start(st, &hand{t: t, st: st, h: h, slow: h.slow})
	k.Stop()
	if k.ExpireDue() {
		t.Error("it has ended, and answers")
	}
}
