package store

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/dict"
	"github.com/kringdb/kring/store/entry"
)

// grid is what keys stand in, shards by databases: where a name's place is, what stands there, and how
// much there is. It changes nothing but itself.
type grid struct {
	shardLocks
	databases []database // index: db<<shardBits | shard; each guarded by its shard's lock. Twice numDBs, see OpenBeside
	shardBits uint8
	numDBs    int
	beside    bool   // those behind numDBs are in use; guarded by all shard locks, any of which will do to look
	besides   bool   // and have been before; the same
	hashSeed  uint64 // of xxhash, which picks shards
	slotBits  uint8  // of a slot, those that a key's place in its table begins with; 0 unless the store is by slots
	foreign   atomic.Pointer[SlotSet]
	ops       dict.Ops // of the tables

	used []atomic.Bool // by database, those of OpenBeside too: it has had keys
}

// database is one shard's part of a database: one cache line.
type database struct {
	table   dict.Table
	expires uint32 // entries with a deadline
	inner   uint32 // entries with something inside that falls due, see dues
	due     int64  // a lower bound of the moments when entries are due; Never
	passed  uint32 // no segment of the table needs a pre-image for epochs up to this one
	origin  uint32 // the database's number at the running snapshot's cut
}

// tableSeed is the process's seed of the hash that places keys in tables.
var tableSeed = maphash.MakeSeed()

// keyOps are the operations of the store's tables.
func (s *grid) keyOps() dict.Ops {
	ops := dict.Ops{
		Equal: entry.KeyEquals,
		Hash:  func(a arena.Addr) uint64 { return maphash.Bytes(tableSeed, entry.Entry{A: a}.Key()) },
		Due:   dueOf,
		Skew:  s.slotBits,
	}
	if s.slotBits != 0 {
		ops.Hash = func(a arena.Addr) uint64 {
			k := Key{Name: entry.Entry{A: a}.Key()}
			s.SetKey(&k, k.Name)
			return k.Hash
		}
	}
	return ops
}

// Shards returns the number of shards, Databases that of databases.
func (s *grid) Shards() int { return len(s.shards) }

// Databases returns the number of databases.
func (s *grid) Databases() int { return s.numDBs }

// at returns shard's part of database db.
func (s *grid) at(db int, shard uint32) *database {
	return &s.databases[uint(db)<<(s.shardBits&31)|uint(shard)]
}

// clear empties the database's table without freeing anything.
func (d *database) clear() {
	d.table.Detach()
	d.expires, d.inner, d.due = 0, 0, Never
}

// inUse is how many databases there may be keys in. A shard is locked.
func (s *grid) inUse() int {
	if s.beside {
		return 2 * s.numDBs
	}
	return s.numDBs
}
