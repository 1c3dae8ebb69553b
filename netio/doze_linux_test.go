package netio

import "testing"

// quicken makes p wait as one does that blocks often, until it has waited in vain.
func (p *epoll) quicken() { p.pace.fast = true }

// TestPace: whoever blocks a thousand times a second is told to block as a system call, from the next
// window on, and not any more when he does so less often, or when nothing comes.
func TestPace(t *testing.T) {
	var p pace
	now := int64(0)
	window := func(blocks int, length int64) (fast bool) {
		for range blocks {
			now += length / int64(blocks)
			fast = p.often(now)
		}
		return fast
	}
	for _, c := range []struct {
		what   string
		blocks int
		length int64
		want   bool
	}{
		{"often", paceBlocks, paceNanos, true},
		{"often again", 10 * paceBlocks, paceNanos, true},
		{"less often", paceBlocks / 2, paceNanos, false},
		{"as many in a longer time", paceBlocks, 8 * paceNanos, false},
		{"often at last", paceBlocks, paceNanos, true},
	} {
		if got := window(c.blocks, c.length); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
	if p.slow(); p.often(now) {
		t.Error("nothing came, and it blocks as a system call")
	}
}

// TestYields: a reactor yields as long as one time in three brings events; else it tries now and then.
func TestYields(t *testing.T) {
	var y yields
	tries := func() (n int) {
		for range 10 * yieldProbe {
			if y.pay() {
				n++
				y.tell(false)
			}
		}
		return n
	}
	if n := tries(); n != 10 {
		t.Errorf("%d of %d blocks were tries", n, 10*yieldProbe)
	}
	y.tell(true)
	y.tell(true)
	for i := range 100 * (yieldGain + 1) {
		if !y.pay() {
			t.Fatal("it gives up although yielding pays")
		}
		y.tell(i%(yieldGain+1) == yieldGain)
	}
	for range yieldCredit {
		y.tell(true)
	}
	if n := tries(); n < yieldCredit || n > yieldCredit+10 {
		t.Errorf("%d yields in vain before it gives up", n)
	}
}
