package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestWalkGuarantee walks while keys come and go and databases are flushed: keys that
// stay are emitted exactly once, nothing more than once.
func TestWalkGuarantee(t *testing.T) {
	for _, bySlots := range []bool{false, true} {
		walkGuarantee(t, bySlots)
	}
}

func walkGuarantee(t *testing.T, bySlots bool) {
	rng := rand.New(rand.NewPCG(11, 12))
	s := open(t, Options{Shards: 8, BySlots: bySlots})
	const stay, comeAndGo = 3000, 20000
	for i := range stay {
		setKey(s, 0, fmt.Sprint("stay", i), "x", 0)
	}
	for round := range 5 {
		seen := map[string]int{}
		there := round%2 == 0 // the table grows in even rounds and shrinks in odd ones
		for i, cursor := 0, uint64(0); ; {
			cursor = s.Walk(0, cursor, 1+rng.IntN(30), func(e Entry) { seen[string(e.Key())]++ })
			if cursor == 0 {
				break
			}
			if cursor >= 1<<53 {
				t.Fatalf("cursor %#x", cursor)
			}
			for range 100 {
				if i++; i >= comeAndGo {
					break
				}
				name := fmt.Sprint("go", i)
				if k := key(s, name); there {
					setKey(s, 0, name, "y", 0)
					setKey(s, 1, name, "y", 0)
				} else {
					s.Lock(k.Shard)
					s.Delete(0, k)
					s.Unlock(k.Shard)
				}
			}
			if rng.IntN(20) == 0 {
				s.FlushDB(1)
			}
		}
		for i := range stay {
			if n := seen[fmt.Sprint("stay", i)]; n != 1 {
				t.Fatalf("round %d: a key that stayed was emitted %d times", round, n)
			}
		}
		for name, n := range seen {
			if n != 1 {
				t.Fatalf("round %d: %s was emitted %d times", round, name, n)
			}
		}
		check(t, s)
	}
}

func TestWalkEnds(t *testing.T) {
	s := open(t, Options{Shards: 8})
	none := func(Entry) { t.Error("an entry in an empty store") }
	for _, cursor := range []uint64{0, 1, 1 << 40, 8 << 40, 1<<53 - 1, 1<<64 - 1} {
		if next := s.Walk(0, cursor, 10, none); next != 0 {
			t.Errorf("cursor %#x: next is %#x", cursor, next)
		}
	}
	for i := range 1000 {
		setKey(s, 0, fmt.Sprint(i), "x", 0)
	}
	// A flush and a swap in between: the walk goes on in what is there then.
	cursor := s.Walk(0, 0, 10, func(Entry) {})
	s.FlushDB(0)
	if next := s.Walk(0, cursor, 10, none); next != 0 {
		t.Errorf("after a flush: next is %#x", next)
	}
	// Any cursor does no harm.
	for i := range 1000 {
		setKey(s, 0, fmt.Sprint(i), "x", 0)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		s.Walk(0, rng.Uint64()>>rng.IntN(30), 10, func(Entry) {})
	}
}

func TestRandomKey(t *testing.T) {
	s := open(t, Options{Shards: 4})
	if _, ok := s.RandomKey(0, 1, nil); ok {
		t.Fatal("a key in an empty database")
	}
	const n = 100
	for i := range n {
		setKey(s, 0, fmt.Sprint(i), "x", 0)
		setKey(s, 0, fmt.Sprint("expired", i), "x", 5)
	}
	seen := map[string]int{}
	var buf []byte
	for range 100 * n {
		name, ok := s.RandomKey(0, 5, buf)
		if !ok {
			t.Fatal("no key")
		}
		seen[string(name)]++
		buf = name
	}
	for i := range n {
		// The table is nearly even, not exactly: every key must come, none too often.
		if c := seen[fmt.Sprint(i)]; c == 0 || c > 800 {
			t.Errorf("key %d came %d times of 100 expected", i, c)
		}
	}
	if len(seen) != n {
		t.Errorf("%d different keys", len(seen))
	}
	setKey(s, 3, "one", "x", 4)
	if _, ok := s.RandomKey(3, 5, nil); ok || s.Len(3) != 0 {
		t.Error("an expired key came, or stayed")
	}
}
