package keeper

import (
	"math/bits"
	"sync/atomic"

	"github.com/kringdb/kring/store"
)

// Stats are the keeper's counters. Anybody may read them.
type Stats struct {
	CapReached atomic.Int64                    // passes of expiry that had more to do than a pass may take
	BusyUs     atomic.Int64                    // time spent expiring
	LateMaxMs  atomic.Int64                    // by how much the latest key was late
	Late       [store.LateClasses]atomic.Int64 // keys by lateness, see store.Expiry
	Overdue    atomic.Int64                    // keys deleted in the last pass that were overdue by tickMs

	// Of compaction: blocks, keys with any and without, bytes of pages given back, the effort in percent.
	DefragMoved, DefragFailed, DefragKeys, DefragKept, DefragFreed, DefragRunning atomic.Int64

	wastedFrom, wastedMs atomic.Int64 // since when more is unused than may be, 0: it is not; for how long in all
}

// Reset is CONFIG RESETSTAT.
func (st *Stats) Reset() {
	st.CapReached.Store(0)
	st.BusyUs.Store(0)
	st.LateMaxMs.Store(0)
	for i := range st.Late {
		st.Late[i].Store(0)
	}
}

// note adds up what a step did.
func (k *Keeper) note(x *store.Expiry) {
	if x.Keys == 0 {
		return
	}
	if x.Late > k.Stats.LateMaxMs.Load() {
		k.Stats.LateMaxMs.Store(x.Late)
	}
	for i, n := range x.By {
		if n > 0 {
			k.Stats.Late[i].Add(int64(n))
			if i > bits.Len(tickMs) {
				k.Stats.Overdue.Add(int64(n))
			}
		}
	}
}

// LatePercentile returns a bound of the lateness of percent of the keys, in milliseconds:
// a power of two.
func (st *Stats) LatePercentile(percent int64) int64 {
	total, sum := int64(0), int64(0)
	for i := range st.Late {
		total += st.Late[i].Load()
	}
	for i := range st.Late {
		if sum += st.Late[i].Load(); sum*100 >= total*percent {
			return int64(1)<<i - 1
		}
	}
	return 0
}
