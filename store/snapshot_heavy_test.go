package store

import (
	"bytes"
	"testing"
)

// longWatcher notes whether the shard was announced as long when its entries came.
type longWatcher struct {
	s         *Store
	announced map[string]bool
}

func (w *longWatcher) SnapshotEntry(shard, _ int, e Entry) {
	w.announced[string(e.Key())] = w.s.shards[shard].long.Load() != 0
}

// TestHeavySegmentsAreAnnounced: who needs a shard whose pre-image is large does not wait
// for it on a reactor.
func TestHeavySegmentsAreAnnounced(t *testing.T) {
	s, err := Open(Options{Shards: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	small, big := s.MakeKey([]byte("small")), s.MakeKey([]byte("big"))
	s.Lock(0)
	s.SetString(0, small, []byte("x"), 0)
	s.SetString(3, big, bytes.Repeat([]byte("x"), heavySegmentBytes+1), 0)
	owes := s.OwesMuch(3, big)
	s.Unlock(0)
	if owes {
		t.Error("without a snapshot something is owed")
	}
	w := &longWatcher{s, map[string]bool{}}
	sn, err := s.BeginSnapshotAt(w, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Lock(0)
	if s.OwesMuch(0, small) || !s.OwesMuch(3, big) {
		t.Error("before the steps only the large one is owed")
	}
	s.Unlock(0)
	for !sn.Step(1 << 20) {
	}
	if len(w.announced) != 2 || w.announced["small"] || !w.announced["big"] {
		t.Errorf("announced: %v", w.announced)
	}
	s.Lock(0)
	if s.OwesMuch(3, big) || s.shards[0].long.Load() != 0 {
		t.Error("after the steps something is owed, or announced")
	}
	s.Unlock(0)
}
