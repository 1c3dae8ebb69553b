package store

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"sync/atomic"

	"github.com/kringdb/kring/internal/hashslot"
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Entry is one key with its value, see package entry. The zero Entry is none.
type Entry = entry.Entry

// KeepTTL as a deadline keeps the deadline that the key has.
const KeepTTL int64 = -1

// ErrClosed is what a snapshot on a closed store gets.
var ErrClosed = errors.New("store: closed")

// Options configure Open. Zero fields mean the defaults.
type Options struct {
	Shards    int  // a power of two, <= MaxShards
	Databases int  // <= MaxDatabases
	BySlots   bool // keys stand by their hash slots, see BySlot
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

// Store is the keyspace: entries by key, which come, change, fall due and go. See doc.go for the locking rules, and
// for the parts that it stands on.
type Store struct {
	upkeep
	hooks Hooks
	clock atomic.Uint32 // access clock of new entries
	state atomic.Uint32 // what holds for all keys now: state... bits

	due   []atomic.Int64 // by shard: a lower bound of what is due there, see SetAlarm
	alarm atomic.Int64   // Hooks.Alarm is called for what is due before
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
	s := &Store{hooks: o.Hooks, due: make([]atomic.Int64, o.Shards)}
	s.shards = make([]shard, o.Shards)
	s.databases = make([]database, 2*o.Shards*o.Databases) // the second half is not touched, and so no memory, until it is used
	s.shardBits = uint8(bits.TrailingZeros(uint(o.Shards)))
	s.numDBs = o.Databases
	s.hashSeed = rand.Uint64()
	s.used = make([]atomic.Bool, 2*o.Databases)
	if o.BySlots {
		s.slotBits = hashslot.Bits - s.shardBits
	}
	s.ops = s.keyOps()
	s.alarm.Store(math.MinInt64)
	for i := range s.shards {
		s.shards[i].mu.ar = arena.New()
		s.due[i].Store(Never)
	}
	for i := range o.Shards * o.Databases {
		s.databases[i].table.Init(i)
		s.databases[i].due = Never
	}
	s.reap.start(&s.upkeep)
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

// ParkLocked moves what is served into the databases beside, which are empty, where nobody sees it: TakeBesideLocked
// brings it back, CloseBeside gives it up. The caller holds all gates and all shard locks.
func (s *Store) ParkLocked() {
	for db := range s.numDBs {
		s.SwapDBLocked(db, s.numDBs+db)
	}
}

// TakeBesideLocked puts the databases beside into service, and leaves the freeing of what was served to the
// reaper. The caller holds all gates and all shard locks.
func (s *Store) TakeBesideLocked() {
	for db := range s.numDBs {
		s.SwapDBLocked(db, s.numDBs+db)
		s.FlushDBLocked(s.numDBs + db)
		for i := range s.shards {
			s.lowerDue(uint32(i), s.at(db, uint32(i)).due)
		}
	}
	s.beside = false
}

// CheckInvariants verifies the whole store (see doc.go), arenas and tables included,
// and returns the first thing that is broken. It takes each shard lock itself.
func (s *Store) CheckInvariants() error {
	for i := range s.shards {
		s.shards[i].mu.Lock()
		err := checkShardLocked(s, uint32(i))
		s.shards[i].mu.Unlock()
		if err != nil {
			return fmt.Errorf("store: shard %d: %w", i, err)
		}
	}
	return nil
}
