package list

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/kringdb/kring/store/str"
)

// Elem is one element: its bytes, or the number whose decimal text it is.
type Elem struct {
	B   []byte
	N   int64
	Int bool
}

// ElemOf classifies the bytes of an element.
func ElemOf(b []byte) (v Elem) {
	v.set(b)
	return v
}

// set is ElemOf in place, field by field, for who packs the element at once: an Elem that is copied as soon as it has
// been made waits until its words have left the store buffer. v is zero.
func (v *Elem) set(b []byte) {
	if v.N, v.Int = str.ParseInt(b); !v.Int {
		v.N, v.B = 0, b
	}
}

// Append appends the element's text to dst.
func (v *Elem) Append(dst []byte) []byte {
	if v.Int {
		return strconv.AppendInt(dst, v.N, 10)
	}
	return append(dst, v.B...)
}

// Len returns the length of the element's text.
func (v *Elem) Len() int {
	if v.Int {
		return str.IntLen(v.N)
	}
	return len(v.B)
}

// The heads of packed elements.
const (
	headStr6  = 0x80
	headInt13 = 0xC0
	headStr12 = 0xE0
	headStr32 = 0xF0
	headInt16 = 0xF1
	headInt24 = 0xF2
	headInt32 = 0xF3
	headInt64 = 0xF4
)

// sizes holds the whole size of an element by its first byte, 0 where that says too
// little.
var sizes = func() (t [256]uint8) {
	for h := range t {
		switch {
		case h < headStr6:
			t[h] = 2
		case h < headInt13:
			t[h] = uint8(h-headStr6) + 2
		case h < headStr12:
			t[h] = 3
		}
	}
	t[headInt16], t[headInt24], t[headInt32], t[headInt64] = 4, 5, 6, 10
	return t
}()

// sizeOf returns the whole size of the first element of p.
func sizeOf(p []byte) int {
	if s := sizes[p[0]]; s != 0 {
		return int(s)
	}
	return longSize(p)
}

func longSize(p []byte) int {
	n := 0
	if p[0] == headStr32 {
		n = 5 + int(binary.LittleEndian.Uint32(p[1:]))
	} else {
		n = 2 + (int(p[0]&15)<<8 | int(p[1]))
	}
	return n + backBytes(n)
}

// backBytes returns the width of the length at the end of an element of n other bytes.
func backBytes(n int) int {
	switch {
	case n <= 127:
		return 1
	case n < 1<<14-1:
		return 2
	case n < 1<<21-1:
		return 3
	case n < 1<<28-1:
		return 4
	}
	return 5
}

// putBack writes the length at the end of an element of n other bytes.
func putBack(p []byte, n int) {
	for i := backBytes(n) - 1; i > 0; i-- {
		p[i] = byte(n)&127 | 128
		n >>= 7
	}
	p[0] = byte(n)
}

// lastSize returns the whole size of the last element of p.
func lastSize(p []byte) int {
	i := len(p) - 1
	n := int(p[i] & 127)
	for shift := 7; p[i]&128 != 0; shift += 7 {
		i--
		n |= int(p[i]&127) << shift
	}
	return n + len(p) - i
}

// decode reads the first element of p; its bytes are a view.
func decode(p []byte) Elem {
	h := p[0]
	switch {
	case h < headStr6:
		return Elem{N: int64(h), Int: true}
	case h < headInt13:
		n := int(h & 63)
		return Elem{B: p[1 : 1+n : 1+n]}
	case h < headStr12:
		return Elem{N: int64(int16(uint16(h)<<11|uint16(p[1])<<3) >> 3), Int: true}
	case h < headStr32:
		n := int(h&15)<<8 | int(p[1])
		return Elem{B: p[2 : 2+n : 2+n]}
	}
	return decodeLong(p)
}

func decodeLong(p []byte) Elem {
	switch p[0] {
	case headStr32:
		n := int(binary.LittleEndian.Uint32(p[1:]))
		return Elem{B: p[5 : 5+n : 5+n]}
	case headInt16:
		return Elem{N: int64(int16(binary.LittleEndian.Uint16(p[1:]))), Int: true}
	case headInt24:
		return Elem{N: int64(int32(uint32(p[1])<<8|uint32(p[2])<<16|uint32(p[3])<<24) >> 8), Int: true}
	case headInt32:
		return Elem{N: int64(int32(binary.LittleEndian.Uint32(p[1:]))), Int: true}
	}
	return Elem{N: int64(binary.LittleEndian.Uint64(p[1:])), Int: true}
}

