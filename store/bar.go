package store

// AnnounceBar announces that a script is going to hold the shards of the set for as long as it likes. Bar
// follows, and then Unbar. Nobody who waits for a lock of the store while he holds what a script may need is at it.
func (s *upkeep) AnnounceBar(ss *ShardSet) {
	s.bars.Add(1)
	s.SetLong(ss, true)
}

// Barred tells whether a script is going to hold a shard, or does.
func (s *upkeep) Barred() bool { return s.bars.Load() > 0 }

// Bar locks the shards, for long. What others are told of them is what was there then.
func (s *upkeep) Bar(ss *ShardSet) {
	s.LockSet(ss)
	for i := range ss.All() {
		s.shards[i].barred.Store(s.accountsLocked(i))
	}
}

// Unbar unlocks the shards.
func (s *upkeep) Unbar(ss *ShardSet) {
	for i := range ss.All() {
		sh := &s.shards[i]
		sh.barred.Store(nil)
		if len(sh.mu.garbage)+len(sh.mu.corpses) > 0 {
			s.reap.wake(i) // it has passed this shard over
		}
	}
	s.UnlockSet(ss)
	s.SetLong(ss, false)
	s.bars.Add(-1)
}
