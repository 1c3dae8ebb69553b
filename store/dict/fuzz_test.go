package dict

import (
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// fuzzHashes are the hash functions a fuzz input may choose from: good ones, and
// ones that put keys side by side, on top of each other, or into one tag. most
// bounds the number of keys: masses take quadratic time.
var fuzzHashes = []struct {
	hash func(k uint64) uint64
	most int
}{
	{mix, 8000},
	{func(k uint64) uint64 { return mix(k) &^ tagMask }, 8000},
	{func(k uint64) uint64 { return mix(k>>4)&h40Mask | k }, 8000},
	{func(k uint64) uint64 { return k << 48 }, 8000},
	{func(k uint64) uint64 { return k << 24 }, 1500},
	{func(k uint64) uint64 { return k }, 1500},
	{func(k uint64) uint64 { return mix(k) >> 20 }, 1500},
	{func(k uint64) uint64 { return mix(k) * (k >> 1 & 1) }, 1500},
}

// fuzzer runs a byte string as operations on a table and on a Go map.
type fuzzer struct {
	*rig
	t     *testing.T
	model map[uint64]arena.Addr
	in    []byte
	walk  uint64
	most  int
}

func (f *fuzzer) next() uint64 {
	if len(f.in) == 0 {
		return 0
	}
	b := f.in[0]
	f.in = f.in[1:]
	return uint64(b)
}

func (f *fuzzer) key() uint64 { return f.next()<<8 | f.next() }

func (f *fuzzer) insert(k uint64) {
	if f.model[k] != 0 || len(f.model) >= f.most {
		return
	}
	f.model[k] = f.put(k)
}

func (f *fuzzer) delete(k uint64) {
	if f.model[k] == 0 {
		if f.find(k) != nil {
			f.t.Fatalf("key %d found, should be absent", k)
		}
		return
	}
	f.remove(k)
	delete(f.model, k)
}

func (f *fuzzer) verify() {
	f.check(f.t)
	if f.Len() != len(f.model) {
		f.t.Fatalf("Len %d, model %d", f.Len(), len(f.model))
	}
	for k, a := range f.model {
		if s := f.find(k); s == nil || SlotAddr(s) != a || f.FindAddr(f.hash(k), a) != s {
			f.t.Fatalf("key %d", k)
		}
	}
	n := 0
	for pos, done := uint64(0), false; !done; {
		pos, done = f.Walk(pos, 7, &testOps, func(a arena.Addr) {
			n++
			if f.model[keyOf(a)] != a {
				f.t.Fatalf("Walk emitted key %d at %#x", keyOf(a), uint64(a))
			}
		})
	}
	if n != len(f.model) {
		f.t.Fatalf("Walk emitted %d of %d", n, len(f.model))
	}
}

func (f *fuzzer) step() {
	op := f.next()
	switch op % 9 {
	case 0:
		f.insert(f.key())
	case 1:
		f.delete(f.key())
	case 2, 3: // many neighbours, so that short inputs reach splits
		k := f.key()
		for i := range f.next() * 4 {
			f.insert((k + i) & 0xffff)
		}
	case 4:
		k := f.key()
		for i := range f.next() * 4 {
			f.delete((k + i) & 0xffff)
		}
	case 5:
		k := f.key()
		s := f.find(k)
		if (s != nil) != (f.model[k] != 0) {
			f.t.Fatalf("key %d: found %v", k, s != nil)
		}
		f.touch(f.hash(k))
	case 6: // a step of a walk; what it emits is in the model
		f.walk, _ = f.Walk(f.walk, int(f.next()), &testOps, func(a arena.Addr) {
			if f.model[keyOf(a)] != a {
				f.t.Fatalf("Walk emitted key %d", keyOf(a))
			}
		})
	case 7:
		s := f.Random(mix(f.next()), &testOps)
		if (s != nil) != (len(f.model) > 0) || s != nil && f.model[keyOf(SlotAddr(s))] != SlotAddr(s) {
			f.t.Fatalf("Random: %v with %d keys", s, len(f.model))
		}
	case 8: // versions come and go: segments of different ones do not merge
		if e := f.SegmentOf(f.hash(f.key())); e != 0 {
			e.SetVersion(f.next() & 1)
		}
	}
}

// FuzzTable compares a table with a Go map over any sequence of operations. The
// first two bytes choose stagger and hash function. Seeds: testdata/fuzz/FuzzTable.
func FuzzTable(f *testing.F) {
	f.Add([]byte{0, 0, 2, 0, 0, 255, 4, 0, 0, 200, 6, 9})
	f.Fuzz(func(t *testing.T, in []byte) {
		fz := &fuzzer{t: t, model: map[uint64]arena.Addr{}, in: in}
		fz.rig = newRig(t, int(fz.next()))
		chosen := fuzzHashes[fz.next()%uint64(len(fuzzHashes))]
		fz.hash, fz.most = chosen.hash, chosen.most
		for steps := 0; len(fz.in) > 0 && steps < 200; steps++ {
			fz.step()
			if steps%64 == 63 {
				fz.verify()
			}
		}
		fz.verify()
		for k := range fz.model {
			fz.delete(k)
		}
		fz.verify()
	})
}
