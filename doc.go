// Package kring runs a Kring server within a Go program or a test: a server that speaks
// the Redis protocol, with everything that kring-server does but what concerns a process
// as a whole.
//
//	srv, err := kring.Start(ctx, kring.Options{})     // listens on a free port: srv.Addr()
//	...
//	defer srv.Close()
//
// In a test, StartT fails the test instead of returning an error and closes the server at
// its end. A Clock makes keys expire when the test says so. Dial connects without sockets,
// and Do runs a command without a client.
//
// docs/EMBEDDING.md has more, among it what servers within a program share with it and what
// they add to its binary; docs/MINIREDIS.md is for those who come from miniredis. Package
// kring/metrics has the metrics for Prometheus.
package kring
