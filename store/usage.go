package store

import "sync/atomic"

// usage is the sum of the shards' live bytes as far as they told it: one word that every
// writer reads, and changes only in coarse steps. It has its cache lines for itself.
type usage struct {
	_     [128]byte
	bytes atomic.Int64
	step  atomic.Int64 // a shard tells a change when it is larger than this
	_     [128]byte
}

// Usage returns the bytes of live blocks in all shards (entries, values, tables, and what
// waits to be freed), as they were told by Publish and PublishAll: exact to within the
// step per shard. It is one atomic load.
func (s *shardLocks) Usage() int64 { return s.usage.bytes.Load() }

// SetUsageStep says up to how many bytes a shard may keep to itself.
func (s *shardLocks) SetUsageStep(bytes int64) { s.usage.step.Store(bytes) }

// Publish tells the sum what the shard's memory has changed by, if that is more than the
// step. The caller holds the shard's lock.
func (s *shardLocks) Publish(shard uint32) {
	sh := &s.shards[shard]
	if d := sh.mu.ar.Used() - sh.mu.told; d > s.usage.step.Load() || -d > s.usage.step.Load() {
		s.tell(sh, d)
	}
}

func (s *shardLocks) tell(sh *shard, d int64) {
	sh.mu.told += d
	s.usage.bytes.Add(d)
}

// PublishAll makes the sum exact, as of a moment for each shard, and returns it. It takes
// each shard's lock itself; it leaves out those that a long command holds.
func (s *shardLocks) PublishAll() int64 {
	used, _ := s.Footprint()
	return used
}

// Footprint is PublishAll, which also returns the bytes of the pages that hold it all, but
// for the shards left out.
func (s *shardLocks) Footprint() (used, pages int64) {
	for i := range s.shards {
		if !s.LockUnlessLong(uint32(i)) {
			continue
		}
		sh := &s.shards[i]
		s.tell(sh, sh.mu.ar.Used()-sh.mu.told)
		pages += sh.mu.ar.Pages()
		sh.mu.Unlock()
	}
	return s.Usage(), pages
}
