package stats

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"testing"
)

func TestHotKeysFindsTheBusiest(t *testing.T) {
	var a, b HotKeys
	seed := maphash.MakeSeed()
	rnd := rand.New(rand.NewPCG(1, 2))
	add := func(h *HotKeys, db int, name string) { h.Add(db, maphash.String(seed, name), []byte(name), 1) }
	for i := range 200_000 {
		h := &a
		if i%2 == 0 {
			h = &b
		}
		switch n := rnd.IntN(100); {
		case n < 10:
			add(h, 0, "first")
		case n < 16:
			add(h, 3, "second")
		case n < 20:
			add(h, 0, "third")
		default:
			add(h, 0, fmt.Sprint("cold", rnd.IntN(1_000_000)))
		}
	}
	got := Busiest([][]HotKey{a.All(), b.All()}, 3)
	if len(got) != 3 || got[0].Name != "first" || got[1].Name != "second" || got[1].DB != 3 || got[2].Name != "third" {
		t.Fatalf("%+v", got)
	}
	if n := got[0].Count; n < 19_000 || n > 24_000 {
		t.Errorf("%d uses of a key used about 20000 times", n)
	}
	a.Age()
	if after := Busiest([][]HotKey{a.All()}, 1); after[0].Count > got[0].Count/2 {
		t.Error("Age")
	}
	name := []byte("first")
	hash := maphash.Bytes(seed, name)
	if n := testing.AllocsPerRun(100, func() { a.Add(0, hash, name, 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if a.Reset(); len(a.All()) != 0 {
		t.Error("Reset")
	}
}

func BenchmarkHotKeysMiss(b *testing.B) {
	var h HotKeys
	name := []byte("key:000000000000")
	for i := range b.N {
		h.Add(0, uint64(i)*0x9e3779b97f4a7c15, name, 1)
	}
}
