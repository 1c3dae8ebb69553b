package stream

const (
	// MaxElementBytes bounds the fields and values of one entry together, as in Redis.
	MaxElementBytes = 1<<30 - 1<<20

	// maxRecords is the size of a full tree block, minRecords that of the smallest. Sizes
	// are one less than a power of two: with its header a block fits the arena's classes.
	maxRecords = 63
	minRecords = 1

	// maxLevels bounds the height of a tree: a split leaves at least 31 records, so that
	// ten levels stand for more records than the address space has bytes.
	maxLevels = 10

	// firstNodeBytes is what is asked for a node that is begun, at least.
	firstNodeBytes = 128

	// maxRoomBytes bounds what a node is taken to need that follows one which is larger.
	maxRoomBytes = 32 << 10

	// maxNodeBytes bounds what is added to a node that has entries. A number of 20 digits
	// takes 10 bytes in Redis's nodes, from which the options' bound is counted.
	maxNodeBytes = 1 << 29

	// minNames is the size of the smallest table of names.
	minNames = 2

	// MaxDeliveries is where the delivery count of a pending entry saturates.
	MaxDeliveries = 1<<40 - 1

	// maxVarintBytes is the length of the longest variable-length number.
	maxVarintBytes = 10

	// singleVarint is the smallest number that takes more than one byte.
	singleVarint = 1 << 7
)
