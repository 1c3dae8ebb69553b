package dict

import (
	"math"
	"testing"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/arena"
)

func TestEmpty(t *testing.T) {
	r := newRig(t, 3)
	if r.Len() != 0 || r.Bytes() != 0 || r.find(1) != nil || r.Random(7, nil) != nil || r.SegmentOf(1) != 0 {
		t.Fatal("a new table is not empty")
	}
	if r.touch(1) != 0 {
		t.Fatal("touching an empty table found something")
	}
	if next, done := r.Walk(0, 10, &testOps, func(arena.Addr) { t.Fatal("emitted") }); next != 0 || !done {
		t.Fatalf("Walk: %d, %v", next, done)
	}
	r.walkSegments(func(SegmentRef) bool { t.Fatal("segment"); return true })
	r.check(t)
}

// staggerStep is from one size of segments to the next that a test takes: all sizes, or
// with -short some.
func staggerStep() int {
	if testing.Short() {
		return 3
	}
	return 1
}

func TestGrowAndShrink(t *testing.T) {
	for stagger := 0; stagger < len(fullBuckets); stagger += staggerStep() {
		r := newRig(t, stagger)
		const n = 20000
		for k := uint64(0); k < n; k++ {
			if r.find(k) != nil {
				t.Fatalf("key %d found before it was inserted", k)
			}
			a := r.put(k)
			if s := r.find(k); s == nil || SlotAddr(s) != a {
				t.Fatalf("key %d not found after it was inserted", k)
			}
			if k%997 == 0 {
				r.check(t)
			}
		}
		r.check(t)
		if r.Len() != n {
			t.Fatalf("Len %d", r.Len())
		}
		if got := r.ar.Used(); got != r.Bytes() {
			t.Fatalf("Bytes %d, the arena says %d", r.Bytes(), got)
		}
		for k := uint64(0); k < n; k++ {
			if s := r.find(k); s == nil || keyOf(SlotAddr(s)) != k || r.FindAddr(r.hash(k), SlotAddr(s)) != s {
				t.Fatalf("key %d", k)
			}
			if r.find(k+n) != nil {
				t.Fatalf("key %d found", k+n)
			}
		}
		for k := uint64(0); k < n; k++ {
			r.remove(k)
			if r.find(k) != nil {
				t.Fatalf("key %d found after it was deleted", k)
			}
			if k%997 == 0 {
				r.check(t)
			}
		}
		r.check(t)
		if r.Len() != 0 || r.segs != 1 || dirDepth(r.dir) != 0 || r.Bytes() != 128+8 {
			t.Fatalf("emptied: %d entries, %d segments, depth %d, %d bytes", r.Len(), r.segs, dirDepth(r.dir), r.Bytes())
		}
	}
}

func TestSetSlotAddrKeepsTagAndMeta(t *testing.T) {
	r := newRig(t, 0)
	for k := uint64(0); k < 5000; k++ {
		r.put(k)
	}
	for k := uint64(0); k < 5000; k++ {
		s := r.find(k)
		old := SlotAddr(s)
		a := r.entries.Alloc(entryBytes)
		arena.SetU64(a, r.hash(k))
		arena.SetU64(a+8, k)
		SetSlotAddr(s, a)
		r.entries.Free(old, entryBytes)
	}
	r.check(t)
}

// TestNoFlapping: a table that goes to and fro over the point of a split or a
// merge must not rebuild segments each time.
func TestNoFlapping(t *testing.T) {
	for stagger := range fullBuckets {
		r := newRig(t, stagger)
		const extra = 1 << 40
		for k := uint64(0); k < 3000; k++ {
			r.put(k)
			before, changes := r.SegmentOf(r.hash(extra)), 0
			look := func() { // after each change: a rebuild there and back ends where it began
				if now := r.SegmentOf(r.hash(extra)); now != before {
					before = now
					changes++
				}
			}
			for range 6 {
				r.put(extra)
				look()
				r.remove(extra)
				look()
			}
			if changes > 1 {
				t.Fatalf("stagger %d, %d keys: %d rebuilds for 6 inserts and deletes of one key", stagger, k+1, changes)
			}
		}
	}
}

func TestDetachSwapDrop(t *testing.T) {
	r := newRig(t, 1)
	var o Table
	o.Init(6)
	for k := uint64(0); k < 3000; k++ {
		r.put(k)
	}
	size := r.Bytes()
	r.Swap(&o)
	if r.Len() != 0 || o.Len() != 3000 || r.full() != uint64(fullBuckets[6]) || o.full() != uint64(fullBuckets[1]) {
		t.Fatal("Swap")
	}
	r.Swap(&o)
	r.check(t)
	old := r.Detach()
	if r.Len() != 0 || r.Bytes() != 0 || old.Len() != 3000 || old.Bytes() != size || r.full() != old.full() {
		t.Fatal("Detach")
	}
	r.put(1)
	r.check(t)
	if err := old.Check(&testOps); err != nil {
		t.Fatal(err)
	}
	old.Drop(r.ar)
	if old.Len() != 0 || old.Bytes() != 0 || r.ar.Used() != r.Bytes() {
		t.Fatal("Drop")
	}
}

