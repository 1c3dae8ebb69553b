package stream

import (
	"fmt"
	"testing"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// longStream is a stream of n entries with one field.
func longStream(b *testing.B, n int) entry.Entry {
	ar := arena.New()
	b.Cleanup(ar.Release)
	s := NewBuild(ar, []byte("s"), entry.Spec{}, Bounds{NodeBytes: 4096, NodeEntries: 100})
	items := [][]byte{[]byte("field"), []byte("0123456789abcdef")}
	for i := range n {
		s.Add(ID{Ms: uint64(i) + 1}, items)
	}
	return s.Entry()
}

// BenchmarkOutside asks for the memory of streams of so many entries.
func BenchmarkOutside(b *testing.B) {
	for _, n := range []int{1000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e := longStream(b, n)
			for b.Loop() {
				outside(e)
			}
		})
	}
}
