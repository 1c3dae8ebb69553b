package kit

import (
	"slices"
	"time"
)

// Samples are latencies; Sort before asking for percentiles.
type Samples []time.Duration

// Sort orders the samples.
func (s Samples) Sort() { slices.Sort(s) }

// At gives a percentile (0 to 100) of sorted samples.
func (s Samples) At(percent float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	return s[min(int(float64(len(s))*percent/100), len(s)-1)]
}

// Max gives the largest of sorted samples.
func (s Samples) Max() time.Duration { return s.At(100) }

// Over counts the samples above d.
func (s Samples) Over(d time.Duration) int {
	n := 0
	for _, v := range s {
		if v > d {
			n++
		}
	}
	return n
}

// Median gives the middle value; it does not change its argument.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Clone(values)
	slices.Sort(v)
	if len(v)%2 == 1 {
		return v[len(v)/2]
	}
	return (v[len(v)/2-1] + v[len(v)/2]) / 2
}
