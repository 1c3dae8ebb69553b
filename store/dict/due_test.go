package dict

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// dueOps are testOps for entries with a third word, their due time.
var dueOps = Ops{Equal: testOps.Equal, Hash: testOps.Hash, Due: func(a arena.Addr) int64 { return int64(arena.U64(a + 16)) }}

// dueRig is a table of entries with due times beside a model of it.
type dueRig struct {
	*rig
	t     *testing.T
	model map[uint64]arena.Addr
	rng   *rand.Rand
}

func (r *dueRig) slot(k uint64) Slot {
	return r.Find(r.hash(k), binary.LittleEndian.AppendUint64(nil, k), &dueOps)
}

func (r *dueRig) add(k uint64, due int64) {
	if r.model[k] != 0 {
		return
	}
	a := r.entries.Alloc(24)
	arena.StoreU64(a, r.hash(k))
	arena.StoreU64(a+8, k)
	arena.StoreU64(a+16, uint64(due))
	s := r.Insert(r.ar, r.hash(k), a, &dueOps)
	if due != Never {
		r.NoteDue(r.hash(k), s, due)
	}
	r.model[k] = a
}

func (r *dueRig) del(k uint64) {
	a := r.model[k]
	if a == 0 {
		return
	}
	s := r.slot(k)
	if s == nil || SlotAddr(s) != a {
		r.t.Fatalf("key %d is not there", k)
	}
	r.Delete(r.ar, r.hash(k), s, &dueOps)
	r.entries.Free(a, 24)
	delete(r.model, k)
}

// change gives k another due time, by the rule that only an earlier one is told.
func (r *dueRig) change(k uint64, due int64) {
	a := r.model[k]
	if a == 0 {
		return
	}
	was := int64(arena.U64(a + 16))
	arena.StoreU64(a+16, uint64(due))
	if due < was {
		r.NoteDue(r.hash(k), r.slot(k), due)
	}
}

// advance takes all that is due at now; every second entry gets a new time, the others
// go. It returns the bound of the rest.
func (r *dueRig) advance(now int64) int64 {
	var hv Harvest
	next := int64(Never)
	for {
		r.TakeDue(now, &dueOps, &hv)
		next = hv.Next
		for _, a := range hv.Addrs[:hv.N] {
			k := keyOf(a)
			if r.model[k] != a || int64(arena.U64(a+16)) > now {
				r.t.Fatalf("took key %d, due at %d, at %d", k, arena.U64(a+16), now)
			}
			if k&1 == 0 {
				r.del(k)
				continue
			}
			due := now + 1 + r.rng.Int64N(3000)
			arena.StoreU64(a+16, uint64(due))
			r.NoteDue(r.hash(k), r.slot(k), due)
			next = min(next, due)
		}
		if hv.Next > now {
			break
		}
	}
	for k, a := range r.model {
		if due := int64(arena.U64(a + 16)); due <= now || due < next {
			r.t.Fatalf("key %d, due at %d, was left at %d with bound %d", k, due, now, next)
		}
	}
	return next
}

func TestDueTimes(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		r := &dueRig{rig: newRig(t, int(seed)), t: t, model: map[uint64]arena.Addr{}, rng: rand.New(rand.NewPCG(seed, 1))}
		if seed%3 == 1 {
			r.hash = func(k uint64) uint64 { return mix(k>>5)&h40Mask | k&31 }
		}
		now, span := int64(1000), uint64(20+seed*1500)
		due := func() int64 {
			if r.rng.IntN(3) == 0 {
				return Never
			}
			return now + 1 + r.rng.Int64N(5000)
		}
		for i := range 30_000 {
			k := r.rng.Uint64N(span)
			switch op := r.rng.IntN(10); {
			case op < 4+int(seed%3):
				r.add(k, due())
			case op < 7:
				r.change(k, due())
			default:
				r.del(k)
			}
			if i%500 == 0 {
				now += r.rng.Int64N(600)
				r.advance(now)
				if err := r.Check(&dueOps); err != nil {
					t.Fatal(err)
				}
			}
		}
		if next := r.advance(now + 10_000); next != Never && len(r.model) == 0 {
			t.Fatalf("empty, but due at %d", next)
		}
		for range 100 {
			r.Sample(r.rng.Uint64(), true, &dueOps, func(a arena.Addr) {
				if dueOps.Due(a) == Never {
					t.Fatal("sampled an entry without a due time")
				}
			})
		}
		for k := range r.model {
			r.del(k)
		}
	}
}

// TestSampleFindsTheOnlyOne draws from a table where one entry of many has a due time,
// after others had one.
func TestSampleFindsTheOnlyOne(t *testing.T) {
	r := &dueRig{rig: newRig(t, 1), t: t, model: map[uint64]arena.Addr{}, rng: rand.New(rand.NewPCG(1, 1))}
	for k := range uint64(20_000) {
		r.add(k, Never)
	}
	for k := range uint64(3000) {
		r.change(k, 9)
		r.change(k, Never)
	}
	r.change(777, 5)
	for range 50 {
		n := r.Sample(r.rng.Uint64(), true, &dueOps, func(a arena.Addr) {
			if keyOf(a) != 777 {
				t.Fatalf("sampled key %d", keyOf(a))
			}
		})
		if n != 1 {
			t.Fatalf("sampled %d entries", n)
		}
	}
	r.change(777, Never)
	if n := r.Sample(1, true, &dueOps, func(arena.Addr) {}); n != 0 {
		t.Fatalf("sampled %d entries of none", n)
	}
	if err := r.Check(&dueOps); err != nil {
		t.Fatal(err)
	}
}

// TestSampleIsFair draws often from a table: each entry comes about equally often.
func TestSampleIsFair(t *testing.T) {
	r := newRig(t, 2)
	const keys, draws = 5000, 200_000
	var hits [keys]int
	for k := range uint64(keys) {
		r.put(k)
	}
	n := 0
	for i := range uint64(draws) {
		n += r.Sample(mix(i), false, &testOps, func(a arena.Addr) { hits[keyOf(a)]++ })
	}
	mean := float64(n) / keys
	for k, h := range hits {
		if float64(h) < mean/3 || float64(h) > mean*3 {
			t.Errorf("key %d was drawn %d times, the mean is %.0f", k, h, mean)
		}
	}
}