func TestRandomIsFair(t *testing.T) {
	r := newRig(t, 2)
	const keys, draws = 2000, 400000
	for k := uint64(0); k < keys; k++ {
		r.put(k)
	}
	var seen [keys]int
	for i := range uint64(draws) {
		seen[keyOf(SlotAddr(r.Random(mix(i), &testOps)))]++
	}
	// The share of a segment varies with the spread of the hashes: some 220 keys
	// each, so a third up or down is five standard deviations, plus that of the
	// draws (200 per key).
	for k, n := range seen {
		if n < 80 || n > 400 {
			t.Errorf("key %d was drawn %d times, expected about %d", k, n, draws/keys)
		}
	}
	for k := uint64(1); k < keys; k++ {
		r.remove(k)
	}
	for i := range uint64(1000) {
		if s := r.Random(mix(i), &testOps); s == nil || keyOf(SlotAddr(s)) != 0 {
			t.Fatal("the only key was not drawn")
		}
	}
}

// collide are hash functions that no seeded hash resembles.
var collide = map[string]func(k uint64) uint64{
	"all bits equal":   func(uint64) uint64 { return 0x123456789abcdef0 },
	"zero":             func(uint64) uint64 { return 0 },
	"ones":             func(uint64) uint64 { return ^uint64(0) },
	"H40 equal":        func(k uint64) uint64 { return 0x5555555555<<24 | mix(k)&(1<<24-1) },
	"tag equal":        func(k uint64) uint64 { return mix(k) &^ 0xffff },
	"low H40 bits":     func(k uint64) uint64 { return k << 24 },
	"top bits only":    func(k uint64) uint64 { return k << 56 },
	"two masses":       func(k uint64) uint64 { return k<<63 | 0x77 },
	"half in one mass": func(k uint64) uint64 { return mix(k) * (k & 1) },
}

func TestCollidingHashes(t *testing.T) {
	n := uint64(3000)
	for name, hash := range collide {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 5)
			r.hash = hash
			for k := uint64(0); k < n; k++ {
				r.put(k)
				if k%uint64(checkEvery(1000)) == 0 {
					r.check(t)
				}
			}
			r.check(t)
			if words := uint64(1) << dirDepth(r.dir); words > 16 && words*r.full() > n*directoryWordsPerFull*2 {
				t.Errorf("%d directory words for %d entries", words, n)
			}
			seen := map[uint64]int{}
			for pos, done := uint64(0), false; !done; {
				pos, done = r.Walk(pos, 100, &testOps, func(a arena.Addr) { seen[keyOf(a)]++ })
			}
			for k := uint64(0); k < n; k++ {
				if seen[k] != 1 {
					t.Fatalf("key %d was emitted %d times", k, seen[k])
				}
			}
			for k := uint64(0); k < n; k++ {
				if k%16 == 0 && r.find(k) == nil {
					t.Fatalf("key %d not found", k)
				}
				r.remove(k)
			}
			r.check(t)
			if r.Len() != 0 || r.Bytes() > 64<<10 {
				t.Errorf("emptied: %d entries, %d bytes", r.Len(), r.Bytes())
			}
		})
	}
}

// TestMassThenSpread: a mass of equal hashes must not keep others from splitting,
// nor stay in large segments once it is gone.
func TestMassThenSpread(t *testing.T) {
	r := newRig(t, 7)
	r.hash = func(k uint64) uint64 {
		if k < 3000 {
			return 0xabcdef << 40
		}
		return mix(k)
	}
	for k := uint64(0); k < 60000; k++ {
		r.put(k)
	}
	r.check(t)
	for k := uint64(0); k < 3000; k++ {
		r.remove(k)
	}
	r.check(t)
	if perKey := float64(r.Bytes()) / float64(r.Len()); perKey > 20 {
		t.Errorf("%.1f bytes per key after the mass has gone", perKey)
	}
	for k := uint64(3000); k < 60000; k++ {
		if r.find(k) == nil {
			t.Fatalf("key %d not found", k)
		}
	}
}

