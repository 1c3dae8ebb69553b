package store

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/arena"
)

// TestSmallData: a few thousand keys take little more than their blocks, although each of 256
// shards has its own arena, also when their sizes vary.
func TestSmallData(t *testing.T) {
	if invariants.Enabled {
		t.Skip("it is the sizes that matter")
	}
	for _, c := range []struct {
		keys, bytes int // values of so many bytes, of up to twice as many if mixed
		mixed       bool
		bound       int64 // of pages, in bytes per key beyond key and value
	}{
		{1000, 64, false, 75},
		{10_000, 64, false, 36},
		{100_000, 64, false, 35},
		{10_000, 150, true, 55},
		{100_000, 150, true, 52},
	} {
		t.Run(fmt.Sprintf("%d of %d bytes, mixed %v", c.keys, c.bytes, c.mixed), func(t *testing.T) {
			before := arena.InUse()
			s := open(t, Options{})
			payload := int64(0)
			for i := range c.keys {
				name := fmt.Appendf(nil, "key:%012d", i)
				n := c.bytes
				if c.mixed {
					n = 1 + i*7919%(2*c.bytes)
				}
				s.SetString(0, s.MakeKey(name), bytes.Repeat([]byte("v"), n), 0)
				payload += int64(len(name) + n)
			}
			over := (arena.InUse() - before - payload) / int64(c.keys)
			if t.Logf("%d bytes beyond key and value", over); over > c.bound {
				t.Errorf("%d bytes beyond key and value, at most %d are allowed", over, c.bound)
			}
			s.FlushAll()
			s.Reap()
			// What other tests left is in shared pages, too.
			if left := arena.InUse() - before; left > 1<<20 {
				t.Errorf("%d kB are left after FLUSHALL", left>>10)
			}
		})
	}
}

// TestSharedPagesShrink: what is left of many small values after nine tenths were deleted moves
// out of the pages that shards share, too.
func TestSharedPagesShrink(t *testing.T) {
	const keys = 100_000
	s := open(t, Options{})
	name := func(i int) Key { return s.MakeKey(fmt.Appendf(nil, "key:%d", i)) }
	for i := range keys {
		s.SetString(0, name(i), bytes.Repeat([]byte("v"), 1+i*7919%1000), 0)
	}
	for i := range keys {
		if i%10 != 0 {
			s.Delete(0, name(i))
		}
	}
	s.Reap()
	before, _ := arena.Commons()
	c := NewCompactor(s)
	compactAll(s, c, 10)
	after, used := arena.Commons()
	if t.Logf("shared pages: %d kB before, %d after, %d in use", before>>10, after>>10, used>>10); after > before/2 {
		t.Errorf("shared pages: %d kB before, %d after, %d in use", before>>10, after>>10, used>>10)
	}
	for i := 0; i < keys; i += 10 {
		want(t, s, 0, fmt.Sprintf("key:%d", i), string(bytes.Repeat([]byte("v"), 1+i*7919%1000)))
	}
}

// TestSweepTakesSpares: shards whose keys come and go keep places in shared pages, which a sweep of these takes back.
func TestSweepTakesSpares(t *testing.T) {
	const keys = 20_000
	s := open(t, Options{Shards: 64})
	name := func(i int) Key { return s.MakeKey(fmt.Appendf(nil, "key:%d", i)) }
	for i := range keys {
		s.SetString(0, name(i), bytes.Repeat([]byte("v"), 1+i*7919%1000), 0)
	}
	for i := range keys {
		if i%10 != 0 {
			s.Delete(0, name(i))
		}
	}
	for i := range keys * 4 {
		s.SetString(0, name(i%keys/10*10), bytes.Repeat([]byte("v"), 1+i*7907%1000), 0)
	}
	for i := 10; i < keys; i += 10 {
		s.Delete(0, name(i))
	}
	s.Reap()
	c := NewCompactor(s)
	compactAll(s, c, 10)
	_, used := arena.Commons()
	for i := range s.shards {
		s.Lock(uint32(i))
		s.shards[i].mu.ar.GiveSpares()
		s.Unlock(uint32(i))
	}
	if _, now := arena.Commons(); c.Stats().Passes == 0 || now != used {
		t.Errorf("after %d passes shards keep %d bytes in shared pages", c.Stats().Passes, used-now)
	}
	s.CheckInvariants()
}

// TestCloseLeavesNothing: a store that is closed gives back all of its pages, whether its keys are
// there still or were deleted before, and whether they stand in pages that shards share or not.
func TestCloseLeavesNothing(t *testing.T) {
	for _, keys := range []int{1, 100, 20_000} {
		for _, deleted := range []bool{false, true} {
			arena.TrimCommons()
			before := arena.InUse()
			s, err := Open(Options{})
			if err != nil {
				t.Fatal(err)
			}
			name := func(i int) Key { return s.MakeKey(fmt.Appendf(nil, "key:%d", i)) }
			for i := range keys {
				s.SetString(0, name(i), bytes.Repeat([]byte("v"), 1+i*7919%2000), 0)
			}
			for i := 0; i < keys && deleted; i++ {
				s.Delete(0, name(i))
			}
			s.Close()
			if left := arena.InUse() - before; left != 0 {
				t.Errorf("%d keys, deleted %v: %d bytes of pages are left", keys, deleted, left)
			}
		}
	}
}

// TestStoppedCompactor closes the shared pages of two stores for the first, which ends: the second's
// blocks are not to be moved any more.
func TestStoppedCompactor(t *testing.T) {
	const keys = 50_000
	var stores [2]*Store
	name := func(s *Store, i int) Key { return s.MakeKey(fmt.Appendf(nil, "key:%d", i)) }
	for n := range stores {
		s := open(t, Options{})
		for i := range keys {
			s.SetString(0, name(s, i), bytes.Repeat([]byte("v"), 1+i*7919%1000), 0)
		}
		for i := range keys {
			if i%10 != 0 {
				s.Delete(0, name(s, i))
			}
		}
		s.Reap()
		stores[n] = s
	}
	closed := func() (n int) {
		for i := 0; i < keys; i += 10 {
			if arena.Closed(stores[1].FindRaw(0, name(stores[1], i)).A) {
				n++
			}
		}
		return n
	}
	c := NewCompactor(stores[0])
	if c.Step(10); closed() == 0 {
		t.Fatal("no shared page was closed")
	}
	if c.Stop(); closed() != 0 {
		t.Errorf("%d blocks of the second store stand in pages that are closed still", closed())
	}
	for c.Step(10) { // what it has begun in a shard
	}
}
