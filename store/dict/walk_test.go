package dict

import (
	"math/rand/v2"
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// churn changes a table heavily between the steps of a walk: it grows to many
// times its size and shrinks again, so that segments split and merge and the
// directory doubles and halves.
type churn struct {
	*rig
	rnd  *rand.Rand
	next uint64
	live []uint64
	up   bool
	max  int
}

func (c *churn) step(n int) {
	for range n {
		if len(c.live) == 0 {
			c.up = true
		} else if len(c.live) >= c.max {
			c.up = false
		}
		if c.up == (c.rnd.IntN(8) != 0) || len(c.live) == 0 {
			c.put(c.next)
			c.live = append(c.live, c.next)
			c.next++
			continue
		}
		i := c.rnd.IntN(len(c.live))
		c.remove(c.live[i])
		c.live[i] = c.live[len(c.live)-1]
		c.live = c.live[:len(c.live)-1]
	}
}

// TestWalkGuarantee: what is present throughout a walk is emitted exactly once,
// everything else at most once, in the order of positions.
func TestWalkGuarantee(t *testing.T) {
	spread := func(k uint64) uint64 { return mix(k) }
	clumped := func(k uint64) uint64 { // 300 keys to a position
		if k < stable {
			return mix(k/300)&h40Mask | k&tagMask
		}
		return mix(k)
	}
	narrow := func(k uint64) uint64 { return mix(k) & (1<<60 - 1) } // a sixteenth of the positions
	dense := func(k uint64) uint64 { return mix(k) & (1<<34 - 1) }  // 1024 positions: segments outgrow full
	for _, c := range []struct {
		name string
		hash func(uint64) uint64
		want int
		segs uint32 // that the churn must reach, times the fewest
	}{
		{"spread", spread, 10, 2}, {"spread by one", spread, 1, 2}, {"clumped", clumped, 10, 2},
		{"narrow", narrow, 3, 2}, {"dense", dense, 3, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			for stagger := 0; stagger < len(fullBuckets); stagger += staggerStep() {
				walkUnderChurn(t, stagger, c.want, c.hash, c.segs)
			}
		})
	}
}

// stable is how many keys stay throughout: 0 .. stable-1.
const stable = 900

func walkUnderChurn(t *testing.T, stagger, want int, hash func(uint64) uint64, times uint32) {
	r := newRig(t, stagger)
	r.hash = hash
	for k := range uint64(stable) {
		r.put(k)
	}
	c := &churn{rig: r, rnd: rand.New(rand.NewPCG(uint64(stagger), 2)), next: stable, max: 6000}
	seen := map[uint64]int{}
	var minSegs, maxSegs uint32 = 1 << 30, 0
	for pos, done := uint64(0), false; !done; {
		from := pos
		emitted := 0
		pos, done = r.Walk(from, want, &testOps, func(a arena.Addr) {
			emitted++
			k := keyOf(a)
			seen[k]++
			if p := arena.U64(a) >> h40Shift; p < from {
				t.Fatalf("position %#x emitted from %#x on", p, from)
			}
		})
		if !done && (pos <= from || emitted < want) {
			t.Fatalf("from %#x to %#x: emitted %d, wanted %d", from, pos, emitted, want)
		}
		c.step(200)
		minSegs, maxSegs = min(minSegs, r.segs), max(maxSegs, r.segs)
	}
	for k := range uint64(stable) {
		if seen[k] != 1 {
			t.Fatalf("stagger %d: key %d was present throughout and emitted %d times", stagger, k, seen[k])
		}
	}
	for k, n := range seen {
		if n != 1 {
			t.Fatalf("stagger %d: key %d was emitted %d times", stagger, k, n)
		}
	}
	if maxSegs < times*minSegs {
		t.Fatalf("%d to %d segments: the churn did too little", minSegs, maxSegs)
	}
	r.check(t)
}

// TestBucketEnds: from any position, the end of its home bucket is the first
// position of another bucket.
func TestBucketEnds(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	for _, nb := range []uint64{1, 3, 7, 35, 39, 47, 63} {
		for _, d := range []uint{0, 1, 7, 8, 9, 20, MaxDepthBits} {
			var tab Table
			start := uint64(positions>>d) * (mix(nb) & (1<<d - 1))
			e := tab.newSegment(ar, nb, d, start, 0)
			buckets := uint64(0)
			for pos := start; pos < start+positions>>d; buckets++ {
				end := bucketEnd(e, pos)
				if e.home((end-1)<<h40Shift) != e.home(pos<<h40Shift) {
					t.Fatalf("nb %d depth %d: %#x and %#x are in different buckets", nb, d, pos, end-1)
				}
				if end < start+positions>>d && e.home(end<<h40Shift) == e.home(pos<<h40Shift) {
					t.Fatalf("nb %d depth %d: %#x and %#x are in the same bucket", nb, d, pos, end)
				}
				pos = end
			}
			if buckets != nb {
				t.Fatalf("nb %d depth %d: %d buckets", nb, d, buckets)
			}
			freeSegmentBlock(ar, e)
		}
	}
}
