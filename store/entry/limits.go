package entry

import (
	"math"

	"github.com/kringdb/kring/store/arena"
)

const (
	// MaxKeyBytes is the longest key: Redis's limit on any string.
	MaxKeyBytes = 512 << 20
	// MaxPackedBytes bounds the elements of a set, a sorted set or a hash that stand in the entry's own block, whatever the thresholds say.
	MaxPackedBytes = 1 << 26
	// MaxElementBytes bounds a key and an element of a value, of a hash a field and its value together: each stands in one block,
	// beside what little the types note of it, and a key beside a payload.
	MaxElementBytes = arena.MaxAllocBytes - 2*MaxPackedBytes
	// MaxPayloadBytes is the most that a payload may hold inside the block.
	MaxPayloadBytes = math.MaxInt32

	// The narrow length fields' largest values say that the wide ones count.
	narrowKeyEscape       = 255
	narrowPayloadEscape   = 65535
	maxNarrowKeyBytes     = narrowKeyEscape - 1
	maxNarrowPayloadBytes = narrowPayloadEscape - 1
)
