package list

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/value"
)

func newList(ar *arena.Arena, maxSize int) entry.Entry {
	enc, n := Plan(nil, maxSize)
	e := entry.New(ar, testKey, &entry.Spec{Type: entry.List, Encoding: enc, PayloadLen: n})
	Fill(ar, e, Tail, nil, maxSize)
	return e
}

func drop(ar *arena.Arena, e entry.Entry) {
	if e.Encoding() == entry.Quicklist {
		var g value.Garbage
		detach(e, &g)
		freeStep(ar, &g, 1<<30)
	}
	e.Free(ar)
}

// TestTall builds a tree of four levels from nodes of one element, takes it down from
// the middle, and reads it by index all the while.
func TestTall(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	e := newList(ar, 1)
	n := 150000
	if testing.Short() {
		n = 50000
	}
	var elem [1][]byte
	for i := range n {
		elem[0] = strconv.AppendInt(elem[0][:0], int64(i), 10)
		e = Push(ar, e, Side(i&1), elem[:], 1)
	}
	want := func(i int) int64 { // even numbers stand before the odd ones, the largest first
		if i < n/2 {
			return int64(n - 2 - 2*i)
		}
		return int64(2*(i-n/2) + 1)
	}
	if lev := level(quickOf(nil, e).tree()); lev < 3 {
		t.Fatalf("%d levels", lev)
	}
	for i := 0; i < n; i += 97 {
		if v := At(e, int64(i)); v.N != want(i) {
			t.Fatalf("element %d is %d; want %d", i, v.N, want(i))
		}
	}
	for cut := n / 4; cut < n*3/4; cut += n / 10 {
		e = Delete(ar, e, int64(n/4), int64(n/10), 1)
		if err := Check(e); err != nil {
			t.Fatal(err)
		}
		if v := At(e, int64(n/4)); v.N != want(cut+n/10) {
			t.Fatalf("after a deletion element %d is %d", n/4, v.N)
		}
	}
	e = Delete(ar, e, 0, Len(e), 1)
	if Len(e) != 0 || QuicklistOps.Outside(e) != 0 {
		t.Fatalf("%d elements, %d bytes", Len(e), QuicklistOps.Outside(e))
	}
	drop(ar, e)
	if ar.Used() != 0 {
		t.Fatalf("%d bytes left", ar.Used())
	}
}

// TestMemory holds the promise of at most 20 bytes for an element of 16.
func TestMemory(t *testing.T) {
	for _, s := range []Side{Head, Tail} {
		ar := arena.New()
		e := newList(ar, -2)
		const n = 200000
		for i := range n {
			e = Push(ar, e, s, [][]byte{fmt.Appendf(nil, "element-%08d", i)}, -2)
		}
		if per := float64(ar.Pages()) / n; per > 19 {
			t.Errorf("side %d: %.2f bytes per element", s, per)
		}
		drop(ar, e)
		ar.Release()
	}
}

// TestThresholds follows a list over the borders of its encodings, which are Redis's.
func TestThresholds(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	text := make([]byte, 100) // packed: 2 + 100 + 1
	e := newList(ar, -1)
	for range 39 {
		e = Push(ar, e, Tail, [][]byte{text}, -1)
	}
	if e.Encoding() != entry.Listpack { // 7 + 39*103 = 4024
		t.Fatal(e.Encoding())
	}
	if f := Push(ar, e, Tail, [][]byte{text[:73]}, -1); f.Encoding() != entry.Quicklist { // 4024 + 73 > 4096
		t.Fatal(f.Encoding())
	} else {
		e = Pop(ar, f, Tail, -1)
	}
	for Len(e) > 19 {
		if e.Encoding() != entry.Quicklist {
			t.Fatalf("%v at %d elements", e.Encoding(), Len(e))
		}
		e = Pop(ar, e, Head, -1)
	}
	if e.Encoding() != entry.Listpack { // 7 + 19*103 = 1964 <= 2048
		t.Fatal(e.Encoding())
	}
	e = Set(ar, e, 3, make([]byte, 3000), -1) // 7 + 18*103 + 3005 > 4096
	if e.Encoding() != entry.Quicklist {
		t.Fatal(e.Encoding())
	}
	drop(ar, e)
	e = newList(ar, -1)
	for range 30 {
		e = Push(ar, e, Tail, [][]byte{text}, -1)
	}
	e = toFull(ar, e, Head)
	for i := range int64(11) { // 7 + 19*103 + 11*3 <= 2048
		if e.Encoding() != entry.Quicklist {
			t.Fatalf("%v with %d short elements", e.Encoding(), i)
		}
		e = Set(ar, e, i, text[:1], -1)
	}
	if e.Encoding() != entry.Listpack {
		t.Fatal(e.Encoding())
	}
	drop(ar, e)
	e = newList(ar, 4)
	e = Push(ar, e, Head, [][]byte{text, text, text, text}, 4)
	if e.Encoding() != entry.Listpack {
		t.Fatal(e.Encoding())
	}
	e = Insert(ar, e, 2, text, 4)
	if e.Encoding() != entry.Quicklist {
		t.Fatal(e.Encoding())
	}
	drop(ar, e)
}

