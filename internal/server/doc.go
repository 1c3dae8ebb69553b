// Package server is the running server: it joins reactors, parser, command table and
// store, and holds what belongs to none of them: sessions, the owner of AOF and snapshots. What
// could be told apart has a room below it, package exec first, which runs calls; a room that
// needs something of the server asks its House, which files here implement (house.go, facts.go,
// keeper.go, users.go, tracking.go, pubsub.go).
//
// Terms (those of calls and who runs them: package exec)
//
//	station    a reactor's executor with the sessions that it serves (station.go)
//	session    a client connection: parser state, database, identity, reply mode
//	batch      up to 32 pipelined commands of one connection, parsed and looked ahead together
//	keeper     the goroutine that keeps the store in shape: expires, evicts, compacts,
//	           gives memory back, walks the survey. It has a gate of its own
//	job        a copy of the store that is made while it changes; one at a time (snapshot.go)
//	survey     the largest keys, met by the keeper's slow walk, and the busiest, by sampling
//	topic      a channel or pattern that somebody listens to; see package pubsub
//	tracker    a client with client-side caching: it is told when keys change, see package tracking
//	clock      a time that stands still until a test moves it (package clock); else it is the real one
//	embedded   a server that runs within another program (embedded.go; package kring)
//
// A turn of a connection
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
// Floors
//
//	Server     assembles, begins and ends; the hosts of handlers (host.go), the AOF and snapshots
//	session    connections: batch.go, client.go, wake.go, lend.go, queue.go; station.go joins them
//	           with a reactor's executor
//
// Invariants
//
//  1. Only a connection's reactor touches its session; others post to the reactor. (In the
//     goroutine model a reactor is a stripe of netio, and runs on whoever holds its mutex.)
//  2. Replies leave in the order of the commands, also around the slow lane: while a
//     worker has one of its commands, or a key is waited for, a session runs nothing.
//  3. A view into the in-ring is dropped before parser.Done gives its bytes back.
//  4. A client is remembered for a key under the lock under which it read it, and told of a
//     change by a letter that is posted under that lock and read outside of batches: an
//     invalidation comes behind the reply that it concerns.
package server
