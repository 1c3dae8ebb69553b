package arena

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/kringdb/kring/internal/invariants"
)

// modelBlock is what the model knows of a live block.
type modelBlock struct {
	addr Addr
	n    int
	seed uint64
}

// fill writes a pattern that depends on the seed; verify reads it back. Long
// blocks are only written at both ends and at page boundaries.
func (b modelBlock) fill() {
	b.each(func(off int, want byte) { Bytes(b.addr, b.n)[off] = want })
}

func (b modelBlock) verify(t testing.TB) {
	b.each(func(off int, want byte) {
		if got := Bytes(b.addr, b.n)[off]; got != want {
			t.Fatalf("block %#x of %d bytes: byte %d is %#x, want %#x", b.addr, b.n, off, got, want)
		}
	})
}

func (b modelBlock) each(fn func(off int, want byte)) {
	step := 1
	if b.n > MaxSmallBytes {
		step = 4093
	}
	for off := 0; off < b.n; off += step {
		fn(off, byte(b.seed>>(off&7*8))+byte(off))
	}
	if b.n > 0 {
		fn(b.n-1, byte(b.seed>>((b.n-1)&7*8))+byte(b.n-1))
	}
}

// model runs random operations on an arena and mirrors them.
type model struct {
	a      *Arena
	blocks []modelBlock
	used   int64
}

func (m *model) alloc(t testing.TB, n int, seed uint64) {
	addr := m.a.Alloc(n)
	if addr == 0 || addr&7 != 0 || addr+Addr(n) > HighWater() {
		t.Fatalf("Alloc(%d) = %#x, high water %#x", n, addr, HighWater())
	}
	if SizeOf(n)%64 == 0 && addr&63 != 0 {
		t.Fatalf("Alloc(%d) = %#x is not on a cache line", n, addr)
	}
	b := modelBlock{addr, n, seed}
	b.fill()
	m.blocks = append(m.blocks, b)
	m.used += int64(SizeOf(n))
}

func (m *model) free(t testing.TB, i int) {
	b := m.blocks[i]
	b.verify(t)
	m.a.Free(b.addr, b.n)
	m.blocks[i] = m.blocks[len(m.blocks)-1]
	m.blocks = m.blocks[:len(m.blocks)-1]
	m.used -= int64(SizeOf(b.n))
}

func (m *model) check(t testing.TB) {
	t.Helper()
	if m.a.Used() != m.used {
		t.Fatalf("Used() = %d, want %d", m.a.Used(), m.used)
	}
	if m.a.Pages() < m.used || m.used == 0 && m.a.Pages() != 0 {
		t.Fatalf("Pages() = %d with %d used", m.a.Pages(), m.used)
	}
	m.a.CheckInvariants()
}

func (m *model) freeAll(t testing.TB) {
	for len(m.blocks) > 0 {
		m.free(t, len(m.blocks)-1)
	}
	m.check(t)
}

// randomSize spreads sizes over all classes, mostly small ones.
func randomSize(r *rand.Rand) int {
	switch r.IntN(20) {
	case 0:
		return MaxSmallBytes + r.IntN(200<<10)
	case 1, 2:
		return r.IntN(MaxSmallBytes + 1)
	case 3, 4, 5:
		return r.IntN(1024)
	}
	return r.IntN(200)
}

func TestClasses(t *testing.T) {
	last := 0
	for n := 0; n <= MaxSmallBytes; n++ {
		size := SizeOf(n)
		if size < n || size < 8 || size < last || size%8 != 0 {
			t.Fatalf("SizeOf(%d) = %d after %d", n, size, last)
		}
		if n > 0 && size != SizeOf(size) {
			t.Fatalf("SizeOf(%d) = %d is no fixed point", n, size)
		}
		if n <= 256 && size >= max(n, 1)+8 || n > 256 && (size-n)*8 > n {
			t.Fatalf("SizeOf(%d) = %d wastes too much", n, size)
		}
		if size > 512 && size%64 != 0 {
			t.Fatalf("SizeOf(%d) = %d is not a multiple of 64", n, size)
		}
		last = size
	}
	for _, n := range []int{2304, 2560, 2816, 3072, 3328, 3584, 3840, 4096} {
		if SizeOf(n) != n {
			t.Fatalf("SizeOf(%d) = %d: dict segments want it exact", n, SizeOf(n))
		}
	}
	if SizeOf(MaxSmallBytes+1) != 20<<10 || SizeOf(MaxAllocBytes) != MaxAllocBytes {
		t.Fatal("spans are not whole units")
	}
}

func TestRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m := &model{a: New()}
	steps := 200_000
	if testing.Short() || invariants.Enabled || raceEnabled {
		steps = 30_000
	}
	target := 1000
	for i := range steps {
		if i%5000 == 0 {
			target = r.IntN(4000)
			m.check(t)
			checkPool()
		}
		if len(m.blocks) == 0 || r.IntN(2*target+1) > len(m.blocks) {
			m.alloc(t, randomSize(r), r.Uint64())
		} else {
			m.free(t, r.IntN(len(m.blocks)))
		}
	}
	m.freeAll(t)
	checkPool()
}

