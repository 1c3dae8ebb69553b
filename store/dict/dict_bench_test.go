package dict

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// benchTable fills a table with keys 0..n-1; entries are spread over memory in an
// order that has nothing to do with that of the hashes.
func benchTable(b *testing.B, n uint64) *rig {
	b.Helper()
	r := newRig(b, 3)
	for k := uint64(0); k < n; k++ {
		r.put(k)
	}
	return r
}

var benchSink uint64

var benchSizes = []uint64{1000, 1000000}

func BenchmarkFindHit(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := benchTable(b, n)
			var key [8]byte
			b.ReportAllocs()
			x := uint64(1)
			for b.Loop() {
				x = x*6364136223846793005 + 1442695040888963407
				k := (x >> 32) * n >> 32
				binary.LittleEndian.PutUint64(key[:], k)
				if r.Find(mix(k), key[:], &testOps) == nil {
					b.Fatal("missing")
				}
			}
		})
	}
}

// BenchmarkFindSame is the lookup alone: one key, everything in the L1 cache.
func BenchmarkFindSame(b *testing.B) {
	r := benchTable(b, 1000)
	var key [8]byte
	binary.LittleEndian.PutUint64(key[:], 77)
	h := mix(77)
	b.ReportAllocs()
	for b.Loop() {
		if r.Find(h, key[:], &testOps) == nil {
			b.Fatal("missing")
		}
	}
}

func BenchmarkFindMiss(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := benchTable(b, n)
			var key [8]byte
			b.ReportAllocs()
			k := n
			for b.Loop() {
				k++
				binary.LittleEndian.PutUint64(key[:], k)
				if r.Find(mix(k), key[:], &testOps) != nil {
					b.Fatal("found")
				}
			}
		})
	}
}

// BenchmarkInsert builds tables of up to a million entries, splits included. The
// entries exist before.
func BenchmarkInsert(b *testing.B) {
	const n = 1000000
	entries, ar := arena.New(), arena.New()
	defer entries.Release()
	defer ar.Release()
	addrs := make([]arena.Addr, n)
	for k := range addrs {
		a := entries.Alloc(entryBytes)
		arena.SetU64(a, mix(uint64(k)))
		arena.SetU64(a+8, uint64(k))
		addrs[k] = a
	}
	var t Table
	t.Init(3)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i == n {
			b.StopTimer()
			t.Drop(ar)
			i = 0
			b.StartTimer()
		}
		t.Insert(ar, mix(uint64(i)), addrs[i], &testOps)
		i++
	}
	t.Drop(ar)
}

// BenchmarkDeleteInsert replaces a random key by itself in a table of a million.
func BenchmarkDeleteInsert(b *testing.B) {
	const n = 1000000
	r := benchTable(b, n)
	var key [8]byte
	b.ReportAllocs()
	x := uint64(1)
	for b.Loop() {
		x = x*6364136223846793005 + 1442695040888963407
		k := (x >> 32) * n >> 32
		h := mix(k)
		binary.LittleEndian.PutUint64(key[:], k)
		s := r.Find(h, key[:], &testOps)
		a := SlotAddr(s)
		r.Delete(r.ar, h, s, &testOps)
		r.Insert(r.ar, h, a, &testOps)
	}
}

// BenchmarkDelete empties tables of a million entries, merges included; finding
// the slot is part of it.
func BenchmarkDelete(b *testing.B) {
	const n = 1000000
	r := benchTable(b, n)
	addrs := make([]arena.Addr, n)
	for k := range uint64(n) {
		addrs[k] = SlotAddr(r.find(k))
	}
	i := uint64(0)
	for b.Loop() {
		if i == n {
			b.StopTimer()
			for k := range uint64(n) {
				r.Insert(r.ar, mix(k), addrs[k], &testOps)
			}
			i = 0
			b.StartTimer()
		}
		r.Delete(r.ar, mix(i), r.find(i), &testOps)
		i++
	}
}

// BenchmarkBatch32 looks up batches of 32 random keys out of a million and reads
// 64 bytes of each entry, as a GET does; the tables are spread as the store spreads
// them over shards. Plainly, and with the look-ahead. ns/op is per key.
func BenchmarkBatch32(b *testing.B) {
	const n, tables, batch, size = 1000000, 256, 32, 96
	entries := arena.New()
	defer entries.Release()
	var rs [tables]*rig
	for i := range rs {
		rs[i] = newRig(b, i)
	}
	for k := uint64(0); k < n; k++ {
		a := entries.Alloc(size)
		clear(arena.Words(a, size/8))
		arena.SetU64(a, mix(k))
		arena.SetU64(a+8, k)
		r := rs[k%tables]
		r.Insert(r.ar, mix(k), a, &testOps)
	}
	run := func(b *testing.B, look func(keys, hashes *[batch]uint64)) {
		var keys, hashes [batch]uint64
		var key [8]byte
		var out [64]byte
		x := uint64(1)
		for i := 0; i < b.N; i += batch {
			for j := range keys {
				x = x*6364136223846793005 + 1442695040888963407
				keys[j] = (x >> 32) * n >> 32
				hashes[j] = mix(keys[j])
			}
			look(&keys, &hashes)
			for j, k := range keys {
				binary.LittleEndian.PutUint64(key[:], k)
				s := rs[k%tables].Find(hashes[j], key[:], &testOps)
				if s == nil {
					b.Fatal("missing")
				}
				copy(out[:], arena.Bytes(SlotAddr(s)+16, 64))
				benchSink += uint64(out[k&63])
			}
		}
	}
	b.Run("plain", func(b *testing.B) { run(b, func(_, _ *[batch]uint64) {}) })
	b.Run("touch", func(b *testing.B) {
		run(b, func(keys, hashes *[batch]uint64) {
			var homes [batch]arena.Addr
			for j, k := range keys {
				homes[j], _ = rs[k%tables].Home(hashes[j])
			}
			arena.Prefetch(homes[:])
			for j := range keys {
				TouchEntry(homes[j], hashes[j])
			}
		})
	})
}

func BenchmarkTouch(b *testing.B) {
	r := benchTable(b, 1000)
	b.Run("bucket", func(b *testing.B) {
		k := uint64(0)
		for b.Loop() {
			home, _ := r.Home(k)
			benchSink += uint64(home)
			k += 0x9e3779b97f4a7c15
		}
	})
	b.Run("entry", func(b *testing.B) {
		var hs [64]uint64
		for i := range hs {
			hs[i] = mix(uint64(i))
		}
		k := 0
		for b.Loop() {
			benchSink += r.touch(hs[k&63])
			k++
		}
	})
}

func BenchmarkWalk(b *testing.B) {
	r := benchTable(b, 100000)
	pos := uint64(0)
	n := 0
	for b.Loop() {
		pos, _ = r.Walk(pos, 10, &testOps, func(a arena.Addr) { n++ })
	}
	b.ReportMetric(float64(n)/float64(b.N), "keys/op")
}
