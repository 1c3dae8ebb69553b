package store

import "slices"

// Stats are the store's accounts: sums over all shards.
type Stats struct {
	Keys       int64  // entries in all databases
	Expires    int64  // those with a deadline
	Expired    uint64 // deleted because of their deadline since Open
	Evicted    uint64 // deleted to make room since Open
	Pending    int64  // values, and entries of flushed tables, that the reaper has to free
	Freed      uint64 // those that it has freed since Open
	UsedBytes  int64  // Used
	PageBytes  int64  // arena pages that the shards hold, used or not
	TableBytes int64  // the part of UsedBytes that tables take
	DeadBytes  int64  // the part of UsedBytes in arenas that a FLUSHALL left to the reaper
}

// Len returns the number of keys in db, expired ones that nobody met included. It
// takes each shard lock itself, one after the other.
func (s *Store) Len(db int) int {
	n := 0
	if !s.used[db].Load() {
		return 0
	}
	for i := range s.shards {
		s.shards[i].mu.Lock()
		n += s.at(db, uint32(i)).table.Len()
		s.shards[i].mu.Unlock()
	}
	return n
}

// Keys are the counts of one database.
type Keys struct {
	DB      int
	Keys    int64
	Expires int64 // of them, those that have a deadline
	Inner   int64 // of them, those in whose values something falls due
}

// Keyspace returns the counts of all databases that have keys, in order. It takes each
// shard lock itself, once.
func (s *Store) Keyspace() []Keys {
	_, all := s.Accounts()
	return all
}

// Expires returns the number of keys in db that have a deadline. It takes each shard
// lock itself.
func (s *Store) Expires(db int) int {
	n := int64(0)
	for i := range s.shards {
		s.shards[i].mu.Lock()
		n += int64(s.at(db, uint32(i)).expires)
		s.shards[i].mu.Unlock()
	}
	return int(n)
}

// HoldsDuesLocked tells whether there is a key in whose value something falls due. All shards
// are locked.
func (s *Store) HoldsDuesLocked() bool {
	for i := range s.numDBs << s.shardBits {
		if s.databases[i].inner > 0 {
			return true
		}
	}
	return false
}

// Used returns the exact bytes of live arena blocks: entries, values, tables, and what
// the reaper has not freed yet. It takes each shard lock itself.
func (s *Store) Used() int64 { return s.Stats().UsedBytes }

// Stats returns the store's accounts. It takes each shard lock itself.
func (s *Store) Stats() Stats {
	st, _ := s.Accounts()
	return st
}

// Accounts are Stats and Keyspace in one walk. It looks only into databases that have had keys:
// INFO is asked for often, and most databases never have any.
func (s *Store) Accounts() (st Stats, dbs []Keys) {
	for db := range s.used {
		if s.used[db].Load() {
			dbs = append(dbs, Keys{DB: db})
		}
	}
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		st.Expired += sh.mu.expired
		st.Evicted += sh.mu.evicted
		st.UsedBytes += sh.mu.ar.Used()
		st.PageBytes += sh.mu.ar.Pages()
		st.Freed += sh.mu.freed
		st.Pending += int64(len(sh.mu.garbage))
		for _, c := range sh.mu.corpses {
			st.Pending += c.keys
			if c.wholesale {
				st.DeadBytes += c.bytes
			}
		}
		for j := range dbs {
			k := &dbs[j]
			d := s.at(k.DB, uint32(i))
			k.Keys += int64(d.table.Len())
			k.Expires += int64(d.expires)
			k.Inner += int64(d.inner)
			st.TableBytes += d.table.Bytes()
		}
		sh.mu.Unlock()
	}
	st.UsedBytes += st.DeadBytes
	// What is loaded beside the data takes memory, and that is all.
	dbs = slices.DeleteFunc(dbs, func(k Keys) bool { return k.Keys == 0 || k.DB >= s.numDBs })
	for i := range dbs {
		st.Keys += dbs[i].Keys
		st.Expires += dbs[i].Expires
	}
	return st, dbs
}

// MemoryUsage returns the bytes that e takes: its block, what its value holds outside,
// and its share of the table.
func (s *Store) MemoryUsage(e Entry) int64 {
	return entryBytes(e) + slotShareBytes
}

// TableBytes returns what the table of db takes. It takes each shard lock itself.
func (s *Store) TableBytes(db int) (n int64) {
	for i := range s.shards {
		s.shards[i].mu.Lock()
		n += s.at(db, uint32(i)).table.Bytes()
		s.shards[i].mu.Unlock()
	}
	return n
}
