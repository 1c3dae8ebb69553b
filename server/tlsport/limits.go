package tlsport

import "time"

const (
	// handshakeTimeout bounds a handshake from accept to the last message, waiting for
	// its turn included.
	handshakeTimeout = 10 * time.Second
	// maxPending is how many connections may be within their handshake; what comes on
	// top of them is closed at once.
	maxPending = 4096
	// maxRest bounds the pause of the gate after a unit, were the unit itself held up.
	maxRest = 5 * time.Millisecond
	// maxFileBytes bounds a file of certificates or a key.
	maxFileBytes = 16 << 20
	// maxIterations bounds the work that an encrypted key may ask for.
	maxIterations = 10_000_000
)
