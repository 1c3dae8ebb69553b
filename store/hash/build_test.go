package hash

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/packed"
)

// TestAddRun: fields that are added as a run are there as if they had been added one by one,
// in the encoding that they would have, and one that is there twice is found.
func TestAddRun(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	lim := Limits{Entries: 200, ValueBytes: 64}
	var one, whole Build
	for _, c := range []struct {
		n, longest int
		twice      bool
	}{{0, 0, false}, {1, 5, false}, {7, 5, false}, {8, 5, false}, {9, 5, true}, {200, 20, false}, {200, 64, true}, {201, 5, false}, {5, 65, false}, {5, 65, true}} {
		var run []byte
		var starts []uint32
		var fields []string
		longest := 0
		put := func(s string) {
			at := len(run)
			starts = append(starts, uint32(at))
			run = append(run, make([]byte, packed.Size(len(s)))...)
			packed.Put(run, at, []byte(s))
			longest = max(longest, len(s))
		}
		for i := range c.n {
			f := fmt.Sprintf("%d", i*i)
			if c.twice && i == c.n-1 {
				f = "0"
			}
			if i == c.n/2 {
				f += strings.Repeat("l", max(c.longest-len(f), 0))
			}
			fields = append(fields, f)
			put(f)
			put("v" + f[:1])
		}
		one.Begin(ar, []byte("k"), entry.Spec{}, 0, lim)
		added := true
		for _, f := range fields {
			added = added && one.Add([]byte(f), []byte("v"+f[:1]), 0)
		}
		whole.Begin(ar, []byte("k"), entry.Spec{}, 0, lim)
		if got := whole.AddRun(run, starts, longest); got != added || got == c.twice {
			t.Fatalf("%+v: added %v, one by one %v", c, got, added)
		}
		a, b := one.Entry(), whole.Entry()
		if !c.twice {
			if a.Encoding() != b.Encoding() || Len(a) != Len(b) || Len(b) != c.n {
				t.Fatalf("%+v: encoding %v and %d fields, one by one %v and %d", c, b.Encoding(), Len(b), a.Encoding(), Len(a))
			}
			for _, f := range fields {
				if v, ok := Get(b, []byte(f), 0); !ok || string(v) != "v"+f[:1] {
					t.Fatalf("%+v: %q has %q, %v", c, f, v, ok)
				}
			}
		}
	}
}
