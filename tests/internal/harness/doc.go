// Package harness runs servers as processes of their own, for tests and load programs.
//
// Terms
//
//	oracle   the installed redis-server that Kring is compared with
//	subject  the binary under test: $KRING_BIN, else one built from ./cmd/kring-server
//
// Invariants
//
//  1. Every process started is ended: by Stop, by the test's cleanup, or, where the
//     system can do it, by the kernel when the test process dies.
//  2. A server's output is kept (its last KeptOutputBytes) and shown when its test fails.
//  3. A server that ends unasked, or reports a data race, fails its test.
//
// Layout
//
//	binary.go       where the two binaries are
//	server.go       Launch, Stop, waiting for readiness
//	testing.go      Start: Launch bound to a test
//	output.go       bounded collection of output
//	proc_linux.go   CPU time and memory from /proc
package harness