func TestNoAllocations(t *testing.T) {
	if invariants.Enabled {
		t.Skip("the checks allocate")
	}
	ar := arena.New()
	defer ar.Release()
	elem := [][]byte{[]byte("sixteen bytes...")}
	for _, n := range []int{5, 300, 5000} {
		e := newList(ar, -2)
		for range n {
			e = Push(ar, e, Tail, elem, -2)
		}
		var sum int64
		if a := testing.AllocsPerRun(1000, func() {
			e = Push(ar, e, Head, elem, -2)
			e = Pop(ar, e, Tail, -2)
			it := Forward(e, 1, 4)
			for it.Next() {
				v := it.Elem()
				sum += int64(v.Len())
			}
		}); a != 0 {
			t.Errorf("%v allocations with %d elements", a, n)
		}
		drop(ar, e)
	}
}

func benchPush(b *testing.B, s Side, n int) {
	ar := arena.New()
	defer ar.Release()
	elem := [][]byte{[]byte("sixteen bytes...")}
	e := newList(ar, -2)
	for range b.N {
		if Len(e) >= int64(n) {
			drop(ar, e)
			e = newList(ar, -2)
		}
		e = Push(ar, e, s, elem, -2)
	}
}

func BenchmarkPushHeadCompact(b *testing.B) { benchPush(b, Head, 440) }
func BenchmarkPushTailCompact(b *testing.B) { benchPush(b, Tail, 440) }
func BenchmarkPushHead(b *testing.B)        { benchPush(b, Head, 1000000) }
func BenchmarkPushTail(b *testing.B)        { benchPush(b, Tail, 1000000) }

func big(ar *arena.Arena, n int) entry.Entry {
	e := newList(ar, -2)
	for i := range n {
		e = Push(ar, e, Tail, [][]byte{fmt.Appendf(nil, "element-%08d", i)}, -2)
	}
	return e
}

func BenchmarkAt(b *testing.B) {
	ar := arena.New()
	defer ar.Release()
	e := big(ar, 1000000)
	b.ResetTimer()
	i := int64(0)
	for range b.N {
		i = (i + 7919) % 1000000
		At(e, i)
	}
}

func BenchmarkWalk(b *testing.B) {
	ar := arena.New()
	defer ar.Release()
	e := big(ar, 1000000)
	b.ResetTimer()
	for done := 0; done < b.N; {
		it := Forward(e, 0, int64(min(1000000, b.N-done)))
		for it.Next() {
			v := it.Elem()
			done += 1 + len(v.B)&0
		}
	}
}

// BenchmarkQueue pushes at one end and pops at the other.
func BenchmarkQueue(b *testing.B) {
	for _, n := range []int{100, 400, 5000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			ar := arena.New()
			defer ar.Release()
			e := big(ar, n)
			elem := [][]byte{[]byte("element-00000000")}
			b.ResetTimer()
			for range b.N {
				e = Push(ar, e, Head, elem, -2)
				e = Pop(ar, e, Tail, -2)
			}
		})
	}
}

// TestShrunkToALeaf: a list of which one node is left is compact again, wherever that node
// stood.
func TestShrunkToALeaf(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	for _, from := range []int64{0, 500, 1000, 1995} {
		e := entry.New(ar, []byte("l"), &entry.Spec{Type: entry.List, Encoding: entry.Listpack, PayloadLen: compactHeader})
		setCompactCount(e.Payload(), 0)
		setGap(e.Payload(), 0)
		for i := range 2000 {
			e = Push(ar, e, Tail, [][]byte{fmt.Appendf(nil, "element-%05d", i)}, -2)
		}
		e = Delete(ar, e, from+5, 2000-from-5, -2)
		e = Delete(ar, e, 0, from, -2)
		if e.Encoding() != entry.Listpack || Len(e) != 5 {
			t.Errorf("elements %d to %d: %d in a %v", from, from+4, Len(e), e.Encoding())
		}
		for i := range int64(5) {
			if v := At(e, i); string(v.B) != fmt.Sprintf("element-%05d", from+i) {
				t.Errorf("element %d is %q", from+i, v.B)
			}
		}
		e.Free(ar)
	}
}
