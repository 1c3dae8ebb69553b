package dict

import (
	"math/bits"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/arena"
)

// start takes the memory of an empty table: the smallest segment and a directory
// of one word.
func (t *Table) start(ar *arena.Arena) {
	e := t.newSegment(ar, minBucketsPerSegment, 0, 0, 0)
	a := ar.Alloc(dirBytes(0))
	t.bytes += int64(arena.SizeOf(dirBytes(0)))
	arena.StoreU64(a, uint64(e))
	t.deepest = 1
	t.storeDir(makeDir(a, 0))
}

// Reserve takes for an empty table without memory what n entries need, so that they come
// without a split: as many segments as they would have grown to. It is for who knows n.
func (t *Table) Reserve(ar *arena.Arena, n int) {
	if t.dir != 0 || n <= 0 {
		return
	}
	g, most := uint(0), t.full()*maxLoadPerBucket*reservedPercent/100
	for uint64(n)>>g > most && g < MaxDepthBits {
		g++
	}
	nb := t.full()
	if g == 0 {
		nb = t.bucketsFor(uint64(n))
	}
	a := ar.Alloc(dirBytes(g))
	t.bytes += int64(arena.SizeOf(dirBytes(g)))
	for i, words := uint64(0), arena.Words(a, 1<<g); i < 1<<g; i++ {
		words[i] = uint64(t.newSegment(ar, nb, g, i*(positions>>g), 0))
	}
	t.deepest = 1 << g
	t.storeDir(makeDir(a, g))
	t.fillGroups()
}

// dirBytes returns the size of a directory of depth g with the bounds of its groups.
func dirBytes(g uint) int { return 8<<g + 8<<g/groupWords&^7 }

func segmentBytes(nb uint64) int { return int(headerBytes + nb*bucketBytes) }

// newSegment allocates an empty segment; it stands in no directory yet.
func (t *Table) newSegment(ar *arena.Arena, nb uint64, depth uint, start, version uint64) SegmentRef {
	n := segmentBytes(nb)
	a := ar.Alloc(n)
	clear(arena.Words(a, n/8))
	e := makeRef(a, nb, depth)
	hd := e.header()
	hd.version, hd.start, hd.nb, hd.depth, hd.due = version, start, uint32(nb), uint32(depth), Never
	t.bytes += int64(arena.SizeOf(n))
	t.segs++
	return e
}

func freeSegmentBlock(ar *arena.Arena, e SegmentRef) {
	ar.Free(e.addr(), segmentBytes(e.buckets()))
}

func (t *Table) freeSegment(ar *arena.Arena, e SegmentRef) {
	t.bytes -= int64(arena.SizeOf(segmentBytes(e.buckets())))
	t.segs--
	t.changeStamp()
	freeSegmentBlock(ar, e)
}

// setWords lets all directory words of e's range refer to e, which begins at start.
func (t *Table) setWords(e SegmentRef, start uint64) {
	g := dirDepth(t.dir)
	first := dirIndex(t.dir, start<<h40Shift)
	for i := first; i < first+1<<(g-e.depth()); i++ {
		*dirWord(t.dir, i) = uint64(e)
	}
	if due := e.header().due; due != Never {
		t.lowerGroup(start, due)
	}
}

// enlarge makes room in the segment e of h: by growing it, up to full; then by
// splitting it; and where that is of no use by growing it further. It returns the
// segment that h belongs to afterwards, which may still be full.
func (t *Table) enlarge(ar *arena.Arena, e SegmentRef, h uint64, ops *Ops) SegmentRef {
	nb := e.buckets()
	if nb >= t.full() && t.maySplit(e, ops) {
		t.split(ar, e, ops)
		return segmentAt(t.dir, h)
	}
	if nb >= MaxBucketsPerSegment {
		panic("dict: more than 2097144 entries whose hashes cannot be told apart")
	}
	return t.resize(ar, e, t.nextBuckets(nb), ops)
}

// maySplit tells whether e may become deeper without the directory outgrowing the
// entries.
func (t *Table) maySplit(e SegmentRef, ops *Ops) bool {
	g := dirDepth(t.dir)
	if d := e.depth(); d < g || d >= MaxDepthBits {
		return d < MaxDepthBits
	}
	return t.count*directoryWordsPerFull<<(ops.Skew&15) >= t.full()<<(g+1)
}

