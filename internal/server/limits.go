package server

import "time"

const (
	// endPoll is how often the server, at its end, looks whether it has to wait any longer.
	endPoll = 50 * time.Millisecond
	// unheardRest is how often a replica looks whether the stream may go on, while much waits to be delivered to its clients.
	unheardRest = time.Millisecond
	// workerCount is how many goroutines serve the slow lane.
	workerCount = 4
	// tickMs is how often a reactor at work does its housekeeping.
	tickMs = 100
	// startupBytes is what the server itself counts for against maxmemory.
	startupBytes = 1 << 20
	// usageStepShare and usageStepMaxBytes bound what one shard may keep from the sum
	// that is compared with maxmemory: 1/usageStepShare of it.
	usageStepShare    = 65536
	usageStepMaxBytes = 16 << 10
)
