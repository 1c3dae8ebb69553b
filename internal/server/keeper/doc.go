// Package keeper is the participant that keeps the server in shape beside the commands: it deletes
// what has expired, evicts what exceeds maxmemory, compacts, gives memory back, surveys the keys and
// has clients shed. It knows neither the server nor its executors: these are a House and its Hands.
//
// Terms
//
//	pass    what the keeper does after each sleep
//	step    what it does under one hold of a gate: bounded, so that others get their turn
//	hand    an executor: with its gate held, things may be changed in its name
//	burst   a pass of expiry ended with work left, and rests before the next one
//	sweep   a compaction of all shards, once begun
//	survey  a slow walk over all keys
//	pulse   the server is at work, hard or hardly; without one the ticks come less and less often
//
// Layout
//
//	Ring, Alarm, timer ─▶ pass: expire ─▶ evict ─▶ shed clients ─▶ survey, heap ─▶ compact ─▶ sleep
//	                                                                (each tick)               until the next tick, see Pulse
//	end of a reactor's turn ─ Due? ─▶ Help: a slice of expiry
//
// Who may call what: Ring, Pulse, Alarm and the figures, anybody under any lock; Help, a reactor between its
// batches; ExpireDue, whoever holds nothing; Start and Stop, whoever runs the server.
//
// Invariants
//
//  1. The keeper holds one gate, its hand's, for one step; shard locks are taken within, by the store.
//  2. What comes due while it arms the store's alarm rings: nothing waits for the next tick.
//  3. At most one reactor helps at a time.
package keeper
