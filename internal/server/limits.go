package server

import "time"

const (
	// turnCommands bounds the commands of one connection in one reactor turn.
	turnCommands = 1024
	// desertedMs is for how long a command on a worker goes on when its client has shut down
	// its side of the connection.
	desertedMs = 1000
	// endGrace is what commands are given to end when the server does; those that have been told to
	// and do not are left behind.
	endGrace = 5 * time.Second
	// endPoll is how often what runs after that is told to end.
	endPoll = 100 * time.Millisecond
	// barAfter is for how long a script may keep the reactors from their gates.
	barAfter = 2 * time.Millisecond
	// workerCount is how many goroutines serve the slow lane.
	workerCount = 4
	// keepKeysEntries is the largest key buffer an executor keeps between batches.
	keepKeysEntries = 4096
	// keepScratchBytes is the largest handler scratch an executor keeps.
	keepScratchBytes = 1 << 20
	// errorPreviewBytes bounds what is shown of the error of a record that does not load.
	errorPreviewBytes = 128
	// keepTransactionBytes bounds the memory of a transaction that is kept for the next one.
	keepTransactionBytes = 16 << 10
	// queueChunkBytes and queueChunkMost are the first and the largest size of what the calls of a
	// transaction are kept in.
	queueChunkBytes = 512
	queueChunkMost  = 64 << 10
	// tickMs is how often an idle reactor wakes for its housekeeping.
	tickMs = 100
	// sessionBytes is about what an idle connection takes in user memory, mostly session and Conn (make bench-io).
	sessionBytes = 432
	// watchBytes, waiterBytes and waiterKeyBytes are about what a watched key, a blocked command and each key that it waits for take beside the names.
	watchBytes     = 192
	waiterBytes    = 512
	waiterKeyBytes = 320
	// sessionPageSlots is how many sessions share a page of the table by id.
	sessionPageSlots = 31
	// startupBytes is what the server itself counts for against maxmemory.
	startupBytes = 1 << 20
	// usageStepShare and usageStepMaxBytes bound what one shard may keep from the sum
	// that is compared with maxmemory: 1/usageStepShare of it.
	usageStepShare    = 65536
	usageStepMaxBytes = 16 << 10
	// evictStepsPerLook is how many entries are evicted between two looks at the clock.
	evictStepsPerLook = 8
	// lruUnitMs is the unit of the access clock under an LRU policy: 24 bits are 12 days.
	lruUnitMs = 64
	// lookAheadKeys is how many keys beyond the running command have their entries
	// touched: a few commands' time is as long as a miss takes.
	lookAheadKeys = 16
	// lookAheadWords, lookAheadPages and lookAheadRecords are how many calls from the
	// running one on have the three stages of touching their members behind them.
	lookAheadWords   = 12
	lookAheadPages   = 8
	lookAheadRecords = 4
	// aofTickMs is how often the server looks whether a rewrite of the AOF is due.
	aofTickMs = 100
	// monitorPostBytes is how much is kept for MONITOR within a batch before it is sent.
	monitorPostBytes = 16 << 10
)
