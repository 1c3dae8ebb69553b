// Package session is the clients of a server: their connections on reactors, what they have said
// of themselves, their part in everything that concerns more than one call. It parses what they
// send and has it run by package exec.
//
// # Terms
//
//   - Session: a client connection: parser state, database, identity, reply mode.
//     Its parts: queue (MULTI and WATCH), caching (client-side caching), progress (whether it goes
//     on, and what it waits for). client is a session as the handlers on its reactor see it, listed
//     as CLIENT LIST shows it.
//   - Clients: all of a server's, and the netio.Handler of its reactors.
//   - Station: a reactor's executor with the sessions that it serves.
//   - batch: up to 32 pipelined calls of one connection, parsed and looked ahead together.
//   - outcome: how a batch has left its session: it goes on, waits, holds the rest, or closes.
//   - stalled: a session whose replies wait for the journal; postponed: one whose call waits for
//     the end of a pause or of a script; blocked: one whose call waits for a key.
//   - lent: of a call that a worker has, while the connection is paused.
//
// # A turn of a connection
//
//	in-ring ─Parse─▶ batch ─Prepare─▶ calls (spec, hashed keys, warm caches)
//	                                    │ own gate held
//	                                    ├─▶ admit: may it run now? (package admit)
//	                                    ├─▶ run: shard lock(s) ─▶ handler ─▶ out-ring
//	                                    ├─▶ Exclusive: own gate released, all gates taken
//	                                    ├─▶ Slow: arguments copied, connection paused,
//	                                    │   worker runs it, reply posted to the reactor
//	                                    ├─▶ Ctx.Wait: a waiter is queued, the session stops
//	                                    │   until a change of the key, or time, wakes it
//	                                    └─▶ within MULTI: queued; EXEC takes all locks
//	out-ring ─Flush─▶ socket
//
// # Invariants
//
//  1. Only a connection's reactor touches its session; others post to the reactor. (In the
//     goroutine model a reactor is a stripe of netio, and runs on whoever holds its mutex.)
//  2. Replies leave in the order of the calls, also around the slow lane: while a worker has one
//     of its calls, or a key is waited for, a session runs nothing.
//  3. A view into the in-ring is dropped before parser.Done gives its bytes back.
//  4. A client is remembered for a key under the lock under which it read it, and told of a
//     change by a letter that is posted under that lock and read outside of batches: an
//     invalidation comes behind the reply that it concerns.
package session