func TestZeroAndLimits(t *testing.T) {
	a := New()
	x, y := a.Alloc(0), a.Alloc(0)
	if x == 0 || x == y || a.Used() != 16 {
		t.Fatal(x, y, a.Used())
	}
	a.Free(x, 0)
	a.Free(y, 0)
	for _, n := range []int{-1, MaxAllocBytes + 1} {
		mustPanic(t, fmt.Sprint("Alloc ", n), func() { a.Alloc(n) })
	}
}

func mustPanic(t *testing.T, what string, fn func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Fatalf("%s did not panic", what)
		}
	}()
	fn()
}

// TestHuge takes the largest block, twice, and touches both ends.
func TestHuge(t *testing.T) {
	a := New()
	defer a.Release()
	for range 2 {
		x := a.Alloc(MaxAllocBytes)
		if a.Used() != MaxAllocBytes || a.Pages() != MaxAllocBytes {
			t.Fatal(a.Used(), a.Pages())
		}
		b := Bytes(x, MaxAllocBytes)
		b[0], b[len(b)-1] = 1, 2
		odd := a.Alloc(5<<20 + 1)
		if SizeOf(5<<20+1) != 5<<20+4096 {
			t.Fatal(SizeOf(5<<20 + 1))
		}
		a.CheckInvariants()
		a.Free(x, MaxAllocBytes)
		a.Free(odd, 5<<20+1)
		if a.Pages() != 0 || a.Used() != 0 {
			t.Fatal(a.Pages(), a.Used())
		}
	}
}

func TestRelease(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	inUse := func() int64 { // without what is unused in shared pages
		pages, used := Commons()
		return InUse() - pages + used
	}
	before := inUse()
	m := &model{a: New()}
	for round := range 3 {
		for range 5000 {
			m.alloc(t, randomSize(r), r.Uint64())
		}
		m.check(t)
		if inUse() != before+m.a.Pages() {
			t.Fatalf("round %d: InUse %d, want %d", round, inUse(), before+m.a.Pages())
		}
		m.a.Release()
		m.blocks, m.used = nil, 0
		m.check(t)
		if inUse() != before {
			t.Fatalf("InUse %d after Release, want %d", inUse(), before)
		}
		checkPool()
	}
}

// TestArenasConcurrently gives each goroutine an arena; all share the pool.
func TestArenasConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(5, uint64(g)))
			m := &model{a: New()}
			for range 3 {
				for range 1500 {
					m.alloc(t, randomSize(r), r.Uint64())
				}
				for range 1200 {
					m.free(t, r.IntN(len(m.blocks)))
				}
				m.check(t)
			}
			for _, b := range m.blocks {
				b.verify(t)
			}
			m.a.Release()
		})
	}
	stop := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() { // a look-ahead: reads rubbish below the high water
		r := rand.New(rand.NewPCG(7, 8))
		sum := uint64(0)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if h := HighWater(); h > 0 {
				sum += loadU64(Addr(r.Uint64N(uint64(h))) &^ 7)
			}
		}
	})
	wg.Wait()
	close(stop)
	reader.Wait()
	checkPool()
}

// fuzzSize takes any size up to 4 MB while little is allocated, so that the fuzzer
// spends its time on steps, not on page faults.
func fuzzSize(arg int, used int64) int {
	n := arg % (4 << 20)
	if used > 8<<20 {
		n %= 32 << 10
	}
	return n
}

// FuzzArena interprets its input as operations, four bytes each: what, and a
// size or the choice of a block.
func FuzzArena(f *testing.F) {
	op := func(ops ...uint32) []byte {
		var b []byte
		for _, o := range ops {
			b = binary.LittleEndian.AppendUint32(b, o)
		}
		return b
	}
	f.Add(op(8<<2, 8<<2, 1, 1))
	f.Add(op(64<<2, 2304<<2, 4096<<2, 16384<<2, 16385<<2, 1, 1|1<<2, 1, 1, 1))
	f.Add(op(1<<22, 3, 100<<2, 1<<20, 2, 5<<2))
	var many []uint32
	for i := range uint32(600) {
		many = append(many, (i%3*24+16)<<2)
	}
	for i := range uint32(590) {
		many = append(many, 1|i*7<<2)
	}
	f.Add(op(append(many, 3)...))
	f.Fuzz(func(t *testing.T, in []byte) {
		m := &model{a: New()}
		for i := 0; len(in) >= 4; i++ {
			o := binary.LittleEndian.Uint32(in)
			in = in[4:]
			arg := int(o >> 2)
			switch {
			case o&3 == 0 || o&3 == 2 && len(m.blocks) < 4:
				m.alloc(t, fuzzSize(arg, m.used), uint64(o)*0x9E3779B97F4A7C15)
			case o&3 == 3 && arg%16 == 0:
				m.a.Release()
				m.blocks, m.used = m.blocks[:0], 0
			case len(m.blocks) > 0:
				m.free(t, arg%len(m.blocks))
			}
			if i%64 == 0 {
				m.check(t)
			}
		}
		m.check(t)
		m.freeAll(t)
		checkPool()
	})
}
