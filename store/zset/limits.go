package zset

const (
	// leafMaxBytes and innerMaxBytes bound a tree's blocks: beyond them they split.
	leafMaxBytes  = 1024
	innerMaxBytes = 2048
	// A block below a quarter of its bound looks for a neighbour with which it fills at
	// most three quarters.
	sparseShare = 4
	// maxInlineBytes is the longest member or separator that stands in a tree's block; a
	// longer one has a block of its own.
	maxInlineBytes = 256
	// cutBits is how finely the place at which a block is cut varies.
	cutBits = 10
	// maxDepth bounds the levels of a tree; inner blocks have at least three children
	// when they split.
	maxDepth = 32
	// narrowMaxBytes is how many bytes of members a block with ends of 2 bytes can have.
	narrowMaxBytes = 1<<14 - 1

	// A removal of at least keepMinGone entries that leaves less than 1/keepShare of their
	// number builds the set anew from what is left.
	keepMinGone = 1000
	keepShare   = 3

	// What is asked for of a block before it is looked at, in cache lines: of a leaf for a
	// search its keys and ends, for a change all of an average one; of an inner block all of
	// an average one, since its children and counts are behind its keys.
	leafSearchLines = 5
	leafLines       = 11
	innerLines      = 24

	headerBytes = 4
	keyBytes    = 8
	childBytes  = 8
	countBytes  = 8
	stubBytes   = 12 // address 8 | length 4

	// maxCompactEntries bounds a compact set whatever the thresholds.
	maxCompactEntries = 1 << 20
)
