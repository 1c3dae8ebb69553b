//go:build linux

// Command rate loads redis-server and Kring as most programs do: many connections, one request
// at a time on each, at a fixed rate far below what the server could do. Arrivals are random
// (exponential distances), so they do not wait for replies as a benchmark's do: a latency is
// counted from the moment when its request was due, also when no connection was free then.
//
// Shown per rate: the server's CPU per request, its system calls (perf counts them, in a run of
// their own), context switches, and the latencies; and, without any load, its CPU at rest. The
// servers take turns; figures are medians of the rounds. The rounds are short and many: where a virtual
// machine is paused for milliseconds now and then, most of them see nothing of it, and the median tells
// what the servers did.
package main