func TestVersions(t *testing.T) {
	r := newRig(t, 0)
	r.put(0)
	r.SegmentOf(r.hash(0)).SetVersion(7)
	for k := uint64(1); k < 5000; k++ {
		r.put(k)
	}
	total := 0
	r.walkSegments(func(e SegmentRef) bool {
		if e.Version() != 7 {
			t.Fatalf("a split gave version %d", e.Version())
		}
		n := 0
		start, end := e.Range()
		r.EachInSegment(e, func(a arena.Addr) {
			n++
			if p := arena.U64(a) >> 24; p < start || p >= end {
				t.Fatalf("position %#x outside %#x..%#x", p, start, end)
			}
		})
		if n != e.Len() {
			t.Fatalf("Len %d, emitted %d", e.Len(), n)
		}
		total += n
		return true
	})
	if total != r.Len() {
		t.Fatalf("segments hold %d of %d", total, r.Len())
	}

	// Segments of different versions do not merge; equal again, they do.
	next := uint64(8)
	for pos, done := uint64(0), false; !done; next++ {
		var e SegmentRef
		e, pos, done = r.NextSegment(pos)
		e.SetVersion(next)
	}
	segs := r.segs
	for k := uint64(100); k < 5000; k++ {
		r.remove(k)
	}
	r.check(t)
	if r.segs != segs {
		t.Fatalf("%d segments of different versions became %d", segs, r.segs)
	}
	r.walkSegments(func(e SegmentRef) bool { e.SetVersion(1); return true })
	for k := uint64(0); k < 100; k++ {
		r.remove(k)
	}
	r.check(t)
}

func TestNoAllocations(t *testing.T) {
	r := newRig(t, 0)
	var buf [8]byte
	addrs := make([]arena.Addr, 20000)
	for k := range addrs {
		addrs[k] = r.put(uint64(k))
	}
	i := uint64(0)
	emit := func(arena.Addr) {}
	allocs := testing.AllocsPerRun(10000, func() {
		h := r.hash(i)
		r.touch(h)
		s := r.Find(h, keyBytes(&buf, i), &testOps)
		r.Delete(r.ar, h, s, &testOps)
		r.Insert(r.ar, h, addrs[i], &testOps)
		r.Random(h, nil)
		r.Walk(h>>h40Shift, 10, &testOps, emit)
		i++
	})
	// Splits, merges and the doubling of the directory as well. The rounds are alike, so
	// what the table allocates, each of them does; the counter is the whole process's,
	// and now and then the runtime adds one of its own (the goroutine that gives
	// memory back). So the best round counts.
	reshape := math.Inf(1)
	for range 5 {
		reshape = min(reshape, testing.AllocsPerRun(1, func() {
			for k := range uint64(18000) {
				r.Delete(r.ar, r.hash(k), r.Find(r.hash(k), keyBytes(&buf, k), &testOps), &testOps)
			}
			for k := range uint64(18000) {
				r.Insert(r.ar, r.hash(k), addrs[k], &testOps)
			}
		}))
	}
	allocs += reshape
	if allocs != 0 && !invariants.Enabled {
		t.Errorf("%v allocations", allocs)
	}
}

// walkSegments calls fn with every segment in hash order until it returns false.
// fn must not change the table; it may set versions.
func (t *Table) walkSegments(fn func(e SegmentRef) bool) {
	for pos, done := uint64(0), t.dir == 0; !done; {
		var e SegmentRef
		e, pos, done = t.NextSegment(pos)
		if !fn(e) {
			return
		}
	}
}

// TestReserve: what n entries need is taken at once, and n entries leave it as it is; fewer or
// more do no harm.
func TestReserve(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 300, 1000, 20_000} {
		for stagger := range 8 {
			r := newRig(t, stagger)
			r.Reserve(r.ar, n)
			if err := r.Check(&testOps); err != nil {
				t.Fatalf("stagger %d, %d reserved: %v", stagger, n, err)
			}
			reserved := r.Bytes()
			for i := range n {
				r.put(uint64(i))
			}
			if err := r.Check(&testOps); err != nil {
				t.Fatalf("stagger %d, %d entries: %v", stagger, n, err)
			}
			grown := newRig(t, stagger)
			for i := range n {
				grown.put(uint64(i))
			}
			if r.Bytes() > reserved+reserved/20 || r.Bytes() > 2*grown.Bytes() {
				t.Errorf("stagger %d, %d entries: %d bytes were reserved, %d used; without %d", stagger, n, reserved, r.Bytes(), grown.Bytes())
			}
			for i := n; i < 3*n; i++ {
				r.put(uint64(i))
			}
			if err := r.Check(&testOps); err != nil {
				t.Fatalf("stagger %d, %d entries, %d reserved: %v", stagger, 3*n, n, err)
			}
		}
	}
}
