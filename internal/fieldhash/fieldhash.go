package fieldhash

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// Short is how long the fields are of which Words makes the hash.
const Short = 16

// A Seed makes hashes. Its zero value makes bad ones.
type Seed struct {
	a, b uint64
	long maphash.Seed
}

// New returns a Seed, at random.
func New() Seed {
	seed := maphash.MakeSeed()
	return Seed{maphash.String(seed, "a"), maphash.String(seed, "b"), seed}
}

// Of returns the hash of a field. All its bits are good.
func (s *Seed) Of(p []byte) uint64 {
	var x, y uint64
	switch n := len(p); {
	case n > Short:
		return maphash.Bytes(s.long, p)
	case n >= 8:
		x, y = binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[n-8:])>>(8*(Short-uint(n)))
	case n >= 4:
		x = uint64(binary.LittleEndian.Uint32(p)) | uint64(binary.LittleEndian.Uint32(p[n-4:]))<<(8*(uint(n)-4))
	case n > 0:
		x = uint64(p[0]) | uint64(p[n/2])<<(8*uint(n/2)) | uint64(p[n-1])<<(8*uint(n-1))
	}
	return s.Words(x, y, len(p))
}

// Words is Of for a field of n bytes, of which x are the first eight and y the next eight, the first in the lowest
// bits, and zeros behind the last.
//
// One product would not do: fields differ in their last digits, so that it makes a row with even steps of them, which
// meets itself over and over when the seed is an unlucky one.
func (s *Seed) Words(x, y uint64, n int) uint64 {
	high, low := bits.Mul64(x^s.a, y^s.b^uint64(n)<<56)
	high, low = bits.Mul64(high^low, s.a|1)
	return high ^ low
}
