package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// lookAhead runs both stages for one key.
func lookAhead(s *Store, db int, k Key) (slot Place, stamp uint32) {
	keys, places, stamps := [1]Key{k}, [1]Place{}, [1]uint32{}
	s.TouchBuckets(db, keys[:], places[:], stamps[:])
	return TouchEntry(places[0], &k), stamps[0]
}

// TestHints takes hints of keys and databases at random moments and gives them to the store
// at others, while tables grow, shrink, move, are emptied and exchanged: what is found is
// always what a map says.
func TestHints(t *testing.T) {
	const names, dbs, steps = 3000, 3, 200_000
	s, err := Open(Options{Shards: 2, Databases: dbs})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	type place struct {
		slot  Place
		stamp uint32
	}
	type at struct{ db, name int }
	var held [dbs]map[int]int64
	for db := range held {
		held[db] = map[int]int64{}
	}
	taken := map[at]place{}
	keys := make([]Key, names)
	for i := range keys {
		keys[i] = s.MakeKey(fmt.Append(nil, "name:", i))
	}
	rng := rand.New(rand.NewPCG(5, 6))
	used := 0
	for step := range steps {
		db, i := rng.IntN(dbs), rng.IntN(names)
		k, grows := &keys[i], step/20_000%2 == 0
		if rng.IntN(2) == 0 {
			slot, stamp := lookAhead(s, db, *k)
			taken[at{db, i}] = place{slot, stamp}
		}
		s.Lock(k.Shard)
		// A hint for the key, maybe of another database: the caller knows which one it was.
		p, ok := taken[at{db, i}]
		if ok {
			s.Hint(db, k, p.slot, p.stamp)
			if p.slot != 0 && p.stamp == s.at(db, k.Shard).table.Stamp() {
				used++
			}
		}
		e := s.Find(db, *k, 1)
		want, there := held[db][i]
		if there != (e.A != 0) {
			t.Fatalf("step %d: db %d, key %d: found %v, want %v", step, db, i, e.A != 0, there)
		}
		if there {
			if n, _ := s.StringInt(e); n != want {
				t.Fatalf("step %d: db %d, key %d is %d, want %d", step, db, i, n, want)
			}
		}
		if grows || rng.IntN(8) == 0 {
			s.SetInt(db, *k, e, int64(step))
			held[db][i] = int64(step)
		} else {
			s.Delete(db, *k)
			delete(held[db], i)
		}
		s.Unlock(k.Shard)
		switch rng.IntN(20_000) {
		case 0:
			s.FlushDB(db)
			clear(held[db])
		case 1, 2:
			s.SwapDB(db, 0)
			held[db], held[0] = held[0], held[db]
		}
	}
	if used < steps/10 {
		t.Errorf("only %d hints were good", used)
	}
	if err := s.CheckInvariants(); err != nil {
		t.Error(err)
	}
}
