package slotted

import (
	"testing"
)

func benchTable(b *testing.B, mode Mode, n uint64) *rig {
	r := newRig(b, mode)
	var key [16]byte
	for k := range n {
		val := []byte(nil)
		if mode == Values {
			val = []byte("0123456789abcdef")
		}
		r.Insert(r.ar, key16(&key, k), val)
	}
	return r
}

var benchSizes = []struct {
	name string
	n    uint64
}{{"1k", 1000}, {"1M", 1000000}}

func BenchmarkFind(b *testing.B) {
	for _, size := range benchSizes {
		for _, c := range []struct {
			name string
			from uint64
		}{{"hit", 0}, {"miss", size.n}} {
			b.Run(size.name+"/"+c.name, func(b *testing.B) {
				r := benchTable(b, Keys, size.n)
				var key [16]byte
				x := uint64(1)
				b.ReportAllocs()
				for b.Loop() {
					x = x*6364136223846793005 + 1442695040888963407
					if (r.Find(key16(&key, c.from+(x>>32)*size.n>>32)) != 0) != (c.from == 0) {
						b.Fatal("wrong")
					}
				}
			})
		}
	}
}

// BenchmarkAdd builds sets of a million, splits included; B/elem is what they take.
func BenchmarkAdd(b *testing.B) {
	const n = 1000000
	r := newRig(b, Keys)
	var key [16]byte
	b.ReportAllocs()
	k, perElem := uint64(0), 0.0
	for b.Loop() {
		if k == n {
			b.StopTimer()
			perElem = float64(r.Bytes()) / n
			r.drop(r.ar)
			k = 0
			b.StartTimer()
		}
		r.Add(r.ar, key16(&key, k))
		k++
	}
	if perElem == 0 && k > 0 {
		perElem = float64(r.Bytes()) / float64(k)
	}
	b.ReportMetric(perElem, "B/elem")
}

func BenchmarkSet(b *testing.B) {
	const n = 1000000
	r := newRig(b, Values)
	var key [16]byte
	val := []byte("0123456789abcdef")
	b.ReportAllocs()
	k := uint64(0)
	for b.Loop() {
		r.Set(r.ar, key16(&key, k%n), val, 0)
		k++
	}
	b.ReportMetric(float64(r.Bytes())/float64(r.Len()), "B/elem")
}

func BenchmarkDeleteAdd(b *testing.B) {
	const n = 1000000
	r := benchTable(b, Keys, n)
	var key [16]byte
	x := uint64(1)
	b.ReportAllocs()
	for b.Loop() {
		x = x*6364136223846793005 + 1442695040888963407
		key := key16(&key, (x>>32)*n>>32)
		r.Delete(r.ar, key)
		r.Add(r.ar, key)
	}
}

func BenchmarkWalk(b *testing.B) {
	r := benchTable(b, Keys, 1000000)
	pos, sum := uint64(0), 0
	for b.Loop() {
		pos, _ = r.Walk(pos, 10, func(r Ref) { sum += len(r.Key()) })
	}
}
