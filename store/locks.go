package store

import (
	"iter"
	"math/bits"
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

// Lock locks a shard. The caller holds no lock of this or a higher shard.
func (s *Store) Lock(shard uint32) { s.shards[shard].mu.Lock() }

// Unlock unlocks a shard.
func (s *Store) Unlock(shard uint32) { s.shards[shard].mu.Unlock() }

// TryLock locks a shard unless that would have to wait.
func (s *Store) TryLock(shard uint32) bool { return s.shards[shard].mu.TryLock() }

// LockSet locks the shards of the set in ascending order.
func (s *Store) LockSet(ss *ShardSet) {
	for i, w := range ss {
		for ; w != 0; w &= w - 1 {
			s.shards[i<<6|bits.TrailingZeros64(w)].mu.Lock()
		}
	}
}

// UnlockSet unlocks the shards of the set.
func (s *Store) UnlockSet(ss *ShardSet) {
	for i, w := range ss {
		for ; w != 0; w &= w - 1 {
			s.shards[i<<6|bits.TrailingZeros64(w)].mu.Unlock()
		}
	}
}

// LockAll locks every shard, in ascending order; UnlockAll is its counterpart.
func (s *Store) LockAll() {
	for i := range s.shards {
		s.shards[i].mu.Lock()
	}
}

// UnlockAll unlocks every shard.
func (s *Store) UnlockAll() {
	for i := range s.shards {
		s.shards[i].mu.Unlock()
	}
}

// Observe counts observers of the shard's keys (blocked clients, watches, trackers) up
// or down by n. The caller holds the shard's lock.
func (s *Store) Observe(shard uint32, n int) { s.shards[shard].mu.seen += int32(n) }

// Observed tells whether anybody observes keys of the shard. The caller holds its lock.
func (s *Store) Observed(shard uint32) bool { return s.shards[shard].mu.seen != 0 }

// SetLong announces, before the shards' locks are taken, that a long command is going to
// hold them, or that it has let go of them. Reactors do not wait for such a shard.
func (s *Store) SetLong(ss *ShardSet, on bool) {
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
func (s *Store) LockUnlessLong(shard uint32) bool {
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

// LockSetUnlessLong is LockUnlessLong for a set of shards: all of them, or none.
func (s *Store) LockSetUnlessLong(ss *ShardSet) bool {
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
