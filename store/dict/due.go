package dict

import (
	"math"
	"math/bits"
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// Never is the due time of an entry that has none, and of a table without such entries.
const Never = math.MaxInt64

// A table whose Ops have Due keeps lower bounds of its entries' due times at three
// levels, so that the next entry to fall due is found without a structure beside the
// table: see "Due times" in doc.go.

// bucketDue returns the bound of b, Never for none.
func bucketDue(b *bucket) int64 {
	v := b[1]>>metaShift&0xff | b[2]>>metaShift&0xff<<8 | b[3]>>metaShift&0xff<<16 |
		b[4]>>metaShift&0xff<<24 | b[5]>>metaShift&0xff<<32 | b[6]>>metaShift&0xff<<40 | b[7]>>metaShift&0xff<<48
	if v == 0 {
		return Never
	}
	return int64(v)
}

// setBucketDue writes the bound of b. What does not fit is never due: 2^56 ms are two
// million years.
func setBucketDue(b *bucket, due int64) {
	v := uint64(due)
	if due >= dueLimit {
		v = 0
	}
	for k := 1; k < slotsPerBucket; k++ {
		b[k] = b[k]&^metaMask | v&0xff<<metaShift
		v >>= 8
	}
}

// bucketOfSlot returns the bucket that s lies in.
func bucketOfSlot(s Slot) *bucket {
	// Buckets are aligned to their size, so this stays within the block.
	return (*bucket)(unsafe.Add(unsafe.Pointer(s), -int(uintptr(unsafe.Pointer(s))&(bucketBytes-1))))
}

// NoteDue tells that the entry of hash h in slot s is due at a moment > 0, in the unit of
// Ops.Due. It is called when an entry was inserted, or falls due earlier than before; a
// later due time, or none any more, need not be told.
func (t *dueIndex) NoteDue(h uint64, s Slot, due int64) {
	b := bucketOfSlot(s)
	if due >= bucketDue(b) || due >= dueLimit {
		return
	}
	setBucketDue(b, due)
	hd := segmentAt(t.dir, h).header()
	if due < hd.due {
		hd.due = due
		t.lowerGroup(hd.start, due)
	}
}

// notePlaced is NoteDue while a segment is being filled.
func (e SegmentRef) notePlaced(s Slot, due int64) {
	if due >= dueLimit {
		return
	}
	b := bucketOfSlot(s)
	if due < bucketDue(b) {
		setBucketDue(b, due)
	}
	hd := e.header()
	hd.due = min(hd.due, due)
}

// groups returns the bounds of a directory's groups: behind its words, one for each
// groupWords of them. A small directory has none.
func groups(dir uint64) []uint64 {
	g := dirDepth(dir)
	if 1<<g < groupWords {
		return nil
	}
	return arena.Words(wordAddr(dir)+8<<g, 1<<g/groupWords)
}

// lowerGroup lowers the bound of the group in which the segment beginning at start
// counts.
func (t *dueIndex) lowerGroup(start uint64, due int64) {
	gs := groups(t.dir)
	if gs == nil {
		return
	}
	if p := &gs[dirIndex(t.dir, start<<h40Shift)/groupWords]; uint64(due) < *p {
		*p = uint64(due)
	}
}

// fillGroups computes the groups' bounds of a fresh directory from its segments'.
func (t *dueIndex) fillGroups() {
	for i := range groups(t.dir) {
		t.setGroup(uint64(i))
	}
}

// setGroup computes the bound of group i, and returns it.
func (t *dueIndex) setGroup(i uint64) int64 {
	due := int64(Never)
	t.eachInGroup(i, func(e SegmentRef) bool {
		due = min(due, e.header().due)
		return true
	})
	if gs := groups(t.dir); gs != nil {
		gs[i] = uint64(due)
	}
	return due
}

// eachInGroup calls fn with the segments that begin in group i until it returns false.
func (t *dueIndex) eachInGroup(i uint64, fn func(e SegmentRef) bool) {
	g := dirDepth(t.dir)
	words := uint64(1) << g
	at, end := i*groupWords, min((i+1)*groupWords, words)
	for at < end {
		e := SegmentRef(*dirWord(t.dir, at))
		n := uint64(1) << (g - e.depth())
		if at&(n-1) == 0 && !fn(e) {
			return
		}
		at = at&^(n-1) + n
	}
}

// Harvest is what TakeDue found: entries that are due.
type Harvest struct {
	Addrs [harvestEntries]arena.Addr
	N     int
	Next  int64 // a lower bound of all other due times in the table
	Work  int   // about how many cache lines were looked at
}

// TakeDue finds some of the entries that are due at now, and takes them out of the
// index of due times: the caller deletes each, or tells its next due time by NoteDue.
// It looks at a bounded number of buckets per call. If Next <= now afterwards, there may
// be more.
func (t *dueIndex) TakeDue(now int64, ops *Ops, hv *Harvest) {
	hv.N, hv.Work, hv.Next = 0, 0, Never
	if t.dir == 0 {
		return
	}
	gs := groups(t.dir)
	for i := range max(uint64(len(gs)), 1) {
		if gs == nil {
			hv.Next = min(hv.Next, t.takeGroup(i, now, ops, hv))
			continue
		}
		if int64(gs[i]) <= now && !hv.full() {
			gs[i] = uint64(t.takeGroup(i, now, ops, hv))
		}
		hv.Next = min(hv.Next, int64(gs[i]))
	}
	hv.Work += len(gs) / slotsPerBucket
}

func (hv *Harvest) full() bool {
	return hv.N > harvestEntries-slotsPerBucket || hv.Work >= harvestBuckets
}

// takeGroup is TakeDue within one group; it returns the group's bound afterwards.
func (t *dueIndex) takeGroup(i uint64, now int64, ops *Ops, hv *Harvest) int64 {
	due := int64(Never)
	t.eachInGroup(i, func(e SegmentRef) bool {
		hd := e.header()
		hv.Work++
		if hd.due <= now && !hv.full() {
			hd.due = e.takeDue(now, ops, hv)
		}
		due = min(due, hd.due)
		return true
	})
	return due
}

// takeDue is TakeDue within one segment; it returns the segment's bound afterwards.
func (e SegmentRef) takeDue(now int64, ops *Ops, hv *Harvest) int64 {
	due := int64(Never)
	lines := e.lines()
	for i, nb := uint64(0), e.buckets(); i < nb; i++ {
		b := bucketAt(lines, i)
		bd := bucketDue(b)
		if bd <= now && !hv.full() {
			hv.Work++
			bd = takeBucket(b, now, ops, hv)
			setBucketDue(b, bd)
		}
		due = min(due, bd)
	}
	return due
}

// takeBucket takes the due entries of one bucket and returns the bound of the others.
func takeBucket(b *bucket, now int64, ops *Ops, hv *Harvest) int64 {
	due := int64(Never)
	warmBucket(b)
	for m := ^freeMask(b) & 0xff; m != 0; m &= m - 1 {
		a := wordAddr(b[bits.TrailingZeros64(m)])
		switch d := ops.Due(a); {
		case d <= now:
			hv.Addrs[hv.N] = a
			hv.N++
		case d < dueLimit:
			due = min(due, d)
		}
	}
	return due
}

// randomDueSegment draws a segment with a bound.
func (t *dueIndex) randomDueSegment(r uint64) SegmentRef {
	for range randomDueTries {
		if e := segmentAt(t.dir, r); e.header().due != Never {
			return e
		}
		r = mix(r)
	}
	// Few segments have one: the first from a random group on.
	gs := groups(t.dir)
	n := max(uint64(len(gs)), 1)
	first, _ := bits.Mul64(r, n)
	var found SegmentRef
	for i := range n {
		at := (first + i) % n
		if gs != nil && int64(gs[at]) == Never {
			continue
		}
		t.eachInGroup(at, func(e SegmentRef) bool {
			if e.header().due != Never {
				found = e
			}
			return found == 0 || mix(r^uint64(e))&1 == 0
		})
		if found != 0 {
			return found
		}
	}
	return 0
}
