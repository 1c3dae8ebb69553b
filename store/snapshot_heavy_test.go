package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// largeText is the text of a value that a snapshot takes by portions.
func largeText(rng *rand.Rand) []byte {
	return bytes.Repeat(fmt.Append(nil, rng.Uint64(), "-"), largeValueBytes/20+rng.IntN(largeValueBytes/10))
}

// TestLargeValuesInPortions: a large value is handed over by portions; its shard is announced as one with a long command, and
// may be used between them. Whatever is done to it then, the sink gets what there was at the cut.
func TestLargeValuesInPortions(t *testing.T) {
	const db = 3
	for name, meanwhile := range map[string]func(s *Store, big, small Key){
		"nothing":         func(*Store, Key, Key) {},
		"a read":          func(s *Store, big, _ Key) { s.FindRaw(db, big) },
		"the large one":   func(s *Store, big, _ Key) { s.SetString(db, big, []byte("changed"), 0) },
		"a small one":     func(s *Store, _, small Key) { s.SetString(db, small, []byte("changed"), 0) },
		"a deletion":      func(s *Store, big, _ Key) { s.Delete(db, big) },
		"a new key":       func(s *Store, _, _ Key) { s.SetString(db, s.MakeKey([]byte("new")), []byte("x"), 0) },
		"a new name":      func(s *Store, big, small Key) { s.Rename(db, big, small) },
		"another base":    func(s *Store, _, _ Key) { s.SetString(0, s.MakeKey([]byte("0")), []byte("x"), 0) },
		"databases swap":  func(s *Store, _, _ Key) { s.Unlock(0); s.SwapDB(db, 1); s.Lock(0) },
		"a flush of all":  func(s *Store, _, _ Key) { s.Unlock(0); s.FlushAll(); s.Reap(); s.Lock(0) },
		"a flush of one":  func(s *Store, _, _ Key) { s.Unlock(0); s.FlushDB(db); s.Reap(); s.Lock(0) },
		"a flush, a swap": func(s *Store, _, _ Key) { s.Unlock(0); s.FlushDB(db); s.SwapDB(db, 0); s.Lock(0) },
		"two flushes": func(s *Store, big, _ Key) {
			s.Unlock(0)
			s.FlushDB(db)
			s.Lock(0)
			s.SetString(db, big, bytes.Repeat([]byte("another"), largeValueBytes/4), 0)
			s.Unlock(0)
			s.FlushAll()
			s.Reap()
			s.Lock(0)
		},
		"a portion, and the large one": func(s *Store, big, _ Key) {
			s.Unlock(0)
			s.HandOver(db, big)
			s.Lock(0)
			s.SetString(db, big, []byte("changed"), 0)
		},
		"all portions": func(s *Store, big, _ Key) {
			s.Unlock(0)
			for s.HandOver(db, big) {
			}
			s.Lock(0)
			if s.OwesMuch(db, big) {
				t.Error("after all portions something is owed")
			}
			s.SetString(db, big, []byte("changed"), 0)
		},
		"a compaction": func(s *Store, _, _ Key) {
			s.Unlock(0)
			c := NewCompactor(s)
			for range 100 {
				c.Step(1)
			}
			c.Stop()
			s.Lock(0)
		},
	} {
		for _, after := range []int{0, 1, 4, 16} {
			t.Run(fmt.Sprintf("%s/%d", name, after), func(t *testing.T) { changeInPortions(t, after, meanwhile) })
		}
	}
}

