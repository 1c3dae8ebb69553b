//go:build !linux

package main

import "runtime/debug"

// settle gives back what only the start needed, when the server is ready.
func settle() { debug.FreeOSMemory() }
