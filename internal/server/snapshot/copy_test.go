package snapshot

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store"
)

// What TestCopyBesideChanges has of each kind.
const (
	smallValues = 1000
	largeValues = 6
)

// TestCopyBesideChanges has goroutines change all kinds of values, large ones by portions first or all at once, while
// copies are made: each of them has exactly what there was at its cut, one value behind the other, and its bytes are accounted for.
func TestCopyBesideChanges(t *testing.T) {
	st := open(t)
	var images [][]byte
	for i := range smallValues {
		images = append(images, text(0, fmt.Sprint("text", i), strings.Repeat("t", i%2000)))
	}
	for i := range largeValues {
		images = append(images, large(0, fmt.Sprint("large", i), 2000+500*i, "x"), text(0, fmt.Sprint("chunked", i), strings.Repeat("0123456789", 10000+3000*i)))
	}
	in := file(t, 3100, images...)
	if _, _, err := loader(t, st, len(in)).Load(bytes.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		want := contents(t, saved(t, st))
		c := NewCopy(st, Images(rdb.Format{Limits: rdb.DefaultLimits, Checksum: true}, nil))
		c.allowance = 1 << 40 // the machine may be slow
		if err := c.Begin(func(sink store.SnapshotSink) (*store.Snapshot, error) { return st.BeginSnapshotAt(sink, nil) }); err != nil {
			t.Fatal(err)
		}
		s := NewStream(c, Head{Format: rdb.Format{Limits: rdb.DefaultLimits, Checksum: true}})
		var ended atomic.Bool
		var all sync.WaitGroup
		for w := range 2 {
			all.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(round), uint64(w)))
				for n := 0; !ended.Load() && n < 600; n++ {
					change(st, rng, round)
				}
			})
		}
		var out []byte
		var err error
		for done := false; !done && err == nil; {
			if out, done, err = s.Next(out); len(c.taken) == 0 && c.given != 0 {
				t.Error("what was taken and what was given differ")
			}
		}
		ended.Store(true)
		all.Wait()
		if err != nil {
			t.Fatal(err)
		}
		c.End()
		if got := contents(t, out); !maps.Equal(got, want) {
			for k := range want {
				if got[k] != want[k] {
					t.Errorf("round %d: %s differs", round, k)
				}
			}
			t.Fatalf("round %d: %d keys, want %d", round, len(got), len(want))
		}
		if n := c.pending.Load(); n != 0 {
			t.Errorf("%d bytes are pending at the end", n)
		}
		if err := st.CheckInvariants(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestValueEndedByOthers: the first portion of a large value has come straight, and whoever changes it hands over all others, before
// the next step. The copy has the value, and that behind it in the shard, whole.
func TestValueEndedByOthers(t *testing.T) {
	st, err := store.Open(store.Options{Shards: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	const n = 4
	var images [][]byte
	for i := range n {
		images = append(images, large(0, fmt.Sprint("large", i), 20_000, "x"))
	}
	in := file(t, n, images...)
	if _, _, err := loader(t, st, len(in)).Load(bytes.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	want := contents(t, in)
	c := NewCopy(st, Images(rdb.Format{Checksum: true}, nil))
	if err := c.Begin(func(sink store.SnapshotSink) (*store.Snapshot, error) { return st.BeginSnapshotAt(sink, nil) }); err != nil {
		t.Fatal(err)
	}
	defer c.End()
	var out, part []byte
	ended := 0
	for steps, done := 0, false; !done; steps++ {
		if part, done, err = c.Next(part[:0]); err != nil {
			t.Fatal(err)
		}
		if out = append(out, part...); steps > 10_000 {
			t.Fatalf("the copy does not end, with %d bytes pending", c.pending.Load())
		}
		if c.straight != nil {
			name := out[bytes.LastIndex(out, []byte("large")):][:len("large0")]
			for k := st.MakeKey(name); st.HandOver(0, k); {
			}
			if c.straight.over {
				ended++
			}
		}
	}
	if ended != n {
		t.Errorf("%d values were ended by others, want %d", ended, n)
	}
	if got := contents(t, file(t, n, out)); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// change changes some value that TestCopyBesideChanges has.
func change(st *store.Store, rng *rand.Rand, round int) {
	name := fmt.Sprint("text", rng.IntN(smallValues))
	switch rng.IntN(20) {
	case 0:
		name = fmt.Sprint("large", rng.IntN(largeValues))
	case 1:
		name = fmt.Sprint("chunked", rng.IntN(largeValues))
	}
	k := st.MakeKey([]byte(name))
	for range rng.IntN(60) {
		if !st.HandOver(0, k) {
			break
		}
	}
	st.Lock(k.Shard)
	defer st.Unlock(k.Shard)
	switch e := st.FindRaw(0, k); {
	case e.A == 0 || rng.IntN(4) == 0 && !strings.HasPrefix(name, "large"):
		st.SetString(0, k, bytes.Repeat([]byte("new"), rng.IntN(40_000)), 0)
	case strings.HasPrefix(name, "large"):
		st.SetDeadline(0, k, e, int64(1)<<40+rng.Int64N(1<<20))
		if round == 1 && rng.IntN(3) == 0 {
			st.Delete(0, k)
		}
	default:
		st.StringWriteAt(0, k, e, rng.Int64N(1+st.StringLen(e)), []byte("written"))
	}
}

// TestLargeValueIsGivenBySmallParts: a large value takes no buffer of its length, neither while it comes straight, nor when somebody
// else has handed it over.
func TestLargeValueIsGivenBySmallParts(t *testing.T) {
	for _, changed := range []bool{false, true} {
		st := open(t)
		images := [][]byte{large(0, "large", 60_000, "x")}
		in := file(t, 1, images...)
		if _, _, err := loader(t, st, len(in)).Load(bytes.NewReader(in)); err != nil {
			t.Fatal(err)
		}
		c := NewCopy(st, Images(rdb.Format{}, nil))
		if err := c.Begin(func(sink store.SnapshotSink) (*store.Snapshot, error) { return st.BeginSnapshotAt(sink, nil) }); err != nil {
			t.Fatal(err)
		}
		defer c.End()
		k := st.MakeKey([]byte("large"))
		portions := 0
		for changed && st.HandOver(0, k) {
			portions++
		}
		if changed && portions < 20 {
			t.Errorf("the value was handed over in %d portions", portions)
		}
		out, sum := make([]byte, 0, 2*takeBytes), 0
		for done := false; !done; {
			var err error
			if out, done, err = c.Next(out[:0]); err != nil {
				t.Fatal(err)
			}
			if sum += len(out); len(out) > takeBytes+chunkBytes {
				t.Fatalf("%d bytes at once", len(out))
			}
			if most := 4 * (partialBytes + chunkBytes); !changed && c.peak > int64(most) {
				t.Fatalf("%d bytes were pending, want %d at most", c.peak, most)
			}
		}
		if sum < len(images[0]) {
			t.Errorf("%d bytes of %d", sum, len(images[0]))
		}
	}
}

// partialBytes is about how much a portion has.
const partialBytes = 64 << 10