func changeInPortions(t *testing.T, after int, meanwhile func(s *Store, big, small Key)) {
	s := open(t, Options{Shards: 1})
	big, small := s.MakeKey([]byte("big")), s.MakeKey([]byte("small"))
	s.Lock(0)
	for i := range 10 {
		s.SetString(i%4, s.MakeKey(fmt.Append(nil, i)), []byte("x"), 0)
	}
	for i := range 3 { // that are deleted, so that there is something to compact
		s.SetString(3, s.MakeKey(fmt.Append(nil, "gap", i)), bytes.Repeat([]byte("g"), 300<<10), 0)
		s.SetString(3, s.MakeKey(fmt.Append(nil, "more", i)), bytes.Repeat([]byte("more"), 50<<10), 0)
	}
	s.SetString(3, small, []byte("small"), 0)
	s.SetString(3, big, bytes.Repeat([]byte("0123456789a"), 100<<10), 0)
	for i := range 3 {
		s.Delete(3, s.MakeKey(fmt.Append(nil, "gap", i)))
	}
	if s.OwesMuch(3, big) {
		t.Error("without a snapshot something is owed")
	}
	cut := stateLocked(s)
	s.Unlock(0)
	c := newCollector(s)
	sn, err := s.BeginSnapshotAt(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Lock(0)
	if s.OwesMuch(0, small) || !s.OwesMuch(3, big) {
		t.Error("before the steps only the large one is owed")
	}
	s.Unlock(0)
	steps := 0
	for done := false; !done; steps++ {
		before := c.portions.Load()
		if done = sn.Step(1 << 20); c.portions.Load() > before+1 {
			t.Fatalf("%d portions in one step", c.portions.Load()-before)
		}
		if steps == after {
			s.Lock(0)
			meanwhile(s, big, small)
			s.Unlock(0)
		}
	}
	if got := c.portions.Load(); got != 40 { // ten for each of four
		t.Errorf("%d portions in %d steps", got, steps)
	}
	if n := c.twice.Load(); n > 0 {
		t.Errorf("%d entries came twice", n)
	}
	compareStates(t, c.all(), cut)
	s.Lock(0)
	if s.shards[0].mu.owed != nil || s.shards[0].long.Load() != 0 {
		t.Error("after the steps something is owed, or announced")
	}
	s.Unlock(0)
	s.Reap()
	check(t, s)
}

// TestLargeValuesModel does everything to large and small values while snapshots run, whose steps and portions come in
// between.
func TestLargeValuesModel(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	for round := range rounds {
		rng := rand.New(rand.NewPCG(uint64(round), 77))
		s := open(t, Options{Shards: 2, Databases: 3})
		key := func() Key {
			if rng.IntN(3) == 0 {
				return s.MakeKey(fmt.Append(nil, "large", rng.IntN(6)))
			}
			return s.MakeKey(fmt.Append(nil, "small", rng.IntN(40)))
		}
		change := func() {
			s.LockAll()
			db, k := rng.IntN(3), key()
			switch rng.IntN(9) {
			case 0, 1:
				s.SetString(db, k, largeText(rng), 0)
			case 2, 3:
				s.SetString(db, k, fmt.Append(nil, rng.Uint64()), 0)
			case 4:
				s.Delete(db, k)
			case 5:
				s.StringWriteAt(db, k, s.FindRaw(db, k), rng.Int64N(largeValueBytes), []byte("written"))
			case 6:
				s.Rename(db, key(), k)
			case 7:
				s.Copy(db, key(), rng.IntN(3), k)
			case 8:
				if s.FindRaw(db, k).A != 0 {
					s.Move(db, rng.IntN(3), k)
				}
			}
			s.UnlockAll()
			switch rng.IntN(60) {
			case 0:
				s.FlushDB(db)
			case 1:
				s.SwapDB(db, rng.IntN(3))
			case 2:
				if rng.IntN(4) == 0 {
					s.FlushAll()
				}
			case 3:
				s.Reap()
			case 4:
				c := NewCompactor(s)
				for range 20 {
					c.Step(1)
				}
				c.Stop()
			}
		}
		for range 60 {
			change()
		}
		for range 3 {
			c := newCollector(s)
			sn, err := s.BeginSnapshotAt(c, nil)
			if err != nil {
				t.Fatal(err)
			}
			s.LockAll()
			cut := stateLocked(s)
			s.UnlockAll()
			for n := 0; !sn.Step(1 + rng.IntN(10)); n++ {
				if rng.IntN(3) == 0 {
					s.HandOver(rng.IntN(3), key())
				}
				if rng.IntN(4) == 0 && n < 300 {
					change()
				}
			}
			compareStates(t, c.all(), cut)
			if n := c.twice.Load(); n != 0 {
				t.Errorf("%d entries twice", n)
			}
			check(t, s)
			if t.Failed() {
				t.Fatalf("in round %d", round)
			}
		}
	}
}

// TestChangesHandOverLittle: a change hands over what stands in the place of its key, not a whole segment; and not the large values
// there, unless it is one of them that changes.
func TestChangesHandOverLittle(t *testing.T) {
	const keys, changes = 20_000, 200
	s := open(t, Options{Shards: 1})
	name := func(i int) Key { return s.MakeKey(fmt.Append(nil, "key", i)) }
	large := bytes.Repeat([]byte("large"), largeValueBytes/4)
	s.Lock(0)
	for i := range keys {
		if s.SetString(0, name(i), []byte("value"), 0); i%1000 == 500 {
			s.SetString(0, name(i), large, 0)
		}
	}
	s.Unlock(0)
	c := newCollector(s)
	sn, err := s.BeginSnapshotAt(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.End()
	s.Lock(0)
	defer s.Unlock(0)
	for i := range changes {
		s.SetString(0, name(i), []byte("other"), 0)
	}
	if n := len(c.all()); n < changes || n > 20*changes {
		t.Errorf("%d entries were handed over for %d changes", n, changes)
	}
	for i := range keys {
		if i%1000 != 500 {
			s.SetString(0, name(i), []byte("other"), 0)
		}
	}
	if n, had := c.portions.Load(), len(c.all()); n != 0 || had != keys-keys/1000 {
		t.Errorf("%d portions of large values that were not changed, and %d others, were handed over", n, had)
	}
	s.SetString(0, name(500), []byte("other"), 0)
	if n := c.portions.Load(); n != 10 {
		t.Errorf("%d portions of a large value that was changed were handed over", n)
	}
}

// TestSnapshotEndsInAPortion: one that is given up in the middle of a value leaves nothing behind.
func TestSnapshotEndsInAPortion(t *testing.T) {
	s := open(t, Options{Shards: 1})
	k := s.MakeKey([]byte("k"))
	s.Lock(0)
	s.SetString(0, k, bytes.Repeat([]byte("x"), 1<<20), 0)
	s.Unlock(0)
	for range 2 {
		c := newCollector(s)
		sn, err := s.BeginSnapshotAt(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		for c.portions.Load() < 3 {
			sn.Step(1)
		}
		sn.End()
		s.Lock(0)
		if s.shards[0].mu.owed != nil || s.OwesMuch(0, k) {
			t.Error("something is owed")
		}
		s.Unlock(0)
	}
}

// longWatcher notes whether the shard was announced as long when its entries came.
type longWatcher struct {
	s         *Store
	announced map[string]bool
}

func (w *longWatcher) SnapshotEntry(shard, _ int, e Entry) {
	w.announced[string(e.Key())] = w.s.shards[shard].long.Load() != 0
}

func (w *longWatcher) SnapshotLarge(int, int, bool) SnapshotValue { return w }

func (w *longWatcher) Portion(e Entry) (done bool) {
	w.SnapshotEntry(0, 0, e)
	return true
}

// TestLargeValuesAreAnnounced: who needs a shard of which a portion is handed over does not wait
// for it on a reactor; for small values he does.
func TestLargeValuesAreAnnounced(t *testing.T) {
	s := open(t, Options{Shards: 1})
	s.Lock(0)
	s.SetString(0, s.MakeKey([]byte("small")), []byte("x"), 0)
	s.SetString(3, s.MakeKey([]byte("big")), bytes.Repeat([]byte("x"), 1<<20), 0)
	s.Unlock(0)
	w := &longWatcher{s, map[string]bool{}}
	sn, err := s.BeginSnapshotAt(w, nil)
	if err != nil {
		t.Fatal(err)
	}
	for !sn.Step(1 << 20) {
	}
	if len(w.announced) != 2 || w.announced["small"] || !w.announced["big"] {
		t.Errorf("announced: %v", w.announced)
	}
}
