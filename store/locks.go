package store

import (
	"iter"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/value"
)

// ShardSet is a set of shards.
type ShardSet [setWords]uint64

// setWords is how many words it has: a power of two, so that a mask spares a check of bounds.
const setWords = MaxShards / 64

// EveryShard has all shards that there can be.
var EveryShard = func() (ss ShardSet) {
	for i := range ss {
		ss[i] = ^uint64(0)
	}
	return ss
}()

// Add puts a shard into the set.
func (ss *ShardSet) Add(shard uint32) { ss[shard>>6&(setWords-1)] |= 1 << (shard & 63) }

// Has tells whether the shard is in the set.
func (ss *ShardSet) Has(shard uint32) bool { return ss[shard>>6&(setWords-1)]>>(shard&63)&1 != 0 }

// Contains tells whether all shards of o are in the set.
func (ss *ShardSet) Contains(o *ShardSet) bool {
	for i := range ss {
		if o[i]&^ss[i] != 0 {
			return false
		}
	}
	return true
}

// Meets tells whether there is a shard in both sets.
func (ss *ShardSet) Meets(o *ShardSet) bool {
	for i := range ss {
		if o[i]&ss[i] != 0 {
			return true
		}
	}
	return false
}

// Merge adds all shards of o.
func (ss *ShardSet) Merge(o *ShardSet) {
	for i := range ss {
		ss[i] |= o[i]
	}
}

// All yields the shards of the set in ascending order.
func (ss *ShardSet) All() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, w := range ss {
			for ; w != 0; w &= w - 1 {
				if !yield(uint32(i<<6 | bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

// Clear empties the set.
func (ss *ShardSet) Clear() { *ss = ShardSet{} }

// Len returns the number of shards in the set.
func (ss *ShardSet) Len() (n int) {
	for _, w := range ss {
		n += bits.OnesCount64(w)
	}
	return n
}

// shardLocks are the shards, each with its lock, and what of their memory everybody may know.
type shardLocks struct {
	shards []shard
	usage  usage
}

// shard begins with the line that every command needs. It is padded to three lines: an odd
// number spreads the first ones over all sets of a cache.
type shard struct {
	mu struct {
		sync.Mutex
		ar      *arena.Arena
		snap    *Snapshot // running snapshot that has not finished this shard
		hint    hint
		seen    int32           // observers of keys in this shard, see Observe
		garbage []value.Garbage // detached values, the reaper's work
		corpses []*corpse       // detached tables, the reaper's work
		expired uint64          // entries deleted because of their deadline
		evicted uint64          // entries deleted to make room
		freed   uint64          // values and entries that the reaper has freed
		told    int64           // what of ar.Used() the store's sum has, see Publish
		owed    *owedValues     // of snap: large values that it has not had; nil: there have been none
	}
	long   atomic.Int32             // workers that run, or are about to run, a long command under the lock
	barred atomic.Pointer[accounts] // as they were when a script took the lock for long, nil: none has
	_      [192 - 160]byte
}

// Lock locks a shard. The caller holds no lock of this or a higher shard.
func (s *shardLocks) Lock(shard uint32) { s.shards[shard].mu.Lock() }

// Unlock unlocks a shard.
func (s *shardLocks) Unlock(shard uint32) { s.shards[shard].mu.Unlock() }

// TryLock locks a shard unless that would have to wait.
func (s *shardLocks) TryLock(shard uint32) bool { return s.shards[shard].mu.TryLock() }

// LockSet locks the shards of the set in ascending order.
func (s *shardLocks) LockSet(ss *ShardSet) {
	for i, w := range ss {
		for ; w != 0; w &= w - 1 {
			s.shards[i<<6|bits.TrailingZeros64(w)].mu.Lock()
		}
	}
}

// UnlockSet unlocks the shards of the set.
func (s *shardLocks) UnlockSet(ss *ShardSet) {
	for i, w := range ss {
		for ; w != 0; w &= w - 1 {
			s.shards[i<<6|bits.TrailingZeros64(w)].mu.Unlock()
		}
	}
}

// LockAll locks every shard, in ascending order; UnlockAll is its counterpart.
func (s *shardLocks) LockAll() {
	for i := range s.shards {
		s.shards[i].mu.Lock()
	}
}

// UnlockAll unlocks every shard.
func (s *shardLocks) UnlockAll() {
	for i := range s.shards {
		s.shards[i].mu.Unlock()
	}
}

// Observe counts observers of the shard's keys (blocked clients, watches, trackers) up
// or down by n. The caller holds the shard's lock.
func (s *shardLocks) Observe(shard uint32, n int) { s.shards[shard].mu.seen += int32(n) }

// Observed tells whether anybody observes keys of the shard. The caller holds its lock.
func (s *shardLocks) Observed(shard uint32) bool { return s.shards[shard].mu.seen != 0 }

// SetLong announces, before the shards' locks are taken, that a long command is going to
// hold them, or that it has let go of them. Reactors do not wait for such a shard.
func (s *shardLocks) SetLong(ss *ShardSet, on bool) {
	n := int32(1)
	if !on {
		n = -1
	}
	for i, w := range ss {
		for ; w != 0; w &= w - 1 {
			s.shards[i<<6|bits.TrailingZeros64(w)].long.Add(n)
		}
	}
}

// LockUnlessLong locks the shard, unless a long command holds it: then it returns false
// at once.
func (s *shardLocks) LockUnlessLong(shard uint32) bool {
	sh := &s.shards[shard]
	if sh.mu.TryLock() {
		return true
	}
	if sh.long.Load() != 0 {
		return false
	}
	sh.mu.Lock()
	return true
}

// lockUnlessBarred locks the shard, unless a script holds it for long, before or while it waits: then
// it returns false.
func (sh *shard) lockUnlessBarred() bool {
	for tries := 0; !sh.mu.TryLock(); tries++ {
		switch {
		case sh.barred.Load() != nil:
			return false
		case tries < lookSpins:
			runtime.Gosched()
		default:
			time.Sleep(lookPause)
		}
	}
	return true
}

// LockSetUnlessLong is LockUnlessLong for a set of shards: all of them, or none.
func (s *shardLocks) LockSetUnlessLong(ss *ShardSet) bool {
	for i, w := range ss {
		for ; w != 0; w &= w - 1 {
			at := uint32(i<<6 | bits.TrailingZeros64(w))
			if s.LockUnlessLong(at) {
				continue
			}
			for j := range ss {
				for v := ss[j]; v != 0; v &= v - 1 {
					if b := uint32(j<<6 | bits.TrailingZeros64(v)); b < at {
						s.Unlock(b)
					}
				}
			}
			return false
		}
	}
	return true
}
