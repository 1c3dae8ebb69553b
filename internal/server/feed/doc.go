// Package feed serves those who follow this server: it gives each a copy of the data, or lets
// it go on where it was, sends the stream, and knows how far each one is. It knows neither
// sessions nor the store: the server, its House, makes the cut at which a copy begins.
//
// # Terms
//
//	replica    a connection that has sent REPLCONF, or PSYNC or SYNC: until then it is a client like others
//	full sync  a copy of the data, and the stream from its cut on
//	partial    the stream from where the replica is, which the backlog still has
//	transfer   one copy for all replicas that wait for one, written straight to them, piece by
//	           piece, or to a file that each of them is sent
//	ack        the offset that a replica says it has
//
// # States of a replica
//
//	talking ─PSYNC─▶ partial ──────────────────────────────────▶ online
//	            └──▶ waiting ─cut─▶ receiving ─▶ settling ─ack─▶ online
//	                                    └─ from a file ───────────▶┘
//
// # Who writes what
//
//	reactor      reads: REPLCONF ACK, like any other call
//	Replica.run  a goroutine for each replica: answers, newlines while it waits, its copy, then the
//	             stream, from the blocks of the backlog
//	transfer     a job of the server's: takes the copy, and hands its pieces to those that receive it
//	Feed.run     once a second: PING, who is silent, who lags, how many are good
//
// # Invariants
//
//  1. The copy has what the stream had up to the offset of its cut, and a replica that is sent the
//     copy is sent the stream from there.
//  2. Nobody but the replica's goroutine writes to its connection after it has begun.
//  3. A replica that receives pieces straight is sent none of the stream before its first ack: it
//     looks for the end of the copy in what it reads.
//  4. Feed.mu is held for a look or a change of lists; nothing but Backlog.mu and Replica.mu is locked under it.
package feed
