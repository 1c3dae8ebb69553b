package rdb

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// unpackPlainly decompresses src byte by byte; ok is false if src does not make exactly n bytes.
func unpackPlainly(src []byte, n int) (dst []byte, ok bool) {
	for i := 0; i < len(src); {
		c := int(src[i])
		i++
		if c < lzfLiterals {
			if i+c+1 > len(src) || len(dst)+c+1 > n {
				return nil, false
			}
			dst = append(dst, src[i:i+c+1]...)
			i += c + 1
			continue
		}
		length := c>>5 + 2
		if length == 9 && i < len(src) {
			length += int(src[i])
			i++
		}
		if i == len(src) {
			return nil, false
		}
		from := len(dst) - (c&31<<8 + int(src[i]) + 1)
		i++
		if from < 0 || len(dst)+length > n {
			return nil, false
		}
		for k := range length {
			dst = append(dst, dst[from+k])
		}
	}
	if len(dst) != n {
		return nil, false
	}
	return dst, true
}

// comparePlainly compares what becomes of src with what becomes of it byte by byte, and that nothing is written behind the n bytes.
func comparePlainly(t *testing.T, src []byte, n int) (ok bool) {
	t.Helper()
	const guard = 64
	room := bytes.Repeat([]byte{0xa5}, n+guard)
	want, ok := unpackPlainly(src, n)
	got, err := decompress(room[:0:n], bytes.Clone(src), n)
	if !plausible(uint64(len(src)), uint64(n)) {
		ok, want = false, nil
	}
	if ok != (err == nil) || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes of %q: %q, %v; byte by byte %q, %v", n, src, got, err, want, ok)
	}
	for _, b := range room[n:] {
		if b != 0xa5 {
			t.Fatalf("%d bytes of %q: written behind the end", n, src)
		}
	}
	return ok
}

// randomTokens makes LZF of tokens of all kinds, most of them short, with all short distances, and returns how long it becomes.
func randomTokens(rng *rand.Rand, tokens int) (src []byte, n int) {
	for range tokens {
		if n == 0 || rng.IntN(3) == 0 {
			k := 1 + rng.IntN(lzfLiterals)
			if rng.IntN(2) == 0 {
				k = 1 + rng.IntN(3)
			}
			src = append(src, byte(k-1))
			for range k {
				src = append(src, byte(rng.Uint32()))
			}
			n += k
			continue
		}
		d := rng.IntN(min(n, lzfDistance))
		if rng.IntN(2) == 0 {
			d = rng.IntN(min(n, 20))
		}
		length := lzfShortest + rng.IntN(6)
		if rng.IntN(4) == 0 {
			length = 9 + rng.IntN(256)
			src = append(src, byte(7<<5|d>>8), byte(length-9), byte(d))
		} else {
			src = append(src, byte((length-2)<<5|d>>8), byte(d))
		}
		n += length
	}
	return src, n
}

// TestLZFPlainly: decompression by moves of a fixed size is what it is byte by byte, wherever tokens end, for matches that overlap
// themselves, for damaged bytes, and for lengths that are not those of the data.
func TestLZFPlainly(t *testing.T) {
	rounds := 40_000
	if testing.Short() {
		rounds /= 10
	}
	rng := rand.New(rand.NewPCG(11, 12))
	whole, damaged := 0, 0
	for range rounds {
		src, n := randomTokens(rng, rng.IntN(40))
		if !comparePlainly(t, src, n) && plausible(uint64(len(src)), uint64(n)) {
			t.Fatalf("%q is no LZF of %d bytes", src, n)
		}
		whole++
		if len(src) == 0 {
			continue
		}
		comparePlainly(t, src, max(0, n+rng.IntN(80)-40))
		if comparePlainly(t, damage(rng, src), n) {
			damaged++
		}
	}
	if whole < rounds/2 || damaged < rounds/50 {
		t.Errorf("%d whole ones, %d of the damaged ones with the right length", whole, damaged)
	}
}

func FuzzLZFPlainly(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		src, n := randomTokens(rng, 20)
		f.Add(src, n)
	}
	f.Fuzz(func(t *testing.T, src []byte, n int) {
		if n >= 0 && n < 1<<16 {
			comparePlainly(t, src, n)
			if p, ok := unpackPlainly(src, n); ok {
				var c compressor
				if z := c.compress(p, false); z != nil && !comparePlainly(t, z, len(p)) {
					t.Fatalf("%q does not come back", p)
				}
			}
		}
	})
}
