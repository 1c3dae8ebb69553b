package server

// This file knows the busiest and the largest keys without anybody asking for a scan: of
// every few batches one key is counted (stats.HotKeys), and the keeper walks the store
// slowly and remembers the largest keys that it meets.

const (
	// sampleBatches: of this many batches one is sampled.
	sampleBatches = 4
	// hotAgeMs is how often counts of hot keys are halved.
	hotAgeMs = 60_000
)

// sampleHot counts one key of a batch, for all keys of as many batches as lie between
// two samples.
func (ex *executor) sampleHot(db int) {
	if ex.unsampled++; ex.unsampled < sampleBatches || len(ex.keys) == 0 {
		return
	}
	ex.unsampled = 0
	ex.luck = ex.luck*6364136223846793005 + 1442695040888963407
	k := &ex.keys[ex.luck>>33%uint64(len(ex.keys))]
	ex.hot.Add(db, k.Hash, k.Name, uint64(sampleBatches*len(ex.keys)))
}

// ageHot halves the counts now and then; a reactor's tick calls it.
func (ex *executor) ageHot(now int64) {
	if now-ex.agedAt >= hotAgeMs {
		ex.agedAt = now
		ex.hot.Age()
	}
}
