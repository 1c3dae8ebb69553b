package dict

import (
	"math/bits"

	"github.com/kringdb/kring/store/arena"
)

// SegmentOf returns the segment that entries of hash h belong to; 0 when the table
// has no memory yet, that is, before its first Insert (which makes a segment of
// version 0).
func (t *directory) SegmentOf(h uint64) SegmentRef {
	if t.dir == 0 {
		return 0
	}
	return segmentAt(t.dir, h)
}

// Version returns the segment's version: a number of the caller's, 0 in a table's
// first segment. The halves of a split inherit it; segments of different versions
// do not merge.
func (e SegmentRef) Version() uint64 { return e.header().version }

// SetVersion sets the segment's version.
func (e SegmentRef) SetVersion(v uint64) { e.header().version = v }

// Len returns the number of entries in the segment.
func (e SegmentRef) Len() int { return int(e.header().count) }

// Range returns the positions that the segment covers: from start to before end.
func (e SegmentRef) Range() (start, end uint64) {
	start = e.header().start
	return start, start + positions>>e.depth()
}

// partShift is by how many bits the number of a bucket exceeds that of its part: a segment of up to
// 64 buckets has a part for each, a larger one has parts of several.
func (e SegmentRef) partShift() uint {
	return uint(max(bits.Len64(e.buckets()-1), partBits) - partBits)
}

// AllParts returns the parts of the segment, one bit each. A part has whole buckets.
func (e SegmentRef) AllParts() uint64 {
	n := (e.buckets()-1)>>e.partShift() + 1
	return ^uint64(0) >> (64 - n)
}

// PartsOf returns the parts in which an entry of hash h stands, or will be put: nothing
// in other parts changes when it comes, changes or goes, unless the segment is rebuilt (Stays).
func (e SegmentRef) PartsOf(h uint64) (parts uint64) {
	lines, nb, shift := e.lines(), e.buckets(), e.partShift()
	i := e.home(h)
	for n := nb; n > 0; n-- {
		parts |= 1 << (i >> shift)
		if b := bucketAt(lines, i); overflow(b) == 0 && freeMask(b) != 0 {
			break
		}
		if i++; i == nb {
			i = 0
		}
	}
	return parts
}

// Passed returns the parts that SetPassed has noted for the version v.
func (e SegmentRef) Passed(v uint64) uint64 {
	if hd := e.header(); hd.passing == v {
		return hd.parts
	}
	return 0
}

// SetPassed notes for the version v which parts the caller has passed. A segment that takes this one's place
// knows nothing of it.
func (e SegmentRef) SetPassed(v, parts uint64) {
	hd := e.header()
	hd.passing, hd.parts = v, parts
}

// Stays tells whether the segment e, not 0, will be there, with its entries where they are, after one entry has
// been inserted or deleted: it is neither full nor likely to be merged or shrunk.
func (t *directory) Stays(e SegmentRef) bool {
	n, nb := uint64(e.header().count), e.buckets()
	if n >= maxEntries(nb) {
		return false
	}
	return n == 0 || (n-1)%sparseCheckInterval != 0 || n-1 > t.full()*mergeLoadPerBucket && n-1 >= nb*sparseLoadPerBucket
}

// EachInParts calls fn with every entry in the given parts of the segment. fn must not change the
// table, except by SetSlotAddr.
func (e SegmentRef) EachInParts(parts uint64, fn func(a arena.Addr)) {
	lines, nb, shift := e.lines(), e.buckets(), e.partShift()
	for ; parts != 0; parts &= parts - 1 {
		part := uint64(bits.TrailingZeros64(parts))
		for i := part << shift; i < min((part+1)<<shift, nb); i++ {
			b := bucketAt(lines, i)
			warmBucket(b)
			for m := ^freeMask(b) & 0xff; m != 0; m &= m - 1 {
				fn(wordAddr(b[bits.TrailingZeros64(m)]))
			}
		}
	}
}

// EachInSegment calls fn with every entry of the segment. fn must not change the
// table, except by SetSlotAddr.
func (t *directory) EachInSegment(e SegmentRef, fn func(a arena.Addr)) {
	if e != 0 {
		e.each(fn)
	}
}

// NextSegment returns the segment that holds the position pos and the position
// where the next one begins; done when it is the last. To go through a table in
// steps, giving up the lock between them, begin at 0 and go on at next. Splits and
// merges between the steps lose nothing: merged segments have one version, so a
// segment that begins before pos was wholly passed if its version says so.
// e is 0 (and done true) when the table has no memory or pos is past the end.
func (t *directory) NextSegment(pos uint64) (e SegmentRef, next uint64, done bool) {
	if t.dir == 0 || pos >= positions {
		return 0, 0, true
	}
	e = segmentAt(t.dir, pos<<h40Shift)
	_, next = e.Range()
	if next >= positions {
		return e, 0, true
	}
	return e, next, false
}
