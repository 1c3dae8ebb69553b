package robust

import "time"

const (
	// awaitTimeout bounds the wait for a condition.
	awaitTimeout = 20 * time.Second
	// awaitInterval is the pause between two looks at it.
	awaitInterval = 10 * time.Millisecond
	// pipelineCommandsCount is the length of a long pipeline.
	pipelineCommandsCount = 100_000
	// largeValueBytes is the size of a large value.
	largeValueBytes = 64 << 20
	// deafLimitBytes is the output limit given to a client that never reads, and
	// deafSlackBytes what the server may use beyond it (socket buffers are the kernel's).
	deafLimitBytes, deafSlackBytes = 8 << 20, 64 << 20
	// idleConnectionsCount connections are opened to weigh one; idleConnectionBytesMax
	// is what it may weigh in the server's memory, idleGoroutineBytesMax when a goroutine
	// serves it, whose stack stays as large as its commands needed it until the next GC.
	idleConnectionsCount, idleConnectionBytesMax = 2000, 6 << 10
	idleGoroutineBytesMax                        = 24 << 10
	// besideMillisMax is the longest a client may wait while another runs a slow command.
	besideMillisMax = 300
	// stayBlockedTime is how long a blocked client must hear nothing to count as blocked.
	stayBlockedTime = 100 * time.Millisecond
	// timeoutTriesCount timeouts are measured; the best one may be late by timeoutLateMax.
	timeoutTriesCount = 5
	timeoutLateMax    = 10 * time.Millisecond
	// halfOpenCount connections never complete their TLS handshake.
	halfOpenCount = 300
	// stormCount handshakes come at once; stormBound is what a plain client's p99 may be
	// then on a machine that is busy otherwise.
	stormCount = 400
	stormBound = 15 * time.Millisecond
)
