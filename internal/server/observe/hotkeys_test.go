package observe

import (
	"testing"

	"github.com/kringdb/kring/store"
)

// What is busy after a rest counts, though its counts are looked at only then: the rest is
// what has aged.
func TestHotKeysAfterARest(t *testing.T) {
	var h HotKeys
	keys := []store.Key{{Name: []byte("k"), Hash: 1}}
	for _, now := range []int64{1_700_000_000_000, 1_700_100_000_000} {
		for range sampleBatches {
			h.Sample(0, keys, now)
		}
		h.Age(now + 1)
		if all := h.All(); len(all) != 1 || all[0].Count != sampleBatches {
			t.Errorf("at %d: %+v", now, all)
		}
	}
}
