// Package command declares every command of the server: one Spec literal and its
// handler, side by side, in the file of its group: string_*.go, bitmap_*.go, hash_*.go,
// list_*.go, set_*.go, zset_*.go, geo_*.go, hll.go, stream_*.go, generic_*.go, sort.go,
// transaction.go, pubsub.go, acl.go, connection.go, client_*.go, config.go, server.go,
// monitor.go, persistence.go, memory.go, latency.go, slowlog.go, survey.go, introspect.go.
//
// Terms
//
//	spec        the declaration of a command: name, arity, flags, key specs, syntax, handler
//	container   a spec whose first argument names a subcommand (CONFIG, CLIENT, OBJECT)
//	key spec    where a command's keys stand among its arguments (as in COMMAND INFO)
//	executor    whoever runs commands: a reactor or a worker; it owns one Ctx and one gate
//	host        the running server as the handlers see it, by subject (Host); its methods are told
//	            who calls
//	lane        who runs a call, as the handlers see it (interface Lane)
//	client      the connection as the handlers see it (interface Client)
//	event       what happened to a key, as keyspace notifications name it (event.go)
//	effect      what the journal records of a call instead of the call itself, because that
//	            would not do the same again (effect.go)
//	wait        what a blocking command asks for when it finds nothing (wait.go)
//	cost        a call's work, in elements visited; from SlowCost on it runs on a worker
//	rebuild     the commands that make a value, for a rewrite of the AOF (rebuild.go)
//	replay      a call while the AOF is loaded: the clock stands at 0, so that nothing expires
//
// Life of a command
//
//	Args ─▶ Table.Lookup ─▶ Spec ─▶ arity ─▶ Spec.AppendKeys ─▶ gate, shard locks
//	                                                                 │
//	                    reply in Ctx.W ◀── Spec.Handler(ctx) ◀───────┘
//	                                            ├─ Ctx.Store.Edit, before a value changes
//	                                            ├─ Ctx.Changed(key, event, n)
//	                                            ├─ Ctx.Effect(name, args...), if need be
//	                                            └─ Ctx.Wait(keys, timeout): run again when
//	                                               a key has changed (Ctx.Resumed)
//
// Everything else is derived from the specs, once, when the table is built: lookup
// and arity check, key extraction, ACL categories, COMMAND and its subcommands, the
// gates by flag. Build refuses a duplicate, a nil handler, key specs outside the
// arity and a syntax string that does not parse.
//
// Invariants
//
//  1. A handler runs with its executor's gate held and with the shard locks of all
//     of Ctx.Keys held; it takes no further shard lock unless its spec has no keys.
//  2. A handler writes exactly one reply (CLIENT REPLY aside), and writes it only
//     after it has read its arguments' last use: Args are views into the input ring.
//  3. A handler that changed data says so by Ctx.Changed before it returns; if the dirty
//     counter grew, the call or its effect is recorded before the locks are released.
//  4. Package command knows no socket, no option table and no reactor: what it needs
//     of them stands in host.go and host_*.go as interfaces.
//  5. A Cost counts no hit, touches no access clock, and replies nothing.
package command
