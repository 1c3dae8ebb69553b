package dict

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// Bit layout of slots and directory words; drawn in doc.go.
const (
	addrBits   = 40
	addrMask   = 1<<addrBits - 1
	metaShift  = 40
	metaOne    = 1 << metaShift
	metaMask   = 0xff << metaShift
	tagShift   = 48
	tagMask    = 1<<16 - 1
	depthShift = 40
	depthMask  = 63
	nbShift    = 46
	gShift     = 48

	// positions is one more than the greatest position: an H40 has 40 bits.
	positions = 1 << 40
	h40Shift  = 24
	h40Mask   = ^uint64(1<<h40Shift - 1)
)

// Slot is a word inside a bucket, in the arena. It stays valid until the next
// change of the table.
type Slot = *uint64

// SlotAddr returns the address of the entry that s holds.
func SlotAddr(s Slot) arena.Addr { return wordAddr(*s) }

// SetSlotAddr lets s refer to another block that holds the same key; tag and meta
// stay. The caller holds the table's lock.
func SetSlotAddr(s Slot, a arena.Addr) { *s = *s&^addrMask | uint64(a)>>3 }

func wordAddr(w uint64) arena.Addr { return arena.Addr(w&addrMask) << 3 }

// bucket is one cache line of slots.
type bucket = [slotsPerBucket]uint64

// overflow returns how many entries passed the bucket b.
func overflow(b *bucket) uint64 { return b[0] >> metaShift & 0xff }

func countPassed(b *bucket) {
	if b[0]&metaMask != metaMask {
		b[0] += metaOne
	}
}

func uncountPassed(b *bucket) {
	if b[0]&metaMask != metaMask {
		b[0] -= metaOne
	}
}

// freeMask returns a bit per empty slot of b. An address is below 2^40, so that
// only an empty slot's address minus one has its top bit set; no branch depends
// on which slots are taken.
func freeMask(b *bucket) uint64 {
	return (b[0]&addrMask-1)>>63 |
		(b[1]&addrMask-1)>>63<<1 |
		(b[2]&addrMask-1)>>63<<2 |
		(b[3]&addrMask-1)>>63<<3 |
		(b[4]&addrMask-1)>>63<<4 |
		(b[5]&addrMask-1)>>63<<5 |
		(b[6]&addrMask-1)>>63<<6 |
		(b[7]&addrMask-1)>>63<<7
}

// SegmentRef refers to a segment of a table: it is the segment's directory word.
// 0 is none. It stays valid until the next change of the table.
type SegmentRef uint64

func makeRef(a arena.Addr, nb uint64, depth uint) SegmentRef {
	return SegmentRef(nb<<nbShift | uint64(depth)<<depthShift | uint64(a)>>3)
}

func (e SegmentRef) addr() arena.Addr { return arena.Addr(e&addrMask) << 3 }
func (e SegmentRef) depth() uint      { return uint(e>>depthShift) & depthMask }
func (e SegmentRef) buckets() uint64  { return uint64(e) >> nbShift }

// home returns the index of h's home bucket.
func (e SegmentRef) home(h uint64) uint64 {
	return (h & h40Mask << (uint(e>>depthShift) & depthMask) >> 32) * (uint64(e) >> nbShift) >> 32
}

// homeBucket returns h's home bucket.
func (e SegmentRef) homeBucket(h uint64) *bucket {
	return (*bucket)((e.addr() + headerBytes + arena.Addr(e.home(h)*bucketBytes)).Ptr())
}

// lines returns where bucket 0 begins.
func (e SegmentRef) lines() unsafe.Pointer { return (e.addr() + headerBytes).Ptr() }

func bucketAt(lines unsafe.Pointer, i uint64) *bucket {
	return (*bucket)(unsafe.Add(lines, i*bucketBytes))
}

// header is the first line of a segment; only changes and snapshots touch it.
type header struct {
	version uint64 // the caller's; inherited by split, growth and merge
	start   uint64 // first position of the segment
	count   uint32 // entries
	nb      uint32 // as in the directory word
	depth   uint32 // as in the directory word
	_       uint32
	due     int64  // lower bound of the entries' due times, Never
	parts   uint64 // parts of the segment that the caller has passed, one bit each; see SetPassed
	passing uint64 // the version for which parts counts
	_       [8]byte
}

func (e SegmentRef) header() *header { return (*header)(e.addr().Ptr()) }

// dirDepth returns g of a directory reference.
func dirDepth(dir uint64) uint { return uint(dir>>gShift) & depthMask }

func makeDir(a arena.Addr, g uint) uint64 { return uint64(g)<<gShift | uint64(a)>>3 }

// dirIndex returns the index of h among the 2^g words; two shifts, so that g = 0
// needs no branch.
func dirIndex(dir, h uint64) uint64 { return h >> 1 >> ((63 - dir>>gShift) & 63) }

// dirWord returns where the i-th directory word lies.
func dirWord(dir, i uint64) *uint64 {
	return (*uint64)(unsafe.Add(wordAddr(dir).Ptr(), i*8))
}

// segmentAt returns the segment of h in the directory dir, which is not 0.
func segmentAt(dir, h uint64) SegmentRef {
	return SegmentRef(*dirWord(dir, dirIndex(dir, h)))
}
