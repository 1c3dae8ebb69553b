package hash

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/packed"
)

// TestAddRun: different fields that are added as a run are there as if they had been added one by one, in the encoding that
// they would have.
func TestAddRun(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	lim := Limits{Entries: 200, ValueBytes: 64}
	var one, whole Build
	for _, c := range []struct{ n, longest int }{{0, 0}, {1, 5}, {7, 5}, {8, 5}, {200, 20}, {200, 64}, {201, 5}, {5, 65}} {
		var run []byte
		var fields []string
		longest := 0
		put := func(s string) {
			at := len(run)
			run = append(run, make([]byte, packed.Size(len(s)))...)
			packed.Put(run, at, []byte(s))
			longest = max(longest, len(s))
		}
		for i := range c.n {
			f := fmt.Sprintf("%d", i*i)
			if i == c.n/2 {
				f += strings.Repeat("l", max(c.longest-len(f), 0))
			}
			fields = append(fields, f)
			put(f)
			put("v" + f[:1])
		}
		one.Begin(ar, []byte("k"), entry.Spec{}, 0, lim)
		for _, f := range fields {
			one.Add([]byte(f), []byte("v"+f[:1]), 0)
		}
		whole.Begin(ar, []byte("k"), entry.Spec{}, 0, lim)
		if !whole.AddRun(run, c.n, longest) {
			t.Fatalf("%+v: a field was there already", c)
		}
		a, b := one.Entry(), whole.Entry()
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
