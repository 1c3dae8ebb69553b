// Package robust abuses the real binary from outside: malformed and hostile input,
// connections that misbehave, limits, ways to listen, configuration, ways to end.
//
// It needs no oracle. What only Kring promises (commands of one client do not stop the
// others, for instance) is skipped when $KRING_BIN is a redis-server.
//
// Layout
//
//	limits.go           the sizes and times that tests use
//	util_test.go        starting the subject, awaiting conditions
//	protocol_test.go    protocol errors, single bytes, limits before authentication
//	connection_test.go  half-closed, reset, deaf, idle and too many connections
//	listen_test.go      unix sockets, IPv6, several addresses, protected mode
//	tls_test.go         the TLS port: certificates, reloading, garbage, half-open handshakes
//	tls_storm_test.go   plain clients during a storm of handshakes
//	config_test.go      redis.conf: includes, errors, rewriting
//	pubsub_storm_test.go  messages for listeners that do not read
//	resident_test.go    memory that is idle
//	operator_test.go    renamed commands, MONITOR, CLIENT PAUSE
//	end_test.go         signals and SHUTDOWN
//	load_test.go        long pipelines, large values, slow commands beside fast ones
//	atomic_test.go      what concurrent clients may see of each other
package robust
