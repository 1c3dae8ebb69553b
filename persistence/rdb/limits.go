package rdb

const (
	// DefaultVersion is what is written unless more is asked for: Redis 7.2 and later and
	// all Valkeys read it. OldestVersion is the oldest that can be written (Redis 7.0).
	DefaultVersion = 11
	OldestVersion  = 10
	// DeadlineVersion is the first version with deadlines of hash fields (Redis 7.4), and
	// the newest that is written.
	DeadlineVersion = 12

	// newestRedis is the newest version of Redis that is known to exist. What it adds to
	// ours is refused by type, not by version.
	newestRedis = 17
	// The versions of Valkey's own format. Those between Redis's and it are nobody's.
	oldestValkey = 80
	newestValkey = 80
	// checksumVersion is the first version with a checksum at the end.
	checksumVersion = 5

	// sourceBytes is the reader's buffer; it grows for larger strings only, and never to
	// more than twice of what has been read of them.
	sourceBytes = 256 << 10
	// partBytes is how much of a value the reader hands out at once.
	partBytes = 1 << 20
	// drainBytes is how much a Writer gathers before it writes.
	drainBytes = 256 << 10
	// keptBytes is how large a buffer may be to be kept for the next value.
	keptBytes = 1 << 20
	// maxEmptyReads is how often a reader may return nothing before it is given up.
	maxEmptyReads = 100

	// maxStringBytes bounds the claimed length of a string, so that sums cannot overflow, and no compressed one
	// takes more memory than any that can be kept.
	maxStringBytes = 1 << 32
	// maxDatabases bounds the number of a database.
	maxDatabases = 1 << 31
	// maxFieldDeadline is the latest deadline that Redis gives to a field of a hash.
	maxFieldDeadline = 1<<48 - 1

	// leastCompressed is the shortest string worth compressing; leastGain is how much
	// shorter it must become.
	leastCompressed = 21
	leastGain       = 4
	// easyBytes is up to which length a string in a payload is compressed only where that
	// is easy: a payload goes over a connection once, so what it costs to find a few bytes
	// less matters more than they do.
	easyBytes = 4 << 10
	// longestInt is the longest text that is tried as a 32-bit integer.
	longestInt = 11

	// maxListpack bounds listpacks that are written; Redis refuses to let them grow beyond.
	maxListpack = 1 << 30

	// largestKeys is how many keys a Report names.
	largestKeys = 10

	dumpFooter = 10 // version 2, checksum 8
)

// Limits are the thresholds, as the options of Redis have them, up to which a value is
// written packed.
type Limits struct {
	HashEntries, HashValue int // hash-max-listpack-*
	SetInts                int // set-max-intset-entries
	SetEntries, SetValue   int // set-max-listpack-*
	ZSetEntries, ZSetValue int // zset-max-listpack-*
	ListSize               int // list-max-listpack-size: elements, or below zero a class of bytes
	StreamNodeBytes        int // stream-node-max-bytes, 0: no limit
	StreamNodeEntries      int // stream-node-max-entries, 0: no limit
}

// DefaultLimits are Redis's.
var DefaultLimits = Limits{
	HashEntries: 512, HashValue: 64, SetInts: 512, SetEntries: 128, SetValue: 64,
	ZSetEntries: 128, ZSetValue: 64, ListSize: -2, StreamNodeBytes: 4096, StreamNodeEntries: 100,
}

// listNode returns how many bytes and elements a node of a list may have.
func (l *Limits) listNode() (bytes, elems int) {
	const safety = 8 << 10 // whatever the number of elements
	switch s := l.ListSize; {
	case s > 0:
		return safety, s
	case s == 0:
		return safety, 1
	default:
		return 4 << 10 << min(-s-1, 4), 1 << 30
	}
}
