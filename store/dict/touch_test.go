package dict

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// TestTouchBesideMutator runs the look-ahead on two goroutines while the table
// grows, shrinks, is dropped and has its memory reused for other things. Nothing is
// to be seen but the absence of faults and of reports by the race detector.
func TestTouchBesideMutator(t *testing.T) {
	r := newRig(t, 2)
	r.ar = r.entries // one arena: segments become entries and back
	var stop atomic.Bool
	var rounds atomic.Int64
	var wg sync.WaitGroup
	for g := range uint64(2) {
		wg.Go(func() {
			sum := uint64(0)
			for i := g; !stop.Load(); i++ {
				h := mix(i & 0x7fff)
				sum += r.touch(h)
				if i&0xffff == 0 {
					rounds.Add(1)
				}
			}
			touchSink.Add(sum)
		})
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for round := 0; round < 8 || rounds.Load() < 4; round++ {
		for k := uint64(0); k < 8000; k++ {
			r.put(k)
		}
		// Rubbish of all kinds where segments and directories may have been.
		var junk []arena.Addr
		for range 300 {
			a := r.entries.Alloc(2304)
			for i := range arena.Words(a, 288) {
				arena.SetU64(a+arena.Addr(8*i), rnd.Uint64())
			}
			junk = append(junk, a)
		}
		for _, a := range junk {
			r.entries.Free(a, 2304)
		}
		if round%3 == 2 {
			r.freeAll()
			continue
		}
		for k := uint64(0); k < 8000; k++ {
			r.remove(k)
		}
	}
	stop.Store(true)
	wg.Wait()
	r.check(t)
}

var touchSink atomic.Uint64

// freeAll drops the table and frees its entries.
func (r *rig) freeAll() {
	var all []arena.Addr
	r.Walk(0, r.Len(), &testOps, func(a arena.Addr) { all = append(all, a) })
	r.Drop(r.ar)
	for _, a := range all {
		r.entries.Free(a, entryBytes)
	}
}

// TestTouchRubbish plants directory words and slots that point anywhere.
func TestTouchRubbish(t *testing.T) {
	r := newRig(t, 0)
	for k := uint64(0); k < 1000; k++ {
		r.put(k)
	}
	dir := r.dir
	words := arena.Words(wordAddr(dir), 1<<dirDepth(dir))
	kept := append([]uint64(nil), words...)
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		h := rnd.Uint64()
		w := &words[dirIndex(dir, h)]
		*w = rnd.Uint64() >> (rnd.Uint64() & 31)
		touchSink.Add(r.touch(h))
		*w = ^uint64(0)
		touchSink.Add(r.touch(h))
		copy(words, kept)
		b := segmentAt(dir, h).homeBucket(h)
		was := *b
		for i := range b {
			b[i] = h<<tagShift | rnd.Uint64()>>(rnd.Uint64()&15)&addrMask
		}
		touchSink.Add(r.touch(h))
		*b = was
	}
	r.check(t)
}

// TestTouchSlot compares the processor's own comparison of tags with the plain one.
func TestTouchSlot(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	found := 0
	for range 100_000 {
		var b bucket
		for i := range b {
			// Few tags, of both signs, so that there are matches, and several.
			b[i] = uint64(rnd.IntN(12)-6)<<tagShift | rnd.Uint64()&addrMask
		}
		tag := uint64(rnd.IntN(12)-6)&tagMask | rnd.Uint64()&^uint64(tagMask)
		got, want := touchSlot(&b, tag, arena.Addr(0).Ptr(), 0), touchSlotGo(&b, tag, 0)
		if (got == nil) != (want == nil) {
			t.Fatalf("%x in %x: got %p, want %p of %p", tag, b, got, want, &b)
		}
		if got != nil { // any slot with the tag will do
			if *got>>tagShift != tag&tagMask || !slices.ContainsFunc(b[:], func(w uint64) bool { return w == *got }) {
				t.Fatalf("%x in %x: got %x", tag, b, *got)
			}
			found++
		}
	}
	if found < 10_000 {
		t.Errorf("%d matches", found)
	}
}
