package server

import "time"

const (
	// endGrace is what commands are given to end when the server does; those that have been told to
	// and do not are left behind.
	endGrace = 5 * time.Second
	// endPoll is how often what runs after that is told to end.
	endPoll = 100 * time.Millisecond
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
	// aofTick is how often the server looks whether a rewrite of the AOF, or a snapshot, is due while
	// it is not at work; when it is, it looks in each pulse.
	aofTick = time.Second
)
