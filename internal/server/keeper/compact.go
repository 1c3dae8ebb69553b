package keeper

import (
	"runtime"
	"runtime/debug"
	"time"

	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/arena"
)

// What is compacted unless activedefrag says more: when more than 15% of the pages' bytes are
// unused, and at least compactIgnoreBytes are, with at most compactDuty percent of a CPU.
const (
	compactPercent      = 15
	compactShardPercent = 10 // what a pass, once begun, leaves unused in a shard
	compactIgnoreBytes  = 1 << 20
	compactDuty         = 25
	// compactSlice is for how long the keeper compacts before it sleeps.
	compactSlice = 4 * time.Millisecond

	// At maxmemory shared pages of which more than gatherPercent are unused are filled up, by gatherBlocks in each tick; after
	// one that emptied none, because what stands there is not an entry or another store's, gatherRest ticks go by.
	gatherPercent = 3
	gatherBlocks  = 512
	gatherRest    = 50

	// Free memory goes back when for giveBackTicks ticks of the keeper it was more than
	// 1/giveBackShare of what is in use, and giveBackMinBytes.
	giveBackTicks    = 4
	giveBackShare    = 128
	giveBackMinBytes = 1 << 20
	// heapFreeRest is the least time between two times that the Go heap gives its part back with it.
	heapFreeRest = time.Minute
)

// compaction is how far it is.
type compaction struct {
	comp   *store.Compactor
	looked time.Time     // when the last tick was
	pause  time.Duration // until it goes on
	resume time.Time
	sweep  int // shards that it has still to look at

	futile    int       // ticks until entries are gathered again
	idleTicks int       // for how many ticks there has been free memory to give back
	freed     time.Time // when the Go heap gave its part back
}

// compact moves what stands in sparse pages together, for a slice of time. Without
// activedefrag it waits for more waste than Redis would, but does not let go of memory
// for ever.
func (k *Keeper) compact() {
	c := &k.compaction
	c.pause = 0
	if k.house.Loading() {
		return
	}
	percent, duty, wanted := k.compactionWanted()
	k.noteWaste(wanted)
	if c.sweep == 0 {
		if !wanted {
			k.gather()
			return
		}
		c.sweep = k.store.Shards() // once begun, all shards get their turn
	}
	for end := time.Now().Add(compactSlice); c.sweep > 0 && time.Now().Before(end); runtime.Gosched() {
		k.hand.Lock()
		if !c.comp.Step(percent) {
			c.sweep--
		}
		k.hand.Unlock()
	}
	if c.sweep > 0 {
		c.pause = compactSlice * time.Duration(100-duty) / time.Duration(duty)
	}
	done := c.comp.Stats()
	k.Stats.DefragMoved.Store(done.Moved)
	k.Stats.DefragFailed.Store(done.Failed)
	k.Stats.DefragKeys.Store(done.Keys)
	k.Stats.DefragKept.Store(done.Kept)
	k.Stats.DefragFreed.Store(done.Bytes)
	k.Stats.DefragRunning.Store(int64(duty))
	if c.sweep == 0 {
		k.Stats.DefragRunning.Store(0)
	}
}

// gather keeps the pages that shards share full where maxmemory evicts: there entries of all sizes come and go, and what
// is unused is no more than a sweep is for.
func (k *Keeper) gather() {
	c := &k.compaction
	if c.futile > 0 {
		c.futile--
		return
	}
	pages, used := arena.Commons()
	if waste := pages - used; !k.house.MayEvict() || k.opts.ActiveDefrag.Load() || waste < compactIgnoreBytes || waste*100 < pages*gatherPercent {
		return
	}
	k.hand.Lock()
	emptied := c.comp.Gather(gatherBlocks)
	k.hand.Unlock()
	if emptied == 0 {
		c.futile = gatherRest
	}
	k.Stats.DefragMoved.Store(c.comp.Stats().Moved)
	k.Stats.DefragKeys.Store(c.comp.Stats().Keys)
}

// noteWaste keeps account of the time during which there is more to compact than is let be.
func (k *Keeper) noteWaste(now bool) {
	switch st, from := &k.Stats, k.Stats.wastedFrom.Load(); {
	case now && from == 0:
		st.wastedFrom.Store(time.Now().UnixMilli())
	case !now && from != 0:
		st.wastedMs.Add(time.Now().UnixMilli() - from)
		st.wastedFrom.Store(0)
	}
}

// WastedMs returns for how long there was more to compact than is let be, in all and up to now.
func (k *Keeper) WastedMs() (total, current int64) {
	if from := k.Stats.wastedFrom.Load(); from != 0 {
		current = time.Now().UnixMilli() - from
	}
	return k.Stats.wastedMs.Load() + current, current
}

// giveBack returns memory to the system that has been free for a while, down to single
// pages, which the arena does not do by itself.
func (k *Keeper) giveBack() {
	if k.house.Loading() {
		return
	}
	if idle := arena.Idle(); idle <= max(arena.InUse()/giveBackShare, giveBackMinBytes) {
		k.compaction.idleTicks = 0
		return
	}
	if k.compaction.idleTicks++; k.compaction.idleTicks > giveBackTicks {
		k.compaction.idleTicks = 0
		// Nothing goes back where the system's pages are too large. The Go heap's part is a few MB and costs a
		// collection: a cache at its limit has pages to give back all the time.
		if now := time.Now(); arena.Trim() > 0 && k.house.OwnsProcess() && now.Sub(k.compaction.freed) > heapFreeRest {
			k.compaction.freed = now
			debug.FreeOSMemory()
		}
	}
}

// compactionWanted returns down to which percentage of waste to compact, with how many
// percent of a CPU, and whether there is so much.
func (k *Keeper) compactionWanted() (percent, duty int, wanted bool) {
	used, pages := k.store.Footprint() // not the arena's sum: other servers may be in this process
	shared, inShared := arena.Commons()
	pages += shared - inShared
	waste := pages - used
	o := k.opts
	percent, duty = compactPercent, compactDuty
	ignore := int64(compactIgnoreBytes)
	if o.ActiveDefrag.Load() {
		percent, ignore = int(o.DefragThresholdLower.Load()), o.DefragIgnoreBytes.Load()
		// From the least effort at the lower threshold to the greatest at the upper.
		lo, hi := o.DefragThresholdLower.Load(), o.DefragThresholdUpper.Load()
		from, to := o.DefragCycleMin.Load(), max(o.DefragCycleMax.Load(), o.DefragCycleMin.Load())
		at := min(max(waste*100/max(pages, 1), lo), hi)
		duty = int(from + (to-from)*(at-lo)/max(hi-lo, 1))
	}
	return min(percent, compactShardPercent), max(duty, 1), waste > ignore && waste*100 > pages*int64(percent)
}
