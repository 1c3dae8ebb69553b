package follow

import "time"

const (
	// restFirst is how long a link rests after an error, then twice as long each time, restMost at most.
	restFirst = 20 * time.Millisecond
	restMost  = time.Second
	// beat is how often the primary is told that the replica lives.
	beat = time.Second
	// readBytes is how much is read at a time, at least.
	readBytes = 64 << 10
	// keepInputBytes is how large an input buffer is kept that a long call has made grow.
	keepInputBytes = 1 << 20
	// mostLineBytes bounds a line of the handshake.
	mostLineBytes = 64 << 10
	// mostQuotedBytes bounds what the log shows of it.
	mostQuotedBytes = 200
	// trustedBytes is how much room is made for a call on the word of its head; a larger one gets more
	// as it comes, so that a head which lies costs no memory.
	trustedBytes = 64 << 20
	// markBytes is the length of the mark behind a full copy of unknown length.
	markBytes = 40
	// refreshTimeout is how often the deadline of a read is moved at most.
	refreshTimeout = time.Second
	// keptSlots is how many arguments of calls have room that is kept.
	keptSlots = 4096
	// reportInterval is how often the log hears how far a full copy is.
	reportInterval = 5 * time.Second
)