// nextBuckets returns the size to which a segment of nb buckets grows: about twice
// as much, such that with its header it fills an arena block.
func (t *Table) nextBuckets(nb uint64) uint64 {
	full, next := t.full(), 2*nb+1
	if nb >= full {
		return min(next, MaxBucketsPerSegment)
	}
	if next*4 > full*3 {
		return full
	}
	return next
}

// bucketsFor returns the size for a segment of n entries: half loaded at most,
// except that a full segment takes what it can before a larger one is needed.
func (t *Table) bucketsFor(n uint64) uint64 {
	nb, full := uint64(minBucketsPerSegment), t.full()
	for nb < full && 2*n > nb*maxLoadPerBucket || nb >= full && n > maxEntries(nb) {
		nb = t.nextBuckets(nb)
	}
	return nb
}

// resize replaces e by a segment of nb buckets.
func (t *Table) resize(ar *arena.Arena, e SegmentRef, nb uint64, ops *Ops) SegmentRef {
	hd := e.header()
	n := t.newSegment(ar, nb, e.depth(), hd.start, hd.version)
	fill(n, e, ops)
	t.setWords(n, hd.start)
	t.freeSegment(ar, e)
	if invariants.Enabled {
		t.assertSegment(n, ops)
	}
	return n
}

// split replaces e by two segments one bit deeper.
func (t *Table) split(ar *arena.Arena, e SegmentRef, ops *Ops) {
	d := e.depth()
	if d == dirDepth(t.dir) {
		t.doubleDir(ar)
	}
	hd := e.header()
	nb := max(t.full(), e.buckets())
	lo := t.newSegment(ar, nb, d+1, hd.start, hd.version)
	hi := t.newSegment(ar, nb, d+1, hd.start+positions>>(d+1), hd.version)
	warm(e)
	n, lines := uint32(0), e.lines()
	for i := uint64(0); i < e.buckets(); i++ {
		b := bucketAt(lines, i)
		for m := ^freeMask(b) & 0xff; m != 0; m &= m - 1 {
			a := wordAddr(b[bits.TrailingZeros64(m)])
			h := ops.Hash(a)
			to := lo
			if h>>(63-d)&1 != 0 {
				to = hi
				n++
			}
			s := to.place(h, a)
			if ops.Due != nil {
				to.notePlaced(s, ops.Due(a))
			}
		}
	}
	lo.header().count, hi.header().count = hd.count-n, n
	if d+1 == dirDepth(t.dir) {
		t.deepest += 2
	}
	for _, half := range [2]SegmentRef{lo, hi} {
		t.setWords(half, half.header().start)
		if invariants.Enabled {
			t.assertSegment(half, ops)
		}
		t.fit(ar, half, ops)
	}
	t.freeSegment(ar, e)
}

// fit shrinks a fresh half of a split that got few entries: hashes that are not
// evenly spread.
func (t *Table) fit(ar *arena.Arena, e SegmentRef, ops *Ops) {
	if nb := t.bucketsFor(uint64(e.header().count)); nb < e.buckets() {
		t.resize(ar, e, nb, ops)
	}
}

// fill adds the entries of src to e and to its count. e is deep enough to hold
// all of them.
func fill(e SegmentRef, src SegmentRef, ops *Ops) {
	warm(src)
	lines := src.lines()
	for i := uint64(0); i < src.buckets(); i++ {
		b := bucketAt(lines, i)
		for m := ^freeMask(b) & 0xff; m != 0; m &= m - 1 {
			a := wordAddr(b[bits.TrailingZeros64(m)])
			s := e.place(ops.Hash(a), a)
			if ops.Due != nil {
				e.notePlaced(s, ops.Due(a))
			}
		}
	}
	e.header().count += src.header().count
}

// tidy looks for less memory after a delete from e, the segment of h: merges e
// with its sibling, repeatedly, or shrinks it.
func (t *Table) tidy(ar *arena.Arena, e SegmentRef, h uint64, ops *Ops) {
	merged := false
	for {
		sib, ok := t.mergeable(e, h)
		if !ok {
			break
		}
		e = t.merge(ar, e, sib, h, ops)
		merged = true
	}
	if merged {
		t.halveDir(ar)
		return
	}
	n, nb := uint64(e.header().count), e.buckets()
	if nb > minBucketsPerSegment && n < nb*sparseLoadPerBucket {
		t.resize(ar, e, t.bucketsFor(n), ops)
	}
}

