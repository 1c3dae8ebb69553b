package hash

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
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
		n, _ := Plan(&Limits{100, 100}, c.pairs)
		e := entry.New(ar, []byte("k"), &entry.Spec{Type: entry.Hash, Encoding: entry.Listpack, PayloadLen: n})
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
		if _, fits := Plan(&lim, c.pairs); fits != c.fits {
			t.Errorf("%q fits: %v", c.pairs, !c.fits)
		}
	}
}

func TestOverwrite(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	long := strings.Repeat("x", 127)
	all := pairsOf("a", "1", "b", "22", long, long, "d", "", long+"x", "5")
	lim := Limits{100, 200}
	n, _ := Plan(&lim, all)
	for _, c := range []struct {
		pairs [][]byte
		lim   int
		done  int
		want  string // values joined
	}{
		{pairsOf("a", "7", "b", "88"), 200, 4, "7 88"},
		{pairsOf("b", "88", "a", "7", "d", ""), 200, 6, "7 88"},
		{pairsOf("b", "88", "b", "99", "a", "8"), 200, 6, "8 99"},
		{pairsOf("a", "7", "none", "1", "b", "88"), 200, 2, "7 22"},
		{pairsOf("a", "7", "b", "1", "d", ""), 200, 2, "7 22"},
		{pairsOf(long+"x", "6", "a", "7"), 200, 4, "7 22"},
		{pairsOf(long, long, "a", "7", "a", long+"x"), 200, 4, "7 22"},
		{pairsOf("a", "7", "b", "88"), 1, 2, "7 22"},
		{pairsOf("d", "", "d", "", "zz", ""), 200, 4, "1 22"},
	} {
		e := Fill(ar, entry.New(ar, []byte("k"), &entry.Spec{Type: entry.Hash, Encoding: entry.Listpack, PayloadLen: n}), all)
		done := Overwrite(e, &Limits{100, c.lim}, c.pairs)
		a, _ := Get(e, []byte("a"), 0)
		b, _ := Get(e, []byte("b"), 0)
		if got := string(a) + " " + string(b); done != c.done || got != c.want {
			t.Errorf("%.40q: %d done, %s; want %d, %s", c.pairs, done, got, c.done, c.want)
		}
		if err := Check(e); err != nil || Len(e) != len(all)/2 {
			t.Errorf("%.40q: %v", c.pairs, err)
		}
		e.Free(ar)
	}
}

// TestLowerThreshold sets a field that is there, of a hash with more fields than its limits have become.
func TestLowerThreshold(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	for _, deadline := range []int64{0, 1 << 40} {
		e := filled(ar, 20, deadline)
		pair := [][]byte{[]byte("field:0000000003"), []byte("another value!!!")}
		lower := Limits{19, 64}
		if done := Overwrite(e, &lower, pair); done != 0 {
			t.Errorf("%d elements are overwritten", done)
		}
		e, created := Set(ar, e, &lower, pair[0], pair[1], KeepTTL)
		if e.Encoding() != entry.Hashtable || created || Len(e) != 20 {
			t.Errorf("encoding %d, created %v, %d fields", e.Encoding(), created, Len(e))
		}
		if val, d, _ := Lookup(e, pair[0], 0); string(val) != string(pair[1]) || d != deadline*4 {
			t.Errorf("%q, deadline %d", val, d)
		}
		if err := Check(e); err != nil {
			t.Error(err)
		}
		e.Free(ar)
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

// TestBytesPerField holds the bound of 52 bytes for 16 + 16.
func TestBytesPerField(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	const fields = 100000
	e := filled(ar, fields, 0)
	if per := float64(ar.Pages()) / fields; per > 52 {
		t.Errorf("%.1f bytes per field, %.1f of them live", per, float64(outside(e))/fields)
	}
}

// TestPackedTable: a hash that is no Listpack any more stays packed while it is short, and takes little more than it holds.
func TestPackedTable(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	lim := Limits{512, 64}
	long := []byte(strings.Repeat("v", 100))
	short := func() entry.Entry {
		e := filled(ar, 4, 0)
		e, _ = Set(ar, e, &lim, []byte("long"), long, 0)
		return e
	}
	e := short()
	if e.Encoding() != entry.PackedTable || e.Encoding().String() != "hashtable" {
		t.Fatalf("a short hash with a long value is a %d, %v", e.Encoding(), e.Encoding())
	}
	if most := int64(4*(16+16) + 4 + 100 + 40); ar.Used() > most {
		t.Errorf("it takes %d bytes, want %d at most", ar.Used(), most)
	}
	e, _ = Set(ar, e, &lim, []byte("long"), []byte("x"), KeepTTL)
	if e.Encoding() != entry.PackedTable {
		t.Errorf("a hash table is a %v again when the long value is gone", e.Encoding())
	}
	full := func(name string, change func(e entry.Entry) entry.Entry) {
		t.Helper()
		e := change(short())
		if err := Check(e); err != nil || e.Encoding() != entry.Hashtable {
			t.Errorf("%s: encoding %d, %v", name, e.Encoding(), err)
		}
		if v, ok := Get(e, []byte("long"), 0); !ok || string(v) != string(long) {
			t.Errorf("%s: the long value is %q, %v", name, v, ok)
		}
	}
	full("many fields", func(e entry.Entry) entry.Entry {
		for i := range shortFields {
			e, _ = Set(ar, e, &lim, fmt.Appendf(nil, "more%d", i), nil, 0)
		}
		return e
	})
	full("many bytes", func(e entry.Entry) entry.Entry {
		e, _ = Set(ar, e, &lim, []byte("huge"), make([]byte, shortBytes), 0)
		return e
	})
	full("a new field with a deadline", func(e entry.Entry) entry.Entry {
		e, _ = Set(ar, e, &lim, []byte("timed"), nil, 1000)
		return e
	})
	full("a deadline", func(e entry.Entry) entry.Entry { return SetDeadline(ar, e, []byte("field:0000000001"), 1000) })

	e = short()
	e, _ = Set(ar, e, &lim, []byte("larger"), make([]byte, shortBytes*2/3), 0)
	e, _ = Set(ar, e, &lim, []byte("larger"), make([]byte, shortBytes*2/3), 0)
	if err := Check(e); err != nil || e.Encoding() != entry.PackedTable {
		t.Errorf("after a value was replaced by one of its length: encoding %d, %v", e.Encoding(), err)
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

// TestPackedBytes: whatever the thresholds say, what stands packed in an entry's block is bounded: long values make a hash a table.
func TestPackedBytes(t *testing.T) {
	lim := Limits{Entries: 512, ValueBytes: math.MaxInt32}
	long := make([]byte, entry.MaxPackedBytes-1000)
	ar := arena.New()
	defer ar.Release()
	e := entry.New(ar, []byte("k"), &entry.Spec{Type: entry.Hash, Encoding: entry.Listpack, PayloadLen: EmptyBytes})
	Init(e)
	e, _ = Set(ar, e, &lim, []byte("a"), long, 0)
	if e.Encoding() != entry.Listpack {
		t.Errorf("one long value: %v", e.Encoding())
	}
	for _, size := range []int{500, 1000} { // the second one takes the place of the first
		e, _ = Set(ar, e, &lim, []byte("b"), long[:size], 0)
		if e.PayloadLen() > entry.MaxPackedBytes || (e.Encoding() == entry.Listpack) != (size == 500) {
			t.Errorf("with %d bytes more: %v of %d bytes", size, e.Encoding(), e.PayloadLen())
		}
	}
	if err := Check(e); err != nil {
		t.Error(err)
	}
}
