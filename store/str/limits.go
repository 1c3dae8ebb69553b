package str

const (
	// MaxEmbstrBytes is the longest string that SET stores as embstr.
	MaxEmbstrBytes = 44
	// MaxInlineBytes is the longest string that stands inside the entry's block.
	MaxInlineBytes = 64 << 10
	// ChunkBytes is the size of a chunk.
	ChunkBytes = 64 << 10
	// MaxIntDigits is the longest decimal int64, with its sign.
	MaxIntDigits = 20

	chunkShift    = 16
	intBytes      = 8
	chunkedBytes  = 20
	wordBytes     = 8
	minIndexWords = 4
)
