package observe

import (
	"github.com/kringdb/kring/internal/server/stats"
	"github.com/kringdb/kring/store"
)

// HotKeys knows an executor's busiest keys without anybody asking for a scan: of every few
// batches one key is counted. The largest keys are the keeper's.
type HotKeys struct {
	// Unsampled is how many batches there were since the last sample.
	Unsampled int

	keys   stats.HotKeys
	luck   uint64 // a random state, for picking the sample
	agedAt int64  // when keys was aged, milliseconds since 1970
}

// Sample counts one key of a batch, for all keys of as many batches as lie between two
// samples. What was counted before is aged first: what is busy after a rest is not old. now is in
// milliseconds since 1970.
func (h *HotKeys) Sample(db int, keys []store.Key, now int64) {
	if h.Unsampled++; h.Unsampled < sampleBatches || len(keys) == 0 {
		return
	}
	h.Unsampled = 0
	if now-h.agedAt >= hotAgeMs {
		h.Age(now)
	}
	h.luck = h.luck*6364136223846793005 + 1442695040888963407
	k := &keys[h.luck>>33%uint64(len(keys))]
	h.keys.Add(db, k.Hash, k.Name, uint64(sampleBatches*len(keys)))
}

// Age halves the counts for each hotAgeMs that have passed; now is in milliseconds since 1970.
func (h *HotKeys) Age(now int64) {
	for range min((now-h.agedAt)/hotAgeMs, mostHalvings) {
		h.agedAt = now
		h.keys.Age()
	}
}

// All returns what was found.
func (h *HotKeys) All() []stats.HotKey { return h.keys.All() }
