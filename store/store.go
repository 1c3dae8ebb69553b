package store

import (
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"math/bits"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/dict"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/value"
)

// Entry is one key with its value, see package entry. The zero Entry is none.
type Entry = entry.Entry

// KeepTTL as a deadline keeps the deadline that the key has.
const KeepTTL int64 = -1

// ErrClosed is what a snapshot on a closed store gets.
var ErrClosed = errors.New("store: closed")

// Options configure Open. Zero fields mean the defaults.
type Options struct {
	Shards    int // a power of two, <= MaxShards
	Databases int // <= MaxDatabases
	Hooks     Hooks
}

// Hooks are the store's calls to its owner. A nil hook is not called.
type Hooks struct {
	// Expired is told of an entry that is being deleted because its deadline has
	// come, before it goes. The shard lock is held; key is a view. It must not
	// call the store.
	Expired func(shard, db int, key []byte)
	// Evicted is told of an entry that is being deleted to make room, as Expired is.
	Evicted func(shard, db int, key []byte)
	// Created is told of every key that comes into being, while SetTelling is on: here and
	// nowhere else. The shard lock is held; key is the caller's. It must not call the store.
	Created func(shard, db int, key []byte)
	// Alarm tells that something is due before the moment given to SetAlarm. A shard
	// lock may be held; it must not call the store, or block.
	Alarm func()
}

// Store is the keyspace. See doc.go for the locking rules.
type Store struct {
	shards    []shard
	databases []database // index: db<<shardBits | shard; each guarded by its shard's lock. Twice numDBs, see OpenBeside
	shardBits uint8
	numDBs    int
	beside    bool   // those behind numDBs are in use; guarded by all shard locks, any of which will do to look
	besides   bool   // and have been before; the same
	hashSeed  uint64 // of xxhash, which picks shards
	hooks     Hooks
	clock     atomic.Uint32 // access clock of new entries
	state     atomic.Uint32 // what holds for all keys now: state... bits

	used []atomic.Bool // by database, those of OpenBeside too: it has had keys

	due   []atomic.Int64 // by shard: a lower bound of what is due there, see SetAlarm
	alarm atomic.Int64   // Hooks.Alarm is called for what is due before

	usage usage

	reap     reaper
	snapshot snapshots
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
		part    *segmentPart    // of snap: the segment that is being handed over in parts
	}
	long atomic.Int32 // workers that run, or are about to run, a long command under the lock
	_    [192 - 148]byte
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

// keyOps are the table operations of the keyspace.
var keyOps = dict.Ops{
	Equal: entry.KeyEquals,
	Hash:  func(a arena.Addr) uint64 { return maphash.Bytes(tableSeed, entry.Entry{A: a}.Key()) },
	Due:   dueOf,
}

// Open makes an empty store and starts its reaper.
func Open(o Options) (*Store, error) {
	if o.Shards == 0 {
		o.Shards = DefaultShards
	}
	if o.Databases == 0 {
		o.Databases = DefaultDatabases
	}
	if o.Shards < 1 || o.Shards > MaxShards || o.Shards&(o.Shards-1) != 0 {
		return nil, fmt.Errorf("store: %d shards: want a power of two up to %d", o.Shards, MaxShards)
	}
	if o.Databases < 1 || o.Databases > MaxDatabases {
		return nil, fmt.Errorf("store: %d databases: want 1 to %d", o.Databases, MaxDatabases)
	}
	if err := arena.Reserve(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &Store{
		shards:    make([]shard, o.Shards),
		databases: make([]database, 2*o.Shards*o.Databases), // the second half is not touched, and so no memory, until it is used
		shardBits: uint8(bits.TrailingZeros(uint(o.Shards))),
		numDBs:    o.Databases,
		hashSeed:  rand.Uint64(),
		hooks:     o.Hooks,
		used:      make([]atomic.Bool, 2*o.Databases),
		due:       make([]atomic.Int64, o.Shards),
	}
	s.alarm.Store(math.MinInt64)
	for i := range s.shards {
		s.shards[i].mu.ar = arena.New()
		s.due[i].Store(Never)
	}
	for i := range o.Shards * o.Databases {
		s.databases[i].table.Init(i)
		s.databases[i].due = Never
	}
	s.reap.start(s)
	return s, nil
}

// Close stops the reaper and gives all memory back. The caller has ended all other
// use of the store, including snapshots; afterwards only the zero-valued answers of
// an empty store are left.
func (s *Store) Close() {
	s.reap.stop()
	s.snapshot.close()
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		sh.mu.snap = nil
		for _, c := range sh.mu.corpses {
			if c.wholesale {
				c.ar.Release()
			}
		}
		sh.mu.corpses, sh.mu.garbage = nil, nil
		for db := range s.inUse() {
			s.at(db, uint32(i)).clear()
		}
		sh.mu.ar.Release()
		sh.mu.Unlock()
	}
	arena.TrimCommons()
}

// Shards returns the number of shards, Databases that of databases.
func (s *Store) Shards() int { return len(s.shards) }

// Databases returns the number of databases.
func (s *Store) Databases() int { return s.numDBs }

// at returns shard's part of database db.
func (s *Store) at(db int, shard uint32) *database {
	return &s.databases[uint(db)<<(s.shardBits&31)|uint(shard)]
}

// clear empties the database's table without freeing anything.
func (d *database) clear() {
	d.table.Detach()
	d.expires, d.inner, d.due = 0, 0, Never
}

// SetAccessClock sets the access clock (24 bits) that entries get when they are created
// or, unless keep is set, replaced. Any goroutine may call it.
func (s *Store) SetAccessClock(clock uint32, keep bool) {
	if keep {
		clock |= keepClock
	}
	s.clock.Store(clock)
}

// keepClock is the bit of Store.clock that lets an entry which is replaced keep its own:
// under LFU it is a count of accesses.
const keepClock = 1 << 31
