package store

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/dict"
)

// corpse is what a flush detached from a shard: one table whose entries stand in the
// shard's arena, or all tables together with the arena. Guarded by the shard's lock.
type corpse struct {
	ar        *arena.Arena
	wholesale bool  // the arena goes as a whole; else it is the shard's own
	bytes     int64 // wholesale: what ar held; nothing changes it any more
	keys      int64 // that it had
	tables    []deadTable
}

// deadTable is a detached table; of a wholesale corpse it is kept only while a
// snapshot has still to read it.
type deadTable struct {
	table  dict.Table
	pos    uint64 // entries before this position are freed
	origin uint32 // database number at the running snapshot's cut
	owed   bool   // the running snapshot has not had all of it
	passed bool   // but of large values
	scan   uint64 // where the snapshot is
}

// owed tells whether the running snapshot still needs the corpse.
func (c *corpse) owed() bool {
	for i := range c.tables {
		if c.tables[i].owed {
			return true
		}
	}
	return false
}

// settle forgets what the corpse owes to a snapshot.
func (c *corpse) settle() {
	for i := range c.tables {
		c.tables[i].owed = false
	}
}

// reaper frees garbage and corpses in the background.
type reaper struct {
	mu struct { // innermost, below the shard locks
		sync.Mutex
		todo ShardSet // shards with work
	}
	run     sync.Mutex // held while reaping; taken before any shard lock
	kick    chan struct{}
	ended   chan struct{}
	stopped atomic.Bool
}

func (r *reaper) start(s *upkeep) {
	r.kick, r.ended = make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(r.ended)
		for range r.kick {
			if r.stopped.Load() {
				return
			}
			s.Reap()
		}
	}()
}

func (r *reaper) stop() {
	if r.stopped.Swap(true) {
		return
	}
	r.ring()
	<-r.ended
}

func (r *reaper) ring() {
	select {
	case r.kick <- struct{}{}:
	default: // it is awake already and looks at todo again before it sleeps
	}
}

// wake tells the reaper that the shard has work. The caller may hold shard locks.
func (r *reaper) wake(shard uint32) {
	r.mu.Lock()
	r.mu.todo.Add(shard)
	r.mu.Unlock()
	r.ring()
}

// take returns the shards with work and leaves none.
func (r *reaper) take() ShardSet {
	r.mu.Lock()
	defer r.mu.Unlock()
	todo := r.mu.todo
	r.mu.todo.Clear()
	return todo
}

// Reap frees everything that waits to be freed and can be, in bounded steps, and
// returns when it is done. It takes shard locks itself, one at a time. The store calls
// it in the background; others need it only to wait for that.
func (s *upkeep) Reap() {
	r := &s.reap
	r.run.Lock()
	defer r.run.Unlock()
	for todo := r.take(); todo.Len() > 0; todo = r.take() {
		for i := range s.shards {
			if !todo.Has(uint32(i)) {
				continue
			}
			for s.reapStep(uint32(i)) {
				if r.stopped.Load() {
					return
				}
				runtime.Gosched()
			}
		}
	}
}

// reapStep frees a bounded part of what the shard has to free and tells whether there
// is more that can be freed now.
func (s *upkeep) reapStep(shard uint32) bool {
	sh := &s.shards[shard]
	if !sh.lockUnlessBarred() {
		return false // Unbar wakes the reaper
	}
	defer sh.mu.Unlock()
	if n := len(sh.mu.garbage); n > 0 {
		g := &sh.mu.garbage[n-1]
		if outside[g.Kind].FreeStep(sh.mu.ar, g, reapBlocksPerStep) {
			sh.mu.garbage = sh.mu.garbage[:n-1]
			sh.mu.freed++
		}
		if len(sh.mu.garbage) == 0 {
			sh.mu.garbage = nil
		}
		return true
	}
	for _, c := range sh.mu.corpses {
		// An owed corpse waits for the snapshot, which wakes the reaper when it has passed.
		if c.owed() {
			continue
		}
		if c.wholesale {
			s.reapArena(sh, c)
		} else if s.reapTable(shard, c) {
			sh.dropCorpse(c)
		}
		return true
	}
	return false
}

// reapArena releases a wholesale corpse without the lock, which the caller holds and
// gets back: nobody else reaches that arena.
func (s *upkeep) reapArena(sh *shard, c *corpse) {
	sh.mu.Unlock()
	c.ar.Release()
	sh.mu.Lock()
	sh.dropCorpse(c)
}

// reapTable frees a few segments' entries of the corpse's table, at last the table,
// and tells whether it is done.
func (s *upkeep) reapTable(shard uint32, c *corpse) bool {
	t := &c.tables[0]
	for n := 0; n < reapEntriesPerStep; {
		seg, next, done := t.table.NextSegment(t.pos)
		t.table.EachInSegment(seg, func(a arena.Addr) {
			e := Entry{A: a}
			s.freeValue(shard, e)
			e.Free(c.ar)
			n++
		})
		if done {
			t.table.Drop(c.ar)
			return true
		}
		t.pos = next
	}
	return false
}

func (sh *shard) dropCorpse(c *corpse) {
	if i := slices.Index(sh.mu.corpses, c); i >= 0 {
		sh.mu.freed += uint64(c.keys)
		sh.mu.corpses = slices.Delete(sh.mu.corpses, i, i+1)
	}
}
