//go:build unix

package main

import (
	"math"

	"golang.org/x/sys/unix"
)

// raiseFileLimit tries to allow want open files, beyond the hard limit too if the
// system lets us, and returns how many are allowed then.
func raiseFileLimit(want uint64) (limit uint64, err error) {
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &now); err != nil {
		return 0, err
	}
	if uint64(now.Cur) >= want {
		return uint64(now.Cur), nil
	}
	next := now
	assign(&next.Cur, want)
	assign(&next.Max, max(uint64(now.Max), want))
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &next) != nil {
		next = now
		assign(&next.Cur, min(uint64(now.Max), want))
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &next) != nil {
			return uint64(now.Cur), nil
		}
	}
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &now); err != nil {
		return 0, err
	}
	return uint64(now.Cur), nil
}

// assign bridges systems whose limits are signed and those where they are not.
func assign[T int64 | uint64](field *T, v uint64) { *field = T(min(v, math.MaxInt64)) }
