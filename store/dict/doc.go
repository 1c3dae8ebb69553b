// Package dict is Kring's hash table: extendible hashing over segments of
// cache-line buckets, pointer-free, all of its memory inside an arena. It is the
// table of keys; the members of large values have one of their own, store/slotted.
//
// # Terms
//
//   - entry: a block of the caller's, known here only by its arena address. The
//     caller's Ops compare it with a key and give its 64-bit hash.
//   - H40: the top 40 bits of a hash; they place the entry. A position is an H40
//     value: where a walk stands.
//   - tag: the low 16 bits of a hash; they tell candidates apart in a bucket.
//   - slot: one 64-bit word, an entry's address and tag. Bucket: eight slots, one
//     64-byte line. Segment: a header line and nb buckets. Directory: 2^g words,
//     indexed by the top g bits of the hash.
//   - depth: a segment of (local) depth d holds the hashes that share its top d
//     bits; 2^(g-d) adjacent directory words refer to it.
//   - full: the number of buckets at which a segment splits instead of growing.
//     Tables differ in it (the stagger), so that tables that fill alike do not
//     all split at the same moment and memory grows without a staircase.
//
// # Layout
//
//	slot       63           48 47      40 39                            0
//	          ┌───────────────┬──────────┬───────────────────────────────┐
//	          │ tag        16 │ meta   8 │ entry address >> 3         40 │
//	          └───────────────┴──────────┴───────────────────────────────┘
//	           empty iff the address bits are 0; meta is the bucket's overflow
//	           counter in slot 0; in slots 1 to 7 it is, from its low byte on, the
//	           bucket's bound of due times in 56 bits, 0 for none
//
//	directory  63               46 45  40 39                            0
//	word      ┌───────────────────┬──────┬───────────────────────────────┐
//	          │ nb             18 │ d  6 │ segment address >> 3       40 │
//	          └───────────────────┴──────┴───────────────────────────────┘
//	           a lookup needs nothing from the segment's header
//
//	Table.dir  63           48 47      40 39                            0
//	          ┌───────────────┬──────────┬───────────────────────────────┐
//	          │ g          16 │ 0      8 │ directory address >> 3     40 │
//	          └───────────────┴──────────┴───────────────────────────────┘
//	           0: the table has no memory
//
//	segment    ┌────────────┬──────────┬──────────┬─ ─ ─┬──────────┐
//	           │ header  64 │ bucket 0 │ bucket 1 │     │ bucket   │
//	           │            │       64 │       64 │     │ nb-1  64 │
//	           └────────────┴──────────┴──────────┴─ ─ ─┴──────────┘
//	header     version 8 | start 8 | count 4 | nb 4 | depth 4 | unused 4 | due 8 | parts 8 | passing 8 | unused 8
//
// # Placement
//
// Within a segment of depth d, r = H40<<d (40 bits) and the home bucket is
// (r>>8)*nb >> 32. Directory index and home bucket both rise with the hash, so
// going through them in order is going through the hashes in order, whatever the
// geometry of the moment: a walk that stands at a hash survives every split and
// merge.
//
// An entry whose home bucket is full goes to the next bucket with room, wrapping
// within the segment. Each bucket that it passed counts it in its overflow
// counter; a lookup goes on to the next bucket only while that counter is not 0,
// and a delete counts down again. A counter that reached 255 no longer moves
// (sticky) until the segment is rebuilt.
//
// # Growth
//
// The first segment starts with one bucket and roughly doubles up to full;
// then it splits when more than 7/8 of its slots are taken. Splitting the deepest
// segment doubles the directory. A directory may not outgrow the number of entries
// (limits.go): where hashes are so alike that splitting does not part them, the
// segment grows beyond full instead. It works, at the speed of a linear scan, up to
// MaxBucketsPerSegment; hashes with a random seed never come near it.
//
// Sibling segments merge when together they would fill less than half of the split
// limit; a lone sparse segment shrinks; a directory whose last bit no segment uses
// halves.
//
// # Due times
//
// Where Ops.Due is given, buckets, segments and groups of 16 directory words each keep
// a lower bound of the due times of the entries in them: a bucket in bits of its
// slots that nothing else uses, a segment in its header, a group behind the directory
// (a segment of several groups counts in the one where it begins). An entry that is
// inserted, or is due earlier than before, lowers them (NoteDue); one that is deleted or
// is due later leaves them, and so they may be too low. TakeDue goes only where a bound
// has passed; what it finds there it takes, and where nothing is left to take it computes
// the bound anew. So the index takes no memory per entry, holds no address that a move
// would have to change, and leaves nothing behind when due times come and go.
//
// A Table is made of parts, one on top of the other: directory (who looks: Find, Walk, Random,
// the look-ahead), dueIndex (what is due, and Sample), and the table that changes.
//
// # Concurrency
//
// The caller's lock covers everything but Home, Peek and TouchEntry, which run
// without it: they load the directory word atomically, check every address that
// they read against arena.HighWater, and give their result no meaning. They may
// read memory that was freed long ago; the reservation is never unmapped. Whether
// the slot they came to is one of the table's can be told under the lock (Stamp).
//
// # Invariants (Check)
//
//  1. The 2^(g-d) directory words of a segment are equal, aligned and adjacent;
//     they agree with its header; no segment has d > g.
//  2. Every entry lies in the segment of its hash, its slot has its tag, and it is
//     in its home bucket or in a bucket after it, all buckets between being counted.
//  3. An overflow counter equals the number of entries that passed its bucket,
//     unless it is 255. Without Ops.Due other meta bytes are 0.
//  4. The counts of segments, their sum, the number of segments, of segments
//     with d = g, and of bytes are exact.
//  5. No entry is due before the bound of its bucket, its segment, its group.
package dict
