package set

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/value"
)

var testLimits = Limits{IntEntries: 512, Entries: 128, ValueBytes: 64}

// rig is a set and the Go map that it should equal.
type rig struct {
	t     testing.TB
	ar    *arena.Arena
	e     entry.Entry
	lim   *Limits
	model map[string]bool
}

func newRig(t testing.TB, lim *Limits, first string, hint int) *rig {
	t.Helper()
	r := &rig{t: t, ar: arena.New(), lim: lim, model: map[string]bool{}}
	enc, n := Form([]byte(first), hint, lim)
	r.e = entry.New(r.ar, []byte("key"), &entry.Spec{Type: entry.Set, Encoding: enc, PayloadLen: n})
	Init(r.e)
	t.Cleanup(func() {
		Free(r.ar, r.e)
		r.e.Free(r.ar)
		if n := r.ar.Used(); n != 0 {
			t.Errorf("%d bytes left", n)
		}
		r.ar.Release()
	})
	return r
}

func (r *rig) add(m string) {
	r.t.Helper()
	e, added := Add(r.ar, r.e, r.lim, []byte(m))
	r.e = e
	if added == r.model[m] {
		r.t.Fatalf("Add %q: %v", m, added)
	}
	r.model[m] = true
}

func (r *rig) remove(m string) {
	r.t.Helper()
	e, removed := Remove(r.ar, r.e, []byte(m))
	r.e = e
	if removed != r.model[m] {
		r.t.Fatalf("Remove %q: %v", m, removed)
	}
	delete(r.model, m)
}

func (r *rig) verify() {
	r.t.Helper()
	if err := Check(r.e); err != nil {
		r.t.Fatal(err)
	}
	if Len(r.e) != len(r.model) || string(r.e.Key()) != "key" {
		r.t.Fatalf("Len %d, model %d, key %q", Len(r.e), len(r.model), r.e.Key())
	}
	seen := map[string]bool{}
	var it Iter
	for m, ok := it.Next(r.e); ok; m, ok = it.Next(r.e) {
		if seen[string(m)] || !r.model[string(m)] || !Has(r.e, m) {
			r.t.Fatalf("Next gave %q", m)
		}
		seen[string(m)] = true
	}
	n := 0
	for pos := uint64(0); ; {
		if pos = Walk(r.e, pos, 10, func(m []byte) {
			if n++; !seen[string(m)] {
				r.t.Fatalf("Walk gave %q", m)
			}
		}); pos == 0 {
			break
		}
	}
	if len(seen) != len(r.model) || n != len(r.model) {
		r.t.Fatalf("Next gave %d, Walk %d of %d", len(seen), n, len(r.model))
	}
	if used := int64(arena.SizeOf(r.e.Size())) + Outside(r.e); used != r.ar.Used() {
		r.t.Fatalf("%d bytes by account, %d in the arena", used, r.ar.Used())
	}
}

func (r *rig) is(enc entry.Encoding) {
	r.t.Helper()
	if r.e.Encoding() != enc {
		r.t.Fatalf("%d members: encoding %v, want %v", len(r.model), r.e.Encoding(), enc)
	}
	r.verify()
}

func TestIntsUpToTheLimit(t *testing.T) {
	r := newRig(t, &testLimits, "1", 1)
	for i := range 512 {
		r.add(strconv.Itoa(i * 7919 % 512))
	}
	r.is(entry.Intset)
	r.add("600")
	r.is(entry.Hashtable)
}

func TestIntsWiden(t *testing.T) {
	r := newRig(t, &testLimits, "1", 1)
	for i, v := range []int64{5, -3, math.MaxInt16, math.MinInt16, math.MaxInt16 + 1, 7, math.MinInt32, math.MinInt32 - 1, 0, math.MaxInt64, math.MinInt64} {
		r.add(strconv.FormatInt(v, 10))
		if r.verify(); i == 3 && ints(r.e.Payload()).width() != 2 {
			t.Fatal("16 bits do not suffice")
		}
	}
	r.is(entry.Intset)
	for _, no := range []string{"", "07", "+7", "-0", "9223372036854775808", " 7"} {
		if Has(r.e, []byte(no)) {
			t.Errorf("%q is a member", no)
		}
		r.remove(no)
	}
}

