package server

const (
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
