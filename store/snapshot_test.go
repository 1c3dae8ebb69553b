package store

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// collector is a sink that keeps everything, per shard because the sink is called
// concurrently for different shards.
type collector struct {
	s      *Store
	shards []map[string]string
	twice  atomic.Int64

	portions atomic.Int64
	straight atomic.Int64 // values that have come straight
}

func newCollector(s *Store) *collector {
	c := &collector{s: s, shards: make([]map[string]string, s.Shards())}
	for i := range c.shards {
		c.shards[i] = map[string]string{}
	}
	return c
}

func (c *collector) SnapshotEntry(shard, db int, e Entry) {
	name := fmt.Sprintf("%d/%s", db, e.Key())
	if _, ok := c.shards[shard][name]; ok {
		c.twice.Add(1)
	}
	c.shards[shard][name] = valueOf(c.s, e)
}

// valueOf is what a collector keeps of an entry. Some have more than a megabyte, which the race detector looks at in each copy.
func valueOf(s *Store, e Entry) string {
	return string(strconv.AppendInt(append(s.StringBytes(e, nil), '@'), e.Deadline(), 10))
}

// SnapshotLarge implements SnapshotSink.
func (c *collector) SnapshotLarge(shard, db int, straight bool) SnapshotValue {
	if straight {
		c.straight.Add(1)
	}
	return &collectedValue{c: c, shard: shard, db: db}
}

// collectedValue takes a string in ten portions.
type collectedValue struct {
	c         *collector
	shard, db int
	text      []byte
	ended     bool
}

func (v *collectedValue) Portion(e Entry) (done bool) {
	if v.ended {
		panic("a portion too many")
	}
	v.c.portions.Add(1)
	from, all := len(v.text), int(v.c.s.StringLen(e))
	v.text = slices.Grow(v.text, all-from)[:min(from+all/10+1, all)]
	v.c.s.StringReadAt(e, v.text[from:], int64(from))
	if len(v.text) < all {
		return false
	}
	if v.ended = true; !bytes.Equal(v.c.s.StringBytes(e, nil), v.text) {
		panic("the value has changed between its portions")
	}
	v.c.SnapshotEntry(v.shard, v.db, e)
	return true
}

func (c *collector) all() map[string]string {
	sum := map[string]string{}
	for _, m := range c.shards {
		for k, v := range m {
			sum[k] = v
		}
	}
	return sum
}

// stateLocked copies the whole store in the collector's form. The caller holds all shard
// locks.
func stateLocked(s *Store) map[string]string {
	sum := map[string]string{}
	for db := range s.Databases() {
		for i := range s.shards {
			s.at(db, uint32(i)).table.Walk(0, 1<<40, &s.ops, func(a arena.Addr) {
				e := Entry{A: a}
				sum[fmt.Sprintf("%d/%s", db, e.Key())] = valueOf(s, e)
			})
		}
	}
	return sum
}

func compareStates(t *testing.T, got, want map[string]string) {
	t.Helper()
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s is %.60q; want %.60q", k, got[k], v)
		}
	}
	for k, v := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("%s = %.60q was not there at the cut", k, v)
		}
	}
}

func finish(sn *Snapshot, want int) {
	for !sn.Step(want) {
	}
}

