package dict

import (
	"math/bits"
	"unsafe"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/arena"
)

// Insert adds the entry at a under the hash h and returns its slot. The caller
// knows that the key is absent. The entry at a need not be filled in yet: Insert
// does not read it, though it may read all other entries of its segment. It may
// split one segment and double the directory; slots and segments found before are
// then invalid.
func (t *Table) Insert(ar *arena.Arena, h uint64, a arena.Addr, ops *Ops) Slot {
	if invariants.Enabled {
		invariants.Assert(a != 0 && a&7 == 0, "dict: insert of address %#x", uint64(a))
	}
	if t.dir == 0 {
		t.start(ar)
	}
	e := segmentAt(t.dir, h)
	hd := e.header()
	for uint64(hd.count) >= maxEntries(e.buckets()) {
		e = t.enlarge(ar, e, h, ops)
		hd = e.header()
	}
	hd.count++
	t.count++
	return e.place(h, a)
}

// Delete removes the entry whose slot is s and hash is h. Only the word goes: the
// block is the caller's, and must not be freed before Delete was called with its
// slot. Delete may read the other entries of the segment and of its sibling when
// it merges or shrinks them; slots and segments found before are then invalid.
func (t *Table) Delete(ar *arena.Arena, h uint64, s Slot, ops *Ops) {
	e := segmentAt(t.dir, h)
	e.unplace(h, s)
	hd := e.header()
	hd.count--
	t.count--
	if hd.count%sparseCheckInterval == 0 {
		t.tidy(ar, e, h, ops)
	}
}

// maxEntries returns how many entries a segment of nb buckets takes before it is
// enlarged. The largest takes all there is room for; enlarge panics then.
func maxEntries(nb uint64) uint64 {
	if nb >= MaxBucketsPerSegment {
		return nb * slotsPerBucket
	}
	return nb * maxLoadPerBucket
}

// place puts a into the first free slot at or after h's home bucket. There is one:
// counts are the caller's affair.
func (e SegmentRef) place(h uint64, a arena.Addr) Slot {
	lines := e.lines()
	i := e.home(h)
	b := bucketAt(lines, i)
	m := freeMask(b)
	if m == 0 {
		b, m = e.passFull(lines, i)
	}
	s := slotAt(b, m)
	*s = *s&metaMask | h<<tagShift | uint64(a)>>3
	return s
}

// passFull counts an entry past the full bucket i, and past all full ones after
// it; it returns the first bucket with room and its free slots.
func (e SegmentRef) passFull(lines unsafe.Pointer, i uint64) (b *bucket, free uint64) {
	for nb := e.buckets(); free == 0; free = freeMask(b) {
		countPassed(bucketAt(lines, i))
		if i++; i == nb {
			i = 0
		}
		b = bucketAt(lines, i)
	}
	return b, free
}

// unplace empties s, which holds an entry of hash h, and takes the entry out of
// the overflow counters between.
func (e SegmentRef) unplace(h uint64, s Slot) {
	lines, nb := e.lines(), e.buckets()
	off := uint64(uintptr(unsafe.Pointer(s)) - uintptr(lines))
	if invariants.Enabled {
		invariants.Assert(off < nb*bucketBytes && *s&addrMask != 0 && *s>>tagShift == h&tagMask,
			"dict: delete of a slot at offset %d holding %#x, hash %#x", int64(off), *s, h)
	}
	*s &= metaMask
	for i, to := e.home(h), off/bucketBytes; i != to; {
		uncountPassed(bucketAt(lines, i))
		if i++; i == nb {
			i = 0
		}
	}
}

// each calls fn with the address of every entry of the segment, in bucket order.
func (e SegmentRef) each(fn func(a arena.Addr)) {
	lines := e.lines()
	for i, nb := uint64(0), e.buckets(); i < nb; i++ {
		b := bucketAt(lines, i)
		for m := ^freeMask(b) & 0xff; m != 0; m &= m - 1 {
			fn(wordAddr(b[bits.TrailingZeros64(m)]))
		}
	}
}