func TestIntsBecomePacked(t *testing.T) {
	r := newRig(t, &testLimits, "1", 1)
	for i := range 127 {
		r.add(strconv.Itoa(i - 60))
	}
	r.add("word")
	r.is(entry.Listpack)
	r.add("999")
	r.is(entry.Hashtable)
}

func TestIntsBecomeTable(t *testing.T) {
	r := newRig(t, &testLimits, "1", 1)
	for i := range 128 {
		r.add(strconv.Itoa(i))
	}
	r.add("word")
	r.is(entry.Hashtable)
	long := newRig(t, &testLimits, "1", 1)
	long.add("1")
	long.add(strings.Repeat("x", 65))
	long.is(entry.Hashtable)
	short := newRig(t, &Limits{IntEntries: 512, Entries: 128, ValueBytes: 3}, "1", 1)
	short.add("-100")
	short.add("abc")
	short.is(entry.Hashtable)
}

func TestPackedLimits(t *testing.T) {
	r := newRig(t, &testLimits, "a", 1)
	for i := range 128 {
		r.add(fmt.Sprintf("m%063d", i))
	}
	r.is(entry.Listpack)
	r.add("one more")
	r.is(entry.Hashtable)
	long := newRig(t, &testLimits, "a", 1)
	long.add(strings.Repeat("x", 65))
	long.is(entry.Hashtable)
}

func TestForm(t *testing.T) {
	for _, c := range []struct {
		first string
		hint  int
		want  entry.Encoding
	}{{"1", 512, entry.Intset}, {"1", 513, entry.Hashtable}, {"a", 128, entry.Listpack}, {"a", 129, entry.Hashtable}, {"01", 1, entry.Listpack}} {
		if r := newRig(t, &testLimits, c.first, c.hint); r.e.Encoding() != c.want {
			t.Errorf("%q, %d: %v", c.first, c.hint, r.e.Encoding())
		}
	}
	r := newRig(t, &testLimits, "1", 1)
	r.add("1")
	if r.e = Expect(r.ar, r.e, r.lim, 512); r.e.Encoding() != entry.Intset {
		t.Error("converted for 512")
	}
	r.e = Expect(r.ar, r.e, r.lim, 513)
	r.is(entry.Hashtable)
}

func TestToInts(t *testing.T) {
	r := newRig(t, &testLimits, "a", 1)
	for i := range 300 {
		r.add(strconv.Itoa(i*i*1000 - 5))
	}
	r.e = ToInts(r.ar, r.e, r.lim)
	r.is(entry.Intset)
	w := newRig(t, &testLimits, "a", 1)
	w.add("3")
	w.add("x")
	w.e = ToInts(w.ar, w.e, w.lim)
	w.is(entry.Listpack)
}

func TestOps(t *testing.T) {
	r := newRig(t, &testLimits, "a", 1)
	for i := range 5000 {
		r.add(fmt.Sprint("member", i))
	}
	r.add(strings.Repeat("long", 1000))
	to := arena.New()
	defer to.Release()
	ne := r.e.Clone(to, []byte("key"), 0)
	TableOps.Copy(to, ne, r.e)
	c := &rig{t: t, ar: to, e: ne, lim: r.lim, model: r.model}
	c.verify()
	if n := TableOps.Compact(to, ne, func(arena.Addr) bool { return true }, 20); n < 20 || n > 200 {
		t.Errorf("compacted %d", n)
	}
	c.verify()
	g := value.Garbage{Kind: ne.Kind()}
	TableOps.Detach(ne, &g)
	ne.Free(to)
	for {
		if TableOps.Bytes(&g) != to.Used() {
			t.Fatalf("garbage of %d bytes, the arena has %d", TableOps.Bytes(&g), to.Used())
		}
		if TableOps.FreeStep(to, &g, 10) {
			break
		}
	}
	if TableOps.Bytes(&g) != 0 || to.Used() != 0 {
		t.Errorf("%d bytes left", to.Used())
	}
}

