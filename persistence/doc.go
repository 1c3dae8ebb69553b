// Package persistence keeps what a server has been told in the append only file (AOF): it writes
// the records of the journal (package journal) to it, rewrites and loads it.
// It knows no server and no store: who has an AOF is an Owner, what a rewrite copies is a
// Source, what executes a file is an Applier. docs/format/aof.md describes the files.
//
// # Terms
//
//	record      what one command changed: a command, or several between MULTI and EXEC
//	position    place between two records, as the journal counts; what the file adds to a
//	            record (SELECT, MULTI, annotations) does not count
//	stream      the records, framed for the file, on their way to it
//	segment     a filled buffer of the stream
//	base        the file that a rewrite made; increment: a file of records behind it
//	target      the increment that the stream goes on in behind a cut
//	behind      taken from the stream, and not yet in the file
//	side file   takes records while the increment is being synced
//	mark        says where in which history of replication the data are that stand before it
//	wrote       the position up to which records were given to the kernel, or given up
//	durable     the position up to which nothing can be lost: written, and synced
//	broken      a write or sync failed: the stream has a hole until a rewrite is complete
//
// # From a command to the disk
//
//	executor, shard locks held          whoever has appended, at the end of his turn (AOF.Write)
//	  Journal ─Record─▶ stream.cur ─take─▶ segments ─write─▶ file         ▶ wrote   ▶ Owner.Written
//	                    256 KB buffers      one round: all that has gathered
//	                                            ├ a sync runs, a write does not come back: to the side file,
//	                                            │   and later, by the writer's goroutine, to the file
//	                                            └ the file changes, always: by the writer's goroutine ─fsync─▶ durable ▶ Owner.Durable
//
// No lock is held during write and fsync of the file: who writes has set writer.away. Under always each
// round of the writer's goroutine is synced before the next one begins, so all who appended
// meanwhile share a sync; while syncs are quick, reactors do such rounds by themselves, and look for
// each other before, so that they share it, too (gather.go). Under everysec a second goroutine syncs once a second, while records go to
// the side file (side.go), so that no reply waits for a disk, and none leaves whose record a kill -9 could take.
//
// # A rewrite
//
//	stream     ──── records ────┃──── records ────▶
//	files      base 1, incr 1   ┃ incr 2             before the end: base 1, incr 1, incr 2
//	Source.Cut ─────────────────┛                    after it:       base 2, incr 2
//	             the view at the cut ─▶ base 2
//
// The manifest names incr 2 before the cut when the chain is whole, so that a rewrite can
// fail at any time; it names incr 2 only together with base 2 when the stream is broken or
// just begins.
//
// # Invariants
//
//  1. The order of records in the stream is that of the journal.
//  2. A file that the manifest names holds whole records, but for a tail that a crash or
//     a failed write has cut; and only the last one that is not empty has such a tail:
//     the writer syncs a file before it writes to the next.
//  3. The durable mark never passes a record that is not synced. It stands still while the
//     state is Broken, and a file whose sync failed is never synced or written again.
//  4. The manifest is replaced whole: temporary file, sync, rename, sync of the directory.
//     A file is deleted only when a durable manifest does not name it.
//  5. Buffers of the stream are filled under the journal's mutex, and by nobody once they
//     have been taken to be written.
//  6. One AOF at a time has its directory: it is locked from Open to Close.
package persistence
