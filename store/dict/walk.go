package dict

import (
	"math/bits"

	"github.com/kringdb/kring/store/arena"
)

// Walk emits the entries from the position pos on, in the order of home buckets,
// whole buckets at a time, until at least want are emitted (a segment that outgrew
// MaxFullBuckets is emitted as a whole). It returns where to go on, or done. A walk
// begins at 0. An entry that is in the table throughout a series of calls is emitted
// exactly once, whatever is inserted, deleted, split and merged between the calls;
// one that comes or goes meanwhile at most once. fn must not change the table,
// except by SetSlotAddr.
func (t *directory) Walk(pos uint64, want int, ops *Ops, fn func(a arena.Addr)) (next uint64, done bool) {
	if t.dir == 0 || pos >= positions {
		return 0, true
	}
	for emitted := 0; ; {
		e := segmentAt(t.dir, pos<<h40Shift)
		if e.buckets() > MaxFullBuckets {
			_, next = e.Range()
			emitted += emitAll(e, pos, ops, fn)
		} else {
			next = bucketEnd(e, pos)
			emitted += emitHome(e, pos, next, ops, fn)
		}
		if next >= positions {
			return 0, true
		}
		if emitted >= want {
			return next, false
		}
		pos = next
	}
}

// WalkRange is Walk up to the position end.
func (t *directory) WalkRange(pos, end uint64, want int, ops *Ops, fn func(a arena.Addr)) (next uint64, done bool) {
	for emitted := 0; t.dir != 0 && pos < end; pos = next {
		if emitted >= want {
			return pos, false
		}
		e := segmentAt(t.dir, pos<<h40Shift)
		if e.buckets() > MaxFullBuckets {
			_, next = e.Range()
			e.each(func(a arena.Addr) {
				if p := ops.Hash(a) >> h40Shift; p >= pos && p < end {
					fn(a)
					emitted++
				}
			})
			continue
		}
		next = min(bucketEnd(e, pos), end)
		emitted += emitHome(e, pos, next, ops, fn)
	}
	return 0, true
}

// CountRange returns how many entries have positions from pos to before end. Of segments that lie in
// the range it looks at no entry.
func (t *directory) CountRange(pos, end uint64, ops *Ops) (n int) {
	for t.dir != 0 && pos < end {
		e := segmentAt(t.dir, pos<<h40Shift)
		start, next := e.Range()
		switch {
		case start >= pos && next <= end:
			n += e.Len()
		case e.Len() > 0:
			e.EachSlot(func(s Slot) {
				if p := ops.Hash(SlotAddr(s)) >> h40Shift; p >= pos && p < end {
					n++
				}
			})
		}
		pos = next
	}
	return n
}

// bucketEnd returns the first position past the home bucket of pos.
func bucketEnd(e SegmentRef, pos uint64) uint64 {
	d, nb := e.depth(), e.buckets()
	start, end := e.Range()
	i := e.home(pos<<h40Shift) + 1
	if i == nb {
		return end
	}
	// Bucket i begins at the least r with (r>>8)*nb >= i<<32; a position is r>>d.
	r := ((i<<32 + nb - 1) / nb) << 8
	return start + (r+1<<d-1)>>d
}

// emitHome emits the entries with from <= H40 < to, which share the home bucket of
// from. They lie there and in the buckets after it, among entries of other homes.
func emitHome(e SegmentRef, from, to uint64, ops *Ops, fn func(a arena.Addr)) (emitted int) {
	lines, nb := e.lines(), e.buckets()
	i := e.home(from << h40Shift)
	for n := nb; n > 0; n-- {
		b := bucketAt(lines, i)
		warmBucket(b)
		for m := ^freeMask(b) & 0xff; m != 0; m &= m - 1 {
			a := wordAddr(b[bits.TrailingZeros64(m)])
			if p := ops.Hash(a) >> h40Shift; p >= from && p < to {
				fn(a)
				emitted++
			}
		}
		if b[0]&metaMask == 0 {
			return emitted
		}
		if i++; i == nb {
			i = 0
		}
	}
	return emitted
}

// emitAll emits all entries of e from a position on. In a segment that hashes
// hard to tell apart have made large, chains are long, and following one per home
// bucket would take quadratic time.
func emitAll(e SegmentRef, from uint64, ops *Ops, fn func(a arena.Addr)) (emitted int) {
	e.each(func(a arena.Addr) {
		if ops.Hash(a)>>h40Shift >= from {
			fn(a)
			emitted++
		}
	})
	return emitted
}

// warmBucket loads the first word of every entry of b, so that the misses overlap.
//
//go:noinline
func warmBucket(b *bucket) (sum uint64) {
	for _, w := range b {
		if a := wordAddr(w); a != 0 {
			sum += arena.U64(a)
		}
	}
	return sum
}

// Random returns the slot of some entry, nil if there is none; r is a random
// number, and the same r gives the same entry as long as nothing changes. With
// hashes evenly spread, every entry is about as likely: the segment is drawn by its
// share of the hashes, the entry evenly within it. The contract's ops is not needed
// and may be nil.
func (t *directory) Random(r uint64, _ *Ops) Slot {
	if t.count == 0 {
		return nil
	}
	e := segmentAt(t.dir, r)
	for e.header().count == 0 {
		r = mix(r)
		e = segmentAt(t.dir, r)
	}
	words := arena.Words(e.addr()+headerBytes, int(e.buckets()*slotsPerBucket))
	n := uint64(len(words))
	var i uint64
	for range randomTries {
		r = mix(r)
		i, _ = bits.Mul64(r, n)
		if words[i]&addrMask != 0 {
			return &words[i]
		}
	}
	// A sparse segment: take what comes next. It ends, because count is not 0.
	for words[i]&addrMask == 0 {
		if i++; i == n {
			i = 0
		}
	}
	return &words[i]
}

// mix is the step of splitmix64: it turns one random number into the next.
func mix(r uint64) uint64 {
	r += 0x9e3779b97f4a7c15
	r = (r ^ r>>30) * 0xbf58476d1ce4e5b9
	r = (r ^ r>>27) * 0x94d049bb133111eb
	return r ^ r>>31
}
