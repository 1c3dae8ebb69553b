package dict

import (
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// TestParts: an insertion, or a deletion, changes nothing outside of the parts that PartsOf says, and leaves the segment and
// what was noted of it in place if Stays says so.
func TestParts(t *testing.T) {
	for name, hash := range map[string]func(k uint64) uint64{
		"spread": mix,
		"alike":  func(k uint64) uint64 { return 0xabcdef<<40 | mix(k)>>26<<2 }, // one segment of very many buckets
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 0)
			r.hash = hash
			rng := rand.New(rand.NewPCG(1, 2))
			there, stayed := map[uint64]bool{}, 0
			for n := range 6000 {
				k := rng.Uint64N(4000)
				e := r.SegmentOf(r.hash(k))
				if n%4 != 0 || e == 0 {
					e = 0 // a change that nobody looks at
				}
				var stays bool
				var parts uint64
				var before map[arena.Addr]bool
				if e != 0 {
					stays, parts = r.Stays(e), e.PartsOf(r.hash(k))
					if parts == 0 || parts&^e.AllParts() != 0 {
						t.Fatalf("parts %#x of %#x", parts, e.AllParts())
					}
					before = inParts(e, e.AllParts()&^parts)
					e.SetPassed(uint64(n), parts)
				}
				if there[k] {
					r.remove(k)
				} else {
					r.put(k)
				}
				there[k] = !there[k]
				if !stays {
					continue
				}
				stayed++
				if r.SegmentOf(r.hash(k)) != e || e.Passed(uint64(n)) != parts || e.Passed(uint64(n)+1) != 0 {
					t.Fatal("the segment, or what was noted, has not stayed")
				}
				if !maps.Equal(inParts(e, e.AllParts()&^parts), before) {
					t.Fatal("something has changed in other parts")
				}
			}
			if stayed < 500 {
				t.Errorf("only %d changes left the segment in place", stayed)
			}
			sum := 0
			r.walkSegments(func(e SegmentRef) bool {
				n := len(inParts(e, e.AllParts()))
				if n != e.Len() {
					t.Errorf("%d entries in all parts of a segment of %d", n, e.Len())
				}
				sum += n
				return true
			})
			if sum != r.Len() {
				t.Errorf("%d entries in all parts, of %d", sum, r.Len())
			}
		})
	}
}

func inParts(e SegmentRef, parts uint64) map[arena.Addr]bool {
	all := map[arena.Addr]bool{}
	e.EachInParts(parts, func(a arena.Addr) { all[a] = true })
	return all
}
