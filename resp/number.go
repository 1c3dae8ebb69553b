package resp

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
)

// ParseInt parses the decimal text of a 64-bit integer in the one form that Redis
// accepts: an optional minus, no plus, no spaces, no leading zeros, no minus zero.
func ParseInt(b []byte) (int64, bool) {
	neg := len(b) > 1 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	if b[0] == '0' {
		return 0, len(b) == 1 && !neg
	}
	u := uint64(0)
	for _, ch := range b {
		d := ch - '0'
		if d > 9 {
			return 0, false
		}
		u = u*10 + uint64(d) // 19 digits fit into 64 bits
	}
	if neg {
		return -int64(u), u <= 1<<63
	}
	return int64(u), u <= math.MaxInt64
}

// AppendInt appends the decimal text of n.
func AppendInt(dst []byte, n int64) []byte {
	if uint64(n) < 10 {
		return append(dst, byte(n)+'0')
	}
	if uint64(n) < 100 { // see putHeader
		tens := uint32(n) * 103 >> 10
		return append(dst, byte(tens)+'0', byte(uint32(n)-10*tens)+'0')
	}
	if n < 0 {
		return AppendUint(append(dst, '-'), -uint64(n))
	}
	return AppendUint(dst, uint64(n))
}

// AppendUint appends the decimal text of n. What dst has room for behind it may be overwritten.
func AppendUint(dst []byte, n uint64) []byte {
	at := len(dst)
	if cap(dst)-at >= uintBytes {
		return dst[:at+putUint(dst[at:cap(dst)], n)]
	}
	var text [uintBytes]byte
	return append(dst, text[:putUint(text[:], n)]...)
}

// doubleTextBytes is the longest that AppendDouble appends.
const doubleTextBytes = 32

// wholeDoubleMax is the largest whole number that AppendDouble prints as an integer, with
// all of its digits. Every double between 2^52 and it is whole.
const wholeDoubleMax = 1 << 62

// AppendDouble appends the text of f as Redis 7.2 and later print a double: whole numbers
// up to 2^62 in full, everything else in the fewest digits that give back f, with an
// exponent ("1e+20", "1e-7") where the plain form would be long; inf, -inf, nan.
func AppendDouble(dst []byte, f float64) []byte {
	switch {
	case f != f:
		return append(dst, "nan"...)
	case math.IsInf(f, 0):
		if f < 0 {
			dst = append(dst, '-')
		}
		return append(dst, "inf"...)
	case f == 0:
		if math.Signbit(f) {
			dst = append(dst, '-')
		}
		return append(dst, '0')
	case f >= -wholeDoubleMax && f <= wholeDoubleMax && f == float64(int64(f)):
		return AppendInt(dst, int64(f))
	}
	if f < 0 {
		dst = append(dst, '-')
		f = -f
	}
	var text [doubleTextBytes]byte
	digits, exp := shortest(text[:0], f)
	return layOut(dst, digits, exp)
}

// shortest returns the fewest significant digits that identify f > 0, and its decimal
// exponent: f = 0.d1d2d3... * 10^(exp+1).
func shortest(buf []byte, f float64) (digits []byte, exp int) {
	t := strconv.AppendFloat(buf, f, 'e', -1, 64) // d.ddde+xx or de+xx
	e := len(t) - 1
	for t[e] != 'e' {
		e--
	}
	for _, ch := range t[e+2:] {
		exp = exp*10 + int(ch-'0')
	}
	if t[e+1] == '-' {
		exp = -exp
	}
	if e > 1 { // close the gap that the point leaves
		copy(t[1:], t[2:e])
		e--
	}
	return t[:e], exp
}

// layOut appends digits with a point or an exponent, by the rules of the fpconv
// library, which Redis prints doubles with.
func layOut(dst, digits []byte, exp int) []byte {
	n := len(digits)
	scale := exp - n + 1 // the value is digits * 10^scale
	mag := exp
	if mag < 0 {
		mag = -mag
	}
	switch {
	case scale >= 0 && mag < n+7: // integer
		dst = append(dst, digits...)
		for ; scale > 0; scale-- {
			dst = append(dst, '0')
		}
	case scale < 0 && (scale > -7 || mag < 4):
		point := n + scale
		if point <= 0 { // 0.00ddd
			dst = append(dst, '0', '.')
			for ; point < 0; point++ {
				dst = append(dst, '0')
			}
			return append(dst, digits...)
		}
		dst = append(dst, digits[:point]...)
		dst = append(dst, '.')
		dst = append(dst, digits[point:]...)
	default:
		dst = append(dst, digits[0])
		if n > 1 {
			dst = append(dst, '.')
			dst = append(dst, digits[1:]...)
		}
		sign := byte('+')
		if exp < 0 {
			sign = '-'
		}
		dst = append(dst, 'e', sign)
		dst = AppendInt(dst, int64(mag))
	}
	return dst
}

// putHeader writes a type byte, n >= 0 in decimal and CR LF to the front of room,
// which has at least headerBytes, and returns the length.
func putHeader(room []byte, kind byte, n int) int {
	_ = room[headerBytes-1]
	room[0] = kind
	if n < 10 {
		room[1] = byte(n) + '0'
		room[2], room[3] = '\r', '\n'
		return 4
	}
	if n < 100 {
		tens := uint32(n) * 103 >> 10
		room[1], room[2] = byte(tens)+'0', byte(uint32(n)-10*tens)+'0'
		room[3], room[4] = '\r', '\n'
		return 5 // where the next bytes stand does not wait for the digits, as it does below
	}
	h := 1 + putUint(room[1:], uint64(n))
	binary.LittleEndian.PutUint16(room[h:], lineEnd)
	return h + 2
}

// headerBytes is what putHeader wants: type, digits, CR LF.
const headerBytes = 1 + uintBytes + 2

// uintBytes is what putUint wants: the digits of the largest number, and no less than the words
// that it writes.
const uintBytes = 21

// putUint writes the decimal text of n to the front of room, which has at least uintBytes, and
// returns its length; what is behind it in room is overwritten. It takes eight digits at a time, and has no loop over them.
func putUint(room []byte, n uint64) int {
	_ = room[uintBytes-1]
	if n < 1e8 {
		return putFirst(room, n)
	}
	h, rest := 0, n%1e8
	if n /= 1e8; n < 1e8 {
		h = putFirst(room, n)
	} else {
		h = putFirst(room, n/1e8) // four digits at most
		binary.LittleEndian.PutUint64(room[h:], eightDigits(n%1e8)|zeros)
		h += 8
	}
	binary.LittleEndian.PutUint64(room[h:], eightDigits(rest)|zeros)
	return h + 8
}

// putFirst writes n < 1e8 without leading zeros.
func putFirst(room []byte, n uint64) int {
	d := eightDigits(n)
	skip := bits.TrailingZeros64(d|1<<56) &^ 7 // the last digit stays, and be it 0
	binary.LittleEndian.PutUint64(room, (d|zeros)>>(skip&63))
	return 8 - skip>>3
}

// zeros is the text of eight digits 0.
const zeros = 0x3030303030303030

// eightDigits returns the digits of n < 1e8 in a byte each, the first in the lowest. It divides all parts of a word at
// once, by multiplications that are exact for the few digits that a part has.
func eightDigits(n uint64) uint64 {
	four := n/10_000 | n%10_000<<32
	q := four * 10486 >> 20 & 0x0000007F_0000007F // by 100
	two := q | (four-100*q)<<16
	q = two * 103 >> 10 & 0x000F000F_000F000F // by 10
	return q | (two-10*q)<<8
}