// mergeable returns the sibling of e, the segment of h, if the two may merge: both
// as deep, sparse together, and of one version. A sibling of another version waits:
// one of the two has been handed to a snapshot and the other has not.
func (t *Table) mergeable(e SegmentRef, h uint64) (sib SegmentRef, ok bool) {
	d, hd := e.depth(), e.header()
	limit := t.full() * mergeLoadPerBucket
	if d == 0 || uint64(hd.count) > limit {
		return 0, false
	}
	sib = segmentAt(t.dir, h^1<<(64-d))
	if sib.depth() != d {
		return 0, false
	}
	sh := sib.header()
	return sib, uint64(hd.count+sh.count) <= limit && hd.version == sh.version
}

// merge replaces e, the segment of h, and its sibling by one segment.
func (t *Table) merge(ar *arena.Arena, e, sib SegmentRef, h uint64, ops *Ops) SegmentRef {
	d, hd, sh := e.depth(), e.header(), sib.header()
	start := min(hd.start, sh.start)
	n := t.newSegment(ar, t.bucketsFor(uint64(hd.count+sh.count)), d-1, start, hd.version)
	fill(n, e, ops)
	fill(n, sib, ops)
	t.setWords(n, start)
	if d == dirDepth(t.dir) {
		t.deepest -= 2
	}
	t.freeSegment(ar, e)
	t.freeSegment(ar, sib)
	if invariants.Enabled {
		t.assertSegment(n, ops)
	}
	return n
}

// doubleDir gives the directory one more bit.
func (t *Table) doubleDir(ar *arena.Arena) {
	old, g := t.dir, dirDepth(t.dir)
	a := ar.Alloc(dirBytes(g + 1))
	from, to := arena.Words(wordAddr(old), 1<<g), arena.Words(a, 2<<g)
	for i, w := range from {
		to[2*i], to[2*i+1] = w, w
	}
	t.deepest = 0
	t.replaceDir(ar, a, g+1)
}

// halveDir takes bits away from the directory as long as no segment uses the last
// one and the directory is large for what it holds.
func (t *Table) halveDir(ar *arena.Arena) {
	for {
		old, g := t.dir, dirDepth(t.dir)
		words := uint64(1) << g
		if g == 0 || t.deepest != 0 || words > directorySmallWords && words < directoryHalveRatio*uint64(t.segs) {
			return
		}
		a := ar.Alloc(dirBytes(g - 1))
		from, to := arena.Words(wordAddr(old), 1<<g), arena.Words(a, 1<<(g-1))
		for i := range to {
			to[i] = from[2*i]
			if SegmentRef(to[i]).depth() == g-1 {
				t.deepest++
			}
		}
		t.replaceDir(ar, a, g-1)
	}
}

// replaceDir publishes the directory at a, of 2^g words, and frees the old one.
func (t *Table) replaceDir(ar *arena.Arena, a arena.Addr, g uint) {
	old := t.dir
	t.storeDir(makeDir(a, g))
	t.changeStamp()
	t.fillGroups()
	oldBytes := dirBytes(dirDepth(old))
	t.bytes += int64(arena.SizeOf(dirBytes(g)) - arena.SizeOf(oldBytes))
	ar.Free(wordAddr(old), oldBytes)
}

// warm loads the first line of every entry of e, and the word where most keys end,
// before any is hashed: the misses overlap, which hashing one after the other
// would not let them. The result only keeps the loads alive.
//
//go:noinline
func warm(e SegmentRef) (sum uint64) {
	lines, limit := e.lines(), arena.HighWater()-warmBytes
	for i := uint64(0); i < e.buckets(); i++ {
		b := bucketAt(lines, i)
		for _, w := range b {
			if a := wordAddr(w); a-1 < limit {
				sum += arena.U64(a) + arena.U64(a+warmBytes-8)
			}
		}
	}
	return sum
}

// warmBytes is how much of an entry warm loads: a header and a key of usual size.
const warmBytes = 40
