package store

import (
	"fmt"
	"strconv"
	"testing"
)

// benchKeys is small enough to stay in the processor's caches.
const benchKeys = 1 << 8

func benchStore(b *testing.B, n int, val string) (*Store, []Key) {
	s, err := Open(Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	keys := make([]Key, n)
	for i := range keys {
		keys[i] = key(s, fmt.Sprintf("key:%012d", i))
		s.SetString(0, keys[i], []byte(val), 0)
	}
	return s, keys
}

func BenchmarkMakeKey(b *testing.B) {
	s, _ := benchStore(b, 1, "x")
	for _, n := range []int{8, 16, 31, 40, 100} {
		name := make([]byte, n)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			var sum uint32
			for range b.N {
				sum += s.MakeKey(name).Shard
			}
			sink = uint64(sum)
		})
	}
}

var sink uint64

func BenchmarkFindHit(b *testing.B) {
	s, keys := benchStore(b, benchKeys, "value of some 20 bytes")
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if e := s.Find(0, keys[i&(benchKeys-1)], 1); e.A == 0 {
			b.Fatal("miss")
		}
	}
}

func BenchmarkFindMiss(b *testing.B) {
	s, keys := benchStore(b, benchKeys, "value of some 20 bytes")
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if e := s.Find(1, keys[i&(benchKeys-1)], 1); e.A != 0 {
			b.Fatal("hit")
		}
	}
}

func BenchmarkLockFindHash(b *testing.B) {
	s, keys := benchStore(b, benchKeys, "value of some 20 bytes")
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		k := s.MakeKey(keys[i&(benchKeys-1)].Name)
		s.Lock(k.Shard)
		if e := s.Find(0, k, 1); e.A == 0 {
			b.Fatal("miss")
		}
		s.Unlock(k.Shard)
	}
}

func BenchmarkSetStringInPlace(b *testing.B) {
	s, keys := benchStore(b, benchKeys, "")
	for _, n := range []int{8, 20, 64, 1000} {
		val := make([]byte, n)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for _, k := range keys {
				s.SetString(0, k, val, 0)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				s.SetString(0, keys[i&(benchKeys-1)], val, 0)
			}
		})
	}
}

func BenchmarkSetIntInPlace(b *testing.B) {
	s, keys := benchStore(b, benchKeys, "1")
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		k := keys[i&(benchKeys-1)]
		s.SetInt(0, k, s.Find(0, k, 1), int64(i))
	}
}

func BenchmarkSetStringReplace(b *testing.B) {
	s, keys := benchStore(b, benchKeys, "")
	vals := [2][]byte{make([]byte, 20), make([]byte, 60)}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		s.SetString(0, keys[i&(benchKeys-1)], vals[i>>8&1], 0)
	}
}

func BenchmarkInsertDelete(b *testing.B) {
	s, keys := benchStore(b, benchKeys, "")
	val := make([]byte, 20)
	for _, k := range keys {
		s.Delete(0, k)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		k := keys[i&(benchKeys-1)]
		s.SetString(0, k, val, 0)
		s.Delete(0, k)
	}
}

// BenchmarkInsertNew fills stores with two million new keys each.
func BenchmarkInsertNew(b *testing.B) {
	const n = 1 << 21
	var s *Store
	val := make([]byte, 64)
	var name [16]byte
	for i := range b.N {
		if i%n == 0 {
			b.StopTimer()
			if s != nil {
				s.Close()
			}
			var err error
			if s, err = Open(Options{}); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		k := s.MakeKey(fmt.Appendf(name[:0], "key:%012d", i%n))
		s.SetString(0, k, val, 0)
	}
	s.Close()
}

// BenchmarkFindLarge finds in a million keys in another order than they were inserted
// in, one by one and with the look-ahead of 32, hashing included.
func BenchmarkFindLarge(b *testing.B) {
	const n = 1 << 20
	s, err := Open(Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	names := make([]byte, 0, n*16)
	for i := range uint32(n) {
		names = fmt.Appendf(names, "key:%012d", i*2654435761%n)
	}
	name := func(i int) []byte { i &= n - 1; return names[i*16 : i*16+16] }
	for i := range n {
		s.SetString(0, s.MakeKey(name(i*7919)), []byte("value of some 20 bytes"), 0)
	}
	b.Run("single", func(b *testing.B) {
		for i := range b.N {
			sink += uint64(s.Find(0, s.MakeKey(name(i)), 1).Clock())
		}
	})
	b.Run("ahead", func(b *testing.B) {
		var keys [32]Key
		var places [32]Place
		var stamps [32]uint32
		sum := uint64(0)
		for i := 0; i < b.N; i += len(keys) {
			for j := range keys {
				keys[j] = s.MakeKey(name(i + j))
			}
			s.TouchBuckets(0, keys[:], places[:], stamps[:])
			for j := range keys {
				places[j] = TouchEntry(places[j], &keys[j])
			}
			for j := range keys {
				s.Hint(0, &keys[j], places[j], stamps[j])
				sum += uint64(s.Find(0, keys[j], 1).Clock())
			}
		}
		sink = sum
	})
}

// BenchmarkOneShard is the hot path with all of it in the first-level cache.
func BenchmarkOneShard(b *testing.B) {
	s, err := Open(Options{Shards: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var keys [64]Key
	val := []byte("value of some 20 bytes")
	for i := range keys {
		keys[i] = key(s, fmt.Sprintf("key:%012d", i))
		s.SetString(0, keys[i], val, 0)
	}
	b.Run("find", func(b *testing.B) {
		for i := range b.N {
			if e := s.Find(0, keys[i&63], 1); e.A == 0 {
				b.Fatal("miss")
			}
		}
	})
	b.Run("set", func(b *testing.B) {
		for i := range b.N {
			s.SetString(0, keys[i&63], val, 0)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	s, keys := benchStore(b, 1, "")
	k, data := keys[0], make([]byte, 100)
	b.SetBytes(100)
	b.ReportAllocs()
	b.ResetTimer()
	e := s.Find(0, k, 1)
	for i := range b.N {
		if i&(1<<20-1) == 0 {
			e = s.SetString(0, k, nil, 0)
		}
		e, _ = s.StringAppend(0, k, e, data)
	}
}
