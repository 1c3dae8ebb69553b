package dict

import "github.com/kringdb/kring/store/arena"

// SegmentOf returns the segment that entries of hash h belong to; 0 when the table
// has no memory yet, that is, before its first Insert (which makes a segment of
// version 0).
func (t *Table) SegmentOf(h uint64) SegmentRef {
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

// EachInSegment calls fn with every entry of the segment. fn must not change the
// table, except by SetSlotAddr.
func (t *Table) EachInSegment(e SegmentRef, fn func(a arena.Addr)) {
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
func (t *Table) NextSegment(pos uint64) (e SegmentRef, next uint64, done bool) {
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
