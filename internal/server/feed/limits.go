package feed

import "time"

const (
	// tick is how often is looked who is silent, and how many are good.
	tick = time.Second
	// writeBytes is how much of a copy is written at a time; each such piece may take repl-timeout.
	writeBytes = 64 << 10
	// fileBytes is the same for a copy that comes from a file.
	fileBytes = 1 << 20
	// streamBytes is how much of the stream is written at a time.
	streamBytes = 1 << 20
	// pace is the least time between two writes to a replica that have less than paceBytes, unless
	// somebody waits for its acknowledgement: a write costs as much as many calls.
	pace      = time.Millisecond
	paceBytes = 64 << 10
	// queuedChunks is how many pieces of a copy wait for a replica; spareChunks how many buffers are kept.
	queuedChunks = 2
	spareChunks  = 4
	// endWait is how long the end of a connection is waited for.
	endWait = time.Second
)
