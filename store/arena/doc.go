// Package arena is the memory of the store: blocks outside the Go heap, named
// by 64-bit addresses instead of pointers, so that the garbage collector never
// scans data.
//
// # Terms
//
//	reservation  one range of address space per process (1 TB, or less where the
//	             kernel refuses), made at the first New and never unmapped.
//	Addr         a byte offset in the reservation; 0 is "none".
//	unit         4 KB of the reservation, the smallest thing the pool hands out.
//	pool         the one owner of all units: a buddy allocator under one mutex,
//	             the innermost lock of the process.
//	commons      a set of pages that several arenas share.
//	page         up to a power of two of units (4 KB .. 64 KB), aligned to it,
//	             that belong to one arena (or to a commons, see below) and are cut
//	             into blocks of one size class. Units that would hold no whole block are left out.
//	span         a run of units, of any length, that is one block: everything
//	             above MaxSmallBytes.
//	arena        the allocator of one shard; its lock is the shard's lock.
//	granule      64 KB; the least that is given back to the system in passing.
//	chunk        2 MB; the least that is given back while huge pages are on.
//	dirty        of a unit: it was handed out since it was last given back, so
//	             it may hold physical memory.
//
// # Layout
//
// Blocks have no header, and neither have pages: what the allocator knows about
// a page stands in side arrays, indexed by unit number. Thus a page of 4 KB
// holds exactly two blocks of 2 KB, blocks are naturally aligned, and the
// descriptors of neighbouring pages do not fight for the same cache sets, as
// headers at the start of each page would.
//
//	reservation   unit 0  unit 1      unit 16 .. 31 (a page of order 4)      span of 3 units
//	            +-------+-------+ ~ +--------+--------+--------+-----+~+ ~ +------+------+------+
//	            | never | page  |   | block  | block  | block  | bump →|   | one block          |
//	            +-------+-------+ ~ +--------+--------+--------+-----+~+ ~ +------+------+------+
//	state  (1 B)    0       1          5        5 ...  (order+1)              0x80     0     0
//	descs (16 B)  sentinel  desc       desc    -                              desc     -     -
//
//	desc        0       4       8     10     12     14      15      16
//	            +-------+-------+------+------+------+-------+-------+
//	            | next  | prev  | used | free | bump | class | order |
//	            +-------+-------+------+------+------+-------+-------+
//	next, prev  units of the neighbours in the ring of the arena's class
//	used        live blocks (of a span: used and free hold the length in units)
//	free        1 + offset/8 of the first free block; 0 none. A free block holds
//	            the same number of the next one in its first two bytes.
//	bump        offset/8 of the first block that was never handed out
//
//	Arena       per class: head of the ring | units held. In a ring the pages
//	            with room come before the full ones, except that the head itself
//	            may be full: Alloc moves on when it finds it so.
//
//	pool        free blocks of order o (4 KB << o): one bit each in a bitmap with
//	            64-way summaries, so that the lowest is found in five steps;
//	            buddies are bits next to each other and always merge.
//	            dirty: one bit per unit. granules, chunks: those that are free as
//	            a whole and hold a dirty unit; what is given back is taken from
//	            their high end.
//
// # Commons
//
// 256 shards times 40 sizes times 4 KB would be 40 MB for the first few thousand keys of
// mixed sizes, and 256 times three sizes 3 MB for the first key of each shard. So a class
// of small blocks begins as a guest in pages that arenas share (commons.go): with 1 KB
// in those of all arenas, then in those of a group, which a sixteenth of the arenas
// share, until it has what fills a page, or sixteen of them where blocks are larger than 64
// bytes. Only then does it take pages of its own. Blocks above 256 bytes do not go to a group.
//
//	page of a commons, 4 KB to 256 KB: the larger, the more of the class the commons holds
//	+--------+--------+-----+~+-----+--------+--------+~+----------------------------------+
//	| block  | block  | bump →|     | block  | whose  | | whose: 2 bytes for each place,   |
//	|   0    |   1    |       |     | n - 1  |   0    | | 2 * the arena's number + 1 in a  |
//	+--------+--------+-----+~+-----+--------+--------+~+ group's commons; 0 is nobody     |
//	                                                    +----------------------------------+
//
// A block there counts in Used and Pages of its arena with its own size; what is unused of
// such pages is in no arena's Pages, but in InUse. Each commons has a lock: few blocks of an
// arena with many are in one, and with few blocks the groups keep writers apart. An arena whose blocks
// come and go keeps some places, its spares, for which it needs no lock (spare.go). The commons of
// all keeps an empty page of each class, which no arena's Release gives back: TrimCommons does.
//
// # Moving blocks out of sparse pages
//
// Blocks have no header, so only their owners can move them. CloseSparse hides the
// sparse pages of a class from Alloc, if the class would do with fewer; the owners move
// what stands in them (Closed), and every page that runs empty goes back to the pool. A
// Gathering does the same with the emptiest pages of a commons, and tells whose their blocks are.
//
// # Huge pages
//
// SetHugePages(true) asks for 2 MB pages. Measured (BenchmarkRandomRead, 200 MB of
// 128-byte blocks in 256 arenas, a virtual machine with two EPYC cores): a random
// read that waits for the one before costs 165 ns instead of 200, or instead of
// 240-260 while other processes compete; reads that overlap, as those of the
// look-ahead do, cost 14 ns either way, to within the noise. Once the machine's
// memory is warm, filling takes about a quarter less time. Memory that was touched
// in small pages, or given back in pieces smaller than a chunk, keeps its small
// pages until the kernel collects them, so the switch belongs before the first
// Alloc. So that the kernel does not bring back what was given back, chunks that are free in
// part are kept from huge pages, see huge.go.
//
// # Guarantees
//
//   - A block whose class size (SizeOf) is a multiple of 64 is 64-byte aligned.
//     All classes above 512 bytes are multiples of 64; spans are aligned to
//     4 KB. Every block is 8-byte aligned.
//   - The contents of a fresh block are undefined.
//   - All memory below HighWater is readable at any time, for ever: freed memory
//     is given back by advice, never unmapped. Readers without a lock may read
//     rubbish there, but they never fault.
//   - The accounts are exact: Used is the sum of SizeOf over the live blocks,
//     Pages the sum of what the pool handed to this arena, and of its blocks in
//     commons.
//
// # Invariants
//
//   - A unit is free in the pool, or part of a page or span of one arena or commons, or
//     (while it is being given back) in the hands of the scavenger.
//   - No two free buddies of the same order.
//   - At most one empty page per class is kept by an arena, and none at all by
//     an arena in which nothing is live.
//
// With the invariants tag a freed block is mangled and checked again when it is
// handed out, a fresh block is filled with rubbish, and freeing twice, through
// another arena, or with a wrong size panics. Without the tag, sizes are told
// apart as far as the page allows.
package arena
