package server

import (
	"runtime"
	"runtime/debug"
	"time"

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

	// Free memory goes back when for giveBackTicks ticks of the keeper it was more than
	// 1/giveBackShare of what is in use, and giveBackMinBytes.
	giveBackTicks    = 10
	giveBackShare    = 32
	giveBackMinBytes = 1 << 20
)

// compact moves what stands in sparse pages together, for a slice of time. Without
// activedefrag it waits for more waste than Redis would, but does not let go of memory
// for ever.
func (k *keeper) compact() {
	k.pause = 0
	s := k.srv
	if s.guard.Load()&guardLoading != 0 {
		return
	}
	percent, duty, wanted := s.compactionWanted()
	k.noteWaste(wanted)
	if k.sweep == 0 {
		k.giveBack()
		if !wanted {
			return
		}
		k.sweep = s.store.Shards() // once begun, all shards get their turn
	}
	for end := time.Now().Add(compactSlice); k.sweep > 0 && time.Now().Before(end); runtime.Gosched() {
		k.ex.gate.Lock()
		if !k.comp.Step(percent) {
			k.sweep--
		}
		k.ex.gate.Unlock()
	}
	if k.sweep > 0 {
		k.pause = compactSlice * time.Duration(100-duty) / time.Duration(duty)
	}
	c := k.comp.Stats()
	k.stats.defragMoved.Store(c.Moved)
	k.stats.defragFailed.Store(c.Failed)
	k.stats.defragKeys.Store(c.Keys)
	k.stats.defragKept.Store(c.Kept)
	k.stats.defragFreed.Store(c.Bytes)
	k.stats.defragRunning.Store(int64(duty))
	if k.sweep == 0 {
		k.stats.defragRunning.Store(0)
	}
}

// noteWaste keeps account of the time during which there is more to compact than is let be.
func (k *keeper) noteWaste(now bool) {
	switch st, from := &k.stats, k.stats.wastedFrom.Load(); {
	case now && from == 0:
		st.wastedFrom.Store(time.Now().UnixMilli())
	case !now && from != 0:
		st.wastedMs.Add(time.Now().UnixMilli() - from)
		st.wastedFrom.Store(0)
	}
}

// wastedMs returns for how long there was more to compact than is let be, in all and up to now.
func (k *keeper) wastedMs() (total, current int64) {
	if from := k.stats.wastedFrom.Load(); from != 0 {
		current = time.Now().UnixMilli() - from
	}
	return k.stats.wastedMs.Load() + current, current
}

// giveBack returns memory to the system that has been free for a while, down to single
// pages, which the arena does not do by itself.
func (k *keeper) giveBack() {
	if idle := arena.Idle(); idle <= max(arena.InUse()/giveBackShare, giveBackMinBytes) {
		k.idleTicks = 0
		return
	}
	if k.idleTicks++; k.idleTicks > giveBackTicks {
		k.idleTicks = 0
		if arena.Trim() > 0 && k.srv.ownsProcess { // nothing, where the system's pages are too large
			debug.FreeOSMemory() // the Go heap's part, a few MB
		}
	}
}

// compactionWanted returns down to which percentage of waste to compact, with how many
// percent of a CPU, and whether there is so much.
func (s *Server) compactionWanted() (percent, duty int, wanted bool) {
	used, pages := s.store.Footprint() // not the arena's sum: other servers may be in this process
	waste := pages - used
	o := s.opts
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
