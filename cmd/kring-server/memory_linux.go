package main

import (
	"math"

	"golang.org/x/sys/unix"
)

// addressLimit is how large the address space of this process may be.
func addressLimit() uint64 {
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_AS, &lim) != nil {
		return math.MaxUint64
	}
	return lim.Cur
}

// memoryBytes is the memory that this process may use: the machine's, or less if the
// control group says so. 0: unknown.
func memoryBytes() uint64 {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return 0
	}
	total := uint64(info.Totalram) * uint64(info.Unit)
	return smallestLimit(total, "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
}
