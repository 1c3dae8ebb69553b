package memsize

import (
	"math"
	"strconv"
	"strings"
)

// maxDigits bounds the digits of a size, as in Redis.
const maxDigits = 127

// Parse reads digits and a unit; no digits at all mean 0. What does not fit
// becomes the largest number.
func Parse(s string) (n int64, fits, ok bool) {
	digits := 0
	for digits < len(s) && '0' <= s[digits] && s[digits] <= '9' {
		digits++
	}
	var unit int64
	switch strings.ToLower(s[digits:]) {
	case "", "b":
		unit = 1
	case "k":
		unit = 1000
	case "kb":
		unit = 1 << 10
	case "m":
		unit = 1000 * 1000
	case "mb":
		unit = 1 << 20
	case "g":
		unit = 1000 * 1000 * 1000
	case "gb":
		unit = 1 << 30
	default:
		return 0, false, false
	}
	if digits > maxDigits {
		return 0, false, false
	}
	if digits == 0 {
		return 0, true, true
	}
	n, err := strconv.ParseInt(s[:digits], 10, 64)
	if err != nil || n > math.MaxInt64/unit {
		return math.MaxInt64, false, true
	}
	return n * unit, true, true
}
