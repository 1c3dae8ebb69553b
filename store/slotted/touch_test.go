package slotted

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// TestTouchSurvivesRubbish: look-ahead reads roots and pages that others change or have
// freed.
func TestTouchSurvivesRubbish(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	var tab Table
	tab.Init(Values)
	for i := range 5000 {
		tab.Set(ar, fmt.Append(nil, i), []byte("value"), 0)
	}
	root := ar.Alloc(RootBytes)
	words := arena.Bytes(root, RootBytes)
	touch := func(h uint64) {
		TouchWord(root, h)
		TouchPage(root, h)
		TouchRecord(root, h)
	}
	rng := rand.New(rand.NewPCG(7, 8))
	for range 200000 {
		*At(words) = tab
		switch rng.IntN(4) {
		case 0: // the root as it is
		case 1: // one byte of it
			words[rng.IntN(8)] = byte(rng.Uint32())
		case 2: // all of it
			*At(words) = Table{dir: rng.Uint64()}
		case 3: // a directory that is something else
			*At(words) = Table{dir: uint64(rng.IntN(30))<<gShift | rng.Uint64()%uint64(arena.HighWater())>>3}
		}
		touch(rng.Uint64())
	}
	*At(words) = tab
	if w := peekWord(root, Hash([]byte("77"))); w == 0 || *(*page)(w.Ptr()) != tab.pageAt(Hash([]byte("77"))) {
		t.Error("the word of a live table is not found")
	}
	tab.Drop(ar)
	for range 1000 {
		touch(rng.Uint64())
	}
	ar.Free(root, RootBytes)
}
