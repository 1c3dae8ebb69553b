package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// gatherSizes are of few classes, so that there are places enough to gather.
var gatherSizes = []int{90, 200, 230, 600, 1500, 5000}

// TestGatherBesideAll gathers while keys are set, deleted, renamed, copied and moved, databases are flushed,
// exchanged and loaded beside, and snapshots run, which show what there was at their cut.
func TestGatherBesideAll(t *testing.T) {
	const dbs, keys = 3, 2500
	for _, bySlots := range []bool{false, true} {
		s := open(t, Options{Shards: 64, Databases: dbs, BySlots: bySlots})
		name := func(r *rand.Rand) Key { return s.MakeKey(fmt.Append(nil, "key:", r.IntN(keys))) }
		value := func(r *rand.Rand) []byte {
			return bytes.Repeat([]byte{byte(1 + r.IntN(255))}, gatherSizes[r.IntN(len(gatherSizes))]-r.IntN(5))
		}
		fill := func(r *rand.Rand, first int) {
			for range keys * dbs {
				k := name(r)
				s.Lock(k.Shard)
				s.SetString(first+r.IntN(dbs), k, value(r), int64(r.IntN(2))<<40)
				s.Unlock(k.Shard)
			}
		}
		fill(rand.New(rand.NewPCG(1, 1)), 0)
		var ended bool
		done := make(chan struct{})
		var work, upkeep sync.WaitGroup
		for g := range 3 {
			work.Go(func() {
				r := rand.New(rand.NewPCG(uint64(g), 7))
				for range 4000 {
					db, a, b := r.IntN(dbs), name(r), name(r)
					var set ShardSet
					set.Add(a.Shard)
					set.Add(b.Shard)
					s.LockSet(&set)
					switch r.IntN(8) {
					case 0:
						s.Rename(db, a, b)
					case 1:
						s.Copy(db, a, r.IntN(dbs), b)
					case 2:
						if to := r.IntN(dbs); to != db {
							s.Move(db, to, a)
						}
					case 3, 4:
						s.Delete(db, a)
					default:
						s.SetString(db, a, value(r), int64(r.IntN(2))<<40)
					}
					s.UnlockSet(&set)
				}
			})
		}
		work.Go(func() {
			r := rand.New(rand.NewPCG(4, 4))
			for n := range 6 {
				switch n {
				case 0:
					s.FlushDB(r.IntN(dbs))
				case 1, 3:
					s.SwapDB(0, 1+r.IntN(dbs-1))
				case 2:
					s.FlushAll()
				default:
					fill(r, s.OpenBeside())
					if n == 5 {
						s.CloseBeside()
						break
					}
					s.LockAll()
					s.TakeBesideLocked()
					s.UnlockAll()
				}
				c := newCollector(s)
				var cut map[string]string
				sn, err := s.BeginSnapshotAt(c, func() { cut = stateLocked(s) })
				if err != nil {
					t.Error(err)
					return
				}
				for !sn.Step(100) {
				}
				compareStates(t, c.all(), cut)
				if n := c.twice.Load(); n != 0 {
					t.Errorf("%d entries twice", n)
				}
				if n%2 == 0 {
					fill(r, 0)
				}
			}
		})
		upkeep.Go(func() {
			c := NewCompactor(s)
			for !ended {
				c.Gather(200)
				select {
				case <-done:
					ended = true
				default:
				}
			}
			t.Logf("%+v", c.Stats())
			if c.Stats().Moved < 100 {
				t.Errorf("%d blocks were moved", c.Stats().Moved)
			}
		})
		work.Wait()
		close(done)
		upkeep.Wait()
		s.Reap()
		check(t, s)
		for db := range dbs {
			for cursor := uint64(0); ; {
				cursor = s.Walk(db, cursor, 100, func(e Entry) {
					if v := s.StringBytes(e, nil); len(bytes.Trim(v, string(v[:1]))) != 0 {
						t.Errorf("%q has %.40q...", e.Key(), v)
					}
				})
				if cursor == 0 {
					break
				}
			}
		}
	}
}

// TestGatherBesideAnotherSweep: what one store gathers does not open the pages that another's sweep has closed.
func TestGatherBesideAnotherSweep(t *testing.T) {
	const keys = 20_000
	sweeps, gathers := open(t, Options{}), open(t, Options{})
	name := func(s *Store, i int) Key { return s.MakeKey(fmt.Appendf(nil, "key:%d", i)) }
	fill := func(s *Store, keep func(i int) bool) {
		for i := range keys {
			s.SetString(0, name(s, i), bytes.Repeat([]byte("v"), 1+i*7919%1000), 0)
		}
		for i := range keys {
			if !keep(i) {
				s.Delete(0, name(s, i))
			}
		}
		s.Reap()
	}
	fill(sweeps, func(i int) bool { return i%10 == 0 })
	c, other := NewCompactor(sweeps), NewCompactor(gathers)
	c.Step(10)
	closed := func() (n int) {
		for i := 0; i < keys; i += 10 {
			if arena.Closed(sweeps.FindRaw(0, name(sweeps, i)).A) {
				n++
			}
		}
		return n
	}
	before := closed()
	fill(gathers, func(i int) bool { return i%10 != 0 })
	if other.Gather(100); other.Stats().Moved == 0 {
		t.Error("nothing is gathered")
	}
	if after := closed(); before == 0 || after < before {
		t.Errorf("%d blocks were in closed pages, then %d", before, after)
	}
	for c.Step(10) {
	}
	c.Stop()
}
