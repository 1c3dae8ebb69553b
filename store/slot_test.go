package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/hashslot"
	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/internal/raceflag"
)

// bySlots opens a store by slots with keys whose values are their names.
func bySlots(t testing.TB, shards int, names ...string) (*Store, BySlot) {
	s := open(t, Options{Shards: shards, BySlots: true})
	for _, name := range names {
		setKey(s, 0, name, name, 0)
	}
	by, ok := s.BySlot()
	if !ok {
		t.Fatal("the store is not by slots")
	}
	return s, by
}

// namesOf walks through a slot's keys, a few at a time, and counts how often each came.
func namesOf(by BySlot, slot hashslot.Slot, want int) map[string]int {
	seen := map[string]int{}
	for cursor := uint64(0); ; {
		if cursor = by.Walk(0, slot, cursor, want, func(e Entry) { seen[string(e.Key())]++ }); cursor == 0 {
			return seen
		}
	}
}

// TestBySlot: what a slot is said to have is what it has, with many keys and few, for any number of shards.
func TestBySlot(t *testing.T) {
	allShards, sizes := []int{1, 4, 256}, []int{0, 1, 50, 20000}
	if testing.Short() {
		allShards, sizes = []int{4}, []int{50, 20000}
	}
	for _, shards := range allShards {
		for _, n := range sizes {
			var names []string
			want := map[hashslot.Slot]int{}
			for i := range n {
				name := fmt.Sprint("key:", i)
				if i%3 == 0 { // slots with very many
					name = fmt.Sprintf("{tag%d}%d", i%2, i)
				}
				names = append(names, name)
				want[hashslot.Of([]byte(name))]++
			}
			s, by := bySlots(t, shards, names...)
			for i := range hashslot.Slots {
				slot := hashslot.Slot(i)
				if got := by.Count(0, slot); got != want[slot] {
					t.Fatalf("%d shards, %d keys: slot %d has %d keys, not %d", shards, n, slot, got, want[slot])
				}
				if seen := namesOf(by, slot, 7); len(seen) != want[slot] {
					t.Fatalf("%d shards, %d keys: a walk through slot %d met %d keys, not %d", shards, n, slot, len(seen), want[slot])
				}
			}
			for _, name := range names {
				if k := key(s, name); by.Of(&k) != hashslot.Of([]byte(name)) || by.Shard(by.Of(&k)) != k.Shard {
					t.Fatalf("key %s: slot %d, shard %d", name, by.Of(&k), k.Shard)
				}
			}
		}
	}
}

// TestWalkOfSlot: keys that stay come exactly once, whatever comes and goes in the slot and beside it.
func TestWalkOfSlot(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	s, by := bySlots(t, 8)
	const stay = 700
	for i := range stay {
		setKey(s, 0, fmt.Sprint("{t}stay", i), "x", 0)
	}
	slot := hashslot.Of([]byte("t"))
	for round := range 4 {
		seen := map[string]int{}
		for n, cursor := 0, uint64(0); ; {
			cursor = by.Walk(0, slot, cursor, 1+rng.IntN(60), func(e Entry) { seen[string(e.Key())]++ })
			if cursor == 0 {
				break
			}
			for range 200 {
				n++
				name := fmt.Sprint([]string{"{t}go", "go"}[n%2], n)
				if round%2 == 0 {
					setKey(s, 0, name, "y", 0)
					continue
				}
				k := key(s, name)
				s.Lock(k.Shard)
				s.Delete(0, k)
				s.Unlock(k.Shard)
			}
		}
		for i := range stay {
			if n := seen[fmt.Sprint("{t}stay", i)]; n != 1 {
				t.Fatalf("round %d: a key that stayed came %d times", round, n)
			}
		}
		check(t, s)
	}
}

