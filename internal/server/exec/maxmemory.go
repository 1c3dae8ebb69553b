package exec

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
)

// MemoryLimit is maxmemory as the executors see it. What counts is what the store holds
// and a constant for the server itself; buffers of clients and of the journal do not: if
// they did, a slow reader would evict the data of all others.
type MemoryLimit struct {
	Bytes    atomic.Int64 // what the store may hold; math.MaxInt64: no limit
	overFrom atomic.Int64 // since when it holds more, in milliseconds; 0: it does not
	overMs   atomic.Int64 // for how long it held more before that
}

// NoteOver keeps the time that was spent above the limit.
func (l *MemoryLimit) NoteOver(over bool) {
	from := l.overFrom.Load()
	switch now := time.Now().UnixMilli(); {
	case over && from == 0:
		l.overFrom.CompareAndSwap(0, now)
	case !over && from != 0:
		if l.overFrom.CompareAndSwap(from, 0) {
			l.overMs.Add(now - from)
		}
	}
}

// OverMillis returns for how long the store held more than it may, in all and lately.
func (l *MemoryLimit) OverMillis() (total, current int64) {
	if from := l.overFrom.Load(); from != 0 {
		current = time.Now().UnixMilli() - from
	}
	return l.overMs.Load() + current, current
}

// evictor is how one executor evicts.
type evictor struct {
	*store.Evictor
	policy store.Policy
	by     int64  // the policy by number
	now    uint32 // access clock at this moment
	lfu    command.LFU
}

// ready prepares ev for the policy of the options; false: nothing may be evicted.
func (ev *evictor) ready(e *Env) bool {
	by := e.Opts.MaxMemoryPolicy.Load()
	if by == options.PolicyNoEviction {
		return false
	}
	if ev.Evictor == nil {
		ev.Evictor, ev.by = store.NewEvictor(e.Store), -1
	}
	ev.lfu = LFUParameters(e.Opts)
	ev.now, _ = AccessClock(by, e.NowMs())
	ev.policy.Samples = int(e.Opts.MaxMemorySamples.Load())
	if by == ev.by {
		return true
	}
	ev.by = by
	ev.Forget()
	ev.policy.Volatile = by == options.PolicyVolatileLRU || by == options.PolicyVolatileLFU || by == options.PolicyVolatileRandom ||
		by == options.PolicyVolatileTTL
	switch by {
	case options.PolicyAllKeysLRU, options.PolicyVolatileLRU:
		ev.policy.Rank = func(e store.Entry) uint64 { return uint64((ev.now - e.Clock()) & entry.ClockMax) }
	case options.PolicyAllKeysLFU, options.PolicyVolatileLFU:
		ev.policy.Rank = func(e store.Entry) uint64 { return uint64(math.MaxUint8 - ev.lfu.Decayed(e.Clock(), ev.now)) }
	case options.PolicyVolatileTTL:
		ev.policy.Rank = func(e store.Entry) uint64 { return uint64(math.MaxInt64 - e.Deadline()) }
	default:
		ev.policy.Rank = nil
	}
	return true
}

// LFUParameters are the options of LFU.
func LFUParameters(opts *options.Options) command.LFU {
	return command.LFU{LogFactor: opts.LFULogFactor.Load(), DecayMinutes: opts.LFUDecayTime.Load()}
}

// AccessClock returns the access clock under a policy and its unit in milliseconds.
func AccessClock(policy, nowMs int64) (clock uint32, unitMs int64) {
	switch {
	case IsLFU(policy):
		return command.LFUClock(nowMs / 1000), 1000
	case policy == options.PolicyAllKeysLRU || policy == options.PolicyVolatileLRU:
		return uint32(nowMs/lruUnitMs) & entry.ClockMax, lruUnitMs
	}
	return uint32(nowMs/1000) & entry.ClockMax, 1000
}

// makeRoom evicts until the store is within its limit, or a command has spent its share of
// time on it; it returns false when there is nothing left to evict. The caller holds the
// executor's gate and no shard lock.
func (ex *Executor) makeRoom() bool {
	return ex.evict(tenacity(ex.Env.Opts.EvictionTenacity.Load()))
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
func (ex *Executor) evict(most time.Duration) bool {
	e, ev := ex.Env, &ex.ev
	if !ev.ready(e) {
		e.Limit.NoteOver(true)
		return false
	}
	began := time.Now()
	more := ex.evictFrom(began, most)
	if e.Opts.LatencyThreshold.Load() > 0 {
		e.Logs.NoteLatency("eviction-cycle", time.Since(began))
	}
	return more
}

// evictFrom is evict for what it may spend since it began.
func (ex *Executor) evictFrom(began time.Time, most time.Duration) bool {
	e, ev := ex.Env, &ex.ev
	for n := 1; e.OverLimit(); n++ {
		if !ev.Step(&ev.policy) {
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
func (ex *Executor) tellUsage(c *command.Ctx) {
	for i := range c.Keys {
		ex.Env.Store.Publish(c.Keys[i].Shard)
	}
}

func IsLFU(policy int64) bool {
	return policy == options.PolicyAllKeysLFU || policy == options.PolicyVolatileLFU
}
