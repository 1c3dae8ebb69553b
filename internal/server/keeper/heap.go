package keeper

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"

	"github.com/kringdb/kring/netio"
)

// heap gives back what the Go heap holds and nobody needs: above all the buffers of a burst
// of clients, which lie in a pool when the clients have gone. Go by itself takes minutes for that,
// because an idle program has no reason to collect. The keeper calls look in each of its ticks.
type heap struct {
	samples []metrics.Sample // see heapNames
	allocs  uint64           // what had been allocated at the last look
	held    [heapTicks]int64 // what clients' rings held, lately
	at      int
	swollen bool  // too much is held for what is needed at this moment
	excess  int   // for how many ticks in a row too much has been held
	other   int64 // what else was live after the last attempt, or is by now
	cycles  uint64
	waits   int         // ticks until the next attempt
	busy    atomic.Bool // a collection is under way
	given   atomic.Int64
}

// heapNames are the figures that look reads: they cost a few microseconds and stop nobody.
var heapNames = [...]string{
	"/memory/classes/heap/objects:bytes", "/memory/classes/heap/unused:bytes", "/memory/classes/heap/free:bytes",
	"/gc/heap/live:bytes", "/gc/heap/allocs:bytes", "/gc/cycles/total:gc-cycles",
}

const (
	// heapTicks is for how many ticks of the keeper in a row too much must be held.
	heapTicks = 20
	// heapSlackBytes and heapSlackShare: it is too much if it exceeds what is needed by the larger of
	// heapSlackBytes and 1/heapSlackShare of that.
	heapSlackBytes = 24 << 20
	heapSlackShare = 2
	// heapQuietBytes is how much may be allocated in a tick while it is quiet.
	heapQuietBytes = 1 << 20
	// heapBackoffTicks is how long an attempt keeps further ones away.
	heapBackoffTicks = 50
)

// look decides whether the heap is to be collected and given back. A program that the server
// is embedded in has a heap of its own, and decides for itself.
func (h *heap) look(own bool) {
	if !own || h.busy.Load() {
		return
	}
	if h.samples == nil {
		h.samples = make([]metrics.Sample, len(heapNames))
		for i, name := range heapNames {
			h.samples[i].Name = name
		}
	}
	metrics.Read(h.samples)
	value := func(i int) uint64 { return h.samples[i].Value.Uint64() }
	r := reading{int64(value(0) + value(1) + value(2)), int64(value(3)), netio.BytesHeld(), value(4), value(5)}
	if h.due(r) {
		h.busy.Store(true)
		go h.giveBack(r.resident)
	}
}

// reading is what look goes by.
type reading struct {
	resident, live, held int64  // bytes: of the heap, that the last collection left, in clients' rings
	allocs, cycles       uint64 // bytes allocated and collections, since the start
}

// due takes the reading of one more tick, and decides.
func (h *heap) due(r reading) bool {
	quiet := r.allocs-h.allocs < heapQuietBytes
	h.allocs = r.allocs
	h.at = (h.at + 1) % heapTicks
	h.held[h.at] = r.held
	if r.cycles != h.cycles {
		// What the collector found alive by itself includes what lies in pools: it may be less, never more.
		h.cycles, h.other = r.cycles, min(h.other, max(r.live-r.held, 0))
	}
	most := int64(0)
	for _, n := range h.held {
		most = max(most, n)
	}
	need := most + h.other
	now := r.held + h.other
	h.swollen = r.resident-now > max(heapSlackBytes, now/heapSlackShare)
	if h.waits > 0 {
		h.waits--
	}
	if !quiet || r.resident-need <= max(heapSlackBytes, need/heapSlackShare) {
		h.excess = 0
		return false
	}
	if h.excess++; h.excess < heapTicks || h.waits > 0 {
		return false
	}
	h.excess = 0
	return true
}

// giveBack collects twice, since pools let go of their contents in the second collection only,
// and returns what is free to the system.
func (h *heap) giveBack(resident int64) {
	runtime.GC()
	debug.FreeOSMemory()
	metrics.Read(h.samples) // busy orders this, and what follows, before the keeper's next look
	left := int64(h.samples[0].Value.Uint64() + h.samples[1].Value.Uint64() + h.samples[2].Value.Uint64())
	h.other = max(int64(h.samples[3].Value.Uint64())-netio.BytesHeld(), 0)
	h.given.Add(max(resident-left, 0))
	h.waits = heapBackoffTicks
	h.busy.Store(false)
}
