package arena

import (
	"math/rand/v2"
	"testing"
)

// sparse makes arenas whose blocks of n bytes stand in shared pages with room, in which a random part was freed.
func sparse(t *testing.T, n int) []*model {
	t.Helper()
	models, r := make([]*model, 64), rand.New(rand.NewPCG(uint64(n), 1))
	for i := range models {
		models[i] = &model{a: New()}
	}
	for range min(64, int(guestMax[classOf(n)])) {
		for _, m := range models {
			m.alloc(t, n, r.Uint64())
		}
	}
	for _, m := range models {
		for range len(m.blocks) / 3 {
			m.free(t, r.IntN(len(m.blocks)))
		}
	}
	return models
}

// gather moves what a round of Gathering found.
func gather(t *testing.T, g *Gathering, models []*model, most int) (moved int) {
	t.Helper()
	at := map[Addr]Lodger{}
	for _, l := range g.Close(most, nil) {
		at[l.Addr] = l
	}
	for _, m := range models {
		for i := len(m.blocks) - 1; i >= 0; i-- {
			b := m.blocks[i]
			l, ok := at[b.addr]
			if ok != Closed(b.addr) {
				t.Fatalf("block %#x: closed %t, found %t", b.addr, !ok, ok)
			}
			if !ok {
				continue
			}
			if l.Guest != m.a.Guest() || m.a.Lodges(l) != SizeOf(b.n) {
				t.Fatalf("block %#x of guest %d: found for %d, %d bytes", b.addr, m.a.Guest(), l.Guest, m.a.Lodges(l))
			}
			m.alloc(t, b.n, b.seed)
			m.free(t, i)
			if moved++; m.a.Lodges(l) != 0 {
				t.Fatalf("block %#x is freed, and still there", b.addr)
			}
		}
	}
	g.Open()
	return moved
}

// TestGathering: what is unused of shared pages goes, by moving no more than what the free places take.
func TestGathering(t *testing.T) {
	for _, n := range []int{72, 200, 600, 3000, 9000} {
		TrimCommons()
		pages, used := Commons()
		models := sparse(t, n)
		before, live := Commons()
		var g Gathering
		moved := 0
		for rounds := 0; ; rounds++ {
			now := gather(t, &g, models, 100)
			if moved += now; now == 0 {
				break
			}
			if rounds > 10_000 {
				t.Fatal("it does not end")
			}
		}
		after, liveAfter := Commons()
		if liveAfter != live {
			t.Errorf("%d bytes of blocks, before %d", liveAfter, live)
		}
		blocks := 0
		for _, m := range models {
			m.check(t)
			blocks += len(m.blocks)
		}
		t.Logf("blocks of %d bytes: %d kB in %d kB of pages, before %d; %d of %d blocks were moved", n, (live-used)>>10, (after-pages)>>10, (before-pages)>>10, moved, blocks)
		// What stands in the commons of all arenas stays where sizes have groups, and each ring keeps a page with room.
		if wasted := before - pages - (live - used); after-pages-(live-used) > wasted/2+300<<10 {
			t.Errorf("blocks of %d bytes: %d kB in %d kB of pages, before %d", n, (live-used)>>10, (after-pages)>>10, (before-pages)>>10)
		}
		if moved > blocks {
			t.Errorf("%d blocks were moved, there are %d", moved, blocks)
		}
		for _, m := range models {
			m.freeAll(t)
		}
	}
	TrimCommons()
	checkPool()
}

// TestLodgerIsGone: who has gone, or whose page was opened again or became another one, is not taken for a guest.
func TestLodgerIsGone(t *testing.T) {
	models := sparse(t, 600)
	defer func() {
		for _, m := range models {
			m.freeAll(t)
		}
		checkPool()
	}()
	var g Gathering
	found := g.Close(50, nil)
	if len(found) == 0 {
		t.Fatal("nothing was found")
	}
	OpenCommons()
	for _, m := range models {
		for _, l := range found {
			if m.a.Lodges(l) != 0 {
				t.Fatalf("%+v is there, and the page open", l)
			}
		}
	}
	found = g.Close(50, nil)
	for _, m := range models {
		m.freeAll(t)
		m.alloc(t, 600, 1)
		for _, l := range found {
			if m.a.Lodges(l) != 0 {
				t.Fatalf("%+v is there, and all blocks were freed", l)
			}
		}
	}
	OpenCommons()
}
