package inbox

import (
	"slices"
	"testing"
)

func TestBox(t *testing.T) {
	var b Box[int]
	b.Put(1)
	b.Put(2)
	if !b.MustTell() || b.MustTell() {
		t.Error("the reader is told once")
	}
	first := b.Take(nil)
	if !slices.Equal(first, []int{1, 2}) || b.MustTell() {
		t.Error("whoever happens to look takes all, and leaves who was told to come", first)
	}
	b.Put(3)
	if got := b.Collect(first); !slices.Equal(got, []int{3}) || !b.MustTell() {
		t.Error("who was told takes all, and is told again", got)
	}
	b.Put(4)
	if &first[0] != &b.Take(nil)[0] {
		t.Error("the spare memory is not used")
	}
}
