// Package repl tests replication between whole servers: Kring as a replica, as a primary, and
// in the care of redis-sentinel. Replicas under all commands are in package compat, whose generator
// they need.
package repl
