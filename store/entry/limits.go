package entry

import "math"

const (
	// MaxKeyBytes is the longest key: Redis's limit on any string.
	MaxKeyBytes = 512 << 20
	// MaxPayloadBytes is the most that a payload may hold inside the block.
	MaxPayloadBytes = math.MaxInt32

	maxNarrowKeyBytes     = 254
	maxNarrowPayloadBytes = 65534
)
