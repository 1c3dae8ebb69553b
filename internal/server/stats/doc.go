// Package stats counts what the server does: calls and times per command, slow calls,
// latency events, errors by their first word.
//
// Terms
//
//	table      one row per command and subcommand; each executor owns one, and only it writes
//	histogram  counts of durations in log-linear buckets, eight to each doubling
//	tick       1/64 of a microsecond: powers of two of microseconds are powers of two of ticks
//	slow log   the latest calls that took longer than slowlog-log-slower-than
//	event      a source of latency (command, expire-cycle, aof-fsync-always...) with its
//	           worst samples, one a second
//
// Layout of a histogram
//
//	ticks   0 1 2 … 7 │ 8 9 … 15 │ 16 18 … 30 │ 32 36 … 60 │ …      lower end of each bucket
//	bucket  0 1 2 … 7 │ 8 9 … 15 │ 16 17 … 23 │ 24 25 … 31 │ …      numBuckets in all
//
// Invariants
//
//  1. Recording a call allocates nothing after the first of its command, and takes no lock.
//  2. A table is read by its owner, or while its owner stands still.
//  3. The slow log, the events and the errors have locks of their own, held for a few
//     instructions and never with another one.
package stats
