package store

import "math/bits"

// ShardSet is a set of shards.
type ShardSet [MaxShards / 64]uint64

// Add puts a shard into the set.
func (ss *ShardSet) Add(shard uint32) { ss[shard>>6&3] |= 1 << (shard & 63) }

// Has tells whether the shard is in the set.
func (ss *ShardSet) Has(shard uint32) bool { return ss[shard>>6&3]>>(shard&63)&1 != 0 }

// Merge adds all shards of o.
func (ss *ShardSet) Merge(o *ShardSet) {
	for i := range ss {
		ss[i] |= o[i]
	}
}

// Clear empties the set.
func (ss *ShardSet) Clear() { *ss = ShardSet{} }

// Len returns the number of shards in the set.
func (ss *ShardSet) Len() int {
	return bits.OnesCount64(ss[0]) + bits.OnesCount64(ss[1]) + bits.OnesCount64(ss[2]) + bits.OnesCount64(ss[3])
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

// Touch is the look-ahead's first stage: it loads the cache lines on the way to k's
// bucket. It needs no lock; the result depends on what was loaded and means nothing.
func (s *Store) Touch(db int, k Key) uint64 {
	return s.at(db, k.Shard).table.TouchBucket(k.Hash)
}

// TouchEntry is the second stage: it loads k's entry, if the bucket knows one. It
// needs no lock; the result means nothing.
func (s *Store) TouchEntry(db int, k Key) uint64 {
	return s.at(db, k.Shard).table.TouchEntry(k.Hash)
}
