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

// Len returns the number of keys in db, expired ones that nobody met included, those in foreign slots
// not. It takes each shard lock itself, one after the other.
func (s *grid) Len(db int) int {
	n := s.entries(db)
	if foreign := s.foreign.Load(); foreign != nil && n > 0 {
		n -= (BySlot{s}).foreignKeys(db, foreign)
	}
	return n
}

// entries is Len with those in foreign slots.
func (s *grid) entries(db int) int {
	n := 0
	if !s.used[db].Load() {
		return 0
	}
	for i := range s.shards {
		sh := &s.shards[i]
		if !sh.lockUnlessBarred() {
			n += int(sh.asBarred().keysOf(db).Keys)
			continue
		}
		n += s.at(db, uint32(i)).table.Len()
		sh.mu.Unlock()
	}
	return n
}

// accounts are a shard's part of Accounts.
type accounts struct {
	Stats
	dbs []Keys // of the databases that have had keys
}

// accountsLocked counts a shard, which is locked.
func (s *grid) accountsLocked(shard uint32) *accounts {
	a := new(accounts)
	for db := range s.used {
		if s.used[db].Load() {
			a.dbs = append(a.dbs, Keys{DB: db})
		}
	}
	a.Stats = s.countLocked(shard, a.dbs)
	return a
}

// countLocked counts what a shard has, which is locked, with what it has of the databases in dbs, in their order.
func (s *grid) countLocked(shard uint32, dbs []Keys) (st Stats) {
	sh := &s.shards[shard]
	st = Stats{
		Expired: sh.mu.expired, Evicted: sh.mu.evicted, Freed: sh.mu.freed, Pending: int64(len(sh.mu.garbage)),
		UsedBytes: sh.mu.ar.Used(), PageBytes: sh.mu.ar.Pages(),
	}
	for _, c := range sh.mu.corpses {
		st.Pending += c.keys
		if c.wholesale {
			st.DeadBytes += c.bytes
		}
	}
	for i := range dbs {
		d := s.at(dbs[i].DB, shard)
		dbs[i].add(Keys{Keys: int64(d.table.Len()), Expires: int64(d.expires), Inner: int64(d.inner)})
		st.TableBytes += d.table.Bytes()
	}
	return st
}

// add adds another account.
func (st *Stats) add(o *Stats) {
	st.Keys += o.Keys
	st.Expires += o.Expires
	st.Expired += o.Expired
	st.Evicted += o.Evicted
	st.Pending += o.Pending
	st.Freed += o.Freed
	st.UsedBytes += o.UsedBytes
	st.PageBytes += o.PageBytes
	st.TableBytes += o.TableBytes
	st.DeadBytes += o.DeadBytes
}

// add adds the counts of a part of the database.
func (k *Keys) add(o Keys) {
	k.Keys += o.Keys
	k.Expires += o.Expires
	k.Inner += o.Inner
}

// asBarred are the accounts of a shard that was barred a moment ago.
func (sh *shard) asBarred() *accounts {
	if a := sh.barred.Load(); a != nil {
		return a
	}
	return new(accounts) // it has just been let go
}

// keysOf are the counts of one database.
func (a *accounts) keysOf(db int) (k Keys) {
	for i := range a.dbs {
		if a.dbs[i].DB == db {
			return a.dbs[i]
		}
	}
	return k
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
func (s *grid) Keyspace() []Keys {
	_, all := s.Accounts()
	return all
}

// Expires returns the number of keys in db that have a deadline. It takes each shard
// lock itself.
func (s *grid) Expires(db int) int {
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
func (s *grid) HoldsDuesLocked() bool {
	for i := range s.numDBs << s.shardBits {
		if s.databases[i].inner > 0 {
			return true
		}
	}
	return false
}

// Used returns the exact bytes of live arena blocks: entries, values, tables, and what
// the reaper has not freed yet. It takes each shard lock itself.
func (s *grid) Used() int64 { return s.Stats().UsedBytes }

// Stats returns the store's accounts. It takes each shard lock itself.
func (s *grid) Stats() Stats {
	st, _ := s.Accounts()
	return st
}

// Accounts are Stats and Keyspace in one walk. It looks only into databases that have had keys:
// INFO is asked for often, and most databases never have any.
func (s *grid) Accounts() (st Stats, dbs []Keys) {
	for db := range s.used {
		if s.used[db].Load() {
			dbs = append(dbs, Keys{DB: db})
		}
	}
	for i := range s.shards {
		sh := &s.shards[i]
		if !sh.lockUnlessBarred() {
			a := sh.asBarred()
			st.add(&a.Stats)
			for j := range dbs {
				dbs[j].add(a.keysOf(dbs[j].DB))
			}
			continue
		}
		part := s.countLocked(uint32(i), dbs)
		sh.mu.Unlock()
		st.add(&part)
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
func (s *grid) MemoryUsage(e Entry) int64 {
	return entryBytes(e) + slotShareBytes
}

// TableBytes returns what the table of db takes. It takes each shard lock itself.
func (s *grid) TableBytes(db int) (n int64) {
	for i := range s.shards {
		if sh := &s.shards[i]; sh.lockUnlessBarred() { // what a script holds is left out
			n += s.at(db, uint32(i)).table.Bytes()
			sh.mu.Unlock()
		}
	}
	return n
}
