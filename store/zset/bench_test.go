package zset

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/slotted"
)

const benchEntries = 1_000_000

func newFull(ar *arena.Arena) entry.Entry {
	e := entry.New(ar, []byte("k"), &entry.Spec{Type: entry.ZSet, Encoding: entry.Skiplist, PayloadLen: FullBytes})
	InitFull(e)
	return e
}

func benchMember(buf []byte, i int) []byte { return fmt.Appendf(buf[:0], "member:%09d", i) }

// BenchmarkAdd adds a million members of 16 bytes with random scores.
func BenchmarkAdd(b *testing.B) {
	for _, order := range []string{"random", "ascending", "descending"} {
		b.Run(order, func(b *testing.B) {
			ar := arena.New()
			defer ar.Release()
			e := newFull(ar)
			rng := rand.New(rand.NewPCG(1, 2))
			var buf []byte
			n := 0
			for b.Loop() {
				if n == benchEntries {
					b.StopTimer()
					ar.Release()
					ar = arena.New()
					e, n = newFull(ar), 0
					b.StartTimer()
				}
				buf = benchMember(buf, n)
				s := float64(n)
				switch order {
				case "random":
					s = rng.Float64()
				case "descending":
					s = -s
				}
				e, _, _ = Add(ar, e, buf, s, 0, Limits{})
				n++
			}
			if n > 1000 {
				b.ReportMetric(float64(e.U64(bytesOff))/float64(n), "tree-B/entry")
				b.ReportMetric(float64(index(e).Bytes())/float64(n), "index-B/entry")
				b.ReportMetric(float64(ar.Pages())/float64(n), "pages-B/entry")
			}
		})
	}
}

func filled() (*arena.Arena, entry.Entry) {
	ar := arena.New()
	e := newFull(ar)
	rng := rand.New(rand.NewPCG(1, 2))
	var buf []byte
	for i := range benchEntries {
		buf = benchMember(buf, i)
		e, _, _ = Add(ar, e, buf, rng.Float64(), 0, Limits{})
	}
	return ar, e
}

func BenchmarkQuery(b *testing.B) {
	ar, e := filled()
	defer ar.Release()
	rng := rand.New(rand.NewPCG(3, 4))
	var buf []byte
	b.Run("Score", func(b *testing.B) {
		for b.Loop() {
			buf = benchMember(buf, rng.IntN(benchEntries))
			Score(e, buf)
		}
	})
	b.Run("Rank", func(b *testing.B) {
		for b.Loop() {
			buf = benchMember(buf, rng.IntN(benchEntries))
			Rank(e, buf)
		}
	})
	b.Run("RankOfScore", func(b *testing.B) {
		for b.Loop() {
			RankOfScore(e, rng.Float64(), false)
		}
	})
	b.Run("Seek10", func(b *testing.B) {
		for b.Loop() {
			var it Iter
			it.Seek(e, rng.Uint64N(benchEntries-10), 10, false)
			for it.Next() {
				_ = it.Member()
			}
		}
	})
	b.Run("Update", func(b *testing.B) {
		for b.Loop() {
			buf = benchMember(buf, rng.IntN(benchEntries))
			e, _, _ = Add(ar, e, buf, rng.Float64(), 0, Limits{})
		}
	})
	b.Run("UpdateAhead", func(b *testing.B) {
		// Members as the look-ahead of a pipeline finds them: the index is in the cache.
		root := e.A + arena.Addr(uintptr(unsafe.Pointer(&e.Payload()[indexOff]))-uintptr(e.A.Ptr()))
		var members [64][]byte
		var places [64]slotted.Place
		for n := 0; b.Loop(); n++ {
			if n%len(members) == 0 {
				for i := range members {
					members[i] = benchMember(members[i], rng.IntN(benchEntries))
					places[i] = slotted.Place{}
					places[i].Touch(root, members[i])
				}
				for i := range places {
					places[i].TouchPage()
				}
				for i := range places {
					places[i].TouchRecord()
				}
			}
			e, _, _ = Add(ar, e, members[n%len(members)], rng.Float64(), 0, Limits{})
		}
	})
	b.Run("UpdateNear", func(b *testing.B) {
		for b.Loop() {
			buf = benchMember(buf, rng.IntN(benchEntries))
			e, _, _ = Add(ar, e, buf, 1e-5, Incr, Limits{})
		}
	})
	b.Run("Random", func(b *testing.B) {
		for b.Loop() {
			buf = benchMember(buf, rng.IntN(benchEntries))
		}
	})
}
