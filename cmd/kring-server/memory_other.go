//go:build !linux

package main

import "math"

// addressLimit is that nothing is known of a limit on this system.
func addressLimit() uint64 { return math.MaxUint64 }

// memoryBytes is 0: unknown on this system.
func memoryBytes() uint64 { return 0 }
