// Package entry is the layout of one keyspace block: a key, its deadline, its
// access clock and its value, or the root of its value, in one arena block that
// holds no Go pointer.
//
// Terms
//
//	entry     one such block, named by its arena address
//	payload   the value's bytes inside the block; what they mean is the encoding's business
//	deadline  milliseconds since 1970 from which on the key counts as expired; 0 is none
//	clock     24 bits of access time (seconds) or, under LFU, minutes:16 | counter:8
//
// Layout, little endian, widths in bytes
//
//	 0        8           8+d         8+d+w      8+d+w+keyLen
//	┌────────┬───────────┬───────────┬──────────┬──────────────┐
//	│ header │ deadline  │ lengths   │ key      │ payload      │
//	│ 8      │ d = 0|8   │ w = 0|8   │ keyLen   │ payloadLen   │
//	└────────┴───────────┴───────────┴──────────┴──────────────┘
//
//	header, bits:  0..3 type | 4..7 encoding | 8..15 flags | 16..39 clock | 40..47 keyLen | 48..63 payloadLen
//	flags:         bit 0 deadline present | bit 1 wide lengths present
//	lengths:       keyLen uint32 | payloadLen uint32, present when keyLen >= 255 or payloadLen >= 65535;
//	               the header's own two fields are then 255 and 65535
//
// Invariants
//
//  1. The block's size is a function of the header and the wide lengths (Size), so a
//     block is freed without anybody remembering what was asked for.
//  2. An entry with the deadline flag has a deadline > 0.
//  3. Wide lengths are present exactly when the narrow fields cannot hold both.
//  4. Views (Key, Payload) are valid while the entry's shard lock is held and the
//     entry is not changed in size.
package entry
