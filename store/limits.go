package store

import "time"

const (
	// MaxShards is the size of a ShardSet; a SCAN cursor leaves room for more.
	MaxShards = 256
	// DefaultShards is the number of shards unless Options says otherwise.
	DefaultShards = 256
	// MaxDatabases bounds Options.Databases.
	MaxDatabases = 1 << 14
	// DefaultDatabases is Redis's default.
	DefaultDatabases = 16

	// cursorShardShift places the shard in a SCAN cursor, above the 40-bit position.
	cursorShardShift = 40
	cursorPosMask    = 1<<cursorShardShift - 1

	// lookSpins is how often who only wants to count a shard looks for its lock before it rests for lookPause:
	// it must not wait for the lock in turn, since a script might get it before.
	lookSpins = 50
	lookPause = 20 * time.Microsecond

	// eagerFreeBlocks is how many arena blocks of a value are freed at once; the
	// rest is the reaper's.
	eagerFreeBlocks = 16
	// reapEntriesPerStep bounds how many entries the reaper frees per lock hold. A
	// step ends with a segment, so it may exceed this by one segment.
	reapEntriesPerStep = 256
	// reapBlocksPerStep bounds how many blocks of a value the reaper frees per lock hold.
	reapBlocksPerStep = 64

	// expireWorkPerStep bounds what ExpireStep does per lock hold, in cache lines that
	// it looks at; a deleted entry counts as expireEntryWork of them. The work of one
	// TakeDue may be on top.
	expireWorkPerStep = 1024
	expireEntryWork   = 8

	// foreignRest is after how many milliseconds an entry of a foreign slot that is due is looked
	// at again.
	foreignRest = 1000

	// compactMinBytes is the waste of a shard below which nothing is moved.
	compactMinBytes = 32 << 10
	// compactSharedBytes is the same for the pages that shards share.
	compactSharedBytes = 1 << 20
	// compactWorkPerStep bounds what the compactor does per lock hold, in entries that it
	// looks at; a block that it moves counts as compactMoveWork of them.
	// compactBlocksPerStep bounds how many blocks of values in one segment it moves.
	compactWorkPerStep   = 1024
	compactMoveWork      = 4
	compactBlocksPerStep = 256

	// evictPoolEntries is how many candidates an evictor remembers, evictShardTries how
	// many shards it looks into before it looks into all.
	evictPoolEntries = 16
	evictShardTries  = 8
	// evictDatabasesAge is how many steps an evictor trusts its list of databases.
	evictDatabasesAge = 64

	// largeValueBytes is how much a value holds outside its entry when it is handed over to a
	// snapshot by portions, rebuiltValueBytes the same for those of a segment that is going to be rebuilt:
	// there are up to 400 of them.
	largeValueBytes   = 64 << 10
	rebuiltValueBytes = 4 << 10
	// stepBytes is how much of the bytes of entries a snapshot's step hands over, about.
	stepBytes = 256 << 10

	// trimInterval is how many insertions into a table lie between two looks for
	// empty pages.
	trimInterval = 256

	// slotShareBytes is what MEMORY USAGE counts for an entry's slot: 8 bytes at
	// the table's average load.
	slotShareBytes = 13

	// hiddenTries is how many keys RandomKey draws before it gives up, while those that have
	// expired are hidden.
	hiddenTries = 100
)
