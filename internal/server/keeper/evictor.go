package keeper

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
)

// This file is what eviction goes by: how much there may be, and what goes first.

// Limit is maxmemory as the executors see it. What counts is what the store holds
// and a constant for the server itself; buffers of clients and of the journal do not: if
// they did, a slow reader would evict the data of all others.
type Limit struct {
	Bytes    atomic.Int64 // what the store may hold; math.MaxInt64: no limit
	overFrom atomic.Int64 // since when it holds more, in milliseconds; 0: it does not
	overMs   atomic.Int64 // for how long it held more before that
}

// NoteOver keeps the time that was spent above the limit.
func (l *Limit) NoteOver(over bool) {
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
func (l *Limit) OverMillis() (total, current int64) {
	if from := l.overFrom.Load(); from != 0 {
		current = time.Now().UnixMilli() - from
	}
	return l.overMs.Load() + current, current
}

// ResetOver has OverMillis begin anew.
func (l *Limit) ResetOver() {
	l.overMs.Store(0)
	if from := l.overFrom.Load(); from != 0 {
		l.overFrom.CompareAndSwap(from, time.Now().UnixMilli())
	}
}

// Evictor is how one executor evicts; only that uses it.
type Evictor struct {
	steps  *store.Evictor
	policy store.Policy
	by     int64  // the policy by number
	now    uint32 // access clock at this moment
	lfu    command.LFU
}

// Ready prepares ev for the policy of the options, at a time of the data; false: nothing may be evicted.
func (ev *Evictor) Ready(opts *options.Options, st *store.Store, nowMs int64) bool {
	by := opts.MaxMemoryPolicy.Load()
	if by == options.PolicyNoEviction {
		return false
	}
	if ev.steps == nil {
		ev.steps, ev.by = store.NewEvictor(st), -1
	}
	ev.lfu = LFUParameters(opts)
	ev.now, _ = AccessClock(by, nowMs)
	ev.policy.Samples = int(opts.MaxMemorySamples.Load())
	if by == ev.by {
		return true
	}
	ev.by = by
	ev.steps.Forget()
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

// Step evicts an entry, in a shard that it locks; false: there is nothing left to evict. Ready has said
// what goes first. The caller holds its gate and no shard lock.
func (ev *Evictor) Step() bool { return ev.steps.Step(&ev.policy) }

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

// IsLFU tells whether a policy goes by how often keys are used.
func IsLFU(policy int64) bool {
	return policy == options.PolicyAllKeysLFU || policy == options.PolicyVolatileLFU
}
