package image

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
	"github.com/kringdb/kring/store/list"
	"github.com/kringdb/kring/store/set"
	"github.com/kringdb/kring/store/str"
	"github.com/kringdb/kring/store/stream"
	"github.com/kringdb/kring/store/zset"
)

var limits = rdb.DefaultLimits

func open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(store.Options{Shards: 1, Databases: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// text is some element.
func text(rng *rand.Rand) []byte {
	switch rng.IntN(5) {
	case 0:
		return fmt.Append(nil, int64(rng.Uint64())>>rng.IntN(64))
	case 1:
		return bytes.Repeat([]byte("ab"), rng.IntN(60))
	}
	return fmt.Appendf(nil, "text-%d", rng.IntN(1e6))
}

// make adopts a value of some kind with about n elements.
func build(s *store.Store, rng *rand.Rand, k store.Key, n int) {
	ar := s.Edit(0, k)
	spec := entry.Spec{Clock: uint32(rng.IntN(1 << 24))}
	if rng.IntN(3) == 0 {
		spec.Deadline = 1 + rng.Int64N(1<<45)
	}
	switch rng.IntN(6) {
	case 0:
		b := str.NewBuild(ar, k.Name, spec, 0)
		b.Add(bytes.Repeat(text(rng), 1+rng.IntN(n)))
		s.Adopt(0, k, b.Entry())
	case 1:
		b := list.NewBuild(ar, k.Name, spec, int64(n), limits.ListSize)
		for range n {
			b.Add(text(rng))
		}
		s.Adopt(0, k, b.Entry())
	case 2:
		b := set.NewBuild(ar, k.Name, spec, n, set.Limits{IntEntries: limits.SetInts, Entries: limits.SetEntries, ValueBytes: limits.SetValue})
		numbers := rng.IntN(2) == 0
		for range n {
			m := text(rng)
			if numbers {
				m = fmt.Append(nil, rng.IntN(1e5))
			}
			b.Add(m)
		}
		s.Adopt(0, k, b.Entry())
	case 3:
		b := zset.NewBuild(ar, k.Name, spec, n, 0, zset.Limits{Entries: limits.ZSetEntries, ValueBytes: limits.ZSetValue})
		for range n {
			b.Add(text(rng), float64(rng.IntN(1000)-500)/4)
		}
		s.Adopt(0, k, b.Entry())
	case 4:
		b := hash.NewBuild(ar, k.Name, spec, n, hash.Limits{Entries: limits.HashEntries, ValueBytes: limits.HashValue})
		timed := rng.IntN(2) == 0
		for range n {
			d := int64(0)
			if timed && rng.IntN(2) == 0 {
				d = 1 + rng.Int64N(1<<45)
			}
			b.Add(text(rng), text(rng), d)
		}
		s.Adopt(0, k, b.Entry())
	default:
		b := stream.NewBuild(ar, k.Name, spec, stream.Bounds{NodeBytes: limits.StreamNodeBytes, NodeEntries: limits.StreamNodeEntries})
		for i := range n {
			b.Add(stream.ID{Ms: uint64(10 + i), Seq: uint64(rng.IntN(3))}, [][]byte{[]byte("f"), text(rng), text(rng), text(rng)})
		}
		b.Counters(stream.ID{Ms: uint64(10 + n), Seq: 9}, stream.ID{Ms: 3}, uint64(n+4))
		for i := range rng.IntN(3) {
			g, _ := b.Group(fmt.Append(nil, "g", i), stream.ID{Ms: 12}, int64(rng.IntN(5)-1))
			for j := range rng.IntN(3) {
				c, _ := g.CreateConsumer(ar, fmt.Append(nil, "c", j), rng.Int64N(1e12))
				c.SetActive(rng.Int64N(1e12) - 1)
				for m := range rng.IntN(5) {
					g.Deliver(ar, &stream.Delivery{ID: stream.ID{Ms: uint64(10 + m + 7*j)}, AtMs: rng.Int64N(1e12), Count: int64(rng.IntN(9)), Consumer: c})
				}
			}
		}
		s.Adopt(0, k, b.Entry())
	}
}

// dump returns the payload of k's value in db.
func dump(t testing.TB, s *store.Store, x *Exporter, enc *rdb.Encoder, db int, k store.Key) []byte {
	t.Helper()
	enc.BeginDump()
	x.Value(enc, &rdb.Meta{Idle: -1, Freq: -1}, s.FindRaw(db, k))
	p, err := enc.EndDump()
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(p)
}

// restore imports a payload as k of db 1, which is dropped again unless keep.
func restore(s *store.Store, im *Importer, k store.Key, p []byte, deadline int64) error {
	v, err := rdb.ParseDump(p)
	if err != nil {
		return err
	}
	im.Begin(k, deadline, 7)
	if err := im.Part(&v, true, true); err != nil {
		return err
	}
	im.Adopt(1)
	return nil
}

// TestRoundTrip: what is exported is imported as it was, and gives the same bytes again: by
// payloads, and by a file whose large values come in parts.
func TestRoundTrip(t *testing.T) {
	s := open(t)
	rng := rand.New(rand.NewPCG(1, 2))
	enc := rdb.NewEncoder(rdb.Format{Limits: limits, Compress: true})
	x, im := &Exporter{}, NewImporter(s, limits, 1<<29)
	k := s.MakeKey([]byte("key"))
	s.Lock(0)
	defer s.Unlock(0)
	rounds := 600
	if testing.Short() {
		rounds = 100
	}
	for i := range rounds {
		n := []int{1, 3, 40, 140, 700}[rng.IntN(5)]
		if i%100 == 99 {
			n = 40000 // in parts
		}
		build(s, rng, k, n)
		was := s.FindRaw(0, k)
		p := dump(t, s, x, enc, 0, k)
		if err := restore(s, im, k, p, was.Deadline()); err != nil {
			t.Fatalf("%v, %v: %v", was.Type(), was.Encoding(), err)
		}
		is := s.FindRaw(1, k)
		if is.Type() != was.Type() || is.Encoding() != was.Encoding() && was.Encoding() != entry.ListpackEx || is.Deadline() != was.Deadline() {
			t.Fatalf("%v %v %d became %v %v %d", was.Type(), was.Encoding(), was.Deadline(), is.Type(), is.Encoding(), is.Deadline())
		}
		if again := dump(t, s, x, enc, 1, k); !bytes.Equal(again, p) && was.Encoding() != entry.Hashtable {
			t.Fatalf("%v, %v: %d bytes became %d", was.Type(), was.Encoding(), len(p), len(again))
		}
		var file bytes.Buffer
		w := rdb.NewWriter(&file, rdb.Format{Version: rdb.DeadlineVersion, Limits: limits, Checksum: true})
		x.Write(&w.Encoder, was)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		load(t, s, im, &file)
		if again := dump(t, s, x, enc, 1, k); !bytes.Equal(again, p) && was.Encoding() != entry.Hashtable {
			t.Fatalf("%v, %v, by a file: %d bytes became %d", was.Type(), was.Encoding(), len(p), len(again))
		}
	}
}

// load imports the keys of a file into db 1.
func load(t *testing.T, s *store.Store, im *Importer, in io.Reader) {
	t.Helper()
	r := rdb.NewReader(in, true)
	var it rdb.Item
	for {
		switch err := r.Next(&it); {
		case err == io.EOF:
			return
		case err != nil:
			t.Fatal(err)
		}
		if it.First {
			im.Begin(s.MakeKey(it.Key), it.Deadline, 3)
		}
		if err := im.Part(&it.Value, it.First, it.Last); err != nil {
			t.Fatal(err)
		}
		if it.Last {
			im.Adopt(1)
		}
	}
}

// TestDamagedPayloads: whatever the bytes are, they become an error or a valid value, and what
// was built is freed after an error.
func TestDamagedPayloads(t *testing.T) {
	s := open(t)
	rng := rand.New(rand.NewPCG(3, 4))
	enc := rdb.NewEncoder(rdb.Format{Limits: limits})
	x, im := &Exporter{}, NewImporter(s, limits, 1<<29)
	k := s.MakeKey([]byte("key"))
	rounds := 10000
	if invariants.Enabled {
		rounds = 2000
	}
	taken, refused := 0, map[string]int{}
	for i := range rounds {
		s.Lock(0)
		build(s, rng, k, []int{1, 3, 20, 140}[rng.IntN(4)])
		p := dump(t, s, x, enc, 0, k)
		s.Delete(0, k)
		s.Delete(1, k)
		used := s.Edit(0, k).Used()
		body := p[:len(p)-10]
		for range 1 + rng.IntN(3) {
			switch at := rng.IntN(len(body)); rng.IntN(4) {
			case 0:
				body[at] = byte(rng.Uint32())
			case 1:
				body[at] ^= 1 << rng.IntN(8)
			case 2:
				body = body[:max(at, 1)]
			default:
				body = append(body[:at:at], body[rng.IntN(at+1):]...)
			}
		}
		err := restore(s, im, k, sealed(body), 0)
		if err == nil {
			taken++
		} else {
			refused[err.Error()]++
			s.Unlock(0)
			s.Reap()
			s.Lock(0)
			if now := s.Edit(0, k).Used(); now > used {
				t.Errorf("round %d: %v: %d bytes are left", i, err, now-used)
			}
		}
		s.Unlock(0)
		if err := s.CheckInvariants(); err != nil {
			t.Fatalf("round %d: %v\n%q", i, err, body)
		}
	}
	if taken < rounds/50 || len(refused) < 10 {
		t.Errorf("%d were taken, %d kinds of errors", taken, len(refused))
	}
}

// sealed makes a payload of a body.
func sealed(body []byte) []byte {
	p := append(bytes.Clone(body), rdb.DeadlineVersion, 0)
	sum := rdb.Checksum(0, p)
	for i := range 8 {
		p = append(p, byte(sum>>(8*i)))
	}
	return p
}

// TestLongStrings: a string in chunks is the same again, whether it is written in one piece or
// in several.
func TestLongStrings(t *testing.T) {
	s := open(t)
	x, im := &Exporter{}, NewImporter(s, limits, 3<<20)
	enc := rdb.NewEncoder(rdb.Format{Limits: limits, Compress: true})
	k := s.MakeKey([]byte("key"))
	s.Lock(0)
	defer s.Unlock(0)
	for _, n := range []int{70_000, wholeBytes, wholeBytes + 1, 3 << 20} {
		want := strings.Repeat("0123456789", n/10)
		s.SetString(0, k, []byte(want), 0)
		if err := restore(s, im, k, dump(t, s, x, enc, 0, k), 0); err != nil {
			t.Fatal(err)
		}
		if got := s.StringBytes(s.FindRaw(1, k), nil); string(got) != want {
			t.Errorf("%d bytes became %d", len(want), len(got))
		}
	}
	s.SetString(0, k, make([]byte, 3<<20+1), 0)
	if err := restore(s, im, k, dump(t, s, x, enc, 0, k), 0); err != errSize {
		t.Error(err)
	}
}

// TestPackedBefore: what is packed stays packed when the thresholds of lengths have been lowered since; but not with elements that one block
// had no room for if there were many.
func TestPackedBefore(t *testing.T) {
	s := open(t)
	x, im := &Exporter{}, NewImporter(s, limits, 3<<20)
	enc := rdb.NewEncoder(rdb.Format{Limits: limits})
	k := s.MakeKey([]byte("key"))
	s.Lock(0)
	defer s.Unlock(0)
	ar := s.Edit(0, k)
	for _, n := range []int{limits.HashValue + 1, packedBytes, packedBytes + 1} {
		long := bytes.Repeat([]byte("x"), n)
		h := hash.NewBuild(ar, k.Name, entry.Spec{}, 1, hash.Limits{Entries: 9, ValueBytes: 2 * packedBytes})
		h.Add([]byte("f"), long, 0)
		timed := hash.NewBuild(ar, k.Name, entry.Spec{}, 1, hash.Limits{Entries: 9, ValueBytes: 2 * packedBytes})
		timed.Add([]byte("f"), long, 1<<40)
		m := set.NewBuild(ar, k.Name, entry.Spec{}, 1, set.Limits{Entries: 9, ValueBytes: 2 * packedBytes})
		m.Add(long)
		z := zset.NewBuild(ar, k.Name, entry.Spec{}, 1, 0, zset.Limits{Entries: 9, ValueBytes: 2 * packedBytes})
		z.Add(long, 1)
		for i, e := range []entry.Entry{h.Entry(), timed.Entry(), m.Entry(), z.Entry()} {
			packed := e.Encoding()
			s.Adopt(0, k, e)
			if err := restore(s, im, k, dump(t, s, x, enc, 0, k), 0); err != nil {
				t.Fatal(err)
			}
			if now := s.FindRaw(1, k).Encoding(); (now == packed) != (n <= packedBytes) {
				t.Errorf("%d: %v with an element of %d bytes became %v", i, packed, n, now)
			}
		}
	}
}

// TestClocks: idle seconds and counters survive the way there and back.
func TestClocks(t *testing.T) {
	for _, unit := range []int64{0, 1000, 100} {
		c := Clocks{Now: 5_000_000, UnitMs: unit}
		for _, idle := range []int64{0, 1, 59, 100_000} {
			if got, freq := c.told(c.Of(idle, -1)); got != idle || freq != -1 {
				t.Errorf("unit %d: idle for %d became %d, %d", unit, idle, got, freq)
			}
		}
		if got := c.Of(1<<60, -1); got != (c.Now+1)&entry.ClockMax {
			t.Error(got)
		}
	}
	c := Clocks{Now: 77<<8 | 5, Freq: func(clock, _ uint32) uint32 { return clock & 0xff }}
	if idle, freq := c.told(c.Of(-1, 200)); idle != -1 || freq != 200 {
		t.Error(idle, freq)
	}
	if c.Of(5, -1) != c.Now {
		t.Error("idle seconds count under LFU")
	}
}
