package server

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/stats"
	"github.com/kringdb/kring/netio"
)

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

// HotKeys implements command.StatsHost.
func (h statsHost) HotKeys(c *command.Ctx, n int) []command.HotKey {
	parts := make([][]stats.HotKey, len(h.srv.execs))
	h.srv.askReactors(c, func(r *netio.Reactor, ex *executor) { parts[r.Index()] = ex.hot.All() })
	var out []command.HotKey
	for _, k := range stats.Busiest(parts, n) {
		out = append(out, command.HotKey{DB: k.DB, Name: k.Name, Uses: int64(k.Count), Surely: int64(k.Count - k.Error)})
	}
	return out
}

// BigKeys implements command.StatsHost.
func (h statsHost) BigKeys(n int) []command.BigKey {
	found := h.srv.keeper.Surveyed()
	if found == nil {
		return nil
	}
	return found.Big[:min(n, len(found.Big))]
}
