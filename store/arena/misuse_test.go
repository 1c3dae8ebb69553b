package arena

import (
	"testing"

	"github.com/kringdb/kring/internal/invariants"
)

// TestMisuse frees what may not be freed. The first half is caught always, the
// second under the invariants tag.
func TestMisuse(t *testing.T) {
	t.Run("in shared pages", func(t *testing.T) { misuse(t, New(), New()) })
	t.Run("in its own pages", func(t *testing.T) { misuse(t, NewAlone(), NewAlone()) })
}

func misuse(t *testing.T, a, b *Arena) {
	x := a.Alloc(100)
	s := a.Alloc(100_000)
	mustPanic(t, "wrong class", func() { a.Free(x, 200) })
	mustPanic(t, "small block as span", func() { a.Free(x, 100_000) })
	mustPanic(t, "span as small block", func() { a.Free(s, 100) })
	mustPanic(t, "wrong span length", func() { a.Free(s, 110_000) })
	mustPanic(t, "none", func() { a.Free(0, 8) })
	mustPanic(t, "none as span", func() { a.Free(0, 100_000) })
	a.Free(s, 100_000)
	mustPanic(t, "span twice", func() { a.Free(s, 100_000) })
	if !invariants.Enabled {
		a.Free(x, 100)
		mustPanic(t, "block of a page that is gone", func() { a.Free(x, 100) })
		return
	}
	y, keep := a.Alloc(100), a.Alloc(100)
	mustPanic(t, "another arena", func() { b.Free(x, 100) })
	mustPanic(t, "inside a block", func() { a.Free(x+8, 100) })
	a.Free(x, 100)
	for i, v := range Bytes(x, 100)[2:] {
		if v != mangled {
			t.Fatalf("byte %d of a freed block is %#x", i, v)
		}
	}
	mustPanic(t, "twice", func() { a.Free(x, 100) })
	a.CheckInvariants()
	a.Free(y, 100)
	if a.alone { // a shared page would stay broken
		Bytes(y, 100)[50] = 1
		mustPanic(t, "written after Free", func() { a.Alloc(100) })
	}
	_ = keep
	a.Release()
	a.CheckInvariants()
	checkPool()
}

// TestWalk compares eachPage, Blocks and PageOf with what was allocated.
func TestWalk(t *testing.T) {
	a := New()
	defer a.Release()
	live := map[Addr]int{}
	for _, n := range []int{8, 24, 100, 1000, 5000, 16384} {
		for range 3000 {
			live[a.Alloc(n)] = SizeOf(n)
		}
	}
	a.Alloc(100_000) // a span is no page
	for addr, size := range live {
		if _, ok := PageOf(addr); ok && *stateOf(uint32(addr >> unitShift))&stateCommons != 0 {
			t.Fatalf("the shared page of %#x passes for the arena's", addr)
		}
		if addr>>3%3 == 0 {
			a.Free(addr, size)
			delete(live, addr)
		}
	}
	seen := 0
	a.eachPage(func(p Page) bool {
		n := 0
		Blocks(p.Addr, func(block Addr) bool {
			if size := live[block]; size != p.BlockSize {
				t.Fatalf("block %#x of %d bytes is live as %d", block, p.BlockSize, live[block])
			}
			if q, ok := PageOf(block); !ok || q != p {
				t.Fatalf("PageOf(%#x) = %+v, want %+v", block, q, p)
			}
			n++
			return true
		})
		if n != p.Used || n > p.Capacity {
			t.Fatalf("%d blocks in %+v", n, p)
		}
		seen += n
		return true
	})
	guests := 0
	for _, n := range a.guests {
		guests += int(n)
	}
	if seen+guests != len(live) {
		t.Fatalf("%d blocks seen and %d in commons, %d are live", seen, guests, len(live))
	}
}

// TestTails holds the share of unused page memory down.
func TestTails(t *testing.T) {
	for c := range smallClasses {
		a := New()
		n := int(classBytes[c])
		for a.Used() < 2<<20 {
			a.Alloc(n)
		}
		if waste := a.Pages() - a.Used(); waste > a.Pages()/10 {
			t.Errorf("class of %d bytes: %d of %d bytes unused", n, waste, a.Pages())
		}
		a.Release()
	}
}

// TestSparse: an arena with one block per class holds little.
func TestSparse(t *testing.T) {
	a := New()
	defer a.Release()
	for c := range smallClasses {
		a.Alloc(int(classBytes[c]))
	}
	if a.Pages() > 900<<10 {
		t.Fatalf("%d KB for one block per class", a.Pages()>>10)
	}
}

func TestNoGoAllocations(t *testing.T) {
	if invariants.Enabled {
		t.Skip("the checks may allocate")
	}
	a := New()
	defer a.Release()
	a.Alloc(8)
	got := testing.AllocsPerRun(1000, func() {
		x, y, z := a.Alloc(40), a.Alloc(5000), a.Alloc(70_000)
		a.Free(y, 5000)
		a.Free(x, 40)
		a.Free(z, 70_000)
	})
	if got != 0 {
		t.Fatalf("%v allocations", got)
	}
}

func TestIndex(t *testing.T) {
	for _, n := range []uint64{1, 64, 65, 1 << 12, 1 << 18} {
		var x index
		words := make([]uint64, indexWords(n))
		if rest := x.init(n, words); len(rest) != 0 {
			t.Fatalf("%d words left", len(rest))
		}
		set := []uint32{0, uint32(n / 3), uint32(n / 2), uint32(n - 1)}
		for _, i := range set {
			x.set(i)
		}
		if x.first() != 0 || x.last() != uint32(n-1) {
			t.Fatal(n, x.first(), x.last())
		}
		last := uint32(0)
		for i, ok := x.next(0); ok; i, ok = x.next(i + 1) {
			if !x.test(i) {
				t.Fatal(n, i)
			}
			last = i
		}
		if last != uint32(n-1) {
			t.Fatal(n, last)
		}
		x.clearRange(1, uint32(n-1))
		if n > 1 && (x.last() != 0 || x.count != 1) {
			t.Fatal(n, x.last(), x.count)
		}
		x.clear(0)
		if _, ok := x.next(0); ok && n > 1 || n > 1 && x.count != 0 {
			t.Fatal(n, x.count)
		}
	}
}
