package arena

const (
	unitShift = 12
	unitBytes = 1 << unitShift

	// reserveMaxBytes is what is asked of the kernel first; reserveMinBytes is
	// where the search by halving gives up.
	reserveMaxBytes = 1 << 40
	reserveMinBytes = 1 << 28

	// addrLimitBytes bounds every address for ever: tables store addr>>3 in 40 bits.
	addrLimitBytes = 1 << 43
	_              = uint64(addrLimitBytes - reserveMaxBytes)

	// MaxSmallBytes is the largest size served from pages; above it a block is a
	// span of 4 KB units.
	MaxSmallBytes = 16 << 10

	// MaxAllocBytes is the largest size of a single block.
	MaxAllocBytes = 1 << 30

	// fineMaxBytes is the end of the classes in 8-byte steps; above it there are
	// eight classes to each doubling.
	fineMaxBytes = 256

	// topOrder is the order of the largest pages (64 KB).
	topOrder = 4

	// growShare: a class takes a page no larger than 1/growShare of what it holds
	// already, so that unused tails stay a small share of it. For the many small
	// blocks of a keyspace the share is smaller (fineGrowShare): with huge pages an
	// unused tail is resident. Larger blocks would waste more inside small pages
	// than the tails cost.
	growShare     = 16
	fineGrowShare = 32

	// fineGrowBytes is the largest block to which fineGrowShare applies.
	fineGrowBytes = 512

	// guestMaxBytes is the largest class whose first blocks stand in shared pages.
	guestMaxBytes = MaxSmallBytes

	// guestAllBytes: so many bytes of a class stand in pages that all arenas share, the next
	// in those of a group, until they would fill a page. Blocks above guestGroupBytes stand in
	// those of all: there are few, and their pages are large.
	guestAllBytes   = 1024
	guestGroupBytes = 256

	// guestPages is how many pages blocks above guestPageBytes would fill before a class takes
	// one of its own. Where many sizes are in use, as in a cache, a shard has few blocks of each, and
	// half a page unused of each was a quarter of the memory.
	guestPages     = 16
	guestPageBytes = 64

	// commonsTopOrder is the order of the largest shared pages (256 KB).
	commonsTopOrder = 6

	// commonsGroups is how many groups of arenas there are: fewer leave fewer pages half
	// empty, more make it rarer that two writers meet at the lock.
	commonsGroups = 16

	// gatherSlackShare: what is gathered leaves this share of a page's places free in the others.
	// It looks at so many pages of a class at a time.
	gatherSlackShare = 4
	gatherLook       = 512

	// An arena keeps up to spareSlots places in shared pages, none of which is larger than its part of
	// spareBytes, once spareGone blocks, and spareTurns times those that it has there, have left them.
	spareSlots = 4
	spareBytes = 4608
	spareGone  = 64
	spareTurns = 16

	// keepOrder is the largest order of an empty shared page that is kept. A larger one is kept when its class has
	// been emptied keepTurns times.
	keepOrder = 2
	keepTurns = 16

	granuleOrder = 4
	chunkOrder   = 9
	chunkBytes   = unitBytes << chunkOrder

	// cacheMinBytes and cacheShare: free memory is kept resident up to the larger
	// of cacheMinBytes and 1/cacheShare of what is in use.
	cacheMinBytes = 2 << 20
	cacheShare    = 64

	// trimShare is the share of what is in use that Trim leaves.
	trimShare = 256

	// sparseShare: while huge pages are on, smaller pieces than chunks are given
	// back only when free resident memory exceeds 1/sparseShare of what is in use
	// (on top of the cache), because that breaks huge pages apart.
	sparseShare = 4

	// giveBackStepBytes bounds one call of madvise, so that neither page faults
	// nor allocations wait long behind it.
	giveBackStepBytes = 1 << 20

	// adviseStepBytes is how far ahead of the high water huge pages are asked for.
	adviseStepBytes = 32 << 20

	// plainChunks is how many chunks, from the first, are not to be huge before they are filled.
	plainChunks = 8

	// maxPlainChunks bounds the chunks that are kept from becoming huge pages: each may
	// divide the mapping in three, and the kernel allows 65,530 mappings to a process.
	maxPlainChunks = 8 << 10

	// releaseBatchPages bounds how many pages are returned under one hold of the
	// pool's lock.
	releaseBatchPages = 64
)