// TestSnapshotModel changes everything in every way, single-threaded, between the
// steps, and compares with the state at the cut.
func TestSnapshotModel(t *testing.T) {
	rng, rounds := rand.New(rand.NewPCG(9, 10)), 8
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds {
		s := open(t, Options{Shards: 4, Databases: 4})
		m := &model{t: t, s: s, now: 1000}
		for i := range m.dbs {
			m.dbs[i] = map[string]modelValue{}
		}
		for i := range 3000 { // so that there are many segments
			name := fmt.Sprint("n", i)
			setKey(s, i%3, name, "v", 0)
			m.dbs[i%3][name] = modelValue{[]byte("v"), "embstr", 0}
		}
		play := func(n int) {
			m.big, m.in = 0, randomProgram(rng, n)
			for len(m.in) > 0 {
				m.step()
			}
		}
		play(500)
		for range 2 {
			sink := newCollector(s)
			sn, err := s.BeginSnapshotAt(sink, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.BeginSnapshotAt(sink, nil); !errors.Is(err, ErrSnapshotRunning) {
				t.Fatal(err)
			}
			s.LockAll()
			cut := stateLocked(s)
			s.UnlockAll()
			for !sn.Step(1 + rng.IntN(100)) {
				play(rng.IntN(200))
				if round%3 == 0 {
					s.Reap()
				}
				if rng.IntN(16) == 0 {
					check(t, s)
				}
			}
			compareStates(t, sink.all(), cut)
			if n := sink.twice.Load(); n != 0 {
				t.Fatalf("%d entries twice", n)
			}
			play(300)
		}
		s.Reap()
		m.verifyAll()
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
}

// TestSnapshotConcurrent has writers that count numbered keys up, all of a writer's
// keys in one locked step, while snapshots run.
func TestSnapshotConcurrent(t *testing.T) {
	const writers, keysPerWriter, snapshotRounds = 4, 500, 5
	s := open(t, Options{Shards: 16})
	var stop atomic.Bool
	var progress atomic.Int64 // rounds of all writers
	await := func(rounds int64) {
		for to := progress.Load() + rounds; progress.Load() < to; {
			runtime.Gosched()
		}
	}
	var wg sync.WaitGroup
	var gate sync.RWMutex // stands for the server's gates
	for w := range writers {
		keys := make([]Key, keysPerWriter)
		var set ShardSet
		for i := range keys {
			keys[i] = key(s, fmt.Sprintf("w%d:%d", w, i))
			set.Add(keys[i].Shard)
		}
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 1))
			for n := int64(1); !stop.Load(); n++ {
				gate.RLock()
				s.LockSet(&set)
				// Every key of the writer has the writer's number, after each round.
				for _, k := range keys {
					s.SetInt(0, k, s.Find(0, k, 1), n)
				}
				s.UnlockSet(&set)
				churn(s, rng, w)
				gate.RUnlock()
				progress.Add(1)
			}
		})
	}
	for range snapshotRounds {
		await(2 * writers)
		sink := newCollector(s)
		gate.Lock()
		s.LockAll()
		cut := stateLocked(s)
		s.UnlockAll()
		sn, err := s.BeginSnapshotAt(sink, nil)
		gate.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		for !sn.Step(200) {
			await(2)
		}
		if len(cut) < keysPerWriter {
			t.Errorf("only %d keys at the cut", len(cut))
		}
		compareStates(t, sink.all(), cut)
		if n := sink.twice.Load(); n != 0 {
			t.Errorf("%d entries twice", n)
		}
		if t.Failed() {
			break
		}
	}
	stop.Store(true)
	wg.Wait()
}

// churn inserts, deletes and expires other keys, so that segments split and merge.
func churn(s *Store, rng *rand.Rand, w int) {
	for range 50 {
		k := key(s, fmt.Sprintf("churn%d:%d", w, rng.IntN(3000)))
		s.Lock(k.Shard)
		switch rng.IntN(4) {
		case 0:
			s.Delete(1, k)
		case 1:
			e := s.SetString(1, k, []byte("churned"), 5)
			s.SetDeadline(1, k, e, 0)
		default:
			s.SetString(1, k, []byte(fmt.Sprint(rng.Uint64())), 0)
		}
		s.Unlock(k.Shard)
	}
}

func TestSnapshotAborted(t *testing.T) {
	s := open(t, Options{Shards: 2})
	for i := range 3000 {
		setKey(s, 0, fmt.Sprint(i), "old", 0)
	}
	sn, err := s.BeginSnapshotAt(newCollector(s), nil)
	if err != nil {
		t.Fatal(err)
	}
	sn.Step(100)
	s.FlushDB(0)
	sn.End()
	if !sn.Step(1) {
		t.Fatal("an ended snapshot goes on")
	}
	s.Reap()
	for i := range 3000 {
		setKey(s, 0, fmt.Sprint(i), "new", 0)
	}
	sink := newCollector(s)
	if sn, err = s.BeginSnapshotAt(sink, nil); err != nil {
		t.Fatal(err)
	}
	s.FlushAll()
	s.Reap()
	finish(sn, 100)
	if n := len(sink.all()); n != 3000 {
		t.Fatalf("%d entries", n)
	}
	s.Reap()
	if used := s.Used(); used != 0 {
		t.Fatalf("%d bytes left", used)
	}
}
