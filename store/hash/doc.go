// Package hash is the hash type: the only place that knows how a hash is kept.
//
// Terms
//
//	packed    the fields stand one after the other in the payload (package packed)
//	short     a packed hash of few fields and bytes that is a hash table for clients
//	full      the fields are records of a hash table (package slotted); the payload is its root
//	deadline  of a field: milliseconds since 1970 from which on it counts as expired, 0 none
//	expired   a field whose deadline has come. Reading functions take the time and do not
//	          show it; ExpireFields takes it away
//	nearest   no field's deadline is before it; 0 says that no field has one
//	index     of a full hash with deadlines: per 2^k ranges of the fields' hashes the earliest
//	          deadline within, so that expiring some fields of many does not visit all
//
// Layout of the payload, little endian, widths in bytes
//
//	Listpack     │ count 2 │ field │ value │ field │ value │ ...
//	ListpackEx   │ count 2 │ nearest 8 │ field │ value │ deadline 8 │ field │ value │ deadline 8 │ ...
//	PackedTable  as Listpack
//	Hashtable    │ slotted.Table 40 │ nearest 8 │ index 8: k << 56 | address >> 3 │
//	                                              │
//	                                              ▼
//	index        │ earliest deadline 8 │ ...           2^k, math.MaxInt64: none
//
// Thresholds
//
//	up to Limits.Entries fields, none of them and no value above Limits.ValueBytes   Listpack
//	the same, and some field has or had a deadline                                   ListpackEx
//	more, but up to shortFields fields, shortBytes of payload, and no deadlines      PackedTable
//	more                                                                             Hashtable
//
// A hash never goes back.
//
// Invariants (Check)
//
//  1. No field stands twice. count is the number of fields, expired ones included; a hash in
//     the keyspace has at least one.
//  2. nearest and the words of the index are lower bounds: they may be too early, after a
//     field or its deadline went, never too late. With deadlines nearest is not 0.
//  3. A full hash has an index if and only if a field had a deadline since ExpireFields last
//     met none.
//
// A function that may move the entry returns the entry as it is now; the caller puts it
// into the table (Store.Settle). All functions need the shard lock of the arena. Fields and
// values that are given must not be views of the hash; those that are returned are.
package hash
