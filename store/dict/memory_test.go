package dict

import (
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/arena"
)

// fillSize is how many keys the tests below go up to: a run under the race
// detector or with invariants, or -short, is slow.
func fillSize() uint64 {
	if raceEnabled || invariants.Enabled || testing.Short() {
		return 300000
	}
	return 3000000
}

// TestBytesPerKey measures what a key costs in tables that are staggered as the
// shards of a store are: in the tables' own account, and in pages of their arenas.
func TestBytesPerKey(t *testing.T) {
	const tables, from = 64, 100000
	type shard struct {
		Table
		ar *arena.Arena
	}
	var shards [tables]shard
	for i := range shards {
		shards[i].ar = arena.New()
		defer shards[i].ar.Release()
		shards[i].Init(i)
	}
	entries := arena.New()
	defer entries.Release()
	lo, hi, sum, pages, n := 1e9, 0.0, 0.0, 0.0, 0.0
	next := uint64(from)
	for k := range fillSize() {
		a := entries.Alloc(entryBytes)
		h := mix(k)
		arena.SetU64(a, h)
		arena.SetU64(a+8, k)
		s := &shards[h>>16&(tables-1)] // bits that neither position nor tag use
		s.Insert(s.ar, h, a, &testOps)
		if k+1 < next {
			continue
		}
		next += next / 20
		var bytes, held int64
		for i := range shards {
			bytes += shards[i].Bytes()
			held += shards[i].ar.Pages()
		}
		perKey := float64(bytes) / float64(k+1)
		lo, hi, sum, n = min(lo, perKey), max(hi, perKey), sum+perKey, n+1
		pages += float64(held) / float64(k+1)
	}
	t.Logf("table bytes per key from %d to %d keys in %d tables: min %.2f, avg %.2f, max %.2f; arena pages avg %.2f",
		from, fillSize(), tables, lo, sum/n, hi, pages/n)
	if avg := sum / n; avg > 14.5 || hi > 16.5 {
		t.Errorf("avg %.2f, max %.2f bytes per key: more than the layout promises", avg, hi)
	}
	for i := range shards {
		if err := shards[i].Check(&testOps); err != nil {
			t.Fatal(err)
		}
	}
}

// TestInsertPause logs the longest single inserts: splits and doublings of the
// directory. Filling is deterministic, so the least of three fillings is the time
// of an insert without what the machine did in between. It asserts only a wide
// margin all the same.
func TestInsertPause(t *testing.T) {
	n := fillSize() / 3
	entries := arena.New()
	defer entries.Release()
	addrs := make([]arena.Addr, n)
	took := make([]time.Duration, n)
	for k := range n {
		a := entries.Alloc(entryBytes)
		arena.SetU64(a, mix(k))
		arena.SetU64(a+8, k)
		addrs[k], took[k] = a, time.Hour
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range 3 {
		r := newRig(t, 7)
		for k := range n {
			h := mix(k)
			begin := time.Now()
			r.Insert(r.ar, h, addrs[k], &testOps)
			took[k] = min(took[k], time.Since(begin))
		}
		r.Drop(r.ar)
	}
	slices.Sort(took)
	at := func(share float64) time.Duration { return took[int(share*float64(n-1))] }
	t.Logf("%d inserts into one table: median %v, 99.9%% %v, 99.99%% %v, longest %v %v %v",
		n, at(0.5), at(0.999), at(0.9999), took[n-3], took[n-2], took[n-1])
	if at(0.9999) > 5*time.Millisecond {
		t.Errorf("one in 10,000 inserts takes %v", at(0.9999))
	}
}