// size returns the bytes that the element takes when it is packed.
func (v *Elem) size() int {
	if v.Int {
		return intSize(v.N)
	}
	n := len(v.B)
	switch {
	case n < 64:
		return n + 2
	case n < 4096:
		n += 2
	default:
		n += 5
	}
	return n + backBytes(n)
}

func intSize(n int64) int {
	switch {
	case uint64(n) <= 127:
		return 2
	case n >= -4096 && n <= 4095:
		return 3
	case n == int64(int16(n)):
		return 4
	case n >= -1<<23 && n < 1<<23:
		return 5
	case n == int64(int32(n)):
		return 6
	}
	return 10
}

// put packs the element into p, which has exactly its size.
func (v *Elem) put(p []byte) {
	n := v.putHead(p)
	n += copy(p[n:], v.B)
	putBack(p[n:], n)
}

// putHead writes everything but the bytes of a string and the length at the end, and
// returns how much that is. p has 9 bytes, or fewer if the element has.
func (v *Elem) putHead(p []byte) int {
	if v.Int {
		return putInt(p, v.N)
	}
	switch n := len(v.B); {
	case n < 64:
		p[0] = headStr6 | byte(n)
		return 1
	case n < 4096:
		p[0], p[1] = headStr12|byte(n>>8), byte(n)
		return 2
	default:
		p[0] = headStr32
		binary.LittleEndian.PutUint32(p[1:], uint32(min(n, math.MaxUint32)))
		return 5
	}
}

func putInt(p []byte, n int64) int {
	size := intSize(n) - 1
	switch size {
	case 1:
		p[0] = byte(n)
	case 2:
		p[0], p[1] = headInt13|byte(n>>8)&31, byte(n)
	case 3:
		p[0] = headInt16
		binary.LittleEndian.PutUint16(p[1:], uint16(n))
	case 4:
		p[0], p[1], p[2], p[3] = headInt24, byte(n), byte(n>>8), byte(n>>16)
	case 5:
		p[0] = headInt32
		binary.LittleEndian.PutUint32(p[1:], uint32(n))
	default:
		p[0] = headInt64
		binary.LittleEndian.PutUint64(p[1:], uint64(n))
	}
	return size
}

// offset returns where element i of the n elements of p begins, 0 <= i <= n, from the
// nearer end.
func offset(p []byte, n, i int) int {
	if i <= n/2 {
		at := 0
		for ; i > 0; i-- {
			at += sizeOf(p[at:])
		}
		return at
	}
	at := len(p)
	for ; i < n; i++ {
		at -= lastSize(p[:at])
	}
	return at
}

// Needle finds elements that are equal to one: packed, they are equal bytes.
type Needle struct {
	head [9]byte
	n    int // of head
	body []byte
	size int
}

// NeedleOf readies a search for b, which must stay as it is meanwhile.
func NeedleOf(b []byte) (d Needle) {
	v := ElemOf(b)
	d.n = v.putHead(d.head[:])
	d.body, d.size = v.B, v.size()
	return d
}

// matches tells whether the first element of p is the needle.
func (d *Needle) matches(p []byte) bool {
	return p[0] == d.head[0] && len(p) >= d.size && string(p[:d.n]) == string(d.head[:d.n]) &&
		string(p[d.n:d.n+len(d.body)]) == string(d.body)
}

// countIn returns how many of p's elements are the needle.
func (d *Needle) countIn(p []byte) (n int) {
	for len(p) > 0 {
		if d.matches(p) {
			n++
		}
		p = p[sizeOf(p):]
	}
	return n
}

// strip removes the needle from p after skip occurrences, up to most times, and returns
// the bytes that are left, and how often.
func (d *Needle) strip(p []byte, skip, most int) (size, removed int) {
	to, at := 0, 0
	for at < len(p) {
		s := sizeOf(p[at:])
		if removed < most && d.matches(p[at:]) {
			if skip == 0 {
				removed++
				at += s
				continue
			}
			skip--
		}
		if to != at {
			copy(p[to:], p[at:at+s])
		}
		to, at = to+s, at+s
	}
	return to, removed
}
