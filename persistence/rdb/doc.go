// Package rdb reads and writes snapshots in Redis's format, RDB, and the payloads of DUMP
// and RESTORE, which are made of the same parts. It knows no store and no server: it has
// readers and writers of bytes on one side, keys and elements on the other.
// docs/format/rdb.md describes the format.
//
// # Terms
//
//	dialect   whose format it is where Redis and Valkey differ
//	type      the byte that says how a value is written; kind: what users call the type
//	body      the bytes of a value as they stand in the file
//	unit      what a value repeats in its body: an element, a pair, a node
//	packed    many elements in one string: listpack, ziplist, zipmap, intset
//	part      so many units of a large value; a small one is one part
//	payload   what DUMP returns: one value, the version of the format, a checksum
//	claim     a length or count that was read: nothing is allocated for it before so much
//	          of the input is there that it can be true
//
// # Reading
//
//	one goroutine                              others, by shard
//	io.Reader ─▶ Reader.Next ─▶ Item ──copy──▶ Decoder.Open, Next ... ─▶ build
//	             finds where values end        decompresses, unpacks, checks
//
// A Reader does as little as possible, since it alone must see every byte: it cuts values
// out by their lengths and adds up the checksum. A Decoder, of which there can be many,
// reads the elements. Values above a megabyte come in parts, so that neither holds a large
// one; what stands behind the entries of a stream (its groups) comes in one piece.
//
//	buf   │ done │ mark: Item's slices ... pos │ read ahead ... end │ free │
//
// # Writing
//
//	Encoder.String, Begin ... End ─▶ memory ─▶ Writer: checksum ─▶ io.Writer
//
// An Encoder only appends to memory; several may work beside each other, and Writer.Raw
// puts together what they made. It takes the elements of a value one after the other and
// packs what Redis would pack. The number of nodes of a list or stream stands before them:
// who can say how long the value is (Shape.Bytes, StreamInfo.Nodes) saves the encoder
// from gathering them.
//
// # Invariants
//
//  1. Memory is bounded by what was read: a buffer is at most twice the longest string in
//     it, and decompressed data at most lzfRatio times the compressed.
//  2. Whatever the input is, no function panics or runs longer than the input is long
//     (decompressed, where it is compressed).
//  3. When Next of a Decoder has returned false and Err is nil, every length, count and
//     end in the part was right.
//  4. What an Encoder writes, a Decoder reads as the same elements, and Redis of the
//     version that the file says, too.
//  5. Nothing is kept of what Item or Decoder return, and it is valid until the next call.
package rdb
