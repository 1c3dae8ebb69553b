// Package server is the running server: it joins reactors, parser, command table and
// store, and holds what belongs to none of them: sessions, gates, the slow lane, blocked
// clients, transactions, the journal's owner. What could be told apart has a room below it; a
// room that needs something of the server asks its House, which files here implement (facts.go,
// keeper.go, users.go, tracking.go, pubsub.go).
//
// Terms
//
//	executor   what runs commands: one per reactor, one per worker; owns a gate and a command.Ctx
//	env        what all executors have in common; nothing else of the server do they know (env.go)
//	house      the server as executors see it: what they ask for, and never for an ordinary call
//	station    a reactor's executor with the sessions that it serves (station.go)
//	peer       the client behind a call that somebody else than its reactor runs
//	session    a client connection: parser state, database, identity, reply mode
//	batch      up to 32 pipelined commands of one connection, parsed and looked ahead together
//	gate       an executor's mutex, held while it touches the store; see docs/LOCKS.md
//	slow lane  the workers that run long commands while their connections are paused
//	waiter     a client that a blocking command holds up, in the queues of the keys it waits for
//	keeper     the goroutine that keeps the store in shape: expires, evicts, compacts,
//	           gives memory back, walks the survey. It has a gate of its own
//	journal    what changed, recorded under its locks (journal.go, package persistence/journal);
//	           applier: what runs it when an AOF is loaded
//	unit       a transaction while it is being recorded: what dies under its locks is part of it
//	job        a copy of the store that is made while it changes; one at a time (snapshot.go)
//	survey     the largest keys, met by the keeper's slow walk, and the busiest, by sampling
//	guard      bits that say what a call must look at before it runs: loading, a memory
//	           limit, a broken AOF, a pause
//	topic      a channel or pattern that somebody listens to; see package pubsub
//	meeting    all reactors outside of their batches, while a transaction asks them
//	tracker    a client with client-side caching: it is told when keys change, see package tracking
//	clock      a time that stands still until a test moves it (package clock); else it is the real one
//	embedded   a server that runs within another program (embedded.go; package kring)
//	observer   a waiter or a watch (WATCH): whoever must hear that a key changes
//
// A turn of a connection
//
//	in-ring ─Parse─▶ batch ─prepare─▶ calls (spec, hashed keys, warm caches)
//	                                    │ own gate held
//	                                    ├─▶ admit: may it run now? (package admit)
//	                                    ├─▶ run: shard lock(s) ─▶ handler ─▶ out-ring
//	                                    ├─▶ Exclusive: own gate released, all gates taken
//	                                    ├─▶ Slow: arguments copied, connection paused,
//	                                    │   worker runs it, reply posted to the reactor
//	                                    ├─▶ Ctx.Wait: a waiter is queued, the session stops
//	                                    │   until a change of the key, or time, wakes it (serve.go)
//	                                    └─▶ within MULTI: queued; EXEC takes all locks (multi.go)
//	out-ring ─Flush─▶ socket
//
// Floors
//
//	Server     assembles, begins and ends; the hosts of handlers (host.go), the AOF and snapshots
//	session    connections: batch.go, client.go, wake.go, lend.go, queue.go; station.go joins them
//	           with a reactor's executor
//	executor   what runs calls, whoever makes them: env.go, run.go, invoke.go, multi.go, serve.go,
//	           worker.go, journal.go. Its files use nothing of the floors above (internal/lint)
//
// Invariants
//
//  1. Only a connection's reactor touches its session; others post to the reactor. (In the
//     goroutine model a reactor is a stripe of netio, and runs on whoever holds its mutex.)
//  2. An executor that takes all gates has released its own.
//  3. Replies leave in the order of the commands, also around the slow lane: while a
//     worker has one of its commands, or a key is waited for, a session runs nothing.
//  4. A view into the in-ring is dropped before parser.Done gives its bytes back.
//  5. A key is looked at and waited for, or watched, under one hold of its shard's lock: no
//     change falls in between. Whoever changes it has served its waiters before his next command.
//  6. A client is remembered for a key under the lock under which it read it, and told of a
//     change by a letter that is posted under that lock and read outside of batches: an
//     invalidation comes behind the reply that it concerns.
package server
