package tracking

const (
	// forgetSteps is by how many keys one that is remembered brings tracking-table-max-keys nearer.
	forgetSteps = 8
	// shrinkStep is how many keys of a shard are forgotten before its lock is let go of.
	shrinkStep = 32
	// maxHeldBytes bounds the invalidations that wait for a reply.
	maxHeldBytes = 1 << 20
	// keepOwnBytes is the largest buffer for a caller's own invalidations that is kept.
	keepOwnBytes = 1 << 20
	// prefixBytes is about what a prefix of a client takes beside its name, itemBytes what a table has
	// of each of a key's readers.
	prefixBytes = 640
	// invalidationBytes is what one that waits takes beside its keys.
	invalidationBytes = 64
	itemBytes         = 4
)
