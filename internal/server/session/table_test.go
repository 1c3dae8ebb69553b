package session

import (
	"testing"
	"unsafe"
)

// TestSessionSize: an idle connection takes little besides its session and netio.Conn.
func TestSessionSize(t *testing.T) {
	if n := unsafe.Sizeof(Session{}); n > 160 {
		t.Errorf("a session takes %d bytes, more than the size class of 160", n)
	}
	if n := unsafe.Sizeof(page{}); n > 256+16 {
		t.Errorf("a page of sessions takes %d bytes", n)
	}
}

func TestSessionsByID(t *testing.T) {
	var x table
	if x.find(0) != nil || x.find(-1) != nil {
		t.Fatal("found in an empty table")
	}
	all := make([]Session, 200)
	for i := range all {
		all[i].id = int64(i + 1)
		x.add(&all[i])
	}
	for i := range all {
		if x.find(int64(i+1)) != &all[i] {
			t.Fatalf("%d is not found", i+1)
		}
	}
	for _, id := range []int64{-1, 0, 201, 1 << 62} {
		if x.find(id) != nil {
			t.Errorf("%d is found", id)
		}
	}
	for i := range all {
		if i != 77 {
			x.remove(&all[i])
			if x.find(int64(i+1)) != nil {
				t.Fatalf("%d is found after it was removed", i+1)
			}
		}
	}
	if x.find(78) != &all[77] || len(x.mu.pages) != 1 {
		t.Errorf("one session is left on %d pages", len(x.mu.pages))
	}
}
