package exec

import (
	"math"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/keeper"
)

// This file is eviction as executors do it; what goes first, package keeper decides.

// eviction is an executor's part in it.
type eviction struct {
	env *Env
	ev  keeper.Evictor
}

// makeRoom evicts until the store is within its limit, or a command has spent its share of
// time on it; it returns false when there is nothing left to evict. The caller holds the
// executor's gate and no shard lock.
func (x *eviction) makeRoom() bool {
	return x.evict(tenacity(x.env.Opts.EvictionTenacity.Load()))
}

// tenacity is how long one command may evict, as Redis computes it: 500 us at 10, then
// 15% more with each step, without bound at 100.
func tenacity(n int64) time.Duration {
	switch {
	case n <= 10:
		return time.Duration(n) * 50 * time.Microsecond
	case n < 100:
		return time.Duration(500 * math.Pow(1.15, float64(n-10)) * float64(time.Microsecond))
	}
	return math.MaxInt64
}

// evict evicts for about as long as it may, and tells whether there was something to
// evict; what is left over the limit the keeper evicts. The caller holds the executor's
// gate and no shard lock.
func (x *eviction) evict(most time.Duration) bool {
	e := x.env
	if !x.ev.Ready(e.Opts, e.Store, e.NowMs()) {
		e.Limit.NoteOver(true)
		return false
	}
	began := time.Now()
	more := x.evictFrom(began, most)
	if e.Opts.LatencyThreshold.Load() > 0 {
		e.Logs.NoteLatency("eviction-cycle", time.Since(began))
	}
	return more
}

// evictFrom is evict for what it may spend since it began.
func (x *eviction) evictFrom(began time.Time, most time.Duration) bool {
	e := x.env
	for n := 1; e.OverLimit(); n++ {
		if !x.ev.Step() {
			e.Limit.NoteOver(true)
			return false
		}
		if n%evictStepsPerLook == 0 && time.Since(began) > most {
			e.Limit.NoteOver(true)
			e.House.RingKeeper()
			return true
		}
	}
	e.Limit.NoteOver(false)
	return true
}

// tellUsage lets the store's sum know what a writing command did. The shards of c's keys
// are locked.
func tellUsage(c *command.Ctx) {
	for i := range c.Keys {
		c.Store.Publish(c.Keys[i].Shard)
	}
}
