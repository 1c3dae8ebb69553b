// Package str is the string type: the only place that knows how a string is kept.
//
// Terms
//
//	form     how a value is represented: int, inline or chunked
//	inline   the payload is the string's bytes; the encoding is Embstr or Raw, which only
//	         OBJECT ENCODING shows: SET of at most 44 bytes is Embstr, what APPEND, SETRANGE
//	         and SETBIT made is Raw, whatever its length
//	chunk    64 KB of a long string; the last one is as long as the rest of the string
//	hole     a chunk that was never written: its bytes are zero and it has no memory
//
// Layout of the payload, little endian, widths in bytes
//
//	Int      │ int64 8 │
//	Embstr   │ bytes, 0..44 │
//	Raw      │ bytes, 0..64 KB │
//	Chunked  │ length 8 │ index address 8 │ index capacity 4, in words │
//	                          │
//	                          ▼
//	         index     │ chunk 0 │ chunk 1 │ ... │ chunk n-1 │ unused words │    8 each
//	                        │         └ 0: a hole
//	                        ▼
//	         chunk     │ 64 KB of bytes │
//
// Thresholds
//
//	a decimal int64 in its shortest form   Int        (SET and the like; arithmetic keeps it)
//	up to 44 bytes                         Embstr     (SET and the like)
//	up to 64 KB                            Raw
//	more                                   Chunked    (never goes back: strings do not shrink in place)
//
// Invariants
//
//  1. A chunked string of length L has n = ceil(L/64 KB) chunks and L > 64 KB.
//  2. Chunk i < n-1 is a hole or a block of 64 KB; chunk n-1 is a hole or a block whose
//     size class is that of the rest L - 64 KB*(n-1).
//  3. Index words at and beyond n are undefined; capacity >= n.
//  4. No operation copies more than one chunk, or the index, because of growth.
//
// A function that may move the entry returns the entry as it is now; the caller puts
// it into the table. All of them need the shard lock of the arena.
package str
