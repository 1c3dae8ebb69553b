package rdb

import (
	"math/rand/v2"
	"testing"
)

func TestChecksum(t *testing.T) {
	// The check value that the catalogue of CRCs gives for this polynomial.
	if c := Checksum(0, []byte("123456789")); c != 0xe9c6d914c4b8d9ca {
		t.Errorf("%x", c)
	}
	g := rand.New(rand.NewPCG(1, 1))
	p := make([]byte, 70_000)
	for i := range p {
		p[i] = byte(g.Uint32())
	}
	for range 2000 {
		from := g.IntN(3000)
		to := from + g.IntN(min(len(p)-from, 1<<g.IntN(17)+1))
		begin := g.Uint64()
		want := begin
		for _, b := range p[from:to] { // bit by bit
			want ^= uint64(b)
			for range 8 {
				if want&1 != 0 {
					want = want>>1 ^ polynomial
				} else {
					want >>= 1
				}
			}
		}
		if got := Checksum(begin, p[from:to]); got != want {
			t.Fatalf("%d bytes: %x, not %x", to-from, got, want)
		}
		if got := checksumTables(begin, p[from:to]); got != want {
			t.Fatalf("%d bytes by tables: %x, not %x", to-from, got, want)
		}
	}
}

func BenchmarkChecksum(b *testing.B) {
	p := make([]byte, 64<<10)
	b.Run("fast", func(b *testing.B) {
		b.SetBytes(int64(len(p)))
		for b.Loop() {
			Checksum(0, p)
		}
	})
	b.Run("tables", func(b *testing.B) {
		b.SetBytes(int64(len(p)))
		for b.Loop() {
			checksumTables(0, p)
		}
	})
}
