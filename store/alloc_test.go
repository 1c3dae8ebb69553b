package store

import (
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/kringdb/kring/internal/invariants"
)

func TestNoAllocations(t *testing.T) {
	if invariants.Enabled {
		t.Skip("the invariants keep shadow memory")
	}
	s := open(t, Options{Shards: 2})
	name, val, long, large := []byte("key:000000000001"), []byte("a value"), make([]byte, 200), make([]byte, 100<<10)
	k := s.MakeKey(name)
	s.SetString(0, k, val, 0)
	num := key(s, "num")
	s.SetInt(0, num, Entry{}, 1)
	for what, fn := range map[string]func(){
		"MakeKey":        func() { k = s.MakeKey(name) },
		"MakeKey, long":  func() { s.MakeKey(long) },
		"Find":           func() { s.Find(0, k, 1) },
		"Touch":          func() { lookAhead(s, 0, k) },
		"SetString":      func() { s.SetString(0, k, val, 0) },
		"SetString, TTL": func() { s.SetString(0, k, val, 77) },
		"replace":        func() { s.SetString(0, k, long, 0); s.SetString(0, k, val, 0) },
		"free outside":   func() { s.SetString(0, k, large, 0); s.SetString(0, k, val, 0) },
		"SetInt":         func() { s.SetInt(0, num, s.Find(0, num, 1), 5) },
		"SetDeadline":    func() { s.SetDeadline(0, k, s.Find(0, k, 1), 99); s.SetDeadline(0, k, s.FindRaw(0, k), 0) },
		"StringWriteAt":  func() { s.StringWriteAt(0, k, s.FindRaw(0, k), 2, val[:3]) },
		"insert, delete": func() { s.Delete(1, k); s.SetString(1, k, val, 0) },
	} {
		if n := testing.AllocsPerRun(100, fn); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
}

// TestShortHash: the short path is XXH64, as the library computes it.
func TestShortHash(t *testing.T) {
	for seed := uint64(0); seed < 1000; seed += 99 {
		b := make([]byte, shortNameBytes)
		for n := range b {
			b[n] = byte(seed) + byte(n)*37
			d := xxhash.NewWithSeed(seed)
			d.Write(b[:n])
			if got := shortHash(seed, b[:n]); got != d.Sum64() {
				t.Fatalf("seed %d, %d bytes: %#x; want %#x", seed, n, got, d.Sum64())
			}
		}
	}
}

func TestShardsAreEven(t *testing.T) {
	s := open(t, Options{})
	var n [DefaultShards]int
	for i := range 256 * 1000 {
		n[s.shardOf([]byte{byte(i), byte(i >> 8), byte(i >> 16), 'k'})]++
	}
	for i, c := range n {
		if c < 800 || c > 1200 {
			t.Errorf("shard %d got %d of 1000 expected", i, c)
		}
	}
}

func TestShardSet(t *testing.T) {
	var a, b ShardSet
	for _, i := range []uint32{0, 63, 64, 255} {
		a.Add(i)
	}
	b.Add(100)
	b.Merge(&a)
	if a.Len() != 4 || b.Len() != 5 || !b.Has(63) || b.Has(62) {
		t.Error("ShardSet")
	}
	b.Clear()
	if b.Len() != 0 {
		t.Error("Clear")
	}
}
