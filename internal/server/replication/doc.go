// Package replication is what both sides of replication have in common, and what a server is
// that takes part in it: whose history its data has, which role it plays, and the last part of
// the stream by which others follow it. Package feed serves those, package follow is how this
// server follows another one.
//
// # Terms
//
//	stream    the commands by which replicas follow a primary: a sequence of bytes, the same
//	          for all of them
//	offset    how many bytes of the stream came before: that of a server is what its data has
//	id        names a history: two servers with the same id and offset have the same data
//	second    the id that the history had up to some offset, before the server was promoted, or
//	          its primary was: who has followed that one may go on from there
//	backlog   the last part of the stream. There is none until somebody follows; then changes
//	          cost what an append to it costs
//	block     a piece of the backlog. All who read it read the same blocks
//	reader    who is being sent the stream, from some offset on
//	pinned    what a reader has not read is kept, however long the backlog is to be
//
// # The backlog
//
//	a primary: journal ─ Record: SELECT, MULTI and EXEC ─┐
//	a replica: what its primary sent, unchanged ─ Append ─┴▶ [block][block][block] ◀─ Reader: views
//	                                                          First ............ Offset
//
// # Invariants
//
//  1. Who appends holds the journal's lock; bytes below Offset never change.
//  2. A block is used again only when every reader has passed it.
//  3. A reader that lags by more than it may is lost: it pins nothing more, and what it is
//     reading is left to the garbage collector.
package replication
