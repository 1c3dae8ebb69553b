package dict

import (
	"errors"
	"fmt"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/arena"
)

// Check verifies all invariants of the table (doc.go) and returns the first that
// is broken. It hashes every entry: for tests, and for the store under the
// invariants tag.
func (t *Table) Check(ops *Ops) error {
	if t.dir == 0 {
		if t.count != 0 || t.bytes != 0 || t.segs != 0 || t.deepest != 0 {
			return fmt.Errorf("dict: no directory, but %d entries, %d bytes, %d segments, %d deepest",
				t.count, t.bytes, t.segs, t.deepest)
		}
		return nil
	}
	g := dirDepth(t.dir)
	if g > MaxDepthBits {
		return fmt.Errorf("dict: directory of depth %d", g)
	}
	var count uint64
	var segs, deepest uint32
	bytes := int64(arena.SizeOf(dirBytes(g)))
	for i := uint64(0); i < 1<<g; {
		e := SegmentRef(*dirWord(t.dir, i))
		if err := t.checkWords(e, i); err != nil {
			return err
		}
		if err := checkSegment(e, ops); err != nil {
			return fmt.Errorf("dict: segment at %#x (depth %d, %d buckets): %w", i<<(addrBits-g), e.depth(), e.buckets(), err)
		}
		if gs := groups(t.dir); gs != nil && e.header().due < int64(gs[i/groupWords]) {
			return fmt.Errorf("dict: segment at word %d is due at %d, its group at %d", i, e.header().due, gs[i/groupWords])
		}
		count += uint64(e.header().count)
		bytes += int64(arena.SizeOf(segmentBytes(e.buckets())))
		segs++
		if e.depth() == g {
			deepest++
		}
		i += 1 << (g - e.depth())
	}
	if count != t.count || bytes != t.bytes || segs != t.segs || deepest != t.deepest {
		return fmt.Errorf("dict: entries %d counted %d; bytes %d counted %d; segments %d counted %d; deepest %d counted %d",
			t.count, count, t.bytes, bytes, t.segs, segs, t.deepest, deepest)
	}
	return nil
}

// checkWords verifies the directory words of e, the first of which is the i-th.
func (t *Table) checkWords(e SegmentRef, i uint64) error {
	g, d := dirDepth(t.dir), e.depth()
	if e.addr() == 0 || d > g || e.buckets() == 0 || e.buckets() > MaxBucketsPerSegment {
		return fmt.Errorf("dict: directory word %d of depth %d is %#x", i, g, uint64(e))
	}
	n := uint64(1) << (g - d)
	if i%n != 0 {
		return fmt.Errorf("dict: segment of depth %d begins at word %d of depth %d", d, i, g)
	}
	for k := i; k < i+n; k++ {
		if w := *dirWord(t.dir, k); w != uint64(e) {
			return fmt.Errorf("dict: word %d is %#x, word %d of the same segment is %#x", i, uint64(e), k, w)
		}
	}
	hd := e.header()
	if start := i << (addrBits - g); hd.start != start || uint64(hd.nb) != e.buckets() || uint(hd.depth) != d {
		return fmt.Errorf("dict: header says start %#x, %d buckets, depth %d; directory %#x, %d, %d",
			hd.start, hd.nb, hd.depth, start, e.buckets(), d)
	}
	return nil
}

// checkSegment verifies the buckets of one segment.
func checkSegment(e SegmentRef, ops *Ops) error {
	nb, lines := e.buckets(), e.lines()
	start, end := e.Range()
	passed := make([]uint64, nb)
	count := uint64(0)
	for i := uint64(0); i < nb; i++ {
		b := bucketAt(lines, i)
		for k, w := range b {
			if k > 0 && w&metaMask != 0 && ops.Due == nil {
				return fmt.Errorf("bucket %d slot %d: meta in %#x", i, k, w)
			}
			a := wordAddr(w)
			if a == 0 {
				continue
			}
			count++
			if ops.Due != nil {
				if due, bd := ops.Due(a), bucketDue(b); due < dueLimit && (due < bd || due < e.header().due) {
					return fmt.Errorf("bucket %d slot %d: due at %d, the bounds are %d and %d", i, k, due, bd, e.header().due)
				}
			}
			h := ops.Hash(a)
			if p := h >> h40Shift; p < start || p >= end || w>>tagShift != h&tagMask {
				return fmt.Errorf("bucket %d slot %d: word %#x, hash %#x", i, k, w, h)
			}
			for j := e.home(h); j != i; j = (j + 1) % nb {
				passed[j]++
			}
		}
	}
	if count != uint64(e.header().count) {
		return fmt.Errorf("%d entries, header says %d", count, e.header().count)
	}
	for i, want := range passed {
		if got := overflow(bucketAt(lines, uint64(i))); got != want && got != stickyOverflow {
			return fmt.Errorf("bucket %d: overflow counter %d, %d entries passed", i, got, want)
		}
	}
	return nil
}

// errUnlinked: a segment that was just built is not where the directory looks.
var errUnlinked = errors.New("not in the directory")

// assertSegment panics if e is broken or not in the directory.
func (t *Table) assertSegment(e SegmentRef, ops *Ops) {
	err := checkSegment(e, ops)
	if err == nil && segmentAt(t.dir, e.header().start<<h40Shift) != e {
		err = errUnlinked
	}
	invariants.Assert(err == nil, "dict: %v", err)
}