// TestOneSlotHasAll: with all keys in one slot the table is as good as any: it grows by segments of the
// usual size, and its directory takes little beside the keys.
func TestOneSlotHasAll(t *testing.T) {
	const n = 200000
	s, by := bySlots(t, 256)
	for i := range n {
		setKey(s, 0, fmt.Sprint("{user}", i), "x", 0)
	}
	slot := hashslot.Of([]byte("user"))
	if got := by.Count(0, slot); got != n {
		t.Fatalf("%d keys", got)
	}
	table := &s.at(0, by.Shard(slot)).table
	segments, largest := 0, 0
	for pos, done := uint64(0), false; !done; segments++ {
		seg, next, last := table.NextSegment(pos)
		largest = max(largest, seg.Len())
		pos, done = next, last
	}
	if perKey := float64(table.Bytes()) / n; largest > 450 || perKey > 20 {
		t.Errorf("%d segments, the largest with %d keys; %.1f bytes of table for each key", segments, largest, perKey)
	}
	check(t, s)
}

// TestForeign: keys of foreign slots are not seen by who looks around, found by who asks for them, and
// do not expire before they are foreign no more.
func TestForeign(t *testing.T) {
	s, by := bySlots(t, 4, "a", "b", "c", "{a}2")
	setKey(s, 0, "{a}3", "x", 1000)
	var foreign SlotSet
	foreign.Add(hashslot.Of([]byte("a")))
	by.SetForeign(&foreign)
	if n := s.Len(0); n != 2 {
		t.Errorf("%d keys", n)
	}
	seen := 0
	if s.Walk(0, 0, 100, func(Entry) { seen++ }); seen != 2 {
		t.Errorf("a walk met %d keys", seen)
	}
	for range 100 {
		if name, ok := s.RandomKey(0, 1, nil); ok && string(name) != "b" && string(name) != "c" {
			t.Fatalf("random key %s", name)
		}
	}
	if n := by.Seen(0, hashslot.Of([]byte("a"))) + by.Seen(0, hashslot.Of([]byte("b"))); n != 1 {
		t.Errorf("%d keys seen", n)
	}
	for i := range s.shards {
		s.ExpireStep(uint32(i), 2000, nil)
	}
	if _, ok := get(s, 0, "{a}3", 2000); !ok {
		t.Error("a key of a foreign slot has expired")
	}
	by.SetForeign(nil)
	if n := s.Len(0); n != 5 {
		t.Errorf("%d keys once nothing is foreign", n)
	}
	for i := range s.shards {
		s.ExpireStep(uint32(i), 2000+foreignRest, nil)
	}
	if n := s.Len(0); n != 4 {
		t.Errorf("%d keys after one has expired", n)
	}
}

// TestCountIsCheap: a slot of 100 keys among many is counted in less than 50 us.
func TestCountIsCheap(t *testing.T) {
	if raceflag.Enabled || invariants.Enabled {
		t.Skip("it measures time, of the code as users build it")
	}
	s, by := bySlots(t, 256)
	for i := range 300_000 { // BenchmarkCountSlot has more
		setKey(s, 0, fmt.Sprint("key:", i), "x", 0)
	}
	for i := range 100 {
		setKey(s, 0, fmt.Sprint("{few}", i), "x", 0)
	}
	best := time.Hour
	for range 50 {
		began := time.Now()
		if n := by.Count(0, hashslot.Of([]byte("few"))); n < 100 {
			t.Fatalf("%d keys", n)
		}
		best = min(best, time.Since(began))
	}
	if best > 50*time.Microsecond {
		t.Errorf("counting a slot takes %v", best)
	}
}

func BenchmarkCountSlot(b *testing.B) {
	s, by := bySlots(b, 256)
	for i := range 10_000_000 {
		setKey(s, 0, fmt.Sprint("key:", i), "x", 0)
	}
	worst, i := time.Duration(0), 0
	for b.Loop() {
		began := time.Now()
		by.Count(0, hashslot.Slot(i*7919%hashslot.Slots))
		worst = max(worst, time.Since(began))
		i++
	}
	b.ReportMetric(float64(worst.Nanoseconds()), "worst-ns")
}

func BenchmarkMakeKeyBySlots(b *testing.B) {
	s, _ := bySlots(b, 256)
	for _, n := range []int{8, 16, 31, 40} {
		name := make([]byte, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var k Key
			for b.Loop() {
				s.SetKey(&k, name)
			}
		})
	}
}
