package server

import (
	"runtime"
	"time"

	"github.com/kringdb/kring/store/arena"
)

// What is compacted unless activedefrag says more: when a quarter of the pages' bytes is
// unused, and at least compactIgnoreBytes are, with at most compactDuty percent of a CPU.
const (
	compactPercent     = 25
	compactIgnoreBytes = 1 << 20
	compactDuty        = 25
	// compactSlice is for how long the keeper compacts before it sleeps.
	compactSlice = 4 * time.Millisecond
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
	if !k.comp.Running() && !wanted {
		return
	}
	st := s.store
	for end, idle := time.Now().Add(compactSlice), 0; idle < st.Shards() && time.Now().Before(end); runtime.Gosched() {
		k.ex.gate.Lock()
		if k.comp.Step(percent) {
			idle = 0
		} else {
			idle++
		}
		k.ex.gate.Unlock()
	}
	if k.comp.Running() {
		k.pause = compactSlice * time.Duration(100-duty) / time.Duration(duty)
	}
	c := k.comp.Stats()
	k.stats.defragMoved.Store(c.Moved)
	k.stats.defragFailed.Store(c.Failed)
	k.stats.defragFreed.Store(c.Bytes)
	k.stats.defragRunning.Store(int64(duty))
	if !k.comp.Running() {
		k.stats.defragRunning.Store(0)
	}
}

// compactionWanted returns above which percentage of waste to compact, with how many
// percent of a CPU, and whether there is so much.
func (s *Server) compactionWanted() (percent, duty int, wanted bool) {
	pages := arena.InUse()
	waste := pages - s.store.PublishAll()
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
	return percent, max(duty, 1), waste > ignore && waste*100 > pages*int64(percent)
}
