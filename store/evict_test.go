package store

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/store/entry"
)

// byAge ranks by the access clock, the smallest first.
func byAge(e Entry) uint64 { return uint64(entry.ClockMax - e.Clock()) }

// fillAged makes keys 0..n-1 whose clocks are their numbers.
func fillAged(s *Store, db, n int, deadline func(i int) int64) {
	for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(n) {
		e := s.SetString(db, s.MakeKey(strconv.AppendInt(nil, int64(i), 10)), []byte("value"), deadline(i))
		e.SetClock(uint32(i))
	}
}

func TestEvictionPrefersTheBest(t *testing.T) {
	const keys = 20_000
	oldest, gone := 0, 0
	s := open(t, Options{Shards: 8, Databases: 3, Hooks: Hooks{Evicted: func(_, _ int, key []byte) {
		if i, _ := strconv.Atoi(string(key)); i < keys/2 {
			oldest++
		}
		gone++
	}}})
	fillAged(s, 1, keys, func(int) int64 { return 0 })
	used := s.PublishAll()
	ev := NewEvictor(s)
	for range keys / 4 {
		if !ev.Step(&Policy{Rank: byAge, Samples: 5}) {
			t.Fatal("nothing to evict")
		}
	}
	check(t, s)
	if gone != keys/4 || s.Stats().Evicted != keys/4 || s.Len(1) != keys-gone {
		t.Fatalf("%d gone, %d counted", gone, s.Stats().Evicted)
	}
	if share := float64(oldest) / float64(gone); share < 0.97 {
		t.Errorf("%.3f of the victims were of the older half", share)
	}
	if now := s.Usage(); now >= used || now != s.PublishAll() {
		t.Errorf("the sum is %d, it was %d, exactly it is %d", now, used, s.PublishAll())
	}
	for ev.Step(&Policy{Rank: byAge, Samples: 5}) {
	}
	if s.Len(1) != 0 {
		t.Errorf("%d keys left", s.Len(1))
	}
}

// TestEvictionOfVolatile evicts only what has a deadline, the nearest first.
func TestEvictionOfVolatile(t *testing.T) {
	s := open(t, Options{Shards: 8})
	fillAged(s, 0, 5000, func(i int) int64 {
		if i%100 == 7 {
			return int64(1 + i)
		}
		return 0
	})
	nearest := &Policy{Volatile: true, Samples: 5, Rank: func(e Entry) uint64 { return uint64(1<<62 - e.Deadline()) }}
	ev := NewEvictor(s)
	n := 0
	for ev.Step(nearest) {
		n++
	}
	if st := s.Stats(); n != 50 || st.Keys != 4950 || st.Expires != 0 {
		t.Fatalf("%d evicted, %d left, %d with a deadline", n, st.Keys, st.Expires)
	}
	check(t, s)
}

// TestEvictionOfLargeValues frees one large value before it evicts the next.
func TestEvictionOfLargeValues(t *testing.T) {
	s := open(t, Options{Shards: 1})
	val := []byte(strings.Repeat("v", 10<<20))
	for i := range 4 {
		s.SetString(0, s.MakeKey(strconv.AppendInt(nil, int64(i), 10)), val, 0)
	}
	limit := s.PublishAll() - 5<<20
	ev := NewEvictor(s)
	for s.Usage() > limit {
		if !ev.Step(&Policy{Samples: 5}) {
			t.Fatal("nothing to evict")
		}
	}
	if n := s.Len(0); n != 3 {
		t.Fatalf("%d keys left", n)
	}
}
