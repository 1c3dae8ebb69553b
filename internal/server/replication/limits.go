package replication

const (
	// blockBytes is the size of a block.
	blockBytes = 64 << 10
	// spareBlocks is how many blocks wait to be used again.
	spareBlocks = 4
	// maxViews is how many views Reader.Next returns at most.
	maxViews = 32
	// idDigits is the length of an id.
	idDigits = 40
	// mostPID is more than the number of any process, where whether one lives can be told: what has a larger number, such as a
	// date, is a user's file.
	mostPID = 1 << 22
)
