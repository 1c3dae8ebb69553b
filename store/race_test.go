package store

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

// TestConcurrent has everything at once: commands on locked shards, multi-shard locks,
// look-ahead without locks, walks, flushes, swaps, snapshots and the reaper. It is for
// -race and -tags invariants; the accounts are checked at the end.
func TestConcurrent(t *testing.T) {
	s := open(t, Options{Shards: 8, Databases: 4, Hooks: Hooks{Expired: func(int, int, []byte) {}}})
	var now atomic.Int64
	now.Store(1)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 2))
			for range 3000 {
				randomCommand(s, rng, now.Add(1))
			}
		})
	}
	wg.Go(func() {
		rng := rand.New(rand.NewPCG(99, 2))
		for range 30 {
			switch rng.IntN(3) {
			case 0:
				s.FlushDB(rng.IntN(4))
			case 1:
				s.SwapDB(rng.IntN(4), rng.IntN(4))
			default:
				s.FlushAll()
			}
			sn, err := s.BeginSnapshotAt(newCollector(s), nil)
			if err != nil {
				t.Error(err)
				return
			}
			for range rng.IntN(50) {
				sn.Step(20)
			}
			sn.End()
			s.Stats()
		}
	})
	var ended atomic.Bool
	var upkeep sync.WaitGroup
	for _, step := range upkeepSteps(s, &now) {
		upkeep.Go(func() {
			for !ended.Load() {
				step()
			}
		})
	}
	wg.Wait()
	ended.Store(true)
	upkeep.Wait()
	s.Reap()
	check(t, s)
}

// upkeepSteps is what goes on beside the commands: expiry, eviction, compaction.
func upkeepSteps(s *Store, now *atomic.Int64) []func() {
	c, ev := NewCompactor(s), NewEvictor(s)
	c.minBytes = 0
	p := &Policy{Rank: byAge, Samples: 5}
	shard := uint32(0)
	return []func(){
		func() {
			shard = (shard + 1) % uint32(s.Shards())
			s.ExpireStep(shard, now.Load(), nil)
			s.SetAlarm(s.Due(shard))
		},
		func() {
			if s.PublishAll() > 1<<20 {
				ev.Step(p)
			}
		},
		func() { c.Step(1) },
	}
}

func randomCommand(s *Store, rng *rand.Rand, now int64) {
	db := rng.IntN(4)
	a, b := key(s, fmt.Sprint("k", rng.IntN(500))), key(s, fmt.Sprint("k", rng.IntN(500)))
	at, stamp := lookAhead(s, db, a)
	var set ShardSet
	set.Add(a.Shard)
	set.Add(b.Shard)
	switch op := rng.IntN(10); op {
	case 0:
		s.Walk(db, uint64(rng.IntN(8))<<40, 20, func(e Entry) { e.Key() })
	case 1:
		s.RandomKey(db, now, nil)
	case 2:
		s.LockSet(&set)
		s.Rename(db, a, b)
		s.UnlockSet(&set)
	case 3:
		if !s.TryLock(a.Shard) {
			s.Lock(a.Shard)
		}
		s.StringAppend(db, a, s.Find(db, a, now), make([]byte, 30000))
		s.Unlock(a.Shard)
	case 4:
		s.Lock(a.Shard)
		s.Hint(db, &a, at, stamp)
		s.Delete(db, a)
		s.Unlock(a.Shard)
	default:
		s.LockSet(&set)
		s.Hint(db, &a, at, stamp)
		s.Find(db, a, now)
		s.SetString(db, a, []byte("value"), now+int64(rng.IntN(300)))
		s.SetString(db, b, make([]byte, rng.IntN(200)), 0)
		s.UnlockSet(&set)
	}
}
