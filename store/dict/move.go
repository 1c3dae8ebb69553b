package dict

import (
	"math/bits"

	"github.com/kringdb/kring/store/arena"
)

// EachSlot calls fn with every slot of the segment that holds an entry. fn must not
// change the table, except by SetSlotAddr.
func (e SegmentRef) EachSlot(fn func(s Slot)) {
	lines := e.lines()
	for i, nb := uint64(0), e.buckets(); i < nb; i++ {
		b := bucketAt(lines, i)
		warmBucket(b)
		for m := ^freeMask(b) & 0xff; m != 0; m &= m - 1 {
			fn(&b[bits.TrailingZeros64(m)])
		}
	}
}

// Addr returns where the segment's block lies.
func (e SegmentRef) Addr() arena.Addr { return e.addr() }

// DirAddr returns where the directory lies, 0 when the table has no memory.
func (t *Table) DirAddr() arena.Addr { return wordAddr(t.dir) }

// MoveSegment moves a segment to a fresh block: slots found before are then invalid.
func (t *Table) MoveSegment(ar *arena.Arena, e SegmentRef) {
	n := segmentBytes(e.buckets())
	a := ar.Alloc(n)
	copy(arena.Words(a, n/8), arena.Words(e.addr(), n/8))
	to := makeRef(a, e.buckets(), e.depth())
	t.setWords(to, to.header().start)
	t.changeStamp()
	freeSegmentBlock(ar, e)
}

// MoveDir moves the directory to a fresh block.
func (t *Table) MoveDir(ar *arena.Arena) {
	dir := t.dir
	if dir == 0 {
		return
	}
	n := dirBytes(dirDepth(dir))
	a := ar.Alloc(n)
	copy(arena.Words(a, n/8), arena.Words(wordAddr(dir), n/8))
	t.storeDir(makeDir(a, dirDepth(dir)))
	t.changeStamp()
	ar.Free(wordAddr(dir), n)
}
