package dict

import (
	"math/bits"

	"github.com/kringdb/kring/store/arena"
)

// Sample calls fn with the entries of a random bucket that has some, and returns how
// many they were, 0 if it found none; r is a random number. As hashes place entries, a
// bucket's are a fair sample, and cheaper than as many from all over the table. With due
// set it is about entries that have a due time alone.
func (t *dueIndex) Sample(r uint64, due bool, ops *Ops, fn func(a arena.Addr)) (n int) {
	if t.count == 0 {
		return 0
	}
	if due {
		return t.sampleDue(r, ops, fn)
	}
	for range sampleTries {
		e := segmentAt(t.dir, r)
		r = mix(r)
		at, _ := bits.Mul64(r, e.buckets())
		b := bucketAt(e.lines(), at)
		warmBucket(b)
		for m := ^freeMask(b) & 0xff; m != 0; m &= m - 1 {
			fn(wordAddr(b[bits.TrailingZeros64(m)]))
			n++
		}
		if n > 0 {
			return n
		}
	}
	fn(SlotAddr(t.Random(r, nil)))
	return 1
}

// sampleDue is Sample for entries with a due time. Where it finds none although a bound
// says that there may be, it corrects the bounds, so that it comes to an end.
func (t *dueIndex) sampleDue(r uint64, ops *Ops, fn func(a arena.Addr)) (n int) {
	for {
		e := t.randomDueSegment(r)
		if e == 0 {
			return 0
		}
		r = mix(r)
		if n = sampleDueIn(e, r, ops, fn); n > 0 {
			return n
		}
		e.header().due = Never
	}
}

// sampleDueIn emits the entries with a due time of the first bucket that has any, from a
// random one on.
func sampleDueIn(e SegmentRef, r uint64, ops *Ops, fn func(a arena.Addr)) (n int) {
	lines, nb := e.lines(), e.buckets()
	at, _ := bits.Mul64(r, nb)
	for range nb {
		if b := bucketAt(lines, at); bucketDue(b) != Never {
			warmBucket(b)
			for m := ^freeMask(b) & 0xff; m != 0; m &= m - 1 {
				if a := wordAddr(b[bits.TrailingZeros64(m)]); ops.Due(a) < dueLimit {
					fn(a)
					n++
				}
			}
			if n > 0 {
				return n
			}
			setBucketDue(b, Never)
		}
		if at++; at == nb {
			at = 0
		}
	}
	return 0
}
