package slotted

const (
	// MaxInlineBytes is the longest key and the longest value that stand in a page;
	// longer ones have a block of their own.
	MaxInlineBytes = 512

	// minSplitBytes: a page splits in two when its content exceeds a limit of its own
	// between this and twice as much.
	minSplitBytes = 1400

	// windowSlots is how many slots a lookup compares without a branch. The count of
	// records before a tag is off by the square root of theirs, so a page of 50 to 100
	// needs it rarely larger.
	windowSlots = 16

	// hintedWords is the most directory words of one page whose hint is kept exact.
	hintedWords = 16

	// maxPageBytes bounds a page that cannot be split: offsets have 16 bits.
	maxPageBytes = 64 << 10

	// slackShare: a page is made with room for 1/slackShare more than it holds.
	slackShare = 16

	// roomShare: a page of a table that is being filled is made with room for 1/roomShare more.
	roomShare = 4

	// mergeBytes: siblings merge when together they hold at most this.
	mergeBytes = minSplitBytes * 2 / 3

	// wasteShare and wasteMinBytes: a delete that leaves more than 1/wasteShare of a
	// page and wasteMinBytes unused makes the page smaller or merges it.
	wasteShare    = 4
	wasteMinBytes = 64

	// MaxDepthBits bounds the directory to 16 Mi words. A tag has 16 bits more, and
	// together they are a position.
	MaxDepthBits = positionBits - tagBits

	// directoryShare: a directory doubles only while it is at most 1/directoryShare
	// of the pages' bytes afterwards; until then pages grow beyond their limits.
	// Evenly spread hashes need about 1/80.
	directoryShare = 8

	// A table of vacatePages or more lets pages of at least vacateBlockBytes leave an arena
	// page of which at most 1/vacateShare is in use.
	vacatePages      = 64
	vacateBlockBytes = 1024
	vacateShare      = 2

	// minPeekBytes is the least distance from the end of its page at which a record is
	// looked at that may be none.
	minPeekBytes = 8

	// randomTries is how many pages Random draws before it takes the next that is not empty.
	randomTries = 64

	// directoryHalveRatio and directorySmallWords: a directory halves when it has
	// this many words per page, a small one whenever it can.
	directoryHalveRatio = 8
	directorySmallWords = 64
)
