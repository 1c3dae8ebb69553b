// Package migrate hands keys over to other servers: the network's side of MIGRATE. It knows
// no store.
//
// # Terms
//
//	link   a connection to another server, kept for a while: most MIGRATEs have the same target
//	item   a key with its payload, as DUMP makes it
//
// # Layout
//
//	AUTH, SELECT, RESTORE, RESTORE ... in one write  ─▶  target
//	replies, one after the other, in their order     ◀─
//
// # Invariants
//
//  1. A link is used by one goroutine at a time: it is out of the cache meanwhile.
//  2. A link on which anything went wrong is closed, never kept.
//  3. An item counts as taken only if the target has said so.
package migrate