// TestRandomIsEven draws from each form and looks whether every member comes about as
// often as it should.
func TestRandomIsEven(t *testing.T) {
	for _, c := range []struct {
		format string
		n      int
	}{{"%d", 400}, {"m%d", 100}, {"m%d", 1000}} {
		r := newRig(t, &testLimits, fmt.Sprintf(c.format, 1), 1)
		for i := range c.n {
			r.add(fmt.Sprintf(c.format, i))
		}
		const each = 100
		got, x := map[string]int{}, uint64(1)
		var buf [maxIntBytes]byte
		for range each * c.n {
			x = x*6364136223846793005 + 1442695040888963407
			got[string(Random(r.e, x, buf[:]))]++
		}
		for m := range r.model {
			if got[m] < each/4 || got[m] > each*4 {
				t.Errorf("%v, %d members: %q came %d times in %d", r.e.Encoding(), c.n, m, got[m], each*c.n)
			}
		}
	}
}

// FuzzSet compares a set of small thresholds with a Go map.
func FuzzSet(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 3, 4, 0, 5, 6, 1, 7, 9, 0, 0})
	f.Add([]byte{1, 1, 0, 200, 0, 2, 1, 0, 3, 2, 8, 3, 3, 2, 4, 0, 200})
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) < 2 {
			return
		}
		lim := &Limits{IntEntries: 8 + int(in[0]&7), Entries: 8 + int(in[0]>>3&7), ValueBytes: 8}
		member := func(kind, i byte) string {
			switch kind % 6 {
			case 0, 1:
				return strconv.Itoa(int(i) - 100)
			case 2:
				return strconv.Itoa(int(i) << 20)
			case 3:
				return strconv.Itoa(int(int8(i)) << 55)
			case 4:
				return fmt.Sprint("m", i)
			}
			return strings.Repeat("long", int(i)*3)
		}
		first := member(in[0], in[1])
		r := newRig(t, lim, first, 1+int(in[1]>>4))
		for in = in[2:]; len(in) >= 3; in = in[3:] {
			m := member(in[1], in[2])
			switch in[0] % 6 {
			case 0, 1, 2:
				r.add(m)
			case 3:
				r.remove(m)
			case 4:
				for i := range in[2] & 31 {
					r.add(member(in[1], in[2]+i))
				}
			case 5:
				r.e = ToInts(r.ar, r.e, lim)
			}
			if Len(r.e) > 0 {
				var buf [maxIntBytes]byte
				if m := Random(r.e, uint64(in[1])<<56|uint64(in[2])<<32, buf[:]); !r.model[string(m)] {
					t.Fatalf("Random gave %q", m)
				}
			}
			r.verify()
		}
	})
}

// TestPackedBytes: whatever the thresholds say, what stands packed in an entry's block is bounded.
func TestPackedBytes(t *testing.T) {
	lim := &Limits{IntEntries: 512, Entries: 128, ValueBytes: math.MaxInt32}
	r := newRig(t, lim, "a", 2)
	r.add(strings.Repeat("a", entry.MaxPackedBytes-1000))
	r.add("b")
	if r.e.Encoding() != entry.Listpack {
		t.Errorf("one long member: %v", r.e.Encoding())
	}
	r.add(strings.Repeat("c", 1000))
	if r.e.Encoding() != entry.Hashtable {
		t.Errorf("two long members: %v of %d bytes", r.e.Encoding(), r.e.PayloadLen())
	}
}
