//go:build !linux

package main

// memoryBytes is 0: unknown on this system.
func memoryBytes() uint64 { return 0 }
