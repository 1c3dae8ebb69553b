package image

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

// TestParts: what is written in parts is what is written at once, and large values of all types
// come in several.
func TestParts(t *testing.T) {
	s := open(t)
	s.Lock(0)
	defer s.Unlock(0)
	rng := rand.New(rand.NewPCG(6, 6))
	format := rdb.Format{Version: rdb.DeadlineVersion, Compress: true, Limits: limits}
	whole, parts := rdb.NewEncoder(format), rdb.NewEncoder(format)
	x, y := Exporter{Clocks: &Clocks{Now: 5}}, Exporter{Clocks: &Clocks{Now: 5}}
	var most [16]int
	for i := range 60 {
		k := s.MakeKey(fmt.Append(nil, "key", i))
		n := []int{3, 200, 9000}[i%3]
		if i%10 == 9 {
			s.SetString(0, k, bytes.Repeat([]byte("0123456789"), 200_000), 0)
		} else {
			build(s, rng, k, n)
		}
		e := s.FindRaw(0, k)
		whole.Reset()
		x.Write(whole, e)
		got, count := inParts(t, &y, parts, e, 4*partBytes)
		if whole.Err() != nil || parts.Err() != nil || !bytes.Equal(got, whole.Bytes()) {
			t.Fatalf("a %s as %v: %d bytes in %d parts, %d at once: %v %v", e.Type(), e.Encoding(), len(got), count, len(whole.Bytes()), parts.Err(), whole.Err())
		}
		most[e.Type()] = max(most[e.Type()], count)
	}
	for _, kind := range []entry.Type{entry.String, entry.List, entry.Set, entry.ZSet, entry.Hash, entry.Stream} {
		if most[kind] < 2 {
			t.Errorf("no %s came in parts", kind)
		}
	}
}

// inParts takes a value in parts, of at most so many bytes, and tells how many they were.
func inParts(t *testing.T, x *Exporter, parts *rdb.Encoder, e entry.Entry, most int) (got []byte, count int) {
	t.Helper()
	parts.Reset()
	for done := false; !done; count++ {
		done = x.Part(parts, e, count == 0)
		before := len(got)
		if got = parts.Take(got); len(got)-before > most {
			t.Errorf("a part of %d bytes of a %s", len(got)-before, e.Type())
		}
	}
	return got, count
}

// busyStream makes a stream of n entries, some of which are deleted, whose groups have much pending.
func busyStream(s *store.Store, rng *rand.Rand, k store.Key, n int) {
	ar := s.Edit(0, k)
	b := stream.NewBuild(ar, k.Name, entry.Spec{}, stream.Bounds{NodeBytes: limits.StreamNodeBytes, NodeEntries: limits.StreamNodeEntries})
	for i := range n {
		b.Add(stream.ID{Ms: uint64(1 + i)}, [][]byte{[]byte("field"), text(rng)})
	}
	for i := range 3 {
		g, _ := b.Group(fmt.Append(nil, "group", i), stream.ID{Ms: uint64(n)}, int64(n))
		var of [3]stream.Consumer
		for j := range of {
			of[j], _ = g.CreateConsumer(ar, fmt.Append(nil, "consumer", j), int64(j))
		}
		for m := range n * i / 2 { // none of the first group
			g.Deliver(ar, &stream.Delivery{ID: stream.ID{Ms: uint64(1 + m)}, AtMs: int64(m), Count: 1, Consumer: of[m%2]}) // nor of the last consumer
		}
	}
	e := b.Entry()
	for i := range n {
		if i < n/20 || i%7 == 0 { // a node or more, and the first ones of others
			stream.Delete(ar, e, stream.ID{Ms: uint64(1 + i)})
		}
	}
	s.Adopt(0, k, e)
}

// TestStreamParts: a stream comes by nodes, and by some of what its groups have pending: in parts that are bounded,
// and the same as at once, and as it was when it is read again.
func TestStreamParts(t *testing.T) {
	s := open(t)
	s.Lock(0)
	defer s.Unlock(0)
	rng := rand.New(rand.NewPCG(7, 7))
	format := rdb.Format{Version: rdb.DeadlineVersion, Limits: limits}
	whole, parts := rdb.NewEncoder(format), rdb.NewEncoder(format)
	var x, y Exporter
	im := NewImporter(s, limits, 1<<29)
	for _, n := range []int{0, 1, 100, 101, 30_000} {
		k := s.MakeKey(fmt.Append(nil, "stream", n))
		busyStream(s, rng, k, n)
		e := s.FindRaw(0, k)
		whole.Reset()
		x.Write(whole, e)
		got, count := inParts(t, &y, parts, e, 2*partBytes)
		if whole.Err() != nil || parts.Err() != nil || !bytes.Equal(got, whole.Bytes()) {
			t.Fatalf("%d entries: %d bytes in %d parts, %d at once: %v %v", n, len(got), count, len(whole.Bytes()), parts.Err(), whole.Err())
		}
		if least := len(got) / (2 * partBytes); count < least {
			t.Errorf("%d bytes in %d parts", len(got), count)
		}
		p := dump(t, s, &x, parts, 0, k)
		if err := restore(s, im, k, p, 0); err != nil {
			t.Fatalf("%d entries: %v", n, err)
		}
		if was, is := told(t, p), told(t, dump(t, s, &x, parts, 1, k)); was != is {
			t.Errorf("%d entries: %d bytes became %d", n, len(was), len(is))
		}
	}
}

// told returns all that the payload of a stream says, but where its nodes begin.
func told(t *testing.T, payload []byte) string {
	t.Helper()
	v, err := rdb.ParseDump(payload)
	if err != nil {
		t.Fatal(err)
	}
	var d rdb.Decoder
	var out strings.Builder
	for d.Open(&v, true); d.Next(); {
		fmt.Fprint(&out, d.ID())
		for d.NextPair() {
			fmt.Fprintf(&out, "%q%q", d.Elem(), d.Value())
		}
	}
	info, _ := d.Info()
	info.Nodes = 0
	fmt.Fprint(&out, info)
	for g := (rdb.Group{}); d.NextGroup(&g); {
		fmt.Fprint(&out, g)
		for c := (rdb.Consumer{}); d.NextConsumer(&c); {
			fmt.Fprint(&out, c)
			for p := (rdb.Pending{}); d.NextPending(&p); {
				fmt.Fprint(&out, p)
			}
		}
	}
	if d.Err() != nil {
		t.Fatal(d.Err())
	}
	return out.String()
}
