// Command io puts the two I/O models side by side, the reactor and a goroutine for each
// connection, on the same work, and writes docs/IO-MODELS.md: the tables between its
// markers, and the plots. Each part can be run alone; what is not run keeps its figures
// from the last run (-results).
//
// Terms
//
//	part    load     redis-benchmark: throughput, CPU, latencies, reads and writes
//	        calls    system calls by name, counted by the kernel (perf)
//	        idle     memory and threads with very many idle connections, then 1,000 of
//	                 them at work
//	        guest    the same in the guest
//	        nodes    the server with other node sizes of the ring
//	        go       Go benchmarks of netio and resp: pools, parser
//	crowd   very many connections, held as bare descriptors
//	guest   a small virtual machine without network, for more connections than this
//	        machine's limit of open files allows one process: its processor is emulated,
//	        so its memory figures count and its times only compare with each other
//
// Layout
//
//	main.go       options and order
//	results.go    what is measured, as JSON
//	load.go       parts load and calls
//	idle.go       part idle; crowd_linux.go the connections
//	guest_linux.go, guest_init_linux.go   the virtual machine, from both sides
//	nodes.go      part nodes; overlay.go builds with a changed constant
//	gobench.go    part go
//	tables.go     the document
//	plots.go      the plots
package main
