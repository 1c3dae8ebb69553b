package zset

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// block is a view of a block, see doc.go. It stands in a payload or in the arena.
type block struct{ p unsafe.Pointer }

func at(a arena.Addr) block { return block{a.Ptr()} }

func blockOf(p []byte) block { return block{unsafe.Pointer(unsafe.SliceData(p))} }

const (
	lenMask    = 1<<24 - 1
	levelShift = 24
	levelMask  = 1<<7 - 1
	wideBit    = 1 << 31

	// Flags of an end word, in the wide form.
	outsideFlag = 1 << 31
	negZeroFlag = 1 << 30
	endFlags    = outsideFlag | negZeroFlag
	narrowFlags = endFlags >> 16
)

func (b block) header() uint32     { return *(*uint32)(b.p) }
func (b block) setHeader(h uint32) { *(*uint32)(b.p) = h }
func (b block) len() int           { return int(b.header() & lenMask) }
func (b block) level() int         { return int(b.header() >> levelShift & levelMask) }
func (b block) isWide() bool       { return b.header()&wideBit != 0 }
func (b block) isLeaf() bool       { return b.header()>>levelShift&levelMask == 0 }

// ptr returns the place at an offset.
func (b block) ptr(off int) unsafe.Pointer { return unsafe.Add(b.p, off) }

// shape is the widths of a kind of block.
type shape struct {
	end  int // of an end
	slot int // of a whole slot
}

const (
	leafSlotBytes  = keyBytes + 2
	innerSlotBytes = keyBytes + 2 + childBytes + countBytes
)

func shapeOf(h uint32) shape {
	switch {
	case h&wideBit != 0:
		return shape{4, keyBytes + 4}
	case h>>levelShift&levelMask == 0:
		return shape{2, leafSlotBytes}
	}
	return shape{2, innerSlotBytes}
}

// base returns the offset of the member bytes.
func (b block) base() int {
	h := b.header()
	return headerBytes + shapeOf(h).slot*int(h&lenMask)
}

func (b block) key(i int) int64 { return *(*int64)(b.ptr(headerBytes + keyBytes*i)) }

func (b block) setKey(i int, k int64) { *(*int64)(b.ptr(headerBytes + keyBytes*i)) = k }

// endWord returns the end of slot i with its flags.
func (b block) endWord(i int) uint32 {
	h := b.header()
	off := headerBytes + keyBytes*int(h&lenMask)
	if h&wideBit != 0 {
		return *(*uint32)(b.ptr(off + 4*i))
	}
	w := uint32(*(*uint16)(b.ptr(off + 2*i)))
	return w&narrowMaxBytes | w&narrowFlags<<16
}

func (b block) setEndWord(i int, w uint32) {
	h := b.header()
	off := headerBytes + keyBytes*int(h&lenMask)
	if h&wideBit != 0 {
		*(*uint32)(b.ptr(off + 4*i)) = w
		return
	}
	*(*uint16)(b.ptr(off + 2*i)) = uint16(w | w>>16)
}

func (b block) end(i int) int { return int(b.endWord(i) &^ endFlags) }

func (b block) start(i int) int {
	if i == 0 {
		return 0
	}
	return b.end(i - 1)
}

// bytes returns the number of member bytes, size the length of the whole block.
func (b block) bytes() int { return b.start(b.len()) }

func (b block) size() int { return b.base() + b.bytes() }

// slotSize returns what slot i of a leaf takes, its bytes included.
func (b block) slotSize(i int) int { return shapeOf(b.header()).slot + b.end(i) - b.start(i) }

// inline returns what the block itself has of slot i's member: all of it, or its stub.
func (b block) inline(i int) []byte {
	from := b.start(i)
	return unsafe.Slice((*byte)(b.ptr(b.base()+from)), b.end(i)-from)
}

// member returns a view of slot i's member or separator.
func (b block) member(i int) []byte {
	from, w := b.start(i), b.endWord(i)
	p := b.ptr(b.base() + from)
	if w&outsideFlag != 0 {
		return arena.Bytes(*(*arena.Addr)(p), int(*(*uint32)(unsafe.Add(p, 8))))
	}
	return unsafe.Slice((*byte)(p), int(w)&^endFlags-from)
}

// outside returns the block of slot i's member, if it has one of its own.
func (b block) outside(i int) (a arena.Addr, n int, ok bool) {
	if b.endWord(i)&outsideFlag == 0 {
		return 0, 0, false
	}
	p := b.ptr(b.base() + b.start(i))
	return *(*arena.Addr)(p), int(*(*uint32)(unsafe.Add(p, 8))), true
}

func (b block) setOutside(i int, a arena.Addr) { *(*arena.Addr)(b.ptr(b.base() + b.start(i))) = a }

func (b block) score(i int) float64 { return scoreOf(b.key(i), b.endWord(i)&negZeroFlag != 0) }

// setScore changes the score of slot i, whose place in the order stays.
func (b block) setScore(i int, f float64) {
	b.setKey(i, keyOf(f))
	w := b.endWord(i) &^ negZeroFlag
	if isNegZero(f) {
		w |= negZeroFlag
	}
	b.setEndWord(i, w)
}

// childPtr returns the place of an inner block's child i; its count is childBytes*n further.
func (b block) childPtr(n, i int) unsafe.Pointer {
	return b.ptr(headerBytes + (keyBytes+2)*n + childBytes*i)
}

func (b block) child(i int) arena.Addr { return *(*arena.Addr)(b.childPtr(b.len(), i)) }

func (b block) setChild(i int, a arena.Addr) { *(*arena.Addr)(b.childPtr(b.len(), i)) = a }

func (b block) countPtr(n, i int) *uint64 {
	return (*uint64)(unsafe.Add(b.childPtr(n, i), childBytes*n))
}

func (b block) count(i int) uint64 { return *b.countPtr(b.len(), i) }

func (b block) setCount(i int, c uint64) { *b.countPtr(b.len(), i) = c }

func (b block) addCount(i int, d uint64) { *b.countPtr(b.len(), i) += d }

// before returns the entries below the children before slot i.
func (b block) before(i int) uint64 {
	n := b.len()
	sum := uint64(0)
	for j := range i {
		sum += *b.countPtr(n, j)
	}
	return sum
}

// beforeOf is before for a block below which there are total entries: it adds up the
// shorter side.
func (b block) beforeOf(i int, total uint64) uint64 {
	n := b.len()
	if i <= n/2 {
		return b.before(i)
	}
	for j := i; j < n; j++ {
		total -= *b.countPtr(n, j)
	}
	return total
}

// total returns the entries in or below the block.
func (b block) total() uint64 {
	n := b.len()
	if b.isLeaf() {
		return uint64(n)
	}
	return b.before(n)
}
