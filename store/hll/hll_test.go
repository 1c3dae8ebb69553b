package hll

import (
	"fmt"
	"math"
	"testing"
)

// TestMurmur holds the hash against values of the reference implementation's algorithm,
// computed here byte by byte from its description.
func TestMurmur(t *testing.T) {
	ref := func(b []byte, seed uint64) uint64 {
		const m = uint64(0xc6a4a7935bd1e995)
		h := seed ^ uint64(len(b))*m
		for len(b) >= 8 {
			k := uint64(0)
			for i := range 8 {
				k |= uint64(b[i]) << (8 * i)
			}
			k *= m
			k ^= k >> 47
			k *= m
			h ^= k
			h *= m
			b = b[8:]
		}
		for i := len(b) - 1; i >= 0; i-- {
			h ^= uint64(b[i]) << (8 * i)
		}
		if len(b) > 0 {
			h *= m
		}
		h ^= h >> 47
		h *= m
		return h ^ h>>47
	}
	for n := range 40 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i*37 + n)
		}
		if got := murmur64A(b, hashSeed); got != ref(b, hashSeed) {
			t.Errorf("%d bytes: %#x", n, got)
		}
	}
}

func elem(i int) []byte { return fmt.Append(nil, "element ", i) }

func TestDenseRegisters(t *testing.T) {
	b := make([]byte, DenseBytes-headerBytes)
	var want Registers
	for step := range 40000 {
		i, v := (step*7919)%registers, uint8(step*31%64)
		setDense(b, i, v)
		want[i] = v
	}
	for i, v := range want {
		if got := denseAt(b, i); got != v {
			t.Fatalf("register %d is %d, want %d", i, got, v)
		}
	}
	var h, g histogram
	h.addDense(b)
	for _, v := range want {
		g[v]++
	}
	if h != g {
		t.Error("histograms differ")
	}
}

// TestSparse adds elements to a sparse and a dense value and compares registers, counts
// and the sizes of runs.
func TestSparse(t *testing.T) {
	for _, limit := range []int{0, 100, 3000, 20000} {
		b := AppendEmpty(nil)
		if len(b) != headerBytes+2 || !Valid(b) {
			t.Fatalf("empty: % x", b)
		}
		ref, err := ToDense(b)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5000 {
			was := string(b)
			nb, changed, err := Add(b, elem(i), limit)
			if err != nil {
				t.Fatal(err)
			}
			if changed != AddDense(ref, elem(i)) || changed == (string(nb) == was) {
				t.Fatalf("element %d: changed is %v", i, changed)
			}
			b = nb
			if IsSparse(b) && len(b) > max(limit, headerBytes+2) {
				t.Fatalf("sparse and %d bytes, limit %d", len(b), limit)
			}
			if i%97 == 0 {
				same(t, b, ref)
			}
		}
		same(t, b, ref)
	}
}

func same(t *testing.T, a, b []byte) {
	t.Helper()
	var x, y Registers
	if err := Merge(&x, a); err != nil {
		t.Fatal(err)
	}
	if err := Merge(&y, b); err != nil || x != y {
		t.Fatal("registers differ", err)
	}
	n, err := Count(a)
	m, _ := Count(b)
	if err != nil || n != m || n != CountRegisters(&x) {
		t.Fatalf("counts %d, %d, %d, %v", n, m, CountRegisters(&x), err)
	}
}

func TestRunsMerge(t *testing.T) {
	b := AppendEmpty(nil)
	for _, i := range []int{100, 101, 103, 102, 104} {
		var err error
		if b, _, err = raise(b, i, 3, 3000); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(AppendRuns(nil, b)); got != "Z:100 v:3,4 v:3,1 Z:16279" {
		t.Error(got)
	}
	b, _, _ = raise(b, 102, 7, 3000)
	if got := string(AppendRuns(nil, b)); got != "Z:100 v:3,2 v:7,1 v:3,2 Z:16279" {
		t.Error(got)
	}
	if b, _, _ = raise(b, 5, 33, 3000); IsSparse(b) || denseAt(b[headerBytes:], 5) != 33 || denseAt(b[headerBytes:], 102) != 7 {
		t.Error("a rank above 32")
	}
}

func TestEstimate(t *testing.T) {
	b := AppendEmpty(nil)
	n := 0
	for _, until := range []int{0, 1, 2, 10, 100, 1000, 10000, 50000, 200000} {
		for ; n < until; n++ {
			b, _, _ = Add(b, elem(n), 3000)
		}
		got, err := Count(b)
		if err != nil || math.Abs(float64(got)-float64(n)) > math.Max(1, 0.03*float64(n)) {
			t.Errorf("%d elements: %d, %v", n, got, err)
		}
	}
}

func TestCached(t *testing.T) {
	b := AppendEmpty(nil)
	if n, ok := Cached(b); n != 0 || !ok {
		t.Error("of an empty value")
	}
	SetCached(b, 12345)
	if n, ok := Cached(b); n != 12345 || !ok {
		t.Error("after SetCached")
	}
	if MarkStale(b); b[staleAt] != staleBit {
		t.Error("MarkStale")
	}
	if _, ok := Cached(b); ok {
		t.Error("after MarkStale")
	}
}

func FuzzCorrupt(f *testing.F) {
	f.Add([]byte("HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff"), 7)
	f.Add([]byte("HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f"), 9)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		if !Valid(b) {
			return
		}
		var regs Registers
		ok := Merge(&regs, b) == nil
		if _, err := Count(b); (err == nil) != ok {
			t.Errorf("count: %v, merge ok: %v", err, ok)
		}
		AppendRuns(nil, b[:len(b):len(b)])
		nb, _, err := Add(append([]byte(nil), b...), elem(n), 3000)
		if err == nil && ok && !Valid(nb) {
			t.Error("broken by Add")
		}
		if IsSparse(b) {
			if _, err := ToDense(b); (err == nil) != ok {
				t.Errorf("to dense: %v", err)
			}
		}
	})
}
