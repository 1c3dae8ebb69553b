// Package command declares every command of the server: one Spec literal and its
// handler, side by side, in the file of its group (string.go, bitmap.go,
// generic_*.go, connection.go, server.go, introspect.go).
//
// Terms
//
//	spec        the declaration of a command: name, arity, flags, key specs, syntax, handler
//	container   a spec whose first argument names a subcommand (CONFIG, CLIENT, OBJECT)
//	key spec    where a command's keys stand among its arguments (as in COMMAND INFO)
//	executor    whoever runs commands: a reactor or a worker; it owns one Ctx and one gate
//	host        the running server as the handlers see it (interface Host)
//	client      the connection as the handlers see it (interface Client)
//
// Life of a command
//
//	Args ─▶ Table.Lookup ─▶ Spec ─▶ arity ─▶ Spec.AppendKeys ─▶ gate, shard locks
//	                                                                 │
//	                    reply in Ctx.W ◀── Spec.Handler(ctx) ◀───────┘
//	                                            └─ ctx.Changed(key, event, n)
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
//  3. A handler that changed data says so by Ctx.Changed before it returns.
//  4. Package command knows no socket, no option table and no reactor: what it needs
//     of them stands in host.go as interfaces.
package command
