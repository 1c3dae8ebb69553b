package stats

const (
	// subBits is the logarithm of subBuckets, which is how many buckets there are to each doubling.
	subBits    = 3
	subBuckets = 1 << subBits
	// maxTickBits bounds a duration to 2^36 ticks, some 18 minutes.
	maxTickBits = 36
	numBuckets  = (maxTickBits - subBits + 1) * subBuckets
	// tickShift: a tick is 2^-tickShift microseconds.
	tickShift = 6

	// maxSlowArgs and maxSlowArgBytes bound what the slow log keeps of a call, as Redis does.
	maxSlowArgs     = 32
	maxSlowArgBytes = 128

	// hotCounters is how many keys each executor counts, maxHotNameBytes the longest name
	// of one: longer ones are left out.
	hotCounters     = 96
	maxHotNameBytes = 256

	// maxSamples is how many samples an event keeps.
	maxSamples = 160
	// maxErrorKinds bounds the first words of errors that are told apart.
	maxErrorKinds = 128
)
