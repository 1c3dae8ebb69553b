package arena

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// traffic has a block of n bytes come and go in m until the arena keeps places, and leaves one of each of sizes there.
func traffic(t *testing.T, m *model, sizes ...int) {
	t.Helper()
	live := len(m.blocks)
	for range 1 + spareGone + spareTurns*(live+len(sizes)) {
		for _, n := range sizes {
			m.alloc(t, n, 1)
		}
		for len(m.blocks) > live {
			m.free(t, len(m.blocks)-1)
		}
	}
	if int(m.a.spares.n) != len(sizes) {
		t.Fatalf("%d places are kept, not %d", m.a.spares.n, len(sizes))
	}
	m.check(t)
}

// inCommons returns the bytes that commons count as blocks beyond those of m.
func inCommons(m *model, before int64) int64 {
	_, used := Commons()
	return used - before - m.a.Used()
}

// TestSpares: an arena whose blocks come and go keeps the last places, hands them out again, counts none of them as its
// own, and gives them back in each of the ways that there are.
func TestSpares(t *testing.T) {
	_, before := Commons()
	for name, end := range map[string]func(m *model){
		"GiveSpares": func(m *model) { m.a.GiveSpares() },
		"Trim":       func(m *model) { m.a.Trim() },
		"the last block": func(m *model) {
			m.free(t, 0)
			if m.a.guest != 0 {
				t.Error("an arena without blocks has a number")
			}
		},
		"Release": func(m *model) {
			m.a.Release()
			m.blocks, m.used = nil, 0
		},
	} {
		m := &model{a: New()}
		m.alloc(t, 40, 7) // stays
		traffic(t, m, 100, 200)
		if got := inCommons(m, before); got != int64(SizeOf(100)+SizeOf(200)) {
			t.Errorf("%s: commons count %d bytes more than the arena", name, got)
		}
		kept := m.a.spares.at
		m.alloc(t, 200, 2)
		m.alloc(t, 100, 3)
		if of200, of100 := m.blocks[1].addr, m.blocks[2].addr; of200 != kept[0] || of100 != kept[1] {
			t.Errorf("%s: the places %#x were kept, handed out are %#x and %#x", name, kept, of200, of100)
		}
		m.check(t)
		m.free(t, 1)
		m.free(t, 1)
		end(m)
		m.check(t)
		if got := inCommons(m, before); m.a.spares.n != 0 || got != 0 {
			t.Errorf("%s: %d places are kept, %d bytes", name, m.a.spares.n, got)
		}
		m.freeAll(t)
	}
	checkPool()
}

// TestSparesOfGrowth: where blocks only get larger none is kept, and never more than a few.
func TestSparesOfGrowth(t *testing.T) {
	m := &model{a: New()}
	for i := range 30 {
		for n := range 10 {
			m.alloc(t, 50+n*20, 1)
			if n > 0 {
				m.free(t, i)
			}
		}
	}
	if m.a.spares.n != 0 {
		t.Errorf("%d places are kept", m.a.spares.n)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		m.alloc(t, 8*r.IntN(700), r.Uint64())
		m.free(t, r.IntN(len(m.blocks)))
		bytes := 0
		for _, c := range m.a.spares.class[:m.a.spares.n] {
			bytes += int(classBytes[c])
		}
		if bytes > 2*spareBytes+spareBytes/4 {
			t.Fatalf("%d bytes are kept", bytes)
		}
	}
	if m.a.spares.n == 0 {
		t.Error("no place is kept")
	}
	m.check(t)
	m.freeAll(t)
}

// TestSpareFreedTwice: a block that is freed twice is told from a live one also while its place is kept.
func TestSpareFreedTwice(t *testing.T) {
	m := &model{a: New()}
	m.alloc(t, 40, 7)
	traffic(t, m, 100)
	addr := m.a.spares.at[0]
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		m.a.Free(addr, 100)
	}()
	m.check(t)
	m.freeAll(t)
}

// TestSparesInClosedPages: what leaves a closed page is not kept, and what was kept in it does not hold it up.
func TestSparesInClosedPages(t *testing.T) {
	TrimCommons()
	before, _ := Commons()
	var models []*model
	for range 200 {
		m := &model{a: New()}
		for range 3 {
			m.alloc(t, 1000, 1)
		}
		models = append(models, m)
	}
	for _, m := range models[:50] {
		traffic(t, m, 1000)
	}
	for i, m := range models {
		for len(m.blocks) > 1 && i%4 != 0 || len(m.blocks) > 2 {
			m.free(t, 0)
		}
	}
	if CloseCommons(10) == 0 {
		t.Fatal("nothing is closed")
	}
	for _, m := range models {
		m.a.GiveSpares()
		m.moveAllClosed(t)
		for _, at := range m.a.spares.at[:m.a.spares.n] {
			if Closed(at) {
				t.Fatal("a place in a closed page is kept")
			}
		}
		m.check(t)
	}
	if commonsAt[0].mu.closing.head != 0 {
		t.Error("closed pages are left")
	}
	OpenCommons()
	for _, m := range models {
		m.freeAll(t)
	}
	TrimCommons()
	if now, _ := Commons(); now != before {
		t.Errorf("%d bytes of shared pages are left", now-before)
	}
	checkPool()
}

// TestSparesBeside: arenas with traffic share pages while others close and open these.
func TestSparesBeside(t *testing.T) {
	_, before := Commons()
	var wg, closer sync.WaitGroup
	done := make(chan struct{})
	closer.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				CloseCommons(10)
				OpenCommons()
				TrimCommons()
			}
		}
	})
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 2))
			var models [8]*model
			for i := range models {
				models[i] = &model{a: New()}
			}
			for i := range 10_000 {
				m := models[r.IntN(len(models))]
				if len(m.blocks) > 0 && r.IntN(2) == 0 || len(m.blocks) > 4 {
					m.free(t, r.IntN(len(m.blocks)))
				} else {
					m.alloc(t, []int{60, 100, 700, 2000, 4000}[r.IntN(5)], r.Uint64())
				}
				switch {
				case i%1000 == 0:
					m.check(t)
				case i%1500 == 1:
					m.a.Release()
					m.blocks, m.used = nil, 0
				case i%700 == 2:
					m.a.Trim()
				}
			}
			for _, m := range models {
				m.freeAll(t)
			}
		})
	}
	wg.Wait()
	close(done)
	closer.Wait()
	if _, used := Commons(); used != before {
		t.Errorf("%d bytes are left in shared pages", used-before)
	}
	checkPool()
}

// TestLargePageThatComesAndGoes: a shared page larger than most is kept when it has been emptied many times, until
// somebody asks for the kept ones.
func TestLargePageThatComesAndGoes(t *testing.T) {
	const n = 8 << 10
	TrimCommons()
	before, _ := Commons()
	m := &model{a: New()}
	m.alloc(t, 40, 7)
	for i := range keepTurns {
		if now, _ := Commons(); now-before > unitBytes {
			t.Fatalf("after %d times %d bytes of shared pages are left", i, now-before)
		}
		m.alloc(t, n, 1)
		m.free(t, 1)
	}
	if now, _ := Commons(); now-before <= n {
		t.Fatalf("%d bytes of shared pages: none is kept", now-before)
	}
	m.check(t)
	m.alloc(t, n, 1)
	m.free(t, 1)
	TrimCommons()
	if now, _ := Commons(); now-before > unitBytes {
		t.Errorf("%d bytes of shared pages are left", now-before)
	}
	m.freeAll(t)
}
