// Package probe measures what clients wait for replies while something else goes on: a
// few connections send one command each at fixed times.
//
// A command is counted from the moment at which it was to be sent, if the one before was
// still unanswered then: a server that stands still for 10 ms is late for all that were
// due meanwhile, not for one. A client that merely wakes late is not held against the
// server.
package probe
