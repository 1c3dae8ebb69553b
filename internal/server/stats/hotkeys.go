package stats

import "slices"

// HotKeys estimates which keys are used most, from samples, by the space-saving
// algorithm (Metwally, Agrawal, El Abbadi, 2005): a fixed number of counters; a key
// without one takes the smallest, and with it its count, as the bound of its error. One
// executor owns it.
type HotKeys struct {
	ids    [hotCounters]uint64 // hash and database, 0: free; apart, because it is searched
	counts [hotCounters]uint64
	errors [hotCounters]uint64
	names  [hotCounters][]byte
	dbs    [hotCounters]int32
}

// HotKey is an estimate: at least Count-Error and at most Count uses.
type HotKey struct {
	DB           int
	Name         string
	Count, Error uint64
}

// Add counts weight uses of a key; hash is of its name.
func (h *HotKeys) Add(db int, hash uint64, name []byte, weight uint64) {
	id := hash ^ uint64(db)*0x9e3779b97f4a7c15 | 1
	least := 0
	for i, have := range h.ids {
		if have == id {
			h.counts[i] += weight
			return
		}
		if h.counts[i] < h.counts[least] {
			least = i
		}
	}
	if len(name) > maxHotNameBytes {
		return
	}
	h.ids[least], h.dbs[least] = id, int32(db)
	h.errors[least] = h.counts[least]
	h.counts[least] += weight
	h.names[least] = append(h.names[least][:0], name...)
}

// Age halves all counts, so that what was busy long ago makes room.
func (h *HotKeys) Age() {
	for i := range h.counts {
		h.counts[i] /= 2
		h.errors[i] /= 2
	}
}

// Reset forgets all keys.
func (h *HotKeys) Reset() { *h = HotKeys{} }

// All returns the keys that have a counter.
func (h *HotKeys) All() []HotKey {
	var out []HotKey
	for i, id := range h.ids {
		if id != 0 && h.counts[i] > 0 {
			out = append(out, HotKey{int(h.dbs[i]), string(h.names[i]), h.counts[i], h.errors[i]})
		}
	}
	return out
}

// Busiest joins the estimates of several executors and returns the n busiest keys.
func Busiest(parts [][]HotKey, n int) []HotKey {
	type key struct {
		db   int
		name string
	}
	sum := map[key]HotKey{}
	for _, p := range parts {
		for _, k := range p {
			s := sum[key{k.DB, k.Name}]
			s.DB, s.Name = k.DB, k.Name
			s.Count += k.Count
			s.Error += k.Error
			sum[key{k.DB, k.Name}] = s
		}
	}
	var out []HotKey
	for _, k := range sum {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b HotKey) int {
		switch ga, gb := a.Count-a.Error, b.Count-b.Error; {
		case ga > gb, ga == gb && a.Count > b.Count, ga == gb && a.Count == b.Count && a.Name < b.Name:
			return -1
		}
		return 1
	})
	return out[:min(n, len(out))]
}
