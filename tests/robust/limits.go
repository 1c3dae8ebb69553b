package robust

import "time"

const (
	// awaitTimeout bounds the wait for a condition.
	awaitTimeout = time.Minute
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
	// then on a machine that is busy otherwise, in one of stormTries storms.
	stormCount = 400
	stormBound = 15 * time.Millisecond
	stormTries = 4
	// pubsubStormBytes are published, in messages of pubsubStormMessage, to each of pubsubStormListeners that do not read: at
	// most pubsubStormShare of it all, and pubsubStormSlack, is resident. A kernel takes up to pubsubKernelBytes of a listener's.
	pubsubStormBytes, pubsubStormMessage = 24 << 20, 16 << 10
	pubsubStormListeners                 = 8
	pubsubStormShare, pubsubStormSlack   = 1.1, 32 << 20
	pubsubKernelBytes                    = 12 << 20
	// idleMegabytes, or longIdleMegabytes, is the limit of memory of a server that was full and churned: idle, at most idleResidentShare of what its
	// allocator has is resident, and idleResidentSlack for all else. It is looked at every idleLookEvery.
	idleMegabytes     = 160
	longIdleMegabytes = 600
	idleResidentShare = 1.05
	idleResidentSlack = 24 << 20
	idleLookEvery     = 5 * time.Second
)
