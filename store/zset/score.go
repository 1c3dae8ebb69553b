package zset

import "math"

// keyOf maps a score, which is not NaN, to an integer of the same order. -0 and 0 have
// the same key.
func keyOf(f float64) int64 {
	if f == 0 {
		return 0
	}
	b := int64(math.Float64bits(f))
	return b ^ b>>63&math.MaxInt64
}

// isNegZero tells whether f is -0, which keyOf does not show.
func isNegZero(f float64) bool { return math.Float64bits(f) == 1<<63 }

// scoreOf is the reverse of keyOf.
func scoreOf(key int64, negZero bool) float64 {
	if negZero {
		return math.Copysign(0, -1)
	}
	return math.Float64frombits(uint64(key ^ key>>63&math.MaxInt64))
}
