// Package tlsport is the encrypted port: it turns the tls-... options into a
// configuration of crypto/tls, and an accepted connection into one that has its handshake
// behind it. It opens no sockets: package netio does.
//
// Terms
//
//	settings   the options, as CONFIG GET shows them
//	unit       the work of a handshake between two waits for the network: a key exchange and
//	           a signature, or the check of the peer's last message and certificate
//	gate       lets one unit run at a time, whatever the number of handshakes; accepting a
//	           connection has its turn there too
//	pending    a connection within its handshake; it is no client yet
//
// A connection
//
//	accept ─▶ Handshake: pending (a goroutine, a deadline) ─▶ client
//	              │ wait for the network: costs nothing
//	              │ wait for the gate:    costs nothing; begun handshakes go first
//	              │ unit, the gate held:  0.1-2 ms of CPU
//	              └ too late, garbage, a certificate that does not verify: closed, counted
//
// A reload replaces the configuration as a whole, or not at all. It holds for connections
// that are accepted after it; tickets of the configuration before are not resumed, so who
// is let in is decided by the certificates and authorities of now.
//
// Invariants
//
//  1. Between Read or Write of a pending connection and the next, its goroutine holds the
//     gate; during them it does not.
//  2. Handshake returns by its deadline, and starts no goroutine.
//  3. ClientCAs is never nil where client certificates are asked for: nil would mean the
//     authorities of the machine.
package tlsport
