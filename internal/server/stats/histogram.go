package stats

import "math/bits"

// Histogram counts durations.
type Histogram struct {
	counts [numBuckets]uint64
	total  uint64
}

// bucketOf returns the bucket of a duration in nanoseconds.
func bucketOf(ns int64) int {
	ticks := uint64(max(ns, 0)) << tickShift / 1000
	if ticks < subBuckets {
		return int(ticks)
	}
	l := bits.Len64(ticks) - 1 // position of the highest bit, >= subBits
	if l >= maxTickBits {
		return numBuckets - 1
	}
	return (l-subBits+1)<<subBits + int(ticks>>(l-subBits))&(subBuckets-1)
}

// upperTicks returns the largest number of ticks that falls into bucket b.
func upperTicks(b int) uint64 {
	if b < subBuckets {
		return uint64(b)
	}
	shift := b>>subBits - 1
	return (uint64(subBuckets+b&(subBuckets-1))+1)<<shift - 1
}

// Record counts one duration.
func (h *Histogram) Record(ns int64) {
	h.counts[bucketOf(ns)]++
	h.total++
}

// forget takes back what Record has counted.
func (h *Histogram) forget(ns int64) {
	h.counts[bucketOf(ns)]--
	h.total--
}

// RecordN counts n equal durations.
func (h *Histogram) RecordN(ns int64, n uint64) {
	h.counts[bucketOf(ns)] += n
	h.total += n
}

// Add adds the counts of o.
func (h *Histogram) Add(o *Histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.total += o.total
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.total }

// Percentile returns an upper bound, in microseconds, of the fastest p percent.
func (h *Histogram) Percentile(p float64) float64 {
	if h.total == 0 {
		return 0
	}
	want := uint64(p / 100 * float64(h.total))
	want = min(max(want, 1), h.total)
	seen := uint64(0)
	for b, n := range h.counts {
		if seen += n; seen >= want {
			return float64(upperTicks(b)+1) / (1 << tickShift)
		}
	}
	return 0
}

// Step is one step of a cumulative distribution.
type Step struct {
	Micros int64  // a power of two
	Count  uint64 // durations up to it
}

// Cumulative returns the distribution at powers of two of microseconds, from the first
// that has a duration below it to the one that has all, leaving out those that add none.
func (h *Histogram) Cumulative() []Step {
	var steps []Step
	seen, b := uint64(0), 0
	for k := 0; seen < h.total && k <= maxTickBits-tickShift; k++ {
		before := seen
		for ; b < numBuckets && upperTicks(b) < 1<<(k+tickShift); b++ {
			seen += h.counts[b]
		}
		if seen > before {
			steps = append(steps, Step{1 << k, seen})
		}
	}
	if seen < h.total {
		steps = append(steps, Step{1 << (maxTickBits - tickShift), h.total})
	}
	return steps
}

// Buckets calls f for each bucket that has durations, in ascending order, with the
// microseconds that it reaches up to.
func (h *Histogram) Buckets(f func(micros float64, count uint64)) {
	for b, n := range h.counts {
		if n > 0 {
			f(float64(upperTicks(b)+1)/(1<<tickShift), n)
		}
	}
}
