// Package image turns entries of the store into objects of Redis's snapshots, and back. It
// is between the store, which knows no formats, and package rdb, which knows no store: DUMP
// and RESTORE, snapshots, and the base of an AOF go through it.
//
// # Terms
//
//	image     a value as package rdb writes and reads it, with what is known of its key
//	part      so much of a large value as the reader hands out at once
//	clock     an entry's access clock; an image has idle seconds or a counter of accesses
//
// # Layout
//
//	entry ─ Exporter.Write ─▶ rdb.Encoder ─▶ bytes
//	                                           │
//	keyspace ◀─ Adopt ─ Importer.Part ◀─ rdb.Decoder
//	                       └ Drop, if a part was damaged
//
// # Invariants
//
//  1. A value becomes visible when it is whole: Importer builds it outside the keyspace.
//  2. Whatever an image holds, it becomes an error or a valid value: an element that occurs
//     twice is an error, as in Redis.
//  3. What was exported is imported with the same elements, order, deadlines and encoding.
package image
