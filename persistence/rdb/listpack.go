package rdb

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/kringdb/kring/internal/backlen"
)

// What follows appends to listpacks that are being written: first beginListpack, then
// elements, then endListpack.

func beginListpack(b []byte) []byte { return append(b, 0, 0, 0, 0, 0, 0) }

// endListpack completes the listpack of n elements that b is.
func endListpack(b []byte, n int) []byte {
	b = append(b, packedEnd)
	binary.LittleEndian.PutUint32(b, uint32(len(b)))
	binary.LittleEndian.PutUint16(b[4:], uint16(min(n, manyPacked)))
	return b
}

// appendElement appends p: as a number where it is the text of one.
func appendElement(b, p []byte) []byte {
	if n, ok := parseInt(p); ok {
		return appendNumber(b, n)
	}
	from := len(b)
	switch n := len(p); {
	case n < 1<<6:
		b = append(b, 0x80|byte(n))
	case n < 1<<12:
		b = append(b, 0xe0|byte(n>>8), byte(n))
	default:
		b = append(b, 0xf0)
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	b = append(b, p...)
	return appendBacklen(b, len(b)-from)
}

// A run has elements one behind the other, each behind its length, a varint.

// runElement returns the element of a run at off, and the offset behind it.
func runElement(run []byte, off int) (elem []byte, next int) {
	n := int(run[off])
	off++
	if n >= 1<<7 {
		v, size := binary.Uvarint(run[off-1:])
		n = int(v)
		off += size - 1
	}
	return run[off : off+n : off+n], off + n
}

// wideCopy is how much is copied of a short element, whatever its length: one move of a
// fixed size, where there is room for it, is faster than one of the right size.
const wideCopy = 16

// appendRun appends the elements of run, and returns how many.
func appendRun(b, run []byte) (_ []byte, elems int) {
	b = slices.Grow(b, 2*len(run)+2*wideCopy) // no element takes twice of what it takes there
	for off := 0; off < len(run); elems++ {
		n := int(run[off])
		if n-1 < wideCopy && n > 0 && run[off+1] > '9' && off+1+wideCopy <= len(run) {
			at := len(b)
			b = b[:at+1+wideCopy]
			b[at] = 0x80 | byte(n)
			*(*[wideCopy]byte)(b[at+1:]) = *(*[wideCopy]byte)(run[off+1:])
			b = b[:at+1+n+1]
			b[at+1+n] = byte(n + 1)
			off += 1 + n
			continue
		}
		var elem []byte
		elem, off = runElement(run, off)
		b = appendElement(b, elem)
	}
	return b, elems
}

// appendRunElement appends p to a run.
func appendRunElement(run, p []byte) []byte {
	return append(binary.AppendUvarint(run, uint64(len(p))), p...)
}

// appendNumber appends n.
func appendNumber(b []byte, n int64) []byte {
	switch {
	case n >= 0 && n < 1<<7:
		return append(b, byte(n), 1)
	case n >= -1<<12 && n < 1<<12:
		return append(b, 0xc0|byte(n>>8)&0x1f, byte(n), 2)
	case n == int64(int16(n)):
		return append(b, 0xf1, byte(n), byte(n>>8), 3)
	case n >= -1<<23 && n < 1<<23:
		return append(b, 0xf2, byte(n), byte(n>>8), byte(n>>16), 4)
	case n == int64(int32(n)):
		return append(b, 0xf3, byte(n), byte(n>>8), byte(n>>16), byte(n>>24), 5)
	}
	b = append(b, 0xf4)
	b = binary.LittleEndian.AppendUint64(b, uint64(n))
	return append(b, 9)
}

// elementBytes returns how much appendElement would append at most for p.
func elementBytes(p []byte) int { return len(p) + 5 + backlen.Max }

// appendBacklen appends n so that it can be read from its end: seven bits a byte, all but
// the first one marked.
func appendBacklen(b []byte, n int) []byte {
	size := backlen.Of(n)
	b = append(b, byte(n>>(7*(size-1))))
	for i := size - 2; i >= 0; i-- {
		b = append(b, byte(n>>(7*i))|0x80)
	}
	return b
}

// parseInt returns the number whose shortest text p is.
func parseInt(p []byte) (int64, bool) {
	if len(p) == 0 || len(p) > 20 {
		return 0, false
	}
	digits := p
	negative := p[0] == '-'
	if negative {
		digits = p[1:]
	}
	if len(digits) == 0 || digits[0] < '0' || digits[0] > '9' || digits[0] == '0' && len(p) > 1 {
		return 0, false
	}
	var v uint64
	for _, c := range digits {
		d := uint64(c - '0')
		if d > 9 || v > math.MaxUint64/10 || v*10 > math.MaxUint64-d {
			return 0, false
		}
		v = v*10 + d
	}
	if negative {
		return -int64(v), v <= 1<<63
	}
	return int64(v), v < 1<<63
}
