// Package repl tests primaries and replicas in the care of redis-sentinel. Replicas under all
// commands, Kring's and redis-server's, are in package compat, whose generator they need.
package repl
