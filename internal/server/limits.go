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
	// workerCount is how many goroutines serve the slow lane.
	workerCount = 4
	// tickMs is how often an idle reactor wakes for its housekeeping.
	tickMs = 100
	// sessionBytes is about what an idle connection takes in user memory, mostly session and Conn (make bench-io).
	sessionBytes = 432
	// sessionPageSlots is how many sessions share a page of the table by id.
	sessionPageSlots = 31
	// startupBytes is what the server itself counts for against maxmemory.
	startupBytes = 1 << 20
	// usageStepShare and usageStepMaxBytes bound what one shard may keep from the sum
	// that is compared with maxmemory: 1/usageStepShare of it.
	usageStepShare    = 65536
	usageStepMaxBytes = 16 << 10
	// aofTickMs is how often the server looks whether a rewrite of the AOF is due.
	aofTickMs = 100
)
