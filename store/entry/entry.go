package entry

import (
	"bytes"
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// Bits of the header word.
const (
	encodingShift   = 4
	flagsShift      = 8
	clockShift      = 16
	keyLenShift     = 40
	payloadLenShift = 48

	deadlineBit = uint64(1) << flagsShift
	wideBit     = uint64(2) << flagsShift
	kindMask    = uint64(0xFF)
	clockMask   = uint64(ClockMax) << clockShift

	headerBytes   = 8
	deadlineBytes = 8
	wideBytes     = 8
	deadlineOff   = headerBytes
)

// ClockMax is the largest access clock.
const ClockMax = 1<<24 - 1

// Entry names one keyspace block. The zero Entry means none. All methods but
// IsNone need a live entry and its shard lock.
type Entry struct{ A arena.Addr }

// IsNone tells whether e names no block.
func (e Entry) IsNone() bool { return e.A == 0 }

func load(p unsafe.Pointer, off uintptr) uint64 { return *(*uint64)(unsafe.Add(p, off)) }

func load32(p unsafe.Pointer, off uintptr) uint32 { return *(*uint32)(unsafe.Add(p, off)) }

func (e Entry) header() uint64 { return *(*uint64)(e.A.Ptr()) }

func (e Entry) setHeader(h uint64) { *(*uint64)(e.A.Ptr()) = h }

// extra returns the bytes of the optional fields between header and key: 8 for
// each of the two low flag bits.
func extra(h uint64) uintptr { return uintptr(h>>flagsShift&1+h>>(flagsShift+1)&1) * 8 }

// wideOff returns the offset of the wide lengths, if they are there.
func wideOff(h uint64) uintptr { return headerBytes + uintptr(h>>flagsShift&1)*deadlineBytes }

// Type returns the kind of the value.
func (e Entry) Type() Type { return Type(e.header() & 15) }

// Encoding returns how the value is represented.
func (e Entry) Encoding() Encoding { return Encoding(e.header() >> encodingShift & 15) }

// Kind returns type and encoding as one comparable value, see KindOf.
func (e Entry) Kind() uint8 { return uint8(e.header()) }

// KindOf packs a type and an encoding as Entry.Kind returns them.
func KindOf(t Type, enc Encoding) uint8 { return uint8(t) | uint8(enc)<<encodingShift }

// SetEncoding changes the encoding; the caller rewrites the payload.
func (e Entry) SetEncoding(enc Encoding) {
	e.setHeader(e.header()&^(15<<encodingShift) | uint64(enc)<<encodingShift)
}

// Clock returns the 24-bit access clock.
func (e Entry) Clock() uint32 { return uint32(e.header()>>clockShift) & ClockMax }

// SetClock sets the access clock (24 bits).
func (e Entry) SetClock(c uint32) {
	e.setHeader(e.header()&^clockMask | uint64(c&ClockMax)<<clockShift)
}

// HasDeadline tells whether the entry has a deadline.
func (e Entry) HasDeadline() bool { return e.header()&deadlineBit != 0 }

// Deadline returns the deadline in milliseconds since 1970, 0 for none.
func (e Entry) Deadline() int64 {
	if e.header()&deadlineBit == 0 {
		return 0
	}
	return int64(load(e.A.Ptr(), deadlineOff))
}

// Expired tells whether the entry's deadline is now or has passed.
func (e Entry) Expired(now int64) bool {
	return e.header()&deadlineBit != 0 && int64(load(e.A.Ptr(), deadlineOff)) <= now
}

// StoreDeadline overwrites the deadline of an entry that has one; ms > 0. To add or
// to remove a deadline the block must change: see Resize.
func (e Entry) StoreDeadline(ms int64) {
	*(*uint64)(unsafe.Add(e.A.Ptr(), deadlineOff)) = uint64(ms)
}

// Key returns a view of the key.
func (e Entry) Key() []byte {
	p := e.A.Ptr()
	h := *(*uint64)(p)
	n := uintptr(uint8(h >> keyLenShift))
	if h&wideBit != 0 {
		n = uintptr(load32(p, wideOff(h)))
	}
	return unsafe.Slice((*byte)(unsafe.Add(p, headerBytes+extra(h))), n)
}

// KeyEquals tells whether the entry at a has this key. It is a function so that a
// table's Ops can point at it without a wrapper.
func KeyEquals(a arena.Addr, key []byte) bool {
	p := a.Ptr()
	h := *(*uint64)(p)
	if h&wideBit != 0 {
		return bytes.Equal(Entry{a}.Key(), key)
	}
	if int(uint8(h>>keyLenShift)) != len(key) {
		return false
	}
	return bytes.Equal(unsafe.Slice((*byte)(unsafe.Add(p, headerBytes+extra(h))), len(key)), key)
}

// Payload returns a view of the value's bytes in the block.
func (e Entry) Payload() []byte {
	p := e.A.Ptr()
	h := *(*uint64)(p)
	k, n := uintptr(uint8(h>>keyLenShift)), uintptr(h>>payloadLenShift)
	if h&wideBit != 0 {
		off := wideOff(h)
		k, n = uintptr(load32(p, off)), uintptr(load32(p, off+4))
	}
	return unsafe.Slice((*byte)(unsafe.Add(p, headerBytes+extra(h)+k)), n)
}

// PayloadLen returns the number of payload bytes.
func (e Entry) PayloadLen() int {
	h := e.header()
	if h&wideBit != 0 {
		return int(load32(e.A.Ptr(), wideOff(h)+4))
	}
	return int(h >> payloadLenShift)
}

// U64 reads 8 payload bytes at off as a little-endian word.
func (e Entry) U64(off int) uint64 {
	return *(*uint64)(unsafe.Pointer(&e.Payload()[off : off+8][0]))
}

// PutU64 writes 8 payload bytes at off as a little-endian word.
func (e Entry) PutU64(off int, v uint64) {
	*(*uint64)(unsafe.Pointer(&e.Payload()[off : off+8][0])) = v
}

// MayBe tells whether a block of so many bytes that stands at e may be an entry, by its lengths. Whatever
// else stands there, what the lengths say is then within the block.
func (e Entry) MayBe(bytes int) bool {
	if bytes < headerBytes+deadlineBytes+wideBytes && e.header()&wideBit != 0 {
		return false
	}
	n := e.Size()
	return n <= bytes && arena.SizeOf(n) == bytes
}

// Size returns the bytes of the block as they were asked from the arena.
func (e Entry) Size() int {
	p := e.A.Ptr()
	h := *(*uint64)(p)
	k, n := int(uint8(h>>keyLenShift)), int(h>>payloadLenShift)
	if h&wideBit != 0 {
		off := wideOff(h)
		k, n = int(load32(p, off)), int(load32(p, off+4))
	}
	return headerBytes + int(extra(h)) + k + n
}
