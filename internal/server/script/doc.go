// Package script is Lua for clients: EVAL and its relatives, functions and their libraries. It
// knows the scripts, the machines that run them and what a script sees; who makes the calls of
// a script is a Host, which the server gives with each run.
//
// # Terms
//
//   - Script: a text with its SHA-1 and what was compiled of it.
//   - Library: a text that registers functions; Function: one of those.
//   - machine: a lua.State with its globals: one runs scripts, one functions.
//   - run: one execution, on behalf of a client.
//   - Host: who makes a run's calls, under the locks that it holds for it.
//
// # Layout
//
//	Engine ─┬─ cache      scripts by SHA-1 and by text; those of EVAL in a list of 500
//	        ├─ libraries  by name; functions by name
//	        ├─ eval       a machine: _G, protected ─▶ redis, string, table, math, ...
//	        └─ functions  a machine: _G, empty ─__index─▶ what functions see, or what loading sees
//
//	redis.call ─▶ arguments as bytes ─▶ Host.Call ─▶ reply in RESP ─▶ values of Lua
//	                                                 returned value ─▶ reply in RESP
//
// # Invariants
//
//  1. One goroutine at a time runs scripts: the caller holds all gates.
//  2. The cache and the tables of libraries are read by others, under Engine.mu.
//  3. A run leaves nothing in its machine: all that scripts share is read-only. Functions
//     share what their library keeps in local variables.
package script
