package image

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store/entry"
)

// TestParts: what is written in parts is what is written at once, and large values of all types
// but streams come in several.
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
		parts.Reset()
		var got []byte
		count := 0
		for done := false; !done; count++ {
			done = y.Part(parts, e, count == 0)
			before := len(got)
			got = parts.Take(got)
			if e.Type() != entry.Stream && len(got)-before > 4*partBytes {
				t.Errorf("a part of %d bytes of a %s", len(got)-before, e.Type())
			}
		}
		if whole.Err() != nil || parts.Err() != nil || !bytes.Equal(got, whole.Bytes()) {
			t.Fatalf("a %s as %v: %d bytes in %d parts, %d at once: %v %v", e.Type(), e.Encoding(), len(got), count, len(whole.Bytes()), parts.Err(), whole.Err())
		}
		most[e.Type()] = max(most[e.Type()], count)
	}
	for _, kind := range []entry.Type{entry.String, entry.List, entry.Set, entry.ZSet, entry.Hash} {
		if most[kind] < 2 {
			t.Errorf("no %s came in parts", kind)
		}
	}
}
