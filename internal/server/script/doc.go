// Package script is Lua for clients: EVAL and its relatives, functions and their libraries. It
// knows the scripts, the machines that run them and what a script sees; who makes the calls of
// a script is a Host, which the server gives with each run.
//
// # Terms
//
//   - Script: a text with its SHA-1 and what was compiled of it.
//   - Reach: what is known of the keys that a script uses.
//   - Library: a text that registers functions; Function: one of those.
//   - machine: a lua.State with its globals: what scripts or functions run in.
//   - Runner: what an executor runs scripts with: a machine, and the scripts that it has run lately.
//   - run: one execution, on behalf of a client.
//   - Host: who makes a run's calls, under the locks that it holds for it.
//
// # Layout
//
//	Engine ─┬─ cache      scripts by SHA-1 and by text; those of EVAL in a list of 500
//	        ├─ libraries  by name; functions by name
//	        ├─ runners    a machine each: _G, protected ─▶ KEYS, ARGV, redis, string, table, ...
//	        └─ functions  a machine: _G, empty ─__index─▶ what functions see, or what loading sees
//
//	redis.call ─▶ arguments as bytes ─▶ Host.Call ─▶ reply in RESP ─▶ values of Lua
//	                                                 returned value ─▶ reply in RESP
//
// # Invariants
//
//  1. Only its executor uses a Runner; functions run, and libraries and scripts are forgotten, with
//     all gates held.
//  2. The cache and the tables of libraries are read by others, under Engine.mu.
//  3. A run leaves nothing in its machine: all that scripts share is read-only, and the memory of
//     short strings and tables is used again by the next run. Functions share what their library
//     keeps in local variables.
package script
