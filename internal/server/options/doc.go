// Package options is the one table of Kring's options. The configuration file, the
// command line, CONFIG GET / SET / REWRITE, --help and docs/OPTIONS.md all come from it.
//
// Terms
//
//	row        one option: names, kind, default, group, state, help
//	kind       what its words may be: yes/no, integer, memory size, enum, text, ...
//	cell       where its value lives: an atomic that reactors read without a lock
//	directive  a line of a configuration file: an option's name and its words
//	hook       what the server does after CONFIG SET changed an option
//	state      Working: does what Redis does; Accepted: taken, with the meaning that the
//	           row tells; Later: taken, has no effect yet, and warns when set in a file
//
// Where a value comes from
//
//	defaults ─▶ file (includes in place) ─▶ stdin ("-") ─▶ command line ─▶ CONFIG SET
//	            └────────── directives, in this order ─────────┘            │
//	                                │                                       ▼
//	                        words ─▶ kind.parse ─▶ cell.store         parse all, store all,
//	                                                                  run hooks; on an error
//	                                                                  the old values return
//
// Reading and writing
//
//	hot      o.MaxClients.Load()         one atomic load, from any goroutine
//	by name  o.Int("maxclients")         a map lookup: start-up and tests
//	Redis    o.Get, o.Set, o.Rewrite     CONFIG's own forms and error texts
//
// Invariants
//
//  1. Every name and alias stands in one row; every default is valid for its kind (a
//     broken table panics at start).
//  2. A value in a cell is immutable: a change stores a new one.
//  3. CONFIG SET of several pairs changes all of them or none, hooks included.
//  4. Changing and rewriting take the lock, and hooks run under it: a hook must not
//     change options itself. Reading takes no lock. Loading ends before the server starts.
//  5. A configuration file is replaced in one step (temporary file, fsync, rename,
//     fsync of the directory): a crash leaves the old one or the new one.
package options
