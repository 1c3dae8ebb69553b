// Package admit decides whether a call may run: everything that may refuse or delay one is
// here, in Redis's order, and nothing else is. It is pure: Judge looks at values and
// changes nothing, so that every verdict can be tested for everybody who calls.
//
// Terms
//
//	principal  on whose behalf a call runs: a client, EXEC, a script, a client that was
//	           blocked, the loader of the AOF, a primary
//	caller     a principal with what is known of it: its user, what state it is in
//	state      of the server: loading, above maxmemory, paused...
//	fault      what look-ahead has found wrong with a call
//	verdict    the answer: a ruling, and whatever its text needs
//
// Layout
//
//	caller ─┐                 ┌─ Run        the call's locks are taken, its handler runs
//	state  ─┼─▶ Judge ─▶ verdict ─ Queue    EXEC will run it
//	call   ─┤                 ├─ Wait       it is asked about again when the pause is over
//	fault  ─┘                 ├─ MakeRoom   the caller evicts, and asks again
//	                          └─ others     Verdict.Text is the reply
//
// What has effects is done by whoever asked: evicting, logging a denial, replying, spoiling
// a transaction, closing the connection of a browser.
//
// Invariants
//
//  1. Which checks a principal must pass is one row of checksOf.
//  2. The order of the checks is the order of Judge, the same for all principals.
//  3. Judge allocates nothing; Text may.
package admit
