// Package slotted is the hash table of the large hashes and sets and of the members of
// large sorted sets: extendible hashing over pages of packed records, so that an
// element costs about seven bytes more than its own.
//
// # Terms
//
//   - record: a key and what it carries; a table's mode says what that is: nothing
//     (Keys), 8 bytes (Words), any bytes and perhaps a deadline (Values).
//   - page: one arena block of records. It grows by small steps as records come and
//     splits in two when its content exceeds its limit, 1.4 to 2.8 KB.
//   - directory: 2^g words, indexed by the top g bits of the hash. A page of (local)
//     depth d holds the hashes that share its top d bits; 2^(g-d) adjacent words refer
//     to it.
//   - tag: the 16 bits of the hash after those d. Position: the top 40 bits of a hash;
//     where a walk stands.
//   - outside: a key or value above MaxInlineBytes has a block of its own.
//
// # Layout, widths in bits, then in bytes
//
//	Table.dir  63  56 55   48 47  40 39                            0
//	          ┌──────┬───────┬──────┬───────────────────────────────┐
//	          │ mode │ g     │ 0    │ directory address >> 3     40 │ address 0: no memory
//	          └──────┴───────┴──────┴───────────────────────────────┘
//	directory  63       53 52  48 47   37 36                         0
//	word      ┌───────────┬──────┬───────┬────────────────────────────┐
//	          │ capacity  │ d    │ hint  │ page address >> 6       37 │
//	          │ /64    11 │    5 │    11 │                            │
//	          └───────────┴──────┴───────┴────────────────────────────┘
//	hint      about the count, so that a lookup does not wait for the header
//
//	page      ┌────────────────────────────┬────────┬─   ─┬──────┬─   ─┬────────┬────────┐
//	          │ count 2 heap 2 dead 2 – 2  │ slot 4 │ ... │ free │ ... │ record │ record │
//	          └────────────────────────────┴────────┴─   ─┴──────┴─   ─┴────────┴────────┘
//	           slots, in the order of tags ──►              ◄── the heap, in any order
//	slot      tag 16 | offset 16: bytes from the record's first one to the page's end,
//	          which stays when the page moves into a block of another size
//
//	record    ┌────────────┬──────────────┬────────────────┬───────┬────────────────┐
//	          │ key length │ value length │ deadline 0|8   │ key   │ value          │
//	          │ 1          │ Values: 1    │ ms since 1970  │       │ Words: 8       │
//	          └────────────┴──────────────┴────────────────┴───────┴────────────────┘
//	key length    0..239, or 0xF0|flags and 2 bytes of length: always if a flag is set
//	value length  0..254, or 0xFF and 2 bytes of length
//	flags         1 the key, 2 the value is outside: there stand instead of it its
//	              address 8 and its length 4 | 4 the deadline is there
//
// # How it works
//
// A lookup takes the directory word, a few slots and the record: where the table is
// larger than the cache, two misses one after the other. Slots are in the order of tags
// and hashes are even, so the tag itself tells where in the array it is, give or take
// the square root of the count: no search tree, no second hash structure, and the order
// of pages and slots is the order of hashes. A walk that stands at a hash survives every
// split and merge, as in store/dict (ADR 0007).
//
// Pages of a table grow in step and would leave one size class of the arena after the
// other half empty: measured, 28 to 33 bytes held per member of 16 bytes where 22.5 are in
// use. Each page has another limit, and who frees a block takes its neighbours along
// (reshape.go): 24 to 27.
//
// A record that leaves or changes its size leaves a hole; holes go when the page is
// rebuilt: for want of room, or because a delete left too much unused. A page whose
// hashes cannot be split apart grows up to 64 KB; hashes have a random seed, so nobody
// can bring that about.
//
// # Invariants (Check)
//
//  1. The 2^(g-d) directory words of a page are equal, aligned and adjacent; no page
//     has d > g; a capacity is a size class of the arena and a multiple of 64.
//  2. Every record is in the page of its hash, under its tag; slots are in the order
//     of tags.
//  3. heap is the bytes of all records since the page was built, dead of those that are
//     no more; header, slots and heap fit the page.
//  4. The root's sums of records, bytes, pages, deepest pages, deadlines and blocks
//     outside are exact. A table without records has no memory.
package slotted
