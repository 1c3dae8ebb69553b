// Package observe is what is measured of calls and of those who run them: counters, times, rates,
// busy keys, the slow log, the latency monitor. How single numbers are kept, package stats knows.
//
// Terms
//
//	meter      what counts and times the calls of one executor
//	group      a run of plain calls, or of transactions that came whole, timed together
//	counters   what an executor has counted; plain fields, and only it touches them
//	shown      a copy of a reactor's counters, made after its batches, for others to read
//	calls shown  a copy of its calls by command, made now and then while somebody asks for them
//	published  what a worker's counters and calls have added up to, for others to read
//	rate       what happened in a second, lately
//	logs       what is remembered of single calls and events
//
// Layout
//
//	reactor: Meter ──Show────▶ Shown ─────┐
//	worker:  Meter ──Publish─▶ Published ─┴─AddTo─▶ the sum that INFO and the window show
//	           └── calls that took long ──▶ Logs ◀── events, errors
//
// Invariants
//
//  1. Counting takes no lock and makes no call through an interface.
//  2. Whoever sums up waits for nobody: Shown, ShownCalls and Published are locked for a copy only.
package observe
