package entry

import "math"

const (
	// MaxKeyBytes is the longest key: Redis's limit on any string.
	MaxKeyBytes = 512 << 20
	// MaxPayloadBytes is the most that a payload may hold inside the block.
	MaxPayloadBytes = math.MaxInt32

	// The narrow length fields' largest values say that the wide ones count.
	narrowKeyEscape       = 255
	narrowPayloadEscape   = 65535
	maxNarrowKeyBytes     = narrowKeyEscape - 1
	maxNarrowPayloadBytes = narrowPayloadEscape - 1
)
