package store

import (
	"math/rand/v2"
	"slices"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/dict"
)

// Policy says which entries may be evicted, and which first.
type Policy struct {
	Volatile bool // only entries with a deadline
	// Rank tells how good a victim an entry is: the greatest goes first. It must not
	// fall while an entry is not used. nil: all are alike.
	Rank    func(e Entry) uint64
	Samples int // entries to compare before one goes
}

// Evictor finds victims: one for each goroutine that evicts. It keeps the best candidates
// of those that it has seen, as Redis does, so that a few samples per victim come close
// to the truth; but a candidate that was used meanwhile is given up.
type Evictor struct {
	s     *Store
	pool  [evictPoolEntries]candidate // by rank, the worst first
	n     int
	seen  candidate // of the shard and database being sampled
	pol   *Policy
	dbs   []int  // databases with keys, lately
	age   int    // steps since dbs was made
	drain uint32 // 1 + the shard whose garbage must be freed first
	each  func(a arena.Addr)
}

// candidate is an entry that may be evicted. It may be gone, or be another one, by the
// time it is looked at again: its hash tells.
type candidate struct {
	addr  arena.Addr
	hash  uint64
	rank  uint64
	shard uint32
	db    int32
}

// NewEvictor makes an evictor for s.
func NewEvictor(s *Store) *Evictor {
	ev := &Evictor{s: s}
	ev.each = ev.consider
	return ev
}

// Step evicts one entry, or goes on freeing a large one that was evicted, and tells
// whether it did anything: false means that there is nothing to evict. It takes shard
// locks itself, one at a time, each for a bounded time; the caller holds none.
func (ev *Evictor) Step(p *Policy) bool {
	if ev.drain != 0 {
		ev.drainGarbage()
		return true
	}
	ev.pol = p
	for range evictShardTries {
		ev.sample(uint32(rand.IntN(len(ev.s.shards))))
		if ev.evictBest() {
			return true
		}
	}
	// Little is left: look everywhere.
	first := rand.IntN(len(ev.s.shards))
	for i := range ev.s.shards {
		ev.age = evictDatabasesAge // what is left may be anywhere
		ev.sample(uint32((first + i) % len(ev.s.shards)))
		if ev.evictBest() {
			return true
		}
	}
	return false
}

// Forget gives up the candidates: the policy has changed.
func (ev *Evictor) Forget() { ev.n = 0 }

// sample looks at a few entries of the shard and keeps the best.
func (ev *Evictor) sample(shard uint32) {
	s := ev.s
	if !s.LockUnlessLong(shard) {
		return
	}
	db, ok := ev.database(shard)
	if ok {
		d := s.at(db, shard)
		ev.seen = candidate{shard: shard, db: int32(db)}
		for n, draws := 0, 0; n < ev.pol.Samples && draws < ev.pol.Samples; draws++ {
			got := d.table.Sample(rand.Uint64(), ev.pol.Volatile, &s.ops, ev.each)
			if got == 0 {
				break
			}
			n += got
		}
	}
	s.shards[shard].mu.Unlock()
}

// consider puts the entry at a into the pool if it is better than what is there.
func (ev *Evictor) consider(a arena.Addr) {
	e := Entry{A: a}
	if ev.pol.Volatile && !e.HasDeadline() { // only a field of it has one
		return
	}
	c := ev.seen
	c.addr = a
	if ev.pol.Rank != nil {
		c.rank = ev.pol.Rank(e)
	}
	if ev.n == len(ev.pool) && c.rank <= ev.pool[0].rank {
		return
	}
	at, _ := slices.BinarySearchFunc(ev.pool[:ev.n], c.rank, func(c candidate, rank uint64) int {
		if c.rank < rank {
			return -1
		}
		return 1
	})
	for i := range ev.pool[:ev.n] {
		if ev.pool[i].addr == a {
			return
		}
	}
	c.hash = ev.s.ops.Hash(a)
	if ev.n == len(ev.pool) {
		copy(ev.pool[:], ev.pool[1:at])
		ev.pool[at-1] = c
		return
	}
	copy(ev.pool[at+1:ev.n+1], ev.pool[at:ev.n])
	ev.pool[at] = c
	ev.n++
}

// database picks the database of the shard to sample from, by their numbers of keys. The
// shard is locked.
func (ev *Evictor) database(shard uint32) (db int, ok bool) {
	if ev.age++; ev.age > evictDatabasesAge || len(ev.dbs) == 0 {
		ev.age, ev.dbs = 0, ev.dbs[:0]
		for db := range ev.s.numDBs {
			if ev.weight(db, shard) > 0 {
				ev.dbs = append(ev.dbs, db)
			}
		}
	}
	total := int64(0)
	for _, db := range ev.dbs {
		total += ev.weight(db, shard)
	}
	if total == 0 {
		return 0, false
	}
	at := rand.Int64N(total)
	for _, db := range ev.dbs {
		if at -= ev.weight(db, shard); at < 0 {
			return db, true
		}
	}
	return 0, false
}

// weight returns how many entries may be evicted in a database of the shard.
func (ev *Evictor) weight(db int, shard uint32) int64 {
	d := ev.s.at(db, shard)
	if ev.pol.Volatile {
		return int64(d.expires)
	}
	return int64(d.table.Len())
}

// evictBest evicts the best candidate that still is what it was.
func (ev *Evictor) evictBest() bool {
	for ev.n > 0 {
		ev.n--
		c := ev.pool[ev.n]
		if !ev.s.LockUnlessLong(c.shard) {
			continue
		}
		gone := ev.evict(&c)
		ev.s.shards[c.shard].mu.Unlock()
		if gone {
			return true
		}
	}
	return false
}

// evict deletes the candidate, whose shard is locked, unless it is gone or was used.
func (ev *Evictor) evict(c *candidate) bool {
	s := ev.s
	sh, d := &s.shards[c.shard], s.at(int(c.db), c.shard)
	slot := d.table.FindAddr(c.hash, c.addr)
	if slot == nil || s.ops.Hash(c.addr) != c.hash {
		return false
	}
	e := Entry{A: dict.SlotAddr(slot)}
	if ev.pol.Volatile && !e.HasDeadline() || ev.pol.Rank != nil && ev.pol.Rank(e) < c.rank {
		return false
	}
	if s.hooks.Evicted != nil {
		s.hooks.Evicted(int(c.shard), int(c.db), e.Key())
	}
	sh.mu.evicted++
	s.remove(int(c.db), Key{Name: e.Key(), Hash: c.hash, Shard: c.shard}, slot, e)
	if len(sh.mu.garbage) > 0 {
		ev.drain = c.shard + 1
	}
	s.tell(sh, sh.mu.ar.Used()-sh.mu.told)
	return true
}

// drainGarbage frees a part of a large value that was evicted: as long as it is not gone,
// evicting more would be too much.
func (ev *Evictor) drainGarbage() {
	shard := ev.drain - 1
	sh := &ev.s.shards[shard]
	if !ev.s.reapStep(shard) {
		ev.drain = 0
	}
	if !sh.lockUnlessBarred() {
		return
	}
	if len(sh.mu.garbage) == 0 {
		ev.drain = 0
	}
	ev.s.tell(sh, sh.mu.ar.Used()-sh.mu.told)
	sh.mu.Unlock()
}
