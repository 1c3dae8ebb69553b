package tlsport

import "time"

const (
	// handshakeTimeout bounds a handshake from accept to the last message, waiting for
	// its turn included.
	handshakeTimeout = 10 * time.Second
	// maxPending is how many connections may be within their handshake; for what comes on
	// top of them the oldest are closed.
	maxPending = 4096
	// workBurst is how long units may run without a rest of the gate, which is half as
	// long; maxRest bounds it, were a unit held up.
	workBurst = 2 * time.Millisecond
	maxRest   = 5 * time.Millisecond
	// acceptWork is what a connection costs before its handshake begins.
	acceptWork = 100 * time.Microsecond
	// maxFileBytes bounds a file of certificates or a key.
	maxFileBytes = 16 << 20
	// maxIterations bounds the work that an encrypted key may ask for.
	maxIterations = 10_000_000
)
