// Package repl tests primaries and replicas in the care of redis-sentinel, with clients that ask it where the primary is, and in a
// storm of what is worst for them. Replicas under all commands, Kring's and redis-server's, are in package compat, whose generator they need.
package repl
