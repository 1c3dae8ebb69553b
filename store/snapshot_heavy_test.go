package store

import (
	"bytes"
	"fmt"
	"testing"
)

// TestLargeValuesInParts: while a segment with large values is handed over, in parts, its
// shard is announced as one with a long command, and may be used between the parts; whatever is done to it
// then, the sink gets what there was at the cut.
func TestLargeValuesInParts(t *testing.T) {
	const db = 3
	for name, meanwhile := range map[string]func(s *Store, big, small Key){
		"nothing":         func(*Store, Key, Key) {},
		"a read":          func(s *Store, big, _ Key) { s.FindRaw(db, big) },
		"the large one":   func(s *Store, big, _ Key) { s.SetString(db, big, []byte("changed"), 0) },
		"a small one":     func(s *Store, _, small Key) { s.SetString(db, small, []byte("changed"), 0) },
		"a deletion":      func(s *Store, big, _ Key) { s.Delete(db, big) },
		"a new key":       func(s *Store, _, _ Key) { s.SetString(db, s.MakeKey([]byte("new")), []byte("x"), 0) },
		"another base":    func(s *Store, _, _ Key) { s.SetString(0, s.MakeKey([]byte("0")), []byte("x"), 0) },
		"databases swap":  func(s *Store, _, _ Key) { s.Unlock(0); s.SwapDB(db, 1); s.Lock(0) },
		"a flush of all":  func(s *Store, _, _ Key) { s.Unlock(0); s.FlushAll(); s.Lock(0) },
		"a flush of one":  func(s *Store, _, _ Key) { s.Unlock(0); s.FlushDB(db); s.Lock(0) },
		"a flush, a swap": func(s *Store, _, _ Key) { s.Unlock(0); s.FlushDB(db); s.SwapDB(db, 0); s.Lock(0) },
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
		for _, after := range []int{1, 4, 15} {
			t.Run(fmt.Sprintf("%s/%d", name, after), func(t *testing.T) { changeInParts(t, after, meanwhile) })
		}
	}
}

func changeInParts(t *testing.T, after int, meanwhile func(s *Store, big, small Key)) {
	s := open(t, Options{Shards: 1})
	big, small := s.MakeKey([]byte("big")), s.MakeKey([]byte("small"))
	s.Lock(0)
	for i := range 10 {
		s.SetString(i%4, s.MakeKey(fmt.Append(nil, i)), []byte("x"), 0)
	}
	for i := range 3 { // that are deleted, so that there is something to compact
		s.SetString(3, s.MakeKey(fmt.Append(nil, "gap", i)), bytes.Repeat([]byte("g"), 300<<10), 0)
		s.SetString(3, s.MakeKey(fmt.Append(nil, "more", i)), bytes.Repeat([]byte("more"), heavySegmentBytes/10), 0)
	}
	s.SetString(3, small, []byte("small"), 0)
	s.SetString(3, big, bytes.Repeat([]byte("0123456789a"), heavySegmentBytes/11+1), 0)
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
		before := c.parts
		if done = sn.Step(1 << 20); c.parts > before+1 {
			t.Fatalf("%d parts in one step", c.parts-before)
		}
		if steps == after {
			s.Lock(0)
			meanwhile(s, big, small)
			s.Unlock(0)
		}
	}
	if c.parts == 0 && after > 1 || c.parts < 10 && after > 10 {
		t.Errorf("%d parts in %d steps", c.parts, steps)
	}
	if n := c.twice.Load(); n > 0 {
		t.Errorf("%d entries came twice", n)
	}
	compareStates(t, c.all(), cut)
	s.Lock(0)
	if s.shards[0].mu.part != nil || s.shards[0].long.Load() != 0 {
		t.Error("after the steps something is owed, or announced")
	}
	s.Unlock(0)
}

// TestSnapshotEndsInAPart: one that is given up in the middle of a value leaves nothing behind.
func TestSnapshotEndsInAPart(t *testing.T) {
	s := open(t, Options{Shards: 1})
	k := s.MakeKey([]byte("k"))
	s.Lock(0)
	s.SetString(0, k, bytes.Repeat([]byte("x"), heavySegmentBytes+1), 0)
	s.Unlock(0)
	for range 2 {
		c := newCollector(s)
		sn, err := s.BeginSnapshotAt(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		for c.parts < 3 {
			sn.Step(1)
		}
		sn.End()
		s.Lock(0)
		if s.shards[0].mu.part != nil || s.OwesMuch(0, k) {
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

func (w *longWatcher) SnapshotPart(shard, db int, e Entry, _ bool) (done bool) {
	w.SnapshotEntry(shard, db, e)
	return true
}

// TestHeavySegmentsAreAnnounced: who needs a shard whose pre-image is large does not wait
// for it on a reactor; for one that is small he does.
func TestHeavySegmentsAreAnnounced(t *testing.T) {
	s := open(t, Options{Shards: 1})
	s.Lock(0)
	s.SetString(0, s.MakeKey([]byte("small")), []byte("x"), 0)
	s.SetString(3, s.MakeKey([]byte("big")), bytes.Repeat([]byte("x"), heavySegmentBytes+1), 0)
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
