package str

import "math"

// ParseInt parses b if it is a decimal int64 in its shortest form, the only text
// that the int form can give back unchanged.
func ParseInt(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > MaxIntDigits {
		return 0, false
	}
	neg := b[0] == '-'
	digits := b
	if neg {
		digits = b[1:]
		if len(digits) == 0 {
			return 0, false
		}
	}
	if digits[0] == '0' {
		return 0, len(b) == 1
	}
	if len(digits) > 19 {
		return 0, false
	}
	var v uint64 // 19 digits cannot overflow it
	for _, c := range digits {
		c -= '0'
		if c > 9 {
			return 0, false
		}
		v = v*10 + uint64(c)
	}
	if neg {
		return -int64(v), v <= 1<<63
	}
	return int64(v), v <= math.MaxInt64
}

// IntLen returns the number of bytes of v's decimal text.
func IntLen(v int64) int {
	n := 1
	u := uint64(v)
	if v < 0 {
		n, u = 2, -u
	}
	for ; u >= 10; u /= 10 {
		n++
	}
	return n
}
