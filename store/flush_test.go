package store

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/kringdb/kring/store/str"
)

// stopReaper lets a test look at what waits to be freed.
func stopReaper(s *Store) { s.reap.run.Lock() }

func restartReaper(s *Store) { s.reap.run.Unlock() }

func TestFlushKeepsAccounts(t *testing.T) {
	s := open(t, Options{Shards: 4, Databases: 3})
	long := string(bytes.Repeat([]byte("0123456789"), 300_000))
	fill := func(db int) {
		for i := range 2000 {
			setKey(s, db, fmt.Sprint("k", i), "value", int64(i%2)*1000)
		}
		setKey(s, db, "long", long, 0)
	}
	fill(0)
	fill(1)
	only1 := s.Used() / 2
	stopReaper(s)
	used := s.Used()
	s.FlushDB(0)
	if s.Len(0) != 0 || s.Expires(0) != 0 || s.Len(1) != 2001 || s.Expires(1) != 1000 {
		t.Fatal("FlushDB did not empty its database, or another")
	}
	if s.Used() != used {
		t.Fatalf("%d bytes vanished before they were freed", used-s.Used())
	}
	check(t, s)
	// Piece by piece, always exact.
	for shard := range uint32(s.Shards()) {
		for s.reapStep(shard) {
			check(t, s)
		}
	}
	if got := s.Used(); got < only1*9/10 || got > only1*11/10 {
		t.Fatalf("%d bytes left, about %d expected", got, only1)
	}
	want(t, s, 1, "long", long)

	fill(0)
	s.FlushDB(1)
	used = s.Used()
	s.FlushAll()
	if st := s.Stats(); st.Keys != 0 || st.Expires != 0 || st.UsedBytes != used || st.DeadBytes != used {
		t.Fatalf("after FlushAll: %+v, used before %d", st, used)
	}
	fill(2)
	check(t, s)
	restartReaper(s)
	s.Reap()
	if st := s.Stats(); st.DeadBytes != 0 || st.Keys != 2001 {
		t.Fatalf("after reaping: %+v", st)
	}
	want(t, s, 2, "long", long)
}

func TestLargeValuesAreFreedInSteps(t *testing.T) {
	s := open(t, Options{Shards: 1})
	setKey(s, 0, "long", string(make([]byte, 100*str.ChunkBytes)), 0)
	stopReaper(s)
	s.Lock(0)
	s.Delete(0, key(s, "long"))
	s.Unlock(0)
	if used := s.Used(); used < 80*str.ChunkBytes {
		t.Fatalf("a delete freed too much at once: %d bytes left", used)
	}
	check(t, s)
	restartReaper(s)
	s.Reap()
	if used := s.Used(); used > 4096 {
		t.Fatalf("%d bytes left", used)
	}
}

func TestSwapDB(t *testing.T) {
	s := open(t, Options{Shards: 4})
	for i := range 500 {
		setKey(s, 0, fmt.Sprint(i), "zero", 100)
	}
	setKey(s, 5, "a", "five", 0)
	s.SwapDB(0, 5)
	s.SwapDB(3, 3)
	want(t, s, 0, "a", "five")
	want(t, s, 5, "499", "zero")
	if s.Len(0) != 1 || s.Len(5) != 500 || s.Expires(0) != 0 || s.Expires(5) != 500 {
		t.Fatal("counts did not move")
	}
}
