// Package exec runs calls, whoever makes them: a client on its reactor, a worker that has a long
// call of one, a transaction, a script, a client that was blocked, the loader of an AOF, the
// keeper. It admits them (package admit), takes their locks, has their handlers run, records what
// they changed and serves whom that wakes. It knows nothing of connections.
//
// # Terms
//
//   - Executor: what runs calls: one per reactor, one per worker; owns a Gate and a command.Ctx.
//     Its parts: lookAhead (lookahead.go), recorder (journal.go), wakes (serve.go, blocked.go),
//     units (multi.go, wholetx.go), eviction (maxmemory.go), shown (shown.go: MONITOR).
//   - Env: what all executors have in common; nothing else of the server do they know.
//   - House: the server as executors see it: what they ask for, and never for an ordinary call.
//   - Peer: the client behind a call that somebody else than its reactor runs.
//   - Gate: an executor's lock, held while it touches the store; see docs/LOCKS.md.
//   - slow lane: the workers that run long calls (SlowCall) while their connections are paused.
//   - Waiter: a client that a blocking command holds up, in the queues of the keys it waits for.
//   - observer: a Waiter or a watch (WatchSet): whoever must hear that a key changes.
//   - Transaction: what a client has queued since MULTI; unit: one while it is being recorded:
//     what dies under its locks is part of it.
//   - way: how a script runs (scriptrun.go): within the locks of its keys, tentatively under them,
//     so that it can be undone (undo.go), or wide, with all gates.
//   - meeting: all reactors outside of their batches, while a transaction asks them.
//   - guard: bits that say what a call must look at before it runs: loading, a memory limit, a
//     broken AOF, a pause.
//
// # A call
//
//	Begin ─▶ Prepare (look-ahead: specs, hashed keys, warm caches)
//	           ├─▶ RunPlain                  one key, nothing to admit: its shard's lock ─┐
//	           ├─▶ RunRow                    fast ones of one key: one hold of the lock   ┤
//	           ├─▶ WholeTransaction          MULTI to EXEC in one batch: all its shards   ├─▶ Perform ─▶ handler ─▶ record
//	           └─▶ Admit ─▶ Run              its shards, or all gates (Exclusive)         ┘      │
//	                         ├─▶ runExec     what was queued, as one unit                       └─▶ settle: serve the clients
//	                         ├─▶ runScript   the calls of a script, as one unit                     that waited, under the same locks
//	                         └─▶ false       it is for a worker: SlowLane.Submit
//	End
//
// # Invariants
//
//  1. Only its owner uses an Executor; who takes all gates has released his own.
//  2. A key is looked at and waited for, or watched, under one hold of its shard's lock: no
//     change falls in between. Whoever changes it has served its waiters before his next call.
//  3. What changes is recorded before the locks under which it was done are released.
//  4. Nothing is allocated for an ordinary call.
package exec
