package resp

import (
	"math"
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

// AppendInt appends the decimal text of n. (A table of digit pairs of our own was measured
// to be no faster than strconv beyond one digit.)
func AppendInt(dst []byte, n int64) []byte {
	if uint64(n) < 10 {
		return append(dst, byte(n)+'0')
	}
	return strconv.AppendInt(dst, n, 10)
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

// digitPairs is "00" to "99".
const digitPairs = "0001020304050607080910111213141516171819" +
	"2021222324252627282930313233343536373839" +
	"4041424344454647484950515253545556575859" +
	"6061626364656667686970717273747576777879" +
	"8081828384858687888990919293949596979899"

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
		room[1], room[2] = digitPairs[2*n], digitPairs[2*n+1]
		room[3], room[4] = '\r', '\n'
		return 5
	}
	h := 1 + len(AppendInt(room[1:1], int64(n)))
	room[h], room[h+1] = '\r', '\n'
	return h + 2
}

// headerBytes is the longest header line: type, sign, 19 digits, CR LF; rounded up.
const headerBytes = 24
