package durable

import "time"

// The limits of AOF and snapshots.
const (
	// endGrace is what commands are given to end when the server does; those that have been told to
	// and do not are left behind.
	endGrace = 5 * time.Second
	// endPatience is how long the end by a signal waits, without an AOF, for transactions and scripts that have written.
	endPatience = time.Minute
	// endPoll is how often what runs after that is told to end.
	endPoll = 100 * time.Millisecond
	// aofTick is how often the server looks whether a rewrite of the AOF, or a snapshot, is due while
	// it is not at work; when it is, it looks in each pulse.
	aofTick = time.Second
	// aofRest is how often it looks while nothing has changed: a change need not be followed by a pulse. A primary's stream
	// makes none, and one that comes soon after another wakes nobody.
	aofRest = 5 * time.Second
	// saveRetrySeconds is how long the save points wait after a snapshot that failed.
	saveRetrySeconds = 5
	// endSaveRetry is how long the end of the server waits after one.
	endSaveRetry = 2 * time.Second
)
