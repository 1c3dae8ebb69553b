package arena

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// TestCommons: many arenas with a few blocks each share pages, keep their blocks apart while
// they allocate and free at once, and give all of them back with Release.
func TestCommons(t *testing.T) {
	pages, _ := Commons()
	models := make([]*model, 256)
	for i := range models {
		models[i] = &model{a: New()}
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for range 20_000 {
				m := models[g*64+r.IntN(64)]
				if len(m.blocks) > 4 && r.IntN(2) == 0 || len(m.blocks) > 8 {
					m.free(t, r.IntN(len(m.blocks)))
				} else {
					m.alloc(t, 100+r.IntN(4), r.Uint64())
				}
			}
		})
	}
	wg.Wait()
	used := int64(0)
	for _, m := range models {
		m.check(t)
		used += m.used
	}
	now, _ := Commons()
	if now-pages > used*3/2+256<<10 {
		t.Errorf("%d kB of shared pages for %d kB", (now-pages)>>10, used>>10)
	}
	for i, m := range models {
		if i%2 == 0 {
			m.freeAll(t)
			continue
		}
		for _, b := range m.blocks {
			b.verify(t)
		}
		m.a.Release()
		m.blocks, m.used = nil, 0
		m.check(t)
	}
	for _, m := range models {
		if m.a.guest != 0 {
			t.Fatalf("an empty arena keeps the number %d", m.a.guest)
		}
	}
	Purge()
	if now, _ := Commons(); now > pages {
		t.Errorf("%d kB of shared pages are left, before there were %d", now>>10, pages>>10)
	}
	checkPool()
}

// TestGuestsRunOut: an arena that gets no number takes pages of its own.
func TestGuestsRunOut(t *testing.T) {
	guests.mu.Lock()
	last, free := guests.last, guests.free
	guests.last, guests.free = 1<<15-1, nil
	guests.mu.Unlock()
	m := &model{a: New()}
	m.alloc(t, 100, 1)
	if m.a.guest != 0 || m.a.Pages() != unitBytes {
		t.Errorf("number %d, %d bytes of pages", m.a.guest, m.a.Pages())
	}
	m.freeAll(t)
	guests.mu.Lock()
	guests.last, guests.free = last, free
	guests.mu.Unlock()
}

// TestAlone: an arena that is alone shares nothing.
func TestAlone(t *testing.T) {
	_, before := Commons()
	m := &model{a: NewAlone()}
	for n := range 2000 {
		m.alloc(t, n, uint64(n))
	}
	if _, used := Commons(); used != before {
		t.Errorf("%d bytes in shared pages", used-before)
	}
	m.a.Release()
}

// TestCloseCommons frees most blocks in shared pages at random, and moves the rest together.
func TestCloseCommons(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	models := make([]*model, 64)
	for i := range models {
		models[i] = &model{a: New()}
	}
	check := func() {
		for _, m := range models {
			m.check(t)
		}
	}
	for _, m := range models {
		for range 200 {
			m.alloc(t, 300+r.IntN(800), r.Uint64())
		}
	}
	for _, m := range models {
		for len(m.blocks) > 20 {
			m.free(t, r.IntN(len(m.blocks)))
		}
	}
	before, used := Commons()
	if CloseCommons(10) == 0 {
		t.Fatalf("nothing closed: %d bytes of pages, %d live", before, used)
	}
	check()
	for _, m := range models {
		m.alloc(t, 300+r.IntN(800), r.Uint64()) // blocks come and go beside it
		m.free(t, r.IntN(len(m.blocks)))
		m.moveAllClosed(t)
	}
	check()
	OpenCommons()
	check()
	if after, used := Commons(); after > before/2 {
		t.Errorf("%d kB of shared pages, before %d, for %d live", after>>10, before>>10, used>>10)
	}
	for _, m := range models {
		m.a.Release()
	}
	checkPool()
}

// TestTrimCommons: the empty page that is kept goes back also when another page has come before it.
func TestTrimCommons(t *testing.T) {
	TrimCommons()
	before, _ := Commons()
	var models []*model
	fill := func(pages int64) { // until there are so many
		for now := before; now < before+pages<<unitShift; now, _ = Commons() {
			m := &model{a: New()}
			m.alloc(t, 250, uint64(len(models)))
			models = append(models, m)
		}
	}
	fill(2)
	last := len(models) - 1
	models[last].freeAll(t) // the second page is empty
	models[0].freeAll(t)    // the first has room again
	if now, _ := Commons(); now != before+2*unitBytes {
		t.Fatalf("%d bytes of shared pages, %d more than before: the empty page is not kept", now, now-before)
	}
	for _, m := range models[1:last] {
		m.check(t)
	}
	TrimCommons()
	if now, _ := Commons(); now != before+unitBytes {
		t.Errorf("%d bytes of shared pages more than before, not one page", now-before)
	}
	fill(2)
	for _, m := range models {
		m.a.Release()
	}
	TrimCommons()
	if now, _ := Commons(); now != before {
		t.Errorf("%d bytes of shared pages are left", now-before)
	}
	checkPool()
}

// TestSharedPagesAreFull: with many blocks of a size, hardly anything of shared pages is neither a block nor
// the table of whose they are.
func TestSharedPagesAreFull(t *testing.T) {
	for n, bound := range map[int]float64{256: 0.055, 320: 0.025, 640: 0.025, 1024: 0.025, 2816: 0.025} { // those of 256 are in 17 commons
		if testing.Short() && n != 256 && n != 1024 {
			continue
		}
		TrimCommons()
		pages, used := Commons()
		models := make([]*model, 256)
		for i := range models {
			models[i] = &model{a: New()}
			for range min(150, int(guestMax[classOf(n)])) {
				models[i].alloc(t, n, 1)
			}
		}
		pagesNow, usedNow := Commons()
		blocks := usedNow - used
		over := float64(pagesNow-pages-blocks) / float64(blocks)
		if t.Logf("blocks of %d bytes: %d kB, %.1f%% more of pages", n, blocks>>10, 100*over); over > bound {
			t.Errorf("blocks of %d bytes: pages take %.1f%% more than blocks, want at most %v", n, 100*over, 100*bound)
		}
		models[0].check(t)
		for _, m := range models {
			m.a.Release()
		}
	}
	checkPool()
}

// TestSharedPagesGetSmaller: what is left of very many blocks of a size moves out of the large pages that they
// stood in.
func TestSharedPagesGetSmaller(t *testing.T) {
	const n = 1024
	TrimCommons()
	before, _ := Commons()
	m := make([]*model, 256)
	for i := range m {
		m[i] = &model{a: New()}
		for range 150 {
			m[i].alloc(t, n, 1)
		}
	}
	many, _ := Commons()
	if order := commonsOrderFor(classOf(n), uint32((many-before)>>unitShift)); order <= commonsOrder[classOf(n)] {
		t.Fatalf("pages of order %d for %d kB of blocks", order, (many-before)>>10)
	}
	last := m[len(m)-1]
	for len(last.blocks) > 1 {
		last.free(t, 0)
	}
	for _, m := range m[:len(m)-1] {
		m.freeAll(t)
	}
	if CloseCommons(10); !Closed(last.blocks[0].addr) {
		t.Fatal("the page of the last block is not closed")
	}
	last.alloc(t, n, 1)
	last.free(t, 0)
	OpenCommons()
	if now, _ := Commons(); now-before > unitBytes<<commonsOrder[classOf(n)] {
		t.Errorf("%d kB of shared pages for one block", (now-before)>>10)
	}
	last.check(t)
	last.freeAll(t)
	checkPool()
}
