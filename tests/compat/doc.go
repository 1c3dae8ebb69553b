// Package compat is the differential test: it sends the same command sequences to a
// real redis-server (the oracle, 7.0) and to Kring (the subject) and compares every
// reply and, after each sequence, the whole keyspace.
//
// Terms
//
//	step        one command, or one "!" operation (let time pass, iterate SCAN, ...)
//	sequence    the steps that run between two flushes; generated, or a case's lines
//	side        one server with its connections
//	outcome     what a step gave on one side
//	comparator  how a command whose reply cannot be byte-equal (TTL, SCAN, CLIENT LIST,
//	            TIME) is compared; keyed by command name (compare.go)
//	difference  a place where Redis 7.4, which Kring follows, departs from the 7.0
//	            oracle, with its reason (differences.go); applied only after a mismatch
//	group       a file of generators and cases for one family of commands
//
// Invariants
//
//  1. Error replies are compared exactly, before any comparator.
//  2. A seed gives the same sequences for ever: no generator reads the clock or a map's
//     order. Nothing generated depends on how fast a server is: relative deadlines are
//     either far away and unlike each other, or passed before the next step.
//  3. A mismatch is shrunk by replaying on flushed servers; one that does not come back
//     is reported as such, with its whole sequence, and fails too.
//  4. A difference that fired in no sequence is reported.
//
// Run: COMPAT_SEED=n COMPAT_COMMANDS=n go -C tests test ./compat. A failure prints its
// seed and the shortest sequence that still shows it, in redis-cli's notation. With
// COMPAT_FOCUS=script (the Name of a group) half of the commands are that group's.
//
// To add a family of commands (lists, hashes, ...): write gen_<group>.go (generators,
// and a dumper for its type) and cases_<group>.go, and add both to registry.go.
//
// Layout
//
//	step.go        Step, the notation of cases
//	generator.go   G (random choices), sequences, mutation    vocab.go   its words
//	gen_*.go       the generators, by group                   cases_*.go the edge cases
//	registry.go    the groups
//	side.go        one server's connections, running steps
//	ops.go         the "!" operations
//	keyspace.go    dumping and comparing all data
//	compare*.go    comparators
//	differences.go 7.4 against 7.0
//	config_test.go   options at their extremes, and what works beside them
//	replay_test.go   many sequences, one restart on the append only file, either way
//	restart_test.go  a restart after each sequence of gen_restart.go
//	libraries_test.go  calls of the libraries that scripts have
//	shrink.go      delta debugging                            pair.go    the two sides
package compat
