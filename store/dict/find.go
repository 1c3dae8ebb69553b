package dict

import (
	"math/bits"
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// Find returns the slot of the entry with this hash and key, nil when there is
// none. It does not allocate.
func (t *directory) Find(h uint64, key []byte, ops *Ops) Slot {
	dir := t.dir
	if dir == 0 {
		return nil
	}
	e := segmentAt(dir, h)
	b := e.homeBucket(h)
	tags := h & tagMask * lanes
	m := matchLow(b, tags) | matchHigh(b, tags)
	if m != 0 {
		s := slotOfMatch(b, m)
		if a := SlotAddr(s); a != 0 && ops.Equal(a, key) {
			return s
		}
	} else if b[0]&metaMask == 0 {
		return nil
	}
	// Rare: another key has the tag, or entries passed the bucket. Nothing but the
	// arguments lives on, so that the way to here has nothing to spill.
	return t.findOn(h, key, ops)
}

// findOn is Find without the shortcut: it looks at all matches in all buckets.
func (t *directory) findOn(h uint64, key []byte, ops *Ops) Slot {
	e := segmentAt(t.dir, h)
	lines, nb := e.lines(), e.buckets()
	i := e.home(h)
	for n := nb; n > 0; n-- {
		b := bucketAt(lines, i)
		for m := matchTag(b, h); m != 0; m &= m - 1 {
			s := slotOfMatch(b, m)
			if a := SlotAddr(s); a != 0 && ops.Equal(a, key) {
				return s
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

// FindAddr returns the slot of the entry at a, whose hash is h; nil when a is not
// in the table. The entry itself is not read.
func (t *directory) FindAddr(h uint64, a arena.Addr) Slot {
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

// matchTag returns a set of the slots of b whose tag is that of h, to be read by
// slotOfMatch; taking its lowest bit away takes one slot away. It compares without
// a branch: which slot matches is a coin toss that a branch predictor loses. The
// tags of four slots are packed into one word, whose zero lanes tell the matches.
//
// It may also name slots that do not match (empty ones, and those that the borrow
// of a match reaches): Equal has the last word. It misses none.
func matchTag(b *bucket, h uint64) uint64 {
	tags := h & tagMask * lanes
	return matchLow(b, tags) | matchHigh(b, tags)
}

// lanes is 1 in each of four lanes of 16 bits.
const lanes = 0x0001000100010001

// matchLow compares slots 0 to 3, matchHigh 4 to 7: two functions so that the
// compiler inlines them. The tags are loaded as 16-bit parts, which saves a shift
// each. x - lanes borrows from a lane that is 0, whose top bit thereby appears.
func matchLow(b *bucket, tags uint64) uint64 {
	p := (*[4 * slotsPerBucket]uint16)(unsafe.Pointer(b))
	x := uint64(p[tagPart]) | uint64(p[4+tagPart])<<16 | uint64(p[8+tagPart])<<32 | uint64(p[12+tagPart])<<48
	x ^= tags
	return (x - lanes) & ^x & (lanes << 15) >> 8
}

func matchHigh(b *bucket, tags uint64) uint64 {
	p := (*[4 * slotsPerBucket]uint16)(unsafe.Pointer(b))
	x := uint64(p[16+tagPart]) | uint64(p[20+tagPart])<<16 | uint64(p[24+tagPart])<<32 | uint64(p[28+tagPart])<<48
	x ^= tags
	return (x - lanes) & ^x & (lanes << 15)
}

// slotOfMatch returns the slot of the lowest bit of m, which is bit 16k+7 for slot
// k and bit 16k+15 for slot k+4.
func slotOfMatch(b *bucket, m uint64) Slot {
	n := uint64(bits.TrailingZeros64(m))
	return (*uint64)(unsafe.Add(unsafe.Pointer(b), n>>4<<3+n&8<<2))
}

// slotAt returns the slot of the lowest bit of m, a mask of one bit per slot.
func slotAt(b *bucket, m uint64) Slot {
	return (*uint64)(unsafe.Add(unsafe.Pointer(b), bits.TrailingZeros64(m)*8))
}
