package store

import "github.com/kringdb/kring/store/arena"

// FlushDB empties database db at once and leaves the freeing to the reaper. The caller
// holds all gates and no shard lock.
func (s *upkeep) FlushDB(db int) {
	s.LockAll()
	s.FlushDBLocked(db)
	s.UnlockAll()
}

// FlushDBLocked is FlushDB for a caller that holds all shard locks.
func (s *upkeep) FlushDBLocked(db int) {
	for i := range s.shards {
		sh, d := &s.shards[i], s.at(db, uint32(i))
		if d.table.Len() == 0 {
			d.table.Drop(sh.mu.ar)
			d.due = Never
			continue
		}
		sh.mu.corpses = append(sh.mu.corpses, &corpse{ar: sh.mu.ar, keys: int64(d.table.Len()), tables: []deadTable{sh.detach(d)}})
		s.reap.wake(uint32(i))
	}
}

// FlushAll empties every database at once; the reaper returns the old arenas to the
// system. The caller holds all gates and no shard lock.
func (s *upkeep) FlushAll() {
	s.LockAll()
	s.FlushAllLocked()
	s.UnlockAll()
}

// FlushAllLocked is FlushAll for a caller that holds all shard locks.
func (s *upkeep) FlushAllLocked() {
	if s.beside { // which has its keys in the same arenas
		for db := range s.numDBs {
			s.FlushDBLocked(db)
		}
		return
	}
	for i := range s.shards {
		sh := &s.shards[i]
		c := &corpse{ar: sh.mu.ar, wholesale: true, bytes: sh.mu.ar.Used()}
		for db := range s.numDBs {
			d := s.at(db, uint32(i))
			if d.table.SegmentOf(0) == 0 {
				continue
			}
			c.keys += int64(d.table.Len())
			if t := sh.detach(d); t.owed {
				c.tables = append(c.tables, t)
			}
		}
		if c.bytes == 0 {
			continue
		}
		s.buryLocked(sh, c)
		s.reap.wake(uint32(i))
	}
}

// buryLocked replaces the shard's arena, which goes with c. Garbage and corpses that
// stand in the arena go with it too, except for tables that a snapshot still needs.
func (s *upkeep) buryLocked(sh *shard, c *corpse) {
	kept := sh.mu.corpses[:0]
	for _, old := range sh.mu.corpses {
		if old.wholesale {
			kept = append(kept, old)
		} else if old.owed() {
			c.tables = append(c.tables, old.tables...)
		}
	}
	clear(sh.mu.corpses[len(kept):])
	sh.mu.corpses = append(kept, c)
	sh.mu.garbage = nil
	sh.mu.ar = arena.New()
}

// detach takes the content out of a database.
func (sh *shard) detach(d *database) deadTable {
	t := deadTable{table: d.table.Detach(), origin: d.origin}
	d.expires, d.inner, d.due = 0, 0, Never
	if sn := sh.mu.snap; sn != nil {
		t.passed = d.passed >= sn.epoch
		t.owed = !t.passed || sh.mu.owed.has(d.origin)
		d.passed, d.origin = sn.epoch, noOrigin
	}
	return t
}

// SwapDB exchanges two databases. The caller holds all gates and no shard lock.
func (s *upkeep) SwapDB(a, b int) {
	s.LockAll()
	s.SwapDBLocked(a, b)
	s.UnlockAll()
}

// SwapDBLocked is SwapDB for a caller that holds all shard locks.
func (s *upkeep) SwapDBLocked(a, b int) {
	if a == b {
		return
	}
	s.used[a].Store(true) // one of them had keys, or it does not matter
	s.used[b].Store(true)
	for i := range s.shards {
		x, y := s.at(a, uint32(i)), s.at(b, uint32(i))
		x.table.Swap(&y.table)
		x.expires, y.expires = y.expires, x.expires
		x.inner, y.inner = y.inner, x.inner
		x.due, y.due = y.due, x.due
		x.passed, y.passed = y.passed, x.passed
		x.origin, y.origin = y.origin, x.origin
		if sn := s.shards[i].mu.snap; sn != nil {
			sn.swapped.Store(true)
		}
	}
}

// OpenBeside readies empty databases beside those that are served, behind the last one that clients can select: with the
// same locks and arenas, so that taking them into service is an exchange of tables. It returns the number of the first: a database
// is loaded into the one that stands so far behind it. They are in use until TakeBesideLocked or
// CloseBeside. No other call has them in use.
func (s *upkeep) OpenBeside() (first int) {
	ss := &s.snapshot
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s.LockAll()
	defer s.UnlockAll()
	for i := s.numDBs << s.shardBits; i < len(s.databases); i++ {
		d := &s.databases[i]
		if !s.besides { // they are used for the first time
			d.table.Init(i)
		}
		d.due, d.passed, d.origin = Never, ss.mu.epoch, noOrigin // no snapshot has anything to do with them
	}
	s.beside, s.besides = true, true
	return s.numDBs
}

// CloseBeside leaves the freeing of what is beside to the reaper. Nobody loads there any more. It takes all shard
// locks itself.
func (s *upkeep) CloseBeside() {
	s.LockAll()
	defer s.UnlockAll()
	for db := range s.numDBs {
		s.FlushDBLocked(s.numDBs + db)
	}
	s.beside = false
}
