package snapshot

import "time"

const (
	// stepEntries is how many entries one step of a copy visits under a shard's lock, about.
	stepEntries = 128
	// chunkBytes is the size of a buffer; it counts as full when fullBytes of it are used.
	// Each shard has one that is being filled: what that costs a small store counts.
	chunkBytes = 8 << 10
	fullBytes  = 6 << 10
	// drainBytes is from when on all buffers are taken before the next step.
	drainBytes = 2 << 20
	// takeBytes is about how much Next returns at once.
	takeBytes = 1 << 20
	// leastAllowance is what a copy may take in any case; of a larger store it is
	// allowancePercent of the bytes in use.
	leastAllowance   = 32 << 20
	allowancePercent = 15
	// reportInterval is how often the log is told how far a job is.
	reportInterval = time.Second
	// syncBytes is how much of a file is written between two syncs beside the writing.
	syncBytes = 4 << 20

	// lookItems is after how many items the loader says how far it is, and looks whether it is to go on.
	lookItems = 256
	// batchItems and batchBytes are how much the loader hands to a worker at once;
	// queuedBatches is how many wait for each.
	batchItems    = 2048
	batchBytes    = 256 << 10
	queuedBatches = 2
	// aheadItems is how many items' places a worker asks for at once.
	aheadItems = 16
	// partBytes is how much of a large value the loader hands to a worker at once; aheadParts
	// is how many such parts wait: enough for others to go on while one builds a large value.
	partBytes  = 128 << 10
	aheadParts = 256
	// leastKeyBytes is how much of a file a key is expected to take, at least, when the file
	// says how many there are.
	leastKeyBytes = 16
)
