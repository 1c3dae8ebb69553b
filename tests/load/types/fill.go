package main

import (
	"strconv"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// The collections that the mixes work on, and the prefixes that make 16-byte elements
// with redis-benchmark's 12 digits.
const (
	hashKey, setKey, zsetKey, listKey = "bighash", "bigset", "bigzset", "biglist"
	fieldPrefix                       = "fld:"
	memberPrefix                      = "mem:"
	value16                           = "0123456789abcdef"
	smallFields                       = 5
)

// filler loads n elements.
type filler func(srv *harness.Server, n int) error

// fillBy makes a filler of a function that appends the arguments of command i.
func fillBy(args func(i int) [][]byte) filler {
	return func(srv *harness.Server, n int) error {
		return kit.Pipe(srv, kit.PipeSpec{Count: n, Command: func(dst []byte, i int) []byte {
			return kit.AppendCommand(dst, args(i)...)
		}})
	}
}

func words(w ...string) [][]byte {
	out := make([][]byte, len(w))
	for i, s := range w {
		out[i] = []byte(s)
	}
	return out
}

// scatter spreads i over [0, n) in an order that is neither ascending nor random: what
// is inserted is complete, and not sorted. n is not a multiple of the prime.
func scatter(i, n int) int { return int(uint64(i) * 2_654_435_761 % uint64(n)) }

func fillHash(srv *harness.Server, n int) error {
	return fillBy(func(i int) [][]byte {
		return [][]byte{[]byte("HSET"), []byte(hashKey), kit.Padded(nil, fieldPrefix, scatter(i, n)), []byte(value16)}
	})(srv, n)
}

func fillSet(srv *harness.Server, n int) error {
	return fillBy(func(i int) [][]byte {
		return [][]byte{[]byte("SADD"), []byte(setKey), kit.Padded(nil, memberPrefix, scatter(i, n))}
	})(srv, n)
}

func fillZSet(srv *harness.Server, n int) error {
	return fillBy(func(i int) [][]byte {
		score := strconv.Itoa(scatter(i*7+3, n))
		return [][]byte{[]byte("ZADD"), []byte(zsetKey), []byte(score), kit.Padded(nil, memberPrefix, scatter(i, n))}
	})(srv, n)
}

func fillList(srv *harness.Server, n int) error {
	return fillBy(func(int) [][]byte { return words("RPUSH", listKey, value16) })(srv, n)
}

// fillSmall loads n hashes of five short fields under 16-byte keys.
func fillSmall(srv *harness.Server, n int) error {
	return fillBy(func(i int) [][]byte {
		args := [][]byte{[]byte("HSET"), kit.Padded(nil, "obj:", i)}
		for f := range smallFields {
			args = append(args, []byte("f"+strconv.Itoa(f)), []byte(strconv.Itoa(100000+i%1000*100+f)))
		}
		return args
	})(srv, n)
}
