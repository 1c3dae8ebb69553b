package store

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

	// eagerFreeChunks is how many 64 KB chunks of a string are freed at once; the
	// rest is the reaper's.
	eagerFreeChunks = 16
	// reapEntriesPerStep bounds how many entries the reaper frees per lock hold. A
	// step ends with a segment, so it may exceed this by one segment.
	reapEntriesPerStep = 256
	// reapChunksPerStep bounds how many chunks the reaper frees per lock hold.
	reapChunksPerStep = 16

	// trimInterval is how many insertions into a table lie between two looks for
	// empty pages.
	trimInterval = 256

	// slotShareBytes is what MEMORY USAGE counts for an entry's slot: 8 bytes at
	// the table's average load.
	slotShareBytes = 13
)
