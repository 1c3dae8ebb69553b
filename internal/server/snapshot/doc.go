// Package snapshot copies the store while it changes, to files in Redis's format or in any
// other form, and loads such files. It knows neither sessions nor executors: whoever has a
// server brings the cut at which a copy begins.
//
// # Terms
//
//	copy      the entries of a snapshot of the store, on their way to a file
//	form      how entries are written: as images of RDB, or as commands
//	buffer    what a shard's entries have been written to, before it goes to the file
//	pending   bytes in all buffers: what the copy costs in memory
//
// # Copying
//
//	who changes an entry that was not copied ─┐
//	                                          ├─▶ form ─▶ buffer of the shard ─▶ Copy.Next ─▶ file
//	Copy.Next: its own steps ─────────────────┘            under the shard's lock
//
// A large value comes by portions of some tenths of a millisecond. In steps of Next it goes straight on: Next
// gives nothing else until it has all of it. All that is small has been handed over by then, so that little gathers
// meanwhile. By who is going to change it, on a worker, it goes to buffers of its own, which follow those of its shard
// when they have all of it.
//
// Nobody waits for the file but who writes it. If more is handed over than can be written,
// and it becomes more than the copy may take, the copy ends with an error: then nobody
// hands over any more.
//
// # Loading
//
//	one goroutine                         so many workers as processors
//	              ┌▶ batch of small values ─▶ by shard ─▶ image.Importer ─▶ keyspace
//	rdb.Reader ─▶─┤
//	              └▶ part of a large value ────────────▶ image.Importer ─▶ keyspace
//	                                      so many others, one for all parts of a value
//
// Nothing is copied on the way: the reader shares its memory. A worker brings the values of its
// batch into the order of their shards, and locks each shard once. The tables have been given
// room for the keys that the file says it has. Files that are merged go through one worker, in
// their order.
//
// # Invariants
//
//  1. A copy has every entry that there was at the cut once, as it was then.
//  2. A file that Save leaves is whole and durable: until then the one before it stays.
//  3. Load returns nil only if it has read the file to its end, its checksum was right, and
//     every value is in the keyspace.
package snapshot
