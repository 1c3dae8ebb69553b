package store

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
)

// besideSink notes which keys a snapshot has.
type besideSink struct {
	mu   sync.Mutex
	keys map[string]string // by database and name
}

func (b *besideSink) SnapshotEntry(_, db int, e Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keys[fmt.Sprint(db, "/", string(e.Key()))] += "."
}

func (b *besideSink) SnapshotLarge(int, int, bool) SnapshotValue { panic("there is no large value") }

// TestBeside loads data beside others that change, are flushed and copied by snapshots meanwhile: nobody sees them before
// they are taken into service, and then there are no others.
func TestBeside(t *testing.T) {
	for _, flush := range []bool{false, true} {
		s, err := Open(Options{Shards: 8, Databases: 3})
		if err != nil {
			t.Fatal(err)
		}
		set := func(db int, name string, deadline int64) {
			k := s.MakeKey([]byte(name))
			s.Lock(k.Shard)
			s.SetString(db, k, []byte(strings.Repeat("v", 100)), deadline)
			s.Unlock(k.Shard)
		}
		snapshot := func() (*besideSink, *Snapshot) {
			t.Helper()
			sink := &besideSink{keys: map[string]string{}}
			sn, err := s.BeginSnapshotAt(sink, nil)
			if err != nil {
				t.Fatal(err)
			}
			return sink, sn
		}
		finish := func(what string, sink *besideSink, sn *Snapshot, want map[string]string) {
			t.Helper()
			for !sn.Step(100) {
			}
			if !maps.Equal(sink.keys, want) {
				t.Errorf("%s, flush %v: the snapshot has %d keys, want %d: %.300s", what, flush, len(sink.keys), len(want), fmt.Sprint(sink.keys))
			}
		}
		check := func() {
			t.Helper()
			if err := s.CheckInvariants(); err != nil {
				t.Fatal(err)
			}
		}
		old, fresh := map[string]string{}, map[string]string{}
		for i := range 500 {
			set(i%3, fmt.Sprint("k", i), 0)
			old[fmt.Sprint(i%3, "/k", i)] = "."
		}
		for round := range 3 {
			before, beforeSnap := snapshot() // it runs until the exchange is over
			first := s.OpenBeside()
			if first != 3 || s.Databases() != 3 {
				t.Fatal(first, s.Databases())
			}
			clear(fresh)
			for i := range 700 {
				name, deadline := fmt.Sprint("k", i+round), int64(0)
				if i%100 == 7 {
					deadline = 1000
				}
				set(first+i%2, name, deadline)
				fresh[fmt.Sprint(i%2, "/", name)] = "."
				if i == 300 {
					seen := int64(0)
					for _, k := range s.Keyspace() {
						seen += k.Keys
					}
					if seen != int64(len(old)) {
						t.Errorf("%d keys are seen, want %d", seen, len(old))
					}
					for shard := range s.Shards() {
						s.ExpireStep(uint32(shard), 5000, nil)
					}
					check()
				}
			}
			finish("before", before, beforeSnap, old)
			if flush {
				s.FlushAll()
				old = map[string]string{}
			}
			during, duringSnap := snapshot()
			duringSnap.Step(10)
			if round == 1 { // it does not come to its end
				s.CloseBeside()
				s.Reap()
				check()
				finish("given up", during, duringSnap, old)
				fresh = maps.Clone(old)
				continue
			}
			s.LockAll()
			s.TakeBesideLocked()
			s.UnlockAll()
			check()
			finish("during", during, duringSnap, old)
			s.Reap()
			check()
			old = maps.Clone(fresh)
			after, afterSnap := snapshot()
			finish("after", after, afterSnap, old)
			for shard := range s.Shards() {
				for s.Due(uint32(shard)) <= 5000 {
					s.ExpireStep(uint32(shard), 5000, nil)
				}
			}
			for name := range old {
				db, key, _ := strings.Cut(name, "/")
				k := s.MakeKey([]byte(key))
				s.Lock(k.Shard)
				if s.FindRaw(int(db[0]-'0'), k).A == 0 {
					delete(old, name) // it has expired
				}
				s.Unlock(k.Shard)
			}
			if len(old) != 693 {
				t.Errorf("%d keys are left", len(old))
			}
		}
		s.Close()
	}
}

// TestParked: a snapshot that began before the data were moved beside has all of them, wherever they are
// when it comes to them.
func TestParked(t *testing.T) {
	for _, back := range []bool{false, true} {
		for _, steps := range []int{0, 3, 1 << 20} { // before, between, and only while they are beside
			s := open(t, Options{Shards: 4, Databases: 3})
			set := func(i int) {
				k := s.MakeKey(fmt.Append(nil, "k", i))
				s.Lock(k.Shard)
				s.SetString(i%3, k, []byte("v"), 0)
				s.Unlock(k.Shard)
			}
			want := map[string]string{}
			for i := range 500 {
				set(i)
				want[fmt.Sprint(i%3, "/k", i)] = "."
			}
			sink := &besideSink{keys: map[string]string{}}
			sn, err := s.BeginSnapshotAt(sink, nil)
			if err != nil {
				t.Fatal(err)
			}
			sn.Step(10)
			s.OpenBeside()
			s.LockAll()
			s.ParkLocked()
			s.UnlockAll()
			for i := range 300 {
				set(i + 100)
			}
			done := false
			for n := 0; n < steps && !done; n++ {
				done = sn.Step(10)
			}
			if back {
				s.LockAll()
				s.TakeBesideLocked()
				s.UnlockAll()
			} else {
				s.CloseBeside()
			}
			for !done {
				done = sn.Step(10)
			}
			if !maps.Equal(sink.keys, want) {
				t.Errorf("back %v, %d steps beside: the snapshot has %d keys, want %d", back, steps, len(sink.keys), len(want))
			}
			if n, left := s.Len(0)+s.Len(1)+s.Len(2), map[bool]int64{true: 500, false: 300}[back]; int64(n) != left {
				t.Errorf("back %v: %d keys are left, want %d", back, n, left)
			}
			s.Reap()
			check(t, s)
		}
	}
}
