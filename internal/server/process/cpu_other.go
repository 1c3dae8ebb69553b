//go:build !unix

package process

import "runtime"

// CPUTimes returns nothing: this system does not tell.
func CPUTimes() []CPUTime { return nil }

// OSName describes the operating system as INFO does.
func OSName() string { return runtime.GOOS + " " + runtime.GOARCH }
