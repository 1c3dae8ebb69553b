package dict

const (
	// slotsPerBucket is a cache line of 64-bit words.
	slotsPerBucket = 8
	bucketBytes    = slotsPerBucket * 8
	headerBytes    = 64

	// maxLoadPerBucket is how many entries per bucket a segment takes on average
	// before it grows or splits: 7/8 of its slots.
	maxLoadPerBucket = 7

	// minBucketsPerSegment is what a table starts with: a block of 128 bytes.
	minBucketsPerSegment = 1

	// MaxFullBuckets is the largest full segment of any stagger.
	MaxFullBuckets = 63

	// MaxBucketsPerSegment bounds a segment whose hashes cannot be split apart
	// (a block of 16 MB). Insert panics when all of its 2,097,144 slots are taken:
	// that many entries agree in their first 26 hash bits or more while the rest
	// of the table is too small to justify a deeper directory.
	MaxBucketsPerSegment = 1<<18 - 1

	// partBits is the logarithm of the number of parts of a segment that can be passed one by one:
	// as many as a word has bits.
	partBits = 6

	// MaxDepthBits bounds the directory to 64 Mi words (512 MB).
	MaxDepthBits = 26

	// directoryWordsPerFull bounds the directory against the number of entries:
	// no more than this many words per `full` entries, which is 4 to 8 times what
	// evenly spread hashes need.
	directoryWordsPerFull = 8

	// reservedPercent is how full Reserve expects a segment to become at most, of what it takes
	// before it splits: hashes are spread evenly on average only.
	reservedPercent = 90

	// mergeLoadPerBucket: siblings merge when their sum is at most this many
	// entries per bucket of a full segment. Less than half of maxLoadPerBucket,
	// so that a merged segment is far from splitting again.
	mergeLoadPerBucket = 3

	// sparseLoadPerBucket: a segment that cannot merge shrinks below this.
	sparseLoadPerBucket = 1

	// sparseCheckInterval is a power of two: a delete looks for something to
	// merge only when the segment's count is a multiple of it, because looking
	// costs a miss on the sibling's header.
	sparseCheckInterval = 8

	// directoryHalveRatio and directorySmallWords: a directory halves when it has
	// this many words per segment, a small one whenever it can.
	directoryHalveRatio = 4
	directorySmallWords = 64

	// stickyOverflow is where an overflow counter stops moving.
	stickyOverflow = 255

	// dueLimit is the first due time that counts as never: a bucket keeps 56 bits.
	dueLimit = 1 << 56
	// groupWords is how many directory words share a bound of due times.
	groupWords = 16
	// harvestEntries and harvestBuckets bound what one call of TakeDue takes and
	// looks at; the last group, segment and bucket may exceed the second.
	harvestEntries = 64
	harvestBuckets = 512
	// randomDueTries is how many segments Sample draws before it searches.
	randomDueTries = 8

	// sampleTries is how many buckets Sample draws before it takes a random entry.
	sampleTries = 8

	// randomTries bounds how many random slots Random looks at before it scans.
	randomTries = 64
)

// fullBuckets are the full sizes by stagger: with their header line they are the
// arena's size classes 2304, 2560, ... 4096 bytes.
var fullBuckets = [8]uint8{35, 39, 43, 47, 51, 55, 59, MaxFullBuckets}
