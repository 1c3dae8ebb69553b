package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// compactAll runs the compactor until it has gone through all shards twice without a pass. It panics
// if that does not come about: much fewer sweeps have always sufficed.
func compactAll(s *Store, c *Compactor, percent int) {
	most := c.Stats().Passes + int64(16*s.Shards())
	for idle := 0; idle < 2*s.Shards(); {
		if c.Step(percent) {
			idle = 0
		} else {
			idle++
		}
		if c.Stats().Passes > most {
			panic(fmt.Sprintf("compaction does not end: %+v", c.Stats()))
		}
	}
}

// TestCompaction deletes nine tenths of the keys at random: the pages that the rest
// stands in shrink to about its size.
func TestCompaction(t *testing.T) {
	const keys = 120_000
	s := open(t, Options{Shards: 4})
	rng := rand.New(rand.NewPCG(1, 2))
	val := func(i int) []byte { return bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 4+i*7%200) }
	name := func(i int) []byte { return fmt.Appendf(nil, "key:%d", i) }
	for i := range keys {
		v := val(i)
		if i%5000 == 0 {
			v = bytes.Repeat(v, 3000) // chunked
		}
		s.SetString(0, s.MakeKey(name(i)), v, int64(i%2)*(1<<40))
	}
	left := map[int]bool{}
	for _, i := range rng.Perm(keys) {
		if len(left) < keys/10 {
			left[i] = true
		} else {
			s.Delete(0, s.MakeKey(name(i)))
		}
	}
	s.Reap()
	c := NewCompactor(s)
	before := s.Stats()
	compactAll(s, c, 25)
	after := s.Stats()
	check(t, s)
	t.Logf("%d bytes used, pages %d, before %d; %+v", after.UsedBytes, after.PageBytes, before.PageBytes, c.Stats())
	if after.UsedBytes != before.UsedBytes {
		t.Errorf("%d bytes used, before %d", after.UsedBytes, before.UsedBytes)
	}
	if after.PageBytes > after.UsedBytes*13/10 {
		t.Errorf("%d bytes of pages for %d used", after.PageBytes, after.UsedBytes)
	}
	for i := range left {
		v := val(i)
		if i%5000 == 0 {
			v = bytes.Repeat(v, 3000)
		}
		if e := s.FindRaw(0, s.MakeKey(name(i))); e.IsNone() || !bytes.Equal(s.StringBytes(e, nil), v) {
			t.Fatalf("key %d is gone or changed", i)
		}
	}
	if expireDue(s, 1<<40) == 0 || s.Stats().Expires != 0 {
		t.Error("deadlines were lost")
	}
	moved := c.Stats().Moved
	compactAll(s, c, 100)
	if c.Stats().Moved != moved {
		t.Error("blocks were moved for nothing")
	}
}

// TestCompactionMeetsFlush takes the arena away in the middle of a pass.
func TestCompactionMeetsFlush(t *testing.T) {
	s := open(t, Options{Shards: 1})
	fill := func() {
		for i := range 40_000 {
			setKey(s, 0, fmt.Sprint("key:", i), "some value", 0)
		}
		for i := range 40_000 {
			if i%10 != 0 {
				s.Delete(0, key(s, fmt.Sprint("key:", i)))
			}
		}
	}
	fill()
	c := NewCompactor(s)
	if !c.Step(10) || !c.Step(10) {
		t.Fatal("no pass")
	}
	s.FlushAll()
	s.Reap()
	fill()
	compactAll(s, c, 10)
	check(t, s)
	if c.Stats().Passes != 1 {
		t.Fatalf("%d passes", c.Stats().Passes)
	}
	for c.Step(10) {
	}
	s.FlushDB(0)
	s.Reap()
	check(t, s)
}

// TestDeletesMeetCompaction deletes most keys while a pass is under way, which began when there
// was little waste: another follows.
func TestDeletesMeetCompaction(t *testing.T) {
	s := open(t, Options{Shards: 1})
	const keys = 40_000
	del := func(unless func(i int) bool) {
		for i := range keys {
			if !unless(i) {
				s.Delete(0, key(s, fmt.Sprint("key:", i)))
			}
		}
	}
	for i := range keys {
		setKey(s, 0, fmt.Sprint("key:", i), "some value of a size that is usual for a cache", 0)
	}
	del(func(i int) bool { return i > keys/4 || i%10 == 1 })
	s.Reap()
	c := NewCompactor(s)
	if !c.Step(10) || !c.Step(10) {
		t.Fatal("no pass")
	}
	for c.ar != nil && c.pos == 0 {
		c.Step(10)
	}
	del(func(i int) bool { return i%10 == 1 })
	s.Reap()
	compactAll(s, c, 10)
	check(t, s)
	if st := s.Stats(); st.PageBytes > st.UsedBytes*13/10 {
		t.Errorf("%d bytes of pages for %d used; %+v", st.PageBytes, st.UsedBytes, c.Stats())
	}
	passes := c.Stats().Passes
	if compactAll(s, c, 10); c.Stats().Passes != passes {
		t.Error("another pass without need")
	}
}

// TestCompactionEnds has blocks of another store stand in the pages that shards share, among the few
// that were left of the first: these pages are closed, and not emptied, by the first store's compactor,
// which is not to try for ever.
func TestCompactionEnds(t *testing.T) {
	const keys = 50_000
	var stores [2]*Store
	for n := range stores {
		stores[n] = open(t, Options{})
	}
	for i := range keys {
		for _, s := range stores { // in turn, so that each page has blocks of both
			s.SetString(0, s.MakeKey(fmt.Appendf(nil, "key:%d", i)), bytes.Repeat([]byte("v"), 1+i*7919%1000), 0)
		}
	}
	for i := range keys {
		for _, s := range stores {
			if i%10 != 0 {
				s.Delete(0, s.MakeKey(fmt.Appendf(nil, "key:%d", i)))
			}
		}
	}
	s := stores[0]
	c := NewCompactor(s)
	compactAll(s, c, 10)
	passes := c.Stats().Passes
	if compactAll(s, c, 10); c.Stats().Passes != passes {
		t.Errorf("another %d passes, while nothing has changed", c.Stats().Passes-passes)
	}
	for i := 0; i < keys; i += 10 {
		for _, s := range stores {
			want(t, s, 0, fmt.Sprintf("key:%d", i), string(bytes.Repeat([]byte("v"), 1+i*7919%1000)))
		}
	}
}
