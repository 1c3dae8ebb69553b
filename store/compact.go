package store

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/dict"
)

// Compactor moves what stands in sparse pages together, so that these pages go back to
// the system. One goroutine uses it; it goes through one shard at a time.
type Compactor struct {
	s     *Store
	shard uint32
	ar    *arena.Arena // whose sparse pages are closed; nil between passes
	db    int
	pos   uint64
	used  int64 // what the shard's blocks took when the pass began

	shared      bool     // sparse pages that shards share are closed
	sharedBytes int64    // what these pages took before
	sharedUsed  int64    // and the blocks in them
	left        accepted // in these pages

	gathering arena.Gathering // see Gather
	lodgers   []arena.Lodger

	minBytes int64      // of waste in a shard, below which nothing is moved
	accepted []accepted // by shard
	stats    Compaction
}

// accepted is how a shard, or the pages that shards share, stood after a pass, or when a pass was
// of no use: as long as there is not clearly more waste, or less data, another would be of no use
// either. So passes end where the data does not change, whatever stands in a closed page and does
// not move: what is another store's, for one.
type accepted struct{ waste, used int64 }

// holds tells whether another pass would be of no use.
func (was accepted) holds(waste, used int64) bool {
	return waste <= was.waste*5/4 && used >= was.used*7/8
}

// Compaction is what a Compactor has done so far.
type Compaction struct {
	Passes int64 // through shards
	Moved  int64 // blocks
	Keys   int64 // looks at a key that moved at least one block of it
	Kept   int64 // and those that moved none
	Bytes  int64 // of pages given back
	Failed int64 // pages that could not be emptied
}

// NewCompactor makes a compactor for s.
func NewCompactor(s *Store) *Compactor {
	return &Compactor{s: s, minBytes: compactMinBytes, accepted: make([]accepted, len(s.shards))}
}

// Stats returns what was done so far.
func (c *Compactor) Stats() Compaction { return c.stats }

// Step does a bounded part: it looks whether more than percent of the pages of the next
// shard are unused and begins a pass, or it goes on with the one that it is in. It takes
// that shard's lock itself. It tells whether it is in a pass.
func (c *Compactor) Step(percent int) bool {
	if c.ar == nil && c.shard == 0 && !c.shared {
		c.shared = c.closeShared(percent)
	}
	if !c.s.LockUnlessLong(c.shard) {
		if c.ar == nil {
			c.next()
		}
		return c.ar != nil
	}
	sh := &c.s.shards[c.shard]
	switch {
	case c.ar == nil:
		c.begin(sh, percent)
	case c.ar != sh.mu.ar: // a FLUSHALL took it
		c.ar = nil
	case c.move(sh):
		c.finish(sh)
	}
	sh.mu.Unlock()
	if c.ar == nil {
		c.next()
	}
	return c.ar != nil
}

// next goes on to the next shard. Shared pages are closed from the first shard to the last: only
// all of them together can empty one.
func (c *Compactor) next() {
	if c.shard++; c.shard < uint32(len(c.s.shards)) {
		return
	}
	c.shard = 0
	c.Stop()
}

// Stop ends the use of shared pages that are closed, which other stores of the process share
// too. Whoever lets go of a compactor between two steps, at the end of its store, calls it.
func (c *Compactor) Stop() {
	if !c.shared {
		return
	}
	c.shared = false
	pages, used := arena.Commons()
	arena.OpenCommons()
	c.stats.Bytes += max(c.sharedBytes-pages, 0)
	c.left = accepted{pages - used, max(c.sharedUsed, used)}
}

// closeShared closes the sparse pages that shards share, if there is enough to win.
func (c *Compactor) closeShared(percent int) bool {
	pages, used := arena.Commons()
	c.sharedBytes, c.sharedUsed = pages, used
	waste := pages - used
	if waste < compactSharedBytes || waste*100 <= pages*int64(percent) || c.left.holds(waste, used) {
		c.left.waste = min(c.left.waste, waste)
		return false
	}
	if arena.CloseCommons(percent) == 0 {
		c.left = accepted{waste, used}
		return false
	}
	return true
}

// begin closes the shard's sparse pages, if there is enough to win.
func (c *Compactor) begin(sh *shard, percent int) {
	ar := sh.mu.ar
	if c.shared {
		ar.GiveSpares()
	}
	waste := ar.Pages() - ar.Used()
	was := &c.accepted[c.shard]
	if c.shared && ar.Guests() > 0 { // whatever else there is to win
		ar.CloseSparse(percent)
		c.ar, c.db, c.pos, c.used = ar, 0, 0, ar.Used()
		c.stats.Bytes += ar.Pages()
		return
	}
	if waste*100 <= ar.Pages()*int64(percent) || waste < c.minBytes || was.holds(waste, ar.Used()) {
		was.waste = min(was.waste, waste)
		return
	}
	if ar.CloseSparse(percent) == 0 {
		*was = accepted{waste, ar.Used()}
		return
	}
	c.ar, c.db, c.pos, c.used = ar, 0, 0, ar.Used()
	c.stats.Bytes += ar.Pages()
}

// finish ends the pass through the shard. The pass knows nothing of pages that became sparse
// meanwhile: what it has left is accepted for as much data as there was when it began, so that
// the next one begins if much of it was deleted since.
func (c *Compactor) finish(sh *shard) {
	c.stats.Failed += int64(c.ar.Reopen())
	c.stats.Bytes -= c.ar.Pages()
	c.stats.Passes++
	c.accepted[c.shard] = accepted{c.ar.Pages() - c.ar.Used(), max(c.used, c.ar.Used())}
	c.ar = nil
}

// move moves what stands in closed pages, from where it was left, and tells whether the
// pass is through.
func (c *Compactor) move(sh *shard) (done bool) {
	for work := 0; work < compactWorkPerStep; {
		if c.db >= c.s.inUse() {
			return true
		}
		d := c.s.at(c.db, c.shard)
		seg, next, last := d.table.NextSegment(c.pos)
		if seg == 0 {
			c.db, c.pos = c.db+1, 0
			work++
			continue
		}
		moved, more := c.moveSegment(d, seg)
		work += moved*compactMoveWork + seg.Len()
		if more {
			continue // a large value: the same segment again
		}
		if c.pos = next; last {
			if arena.Closed(d.table.DirAddr()) {
				d.table.MoveDir(c.ar)
			}
			c.db, c.pos = c.db+1, 0
		}
	}
	return false
}

// moveSegment moves a segment and its entries; more tells that a large value has blocks
// left.
func (c *Compactor) moveSegment(d *database, seg dict.SegmentRef) (moved int, more bool) {
	seg.EachSlot(func(s dict.Slot) {
		e, before := Entry{A: dict.SlotAddr(s)}, moved
		if arena.Closed(e.A) {
			to := e.Clone(c.ar, e.Key(), e.Deadline())
			dict.SetSlotAddr(s, to.A)
			e.Free(c.ar)
			e = to
			moved++
		}
		ops := outside[e.Kind()]
		if ops != nil && ops.Compact != nil {
			if moved < compactBlocksPerStep {
				moved += ops.Compact(c.ar, e, arena.Closed, compactBlocksPerStep-moved)
			}
			more = more || moved >= compactBlocksPerStep
		}
		if moved > before {
			c.stats.Keys++
		} else {
			c.stats.Kept++
		}
	})
	if !more && arena.Closed(seg.Addr()) {
		d.table.MoveSegment(c.ar, seg)
		moved++
	}
	c.stats.Moved += int64(moved)
	return moved, more
}
