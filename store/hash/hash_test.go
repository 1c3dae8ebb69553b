package hash

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// TestModel is the fuzz test with random operations.
func TestModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 150 {
		data := make([]byte, 2*rng.IntN(150))
		for i := range data {
			data[i] = byte(rng.IntN(256))
		}
		run(t, data)
	}
}

func pairsOf(words ...string) (out [][]byte) {
	for _, w := range words {
		out = append(out, []byte(w))
	}
	return out
}

func TestFill(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	for _, c := range []struct {
		pairs [][]byte
		want  string
	}{
		{pairsOf("a", "1", "b", "22"), "a=1 b=22 "},
		{pairsOf("a", "1", "b", "22", "a", "333", "c", "", "b", ""), "a=333 b= c= "},
		{pairsOf("a", "1", "a", "2"), "a=2 "},
	} {
		e := entry.New(ar, []byte("k"), &entry.Spec{Type: entry.Hash, Encoding: entry.Listpack, PayloadLen: FillBytes(c.pairs)})
		e = Fill(ar, e, c.pairs)
		got := ""
		Each(e, 0, func(f, v []byte, _ int64) bool {
			got += fmt.Sprintf("%s=%s ", f, v)
			return true
		})
		if err := Check(e); err != nil || got != c.want {
			t.Errorf("%q: %q, %v", c.pairs, got, err)
		}
		e.Free(ar)
	}
	lim := Limits{3, 4}
	for _, c := range []struct {
		pairs [][]byte
		fits  bool
	}{
		{pairsOf("a", "1234"), true}, {pairsOf("a", "12345"), false}, {pairsOf("12345", "1"), false},
		{pairsOf("a", "", "b", "", "c", ""), true}, {pairsOf("a", "", "b", "", "c", "", "d", ""), false},
	} {
		if FitsPacked(&lim, c.pairs) != c.fits {
			t.Errorf("%q fits: %v", c.pairs, !c.fits)
		}
	}
}

// filled makes a hash of n fields of 16 bytes with values of 16.
func filled(ar *arena.Arena, n int, deadline int64) entry.Entry {
	e := entry.New(ar, []byte("key"), &entry.Spec{Type: entry.Hash, Encoding: entry.Listpack, PayloadLen: EmptyBytes})
	Init(e)
	lim := Limits{512, 64}
	for i := range n {
		e, _ = Set(ar, e, &lim, fmt.Appendf(nil, "field:%010d", i), []byte("a value of 16 by"), deadline*int64(i+1))
	}
	return e
}

// TestExpiryIsSelective expires a few of many fields and looks at what it visits.
func TestExpiryIsSelective(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	const fields = 50000
	e := filled(ar, fields, 1)
	left := fields
	for now := int64(1); now <= 2000; now++ {
		var n int
		if e, n, _ = ExpireFields(ar, e, now, 100, func([]byte) {}); n != 1 {
			t.Fatalf("%d expired at %d", n, now)
		}
		left--
	}
	if err := Check(e); err != nil || Len(e) != left || NextDeadline(e) != 2001 {
		t.Fatalf("%d fields, nearest %d, %v", Len(e), NextDeadline(e), err)
	}
	if n := Visible(e, fields-10); n != 10 {
		t.Errorf("%d visible", n)
	}
	for more := true; more; {
		e, _, more = ExpireFields(ar, e, fields, 1000, func([]byte) {})
	}
	if Len(e) != 0 {
		t.Errorf("%d fields left", Len(e))
	}
}

// TestBytesPerField holds what DESIGN.md promises: 52 bytes for 16 + 16.
func TestBytesPerField(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	const fields = 100000
	e := filled(ar, fields, 0)
	if per := float64(ar.Pages()) / fields; per > 52 {
		t.Errorf("%.1f bytes per field, %.1f of them live", per, float64(outside(e))/fields)
	}
}

func TestAllocs(t *testing.T) {
	if invariants.Enabled {
		t.Skip("the checks allocate")
	}
	ar := arena.New()
	defer ar.Release()
	lim := Limits{512, 64}
	f, v := []byte("field:0000000003"), []byte("a value of 16 xx")
	for _, n := range []int{8, 2000} {
		for _, deadline := range []int64{0, 1 << 40} {
			e := filled(ar, n, deadline)
			got := testing.AllocsPerRun(100, func() {
				e, _ = Set(ar, e, &lim, f, v, KeepTTL)
				e, _ = Set(ar, e, &lim, f, v, deadline)
				Get(e, f, 5)
				e, _ = Delete(ar, e, f)
				e, _ = Set(ar, e, &lim, f, v, 0)
				Random(e, 7, 5)
				Each(e, 5, func(_, _ []byte, _ int64) bool { return true })
				Scan(e, 0, 10, 5, func(_, _ []byte) {})
			})
			if got != 0 {
				t.Errorf("%d fields, deadline %d: %v allocations", n, deadline, got)
			}
		}
	}
}

func BenchmarkGet(b *testing.B) {
	for _, n := range []int{5, 100, 1000000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ar := arena.New()
			defer ar.Release()
			e := filled(ar, n, 0)
			names := make([][]byte, 4096)
			for i := range names {
				names[i] = fmt.Appendf(nil, "field:%010d", rand.IntN(n))
			}
			i := 0
			for b.Loop() {
				if _, ok := Get(e, names[i&4095], 0); !ok {
					b.Fatal("missing")
				}
				i++
			}
		})
	}
}
