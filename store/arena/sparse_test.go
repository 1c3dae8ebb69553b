package arena

import (
	"math/rand/v2"
	"testing"
)

// moveClosed moves the model's blocks out of closed pages, most at most.
func (m *model) moveClosed(t testing.TB, r *rand.Rand, most int) {
	for range most {
		i := r.IntN(len(m.blocks))
		if b := m.blocks[i]; Closed(b.addr) {
			m.alloc(t, b.n, b.seed)
			m.free(t, i)
		}
	}
}

// moveAllClosed moves all of the model's blocks out of closed pages.
func (m *model) moveAllClosed(t testing.TB) {
	for i := 0; i < len(m.blocks); {
		if b := m.blocks[i]; Closed(b.addr) {
			m.alloc(t, b.n, b.seed)
			m.free(t, i)
		} else {
			i++
		}
	}
}

// TestCloseSparse frees blocks at random and moves the rest together, while blocks come
// and go beside it.
func TestCloseSparse(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	m := &model{a: New()}
	for round := range 6 {
		for len(m.blocks) < 30_000 {
			n := 8 + r.IntN(40)*8
			if round%2 == 1 && r.IntN(50) == 0 {
				n = randomSize(r)
			}
			m.alloc(t, n, r.Uint64())
		}
		for len(m.blocks) > 3000 {
			m.free(t, r.IntN(len(m.blocks)))
		}
		held := m.a.Pages()
		if m.a.CloseSparse(25) == 0 {
			t.Fatalf("nothing closed: %d bytes of pages, %d live", held, m.used)
		}
		m.check(t)
		for range 200 {
			m.moveClosed(t, r, 50)
			m.alloc(t, 8+r.IntN(200), r.Uint64())
			m.free(t, r.IntN(len(m.blocks)))
		}
		m.check(t)
		m.moveAllClosed(t)
		if left := m.a.Reopen(); left != 0 {
			t.Fatalf("%d pages are still closed, although empty", left)
		}
		m.check(t)
		if pages := m.a.Pages(); pages > m.used*7/4+64<<10 {
			t.Errorf("round %d: %d bytes of pages for %d live ones, before %d", round, pages, m.used, held)
		}
	}
	m.freeAll(t)
	checkPool()
}

// TestReopen ends a pass in the middle: everything works as before.
func TestReopen(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	m := &model{a: New()}
	for range 20_000 {
		m.alloc(t, 8+r.IntN(100), r.Uint64())
	}
	for len(m.blocks) > 4000 {
		m.free(t, r.IntN(len(m.blocks)))
	}
	m.a.CloseSparse(10)
	m.moveClosed(t, r, 2000)
	if m.a.Reopen() == 0 {
		t.Fatal("nothing was left to reopen")
	}
	m.check(t)
	for range 20_000 {
		m.alloc(t, 8+r.IntN(100), r.Uint64())
		m.free(t, r.IntN(len(m.blocks)))
	}
	m.check(t)
	m.a.CloseSparse(1)
	m.a.Release()
	m.blocks, m.used = nil, 0
	m.check(t)
	checkPool()
}
