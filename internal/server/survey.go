package server

import (
	"slices"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/stats"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/store"
)

// This file knows the busiest and the largest keys without anybody asking for a scan: of
// every few batches one key is counted (stats.HotKeys), and the keeper walks the store
// slowly and remembers the largest keys that it meets.

const (
	// sampleBatches: of this many batches one is sampled.
	sampleBatches = 4
	// hotAgeMs is how often counts of hot keys are halved.
	hotAgeMs = 60_000
	// surveyKeep is how many of the largest keys are remembered.
	surveyKeep = 64
	// surveyTicks is in how many of the keeper's ticks a survey is to be complete: a
	// minute's; surveyMost bounds a tick's part, so that large stores take longer.
	surveyTicks = 600
	surveyLeast = 512
	surveyMost  = 8192
	// surveyStep is how many keys are looked at under one hold of a lock.
	surveyStep = 256
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

// HotKeys implements command.Host.
func (h *host) HotKeys(n int) []command.HotKey {
	parts := make([][]stats.HotKey, len(h.execs))
	h.askReactors(func(r *netio.Reactor, ex *executor) { parts[r.Index()] = ex.hot.All() })
	var out []command.HotKey
	for _, k := range stats.Busiest(parts, n) {
		out = append(out, command.HotKey{DB: k.DB, Name: k.Name, Uses: int64(k.Count), Surely: int64(k.Count - k.Error)})
	}
	return out
}

// survey is the keeper's walk over all keys. done is for everybody.
type survey struct {
	db     int
	cursor uint64
	found  []command.BigKey // in descending order of bytes
	types  [surveyTypes]typeSum
	done   atomic.Pointer[surveyed]
}

// surveyTypes is how many types there can be.
const surveyTypes = 16

// typeSum is what the keys of a type take together.
type typeSum struct{ keys, bytes int64 }

// surveyed is what a whole survey found.
type surveyed struct {
	big   []command.BigKey
	types [surveyTypes]typeSum
}

// look goes on with the survey for one tick. Only the keeper calls it.
func (v *survey) look(s *Server, ex *executor) {
	if v.cursor == 0 && s.store.Len(v.db) == 0 {
		v.nextDB(s)
		return
	}
	part := min(max(s.store.Len(v.db)/surveyTicks, surveyLeast), surveyMost)
	for seen := 0; seen < part; seen += surveyStep {
		ex.gate.Lock()
		v.cursor = s.store.Walk(v.db, v.cursor, surveyStep, func(e store.Entry) { v.meet(s, e) })
		ex.gate.Unlock()
		if v.cursor == 0 {
			v.nextDB(s)
			return
		}
	}
}

// nextDB goes on to the next database that has keys, and publishes after the last.
func (v *survey) nextDB(s *Server) {
	for v.db++; v.db < s.store.Databases(); v.db++ {
		if s.store.Len(v.db) > 0 {
			return
		}
	}
	v.done.Store(&surveyed{slices.Clone(v.found), v.types})
	v.db, v.found, v.types = 0, v.found[:0], [surveyTypes]typeSum{}
}

// meet counts an entry, and remembers it if it is among the largest so far. It runs under the lock of
// the entry's shard.
func (v *survey) meet(s *Server, e store.Entry) {
	bytes := s.store.MemoryUsage(e)
	sum := &v.types[e.Type()%surveyTypes]
	sum.keys++
	sum.bytes += bytes
	if len(v.found) == surveyKeep && v.found[surveyKeep-1].Bytes >= bytes {
		return
	}
	k := command.BigKey{DB: v.db, Name: string(e.Key()), Type: e.Type().String(), Bytes: bytes}
	at, _ := slices.BinarySearchFunc(v.found, k, func(a, b command.BigKey) int { return int(min(max(b.Bytes-a.Bytes, -1), 1)) })
	if len(v.found) == surveyKeep {
		v.found = v.found[:surveyKeep-1]
	}
	v.found = slices.Insert(v.found, at, k)
}

// BigKeys implements command.Host.
func (s *Server) BigKeys(n int) []command.BigKey {
	found := s.keeper.survey.done.Load()
	if found == nil {
		return nil
	}
	return found.big[:min(n, len(found.big))]
}
