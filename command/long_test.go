package command

import (
	"testing"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
)

// TestElementsFit: a string that is too long for an element of a list is refused by SORT's STORE.
func TestElementsFit(t *testing.T) {
	room := make([]byte, entry.MaxElementBytes+1) // nothing touches it
	for _, n := range []int{len(room) - 1, len(room)} {
		var out resp.Buffer
		c := &Ctx{W: &resp.Writer{}}
		c.W.Bind(&out, 2)
		fits := n <= entry.MaxElementBytes
		if got := elementsFit(c, [][]byte{nil, room[:n]}); got != fits {
			t.Errorf("%d: %v", n, got)
		}
		c.W.Flush()
		if refused := len(out.Bytes()) > 0; refused == fits {
			t.Errorf("%d: the reply is %q", n, out.Bytes())
		}
	}
}

// TestPairsFit: a field and its value that no block has room for together are refused.
func TestPairsFit(t *testing.T) {
	room := make([]byte, entry.MaxElementBytes) // nothing touches it
	for _, sizes := range [][2]int{{1, len(room) - 1}, {len(room) / 2, len(room)/2 + 2}} {
		var out resp.Buffer
		c := &Ctx{W: &resp.Writer{}}
		c.W.Bind(&out, 2)
		fits := sizes[0]+sizes[1] <= len(room)
		if got := pairsFit(c, resp.Args{nil, nil, room[:sizes[0]], room[:sizes[1]]}); got != fits {
			t.Errorf("%v: %v", sizes, got)
		}
		c.W.Flush()
		if refused := len(out.Bytes()) > 0; refused == fits {
			t.Errorf("%v: the reply is %q", sizes, out.Bytes())
		}
	}
}
