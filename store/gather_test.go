package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// changing sets and deletes keys of a test, and knows what is there.
type changing struct {
	s    *Store
	name string
	r    *rand.Rand
	has  map[int]int // the length of each value
}

func (c *changing) key(i int) (db int, k Key) {
	return i % 2, c.s.MakeKey(fmt.Appendf(nil, "%s:%d", c.name, i))
}

func (c *changing) val(i, n int) []byte { return bytes.Repeat([]byte{byte(i), byte(i>>8) | 1}, n) }

func (c *changing) step() { c.stepAmong(20_000) }

func (c *changing) stepAmong(keys int) {
	i := c.r.IntN(keys)
	db, k := c.key(i)
	c.s.Lock(k.Shard)
	defer c.s.Unlock(k.Shard)
	if c.r.IntN(5) < 2 {
		c.s.Delete(db, k)
		delete(c.has, i)
		return
	}
	n := 1 + c.r.IntN(300)
	c.s.SetString(db, k, c.val(i, n), int64(i%3)*(1<<40))
	c.has[i] = n
}

// thin deletes the keys that gone says.
func (c *changing) thin(gone func(i int) bool) {
	for i := range c.has {
		if gone(i) {
			db, k := c.key(i)
			c.s.Delete(db, k)
			delete(c.has, i)
		}
	}
}

// check verifies that all is as it was set.
func (c *changing) check(t *testing.T) {
	t.Helper()
	for i := range 20_000 {
		db, k := c.key(i)
		c.s.Lock(k.Shard)
		e := c.s.FindRaw(db, k)
		n, ok := c.has[i]
		if ok == e.IsNone() || ok && (!bytes.Equal(c.s.StringBytes(e, nil), c.val(i, n)) || e.Deadline() != int64(i%3)*(1<<40)) {
			t.Fatalf("key %d of %s is there: %t; or its value or deadline is another", i, c.name, !e.IsNone())
		}
		c.s.Unlock(k.Shard)
	}
}

// TestGather fills shared pages up, in which entries of two databases, tables, and blocks of another store stand.
func TestGather(t *testing.T) {
	var of [2]*changing
	for n := range of {
		of[n] = &changing{s: open(t, Options{Shards: 16}), name: fmt.Sprint("store", n), r: rand.New(rand.NewPCG(1, uint64(n))), has: map[int]int{}}
	}
	for i := range 60_000 {
		if of[0].step(); i%200 == 0 {
			of[1].step()
		}
	}
	of[0].thin(func(n int) bool { return n%4 == 0 })
	s := of[0].s
	s.Reap()
	c := NewCompactor(s)
	before, used := arena.Commons()
	emptied := 0
	for range 2000 {
		emptied += c.Gather(256)
	}
	after, usedAfter := arena.Commons()
	t.Logf("%d kB of blocks in %d kB of shared pages, before %d; %d blocks were moved, %d pages emptied", used>>10, after>>10, before>>10, c.Stats().Moved, emptied)
	if usedAfter > used || before-after < (before-used)/5 || emptied == 0 {
		t.Errorf("%d kB of blocks in %d kB of shared pages, before %d in %d", usedAfter>>10, after>>10, used>>10, before>>10)
	}
	for _, c := range of {
		c.check(t)
		check(t, c.s)
	}
	moved := c.Stats().Moved
	stopReaper(s) // it empties pages, too
	if s.FlushAll(); c.Gather(256) != 0 || c.Stats().Moved != moved {
		t.Error("what is flushed was moved")
	}
	restartReaper(s)
	s.Reap()
	check(t, s)
	of[1].check(t)
}

// TestGatherBesideWriters: entries come and go meanwhile.
func TestGatherBesideWriters(t *testing.T) {
	s := open(t, Options{Shards: 16})
	var of [2]*changing
	for n := range of {
		of[n] = &changing{s: s, name: fmt.Sprint("writer", n), r: rand.New(rand.NewPCG(2, uint64(n))), has: map[int]int{}}
	}
	var writers sync.WaitGroup
	for _, c := range of {
		writers.Go(func() {
			for range 40_000 {
				c.step()
			}
		})
	}
	ended := make(chan struct{})
	go func() { writers.Wait(); close(ended) }()
	c := NewCompactor(s)
	for done := false; !done; {
		c.Gather(128)
		select {
		case <-ended:
			done = true
		default:
		}
	}
	t.Logf("%d blocks were moved", c.Stats().Moved)
	for _, c := range of {
		c.check(t)
	}
	check(t, s)
}

// TestGatherWithinPass: while a sweep has pages closed, nothing is gathered.
func TestGatherWithinPass(t *testing.T) {
	s := open(t, Options{Shards: 16})
	f := &changing{s: s, name: "key", r: rand.New(rand.NewPCG(3, 3)), has: map[int]int{}}
	for range 60_000 {
		f.step()
	}
	f.thin(func(n int) bool { return n%5 != 0 })
	c := NewCompactor(s)
	if !c.Step(10) {
		t.Fatal("no pass")
	}
	if c.Gather(100) != 0 {
		t.Error("gathered within a pass")
	}
	compactAll(s, c, 10)
	f.check(t)
	check(t, s)
}

// TestGatherTakesSpares: places that shards keep in shared pages do not hold up what is gathered.
func TestGatherTakesSpares(t *testing.T) {
	s := open(t, Options{Shards: 16})
	f := &changing{s: s, name: "key", r: rand.New(rand.NewPCG(5, 5)), has: map[int]int{}}
	for range 40_000 {
		f.step()
	}
	f.thin(func(n int) bool { return n > 2000 && n%5 != 0 })
	for range 100_000 {
		f.stepAmong(2000)
	}
	kept := func() int64 {
		_, used := arena.Commons()
		for i := range s.shards {
			s.Lock(uint32(i))
			s.shards[i].mu.ar.GiveSpares()
			s.Unlock(uint32(i))
		}
		_, now := arena.Commons()
		return used - now
	}
	if kept() == 0 {
		t.Fatal("there are none")
	}
	for range 1000 {
		f.stepAmong(2000)
	}
	c := NewCompactor(s)
	if c.Gather(256); c.Stats().Moved == 0 {
		t.Fatal("nothing is gathered")
	}
	if n := kept(); n != 0 {
		t.Errorf("%d bytes are kept", n)
	}
	f.check(t)
}
