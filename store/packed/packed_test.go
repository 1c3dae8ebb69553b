package packed

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

func newEntry(ar *arena.Arena, payload int) entry.Entry {
	return entry.New(ar, []byte("key"), &entry.Spec{Type: entry.Hash, Encoding: entry.Listpack, PayloadLen: payload})
}

// group is what the model keeps of one group.
type group struct {
	elems  [][]byte
	suffix byte
}

func randomElem(rng *rand.Rand) []byte {
	n := rng.IntN(6)
	switch rng.IntN(20) {
	case 0:
		n = 126 + rng.IntN(4)
	case 1:
		n = 16382 + rng.IntN(4)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + rng.IntN(2))
	}
	return b
}

func size(g group, suffix int) (n int) {
	for _, s := range g.elems {
		n += Size(len(s))
	}
	return n + suffix
}

func put(b []byte, off int, g group, suffix int) {
	for _, s := range g.elems {
		off = Put(b, off, s)
	}
	for i := range suffix {
		b[off+i] = g.suffix
	}
}

// TestModel compares random changes with a slice of groups, for the shapes in use.
func TestModel(t *testing.T) {
	for _, shape := range []struct{ head, stride, suffix int }{{0, 1, 0}, {2, 2, 0}, {10, 2, 8}, {2, 1, 8}} {
		ar := arena.New()
		rng := rand.New(rand.NewPCG(3, uint64(shape.head)))
		e := newEntry(ar, shape.head)
		var model []group
		for range 600 {
			e, model = step(ar, e, model, rng, shape.head, shape.stride, shape.suffix)
			verify(t, e, model, shape.head, shape.stride, shape.suffix)
			if t.Failed() {
				t.FailNow()
			}
		}
		e.Free(ar)
		if ar.Used() != 0 {
			t.Fatalf("%d bytes left", ar.Used())
		}
		ar.Release()
	}
}

func step(ar *arena.Arena, e entry.Entry, model []group, rng *rand.Rand, head, stride, suffix int) (entry.Entry, []group) {
	i := rng.IntN(len(model) + 1)
	off := At(e.Payload(), head, i, stride, suffix)
	switch {
	case i < len(model) && rng.IntN(3) == 0:
		e = Replace(ar, e, off, []byte("new"))
		model[i].elems[0] = []byte("new")
	case i < len(model) && rng.IntN(5) < 2 || len(model) > 30:
		i %= len(model)
		e = Delete(ar, e, At(e.Payload(), head, i, stride, suffix), stride, suffix)
		model = append(model[:i:i], model[i+1:]...)
	default:
		g := group{suffix: byte(rng.IntN(256))}
		for range stride {
			g.elems = append(g.elems, randomElem(rng))
		}
		model = append(model[:i:i], append([]group{g}, model[i:]...)...)
		if stride == 1 && suffix == 0 {
			return Insert(ar, e, off, g.elems[0]), model
		}
		e = Splice(ar, e, off, 0, size(g, suffix))
		put(e.Payload(), off, g, suffix)
	}
	return e, model
}

func verify(t *testing.T, e entry.Entry, model []group, head, stride, suffix int) {
	b := e.Payload()
	if n, err := Check(b, head, stride, suffix); err != nil || n != len(model) || Count(b, head, stride, suffix) != n {
		t.Errorf("%d groups, %v; want %d", n, err, len(model))
		return
	}
	off := head
	first := map[string]int{}
	for _, g := range model {
		if _, ok := first[string(g.elems[0])]; !ok {
			first[string(g.elems[0])] = off
		}
		for _, want := range g.elems {
			var s []byte
			if s, off = Next(b, off); !bytes.Equal(s, want) {
				t.Errorf("element %.20q; want %.20q", s, want)
			}
		}
		for range suffix {
			if b[off] != g.suffix {
				t.Error("suffix is wrong")
			}
			off++
		}
	}
	for s, at := range first {
		if got := Find(b, head, []byte(s), stride, suffix); got != at {
			t.Errorf("Find(%.20q) is %d; want %d", s, got, at)
		}
	}
	for _, s := range []string{"absent", string(bytes.Repeat([]byte("x"), 200))} {
		if Find(b, head, []byte(s), stride, suffix) != -1 {
			t.Errorf("found %.20q", s)
		}
	}
}

func TestCheckFindsDamage(t *testing.T) {
	for _, b := range [][]byte{{2, 'a'}, {1}, {0x80}, {0x80, 0}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, {1, 'a', 0, 1}} {
		if _, err := Check(b, 0, 2, 0); err == nil {
			t.Errorf("% x passes", b)
		}
	}
}

func TestAppendOrder(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	e := newEntry(ar, 0)
	for _, s := range []string{"a", "", "ccc"} {
		e = Append(ar, e, []byte(s))
	}
	if got := string(e.Payload()); got != "\x01a\x00\x03ccc" {
		t.Errorf("%q", got)
	}
}

func BenchmarkFind(b *testing.B) {
	buf := make([]byte, 0, 1024)
	for i := range 32 {
		for _, s := range [][]byte{{'f', 'i', 'e', 'l', 'd', byte('a' + i)}, []byte("a value of 16 by")} {
			at := len(buf)
			buf = buf[:at+Size(len(s))]
			Put(buf, at, s)
		}
	}
	elem := []byte("field~")
	for b.Loop() {
		Find(buf, 0, elem, 2, 0)
	}
}
