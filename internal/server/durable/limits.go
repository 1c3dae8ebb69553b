package durable

import "time"

// The limits of AOF and snapshots.
const (
	// EndGrace is what commands are given to end when the server does; those that have been told to
	// and do not are left behind.
	EndGrace = 5 * time.Second
	// cutAfter is how long a transaction may go on when it was told to end, before it is cut.
	cutAfter = EndGrace / 2
	// endPoll is how often what runs after that is told to end.
	endPoll = 100 * time.Millisecond
	// aofTick is how often the server looks whether a rewrite of the AOF, or a snapshot, is due while
	// it is not at work; when it is, it looks in each pulse.
	aofTick = time.Second
	// saveRetrySeconds is how long the save points wait after a snapshot that failed.
	saveRetrySeconds = 5
	// endSaveRetry is how long the end of the server waits after one.
	endSaveRetry = 2 * time.Second
)
