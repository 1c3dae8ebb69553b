package command

import (
	"bytes"
	"math"
	"strconv"
	"unsafe"
)

// parseDouble reads a whole argument as C's strtod does, as Redis wants its scores,
// coordinates and timeouts: decimal or hexadecimal, "inf" and "infinity" in any case; no
// NaN, no blanks, nothing out of range.
func parseDouble(s []byte) (float64, bool) {
	if len(s) == 0 || len(s) > maxFloatTextBytes || bytes.IndexByte(s, '_') >= 0 {
		return 0, false
	}
	if n, ok := smallInt(s); ok {
		return n, true
	}
	text := unsafe.String(&s[0], len(s)) // not kept
	if isHex := len(s) > 2 && bytes.IndexAny(s[:3], "xX") >= 0; isHex && bytes.IndexAny(s, "pP") < 0 {
		text = string(s) + "p0" // Go wants the exponent that C leaves out
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || f == 0 && bytes.IndexAny(mantissa(s), "123456789abcdfABCDF") >= 0 {
		return 0, false
	}
	return f, true
}

// mantissa returns s up to its exponent.
func mantissa(s []byte) []byte {
	marks := "eE"
	if len(s) > 2 && bytes.IndexAny(s[:3], "xX") >= 0 {
		marks = "pP"
	}
	if i := bytes.IndexAny(s, marks); i >= 0 {
		return s[:i]
	}
	return s
}

// smallInt is the fast path for integers of up to 15 digits, which a double holds
// exactly. "-0" is not one of them.
func smallInt(s []byte) (float64, bool) {
	neg := s[0] == '-'
	if neg {
		s = s[1:]
	}
	if len(s) == 0 || len(s) > 15 || neg && s[0] == '0' {
		return 0, false
	}
	n := int64(0)
	for _, c := range s {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	if neg {
		n = -n
	}
	return float64(n), true
}
