// Package kit is what the load programs share: launching the two servers, filling them,
// running redis-benchmark, and the arithmetic of samples.
//
// Terms
//
//	fill      load keys by pipelines, as fast as one client can; every reply is checked
//	sample    one measured latency
//	crowd     clients that do the same until they are told to end; a load is such a crowd of
//	          writers, at a rate, and of readers, whose slowest GET is taken
//	canary    a thread of the load program that only sleeps; how much too long it sleeps
//	          tells what part of a measured pause is this machine's, not the server's
//
// Layout
//
//	server.go     launching, versions, INFO numbers
//	fill.go       Fill
//	bench.go      redis-benchmark around CPU accounts
//	samples.go    percentiles, medians
//	canary.go     the canary
//	crowd.go      crowds, and the load beside which copies are made
//	resident.go   memory of a process and its children
//	process_linux.go, calls_linux.go
//	              what /proc and perf say of a server: memory, CPU, system calls
package kit
