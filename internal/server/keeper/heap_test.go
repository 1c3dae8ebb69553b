package keeper

import "testing"

// TestHeapDue holds when the heap is given back: when a burst of clients has been over for twice heapTicks,
// and never what clients use, nor what they use again and again.
func TestHeapDue(t *testing.T) {
	const much, never = 300 << 20, 0
	for _, c := range []struct {
		name   string
		used   func(tick int) bool // by clients
		allocs uint64              // in a tick
		waits  int
		due    int // tick
	}{
		{"in use", func(int) bool { return true }, 0, 0, never},
		{"in use again and again", func(tick int) bool { return tick%(2*heapTicks-2) == 1 }, 0, 0, never},
		{"after a burst", func(tick int) bool { return tick <= 5 }, 0, 0, 5 + 2*heapTicks - 1},
		{"of no use", func(int) bool { return false }, 0, 0, heapTicks},
		{"after an attempt", func(int) bool { return false }, 0, heapBackoffTicks, heapBackoffTicks},
		{"while others allocate", func(int) bool { return false }, heapQuietBytes, 0, never},
	} {
		h, due := &heap{waits: c.waits}, never
		for tick := 1; tick <= 10*heapTicks && due == never; tick++ {
			r := reading{resident: much + much/10, allocs: c.allocs * uint64(tick)}
			if c.used(tick) {
				r.held = much
			}
			if h.due(r) {
				due = tick
			}
		}
		if due != c.due {
			t.Errorf("%s: due in tick %d, not in %d", c.name, due, c.due)
		}
	}
}
