package dict

import (
	"math/bits"
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// Find returns the slot of the entry with this hash and key, nil when there is
// none. It does not allocate.
func (t *Table) Find(h uint64, key []byte, ops *Ops) Slot {
	dir := t.dir
	if dir == 0 {
		return nil
	}
	e := segmentAt(dir, h)
	i := e.home(h)
	b := bucketAt(e.lines(), i)
	for m := tagMaskLow(b, h<<tagShift) | tagMaskHigh(b, h<<tagShift); m != 0; m &= m - 1 {
		s := slotAt(b, m)
		if a := SlotAddr(s); a != 0 && ops.Equal(a, key) {
			return s
		}
	}
	if b[0]&metaMask == 0 {
		return nil
	}
	return e.findPassed(i, h, key, ops)
}

// findPassed goes on with the buckets after i, h's home, which entries passed.
func (e SegmentRef) findPassed(i, h uint64, key []byte, ops *Ops) Slot {
	lines, nb := e.lines(), e.buckets()
	for n := nb - 1; n > 0; n-- {
		if i++; i == nb {
			i = 0
		}
		b := bucketAt(lines, i)
		for m := tagMask(b, h<<tagShift); m != 0; m &= m - 1 {
			s := slotAt(b, m)
			if a := SlotAddr(s); a != 0 && ops.Equal(a, key) {
				return s
			}
		}
		if b[0]&metaMask == 0 {
			return nil
		}
	}
	return nil
}

// FindAddr returns the slot of the entry at a, whose hash is h; nil when a is not
// in the table. The entry itself is not read.
func (t *Table) FindAddr(h uint64, a arena.Addr) Slot {
	if t.dir == 0 || a == 0 {
		return nil
	}
	e := segmentAt(t.dir, h)
	lines, nb, want := e.lines(), e.buckets(), uint64(a)>>3
	i := e.home(h)
	for n := nb; n > 0; n-- {
		b := bucketAt(lines, i)
		for k := range b {
			if b[k]&addrMask == want {
				return &b[k]
			}
		}
		if b[0]&metaMask == 0 {
			return nil
		}
		if i++; i == nb {
			i = 0
		}
	}
	return nil
}

// tagMask returns a bit per slot of b whose tag is that of the word tag. All eight
// are compared without a branch: which slot matches is a coin toss that a branch
// predictor loses. An empty slot matches tag 0. In two halves, so that the compiler
// inlines it.
func tagMask(b *bucket, tag uint64) uint64 { return tagMaskLow(b, tag) | tagMaskHigh(b, tag) }

func tagMaskLow(b *bucket, tag uint64) uint64 {
	return ((b[0]^tag)>>tagShift-1)>>63 |
		((b[1]^tag)>>tagShift-1)>>63<<1 |
		((b[2]^tag)>>tagShift-1)>>63<<2 |
		((b[3]^tag)>>tagShift-1)>>63<<3
}

func tagMaskHigh(b *bucket, tag uint64) uint64 {
	return ((b[4]^tag)>>tagShift-1)>>63<<4 |
		((b[5]^tag)>>tagShift-1)>>63<<5 |
		((b[6]^tag)>>tagShift-1)>>63<<6 |
		((b[7]^tag)>>tagShift-1)>>63<<7
}

// slotAt returns the slot of the lowest bit of m.
func slotAt(b *bucket, m uint64) Slot {
	return (*uint64)(unsafe.Add(unsafe.Pointer(b), bits.TrailingZeros64(m)*8))
}
