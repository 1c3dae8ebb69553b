//go:build linux || darwin

package arena

import (
	"math"

	"golang.org/x/sys/unix"
)

// osAddressLimit is how large the address space of the process may be (ulimit -v).
func osAddressLimit() uint64 {
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_AS, &lim) != nil {
		return math.MaxUint64
	}
	return uint64(lim.Cur)
}
