package main

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// XXH64 reads a 64-byte input as two stripes of four 8-byte words, one word of each
// stripe per lane. A lane's accumulator v becomes, for each of its words x,
//
//	round(v, x) = rotl(v + x*prime2, 31) * prime1
//
// which is a bijection in x. So for any first word the second one can be solved for an
// accumulator of our choice, in every lane by itself:
//
//	x2 = (rotr(target * prime1^-1, 31) - round(v, x1)) * prime2^-1
//
// All keys built like this have equal accumulators after their last byte, and therefore
// the same hash, whatever is done with the accumulators then.
const (
	prime1 uint64 = 0x9E3779B185EBCA87
	prime2 uint64 = 0xC2B2AE3D27D4EB4F

	lanesCount = 4
	keyWords   = 2 * lanesCount
	laneTarget = 0x0123456789abcdef // any number would do
)

var (
	inverse1 = inverse(prime1)
	inverse2 = inverse(prime2)
	// laneStart is XXH64's initial state for seed 0.
	laneStart = [lanesCount]uint64{sum(prime1, prime2), prime2, 0, sum(^prime1, 1)}
)

// sum adds at run time, where it may wrap.
func sum(a, b uint64) uint64 { return a + b }

// inverse gives the inverse of an odd number modulo 2^64 (Newton: each step doubles the
// number of right bits, and a itself has three).
func inverse(a uint64) uint64 {
	x := a
	for range 5 {
		x *= 2 - a*x
	}
	return x
}

func round(v, x uint64) uint64 { return bits.RotateLeft64(v+x*prime2, 31) * prime1 }

func solve(v, target uint64) uint64 {
	return (bits.RotateLeft64(target*inverse1, -31) - v) * inverse2
}

func appendWord(dst []byte, x uint64) []byte { return binary.LittleEndian.AppendUint64(dst, x) }

// collidingKey gives the key number i of the family.
func collidingKey(dst []byte, i int) []byte {
	var second [lanesCount]uint64
	for lane := range lanesCount {
		first := uint64(i)*keyWords + uint64(lane)
		dst = appendWord(dst, first)
		second[lane] = solve(round(laneStart[lane], first), laneTarget+uint64(lane))
	}
	for _, x := range second {
		dst = appendWord(dst, x)
	}
	return dst
}

// verify hashes the whole family with the real XXH64.
func verify(keys int) error {
	want := xxhash.Sum64(collidingKey(nil, 0))
	var key []byte
	for i := range keys {
		key = collidingKey(key[:0], i)
		if got := xxhash.Sum64(key); got != want {
			return fmt.Errorf("key %d hashes to %x, key 0 to %x", i, got, want)
		}
	}
	fmt.Printf("%d distinct keys of %d bytes have the XXH64 %016x\n", keys, len(key), want)
	return nil
}
