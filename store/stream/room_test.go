package stream

import (
	"bytes"
	"testing"
)

// TestRoomBehindLargeEntry: the node behind one with a large entry does not begin as large as half of that.
func TestRoomBehindLargeEntry(t *testing.T) {
	for _, lim := range []Bounds{{4096, 100}, {0, 1}} {
		m := newModel(t, lim)
		m.append(ID{1, 0}, []byte("field"), bytes.Repeat([]byte("v"), 8<<20))
		before := outside(m.e)
		m.append(ID{2, 0}, []byte("field"), []byte("small"))
		if n := Nodes(m.e); n != 2 {
			t.Fatalf("%d nodes", n)
		}
		if grown := outside(m.e) - before; grown > 20<<10 {
			t.Errorf("bounds %+v: a small entry takes %d bytes", lim, grown)
		}
		m.verify()
	}
}
