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
	touch := func(key []byte) (at Place) {
		at.Touch(root, key)
		at.TouchPage()
		at.TouchRecord()
		return at
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
		touch(fmt.Append(nil, rng.Uint64()))
	}
	*At(words) = tab
	if at := touch([]byte("77")); at.page == 0 || at.page != tab.pageAt(Hash([]byte("77"))) {
		t.Error("the page of a live table is not found")
	}
	tab.Drop(ar)
	for range 1000 {
		touch(fmt.Append(nil, rng.Uint64()))
	}
	ar.Free(root, RootBytes)
}
