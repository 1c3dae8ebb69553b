// Package listen opens and closes the sockets that the server accepts on, as the options say,
// and follows the options while the server runs.
//
// Terms
//
//	family    the listeners of one port: of TCP, or of TLS
//	endpoint  what one listener is opened from: an address of the option bind, and a port
//	deaf      without a family for plain TCP, as a program may ask that embeds the server
//
// Layout
//
//	bind, port      ─▶ family tcp ─┐
//	bind, tls-port  ─▶ family tls ─┼─▶ netio.Group ─▶ connections
//	unixsocket      ─▶ unix ───────┘
//	tls-cert-file … ─▶ tlsport.Port (the configuration that handshakes use)
//
// Invariants
//
//  1. A family moves as a whole: when a new address cannot be opened the old ones are back.
//  2. The mutex is held while sockets are closed and opened, under the lock of the options, and by
//     who copies the addresses. Nothing of the server is called under it but the group.
package listen
