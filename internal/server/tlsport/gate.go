package tlsport

import (
	"context"
	"sync"
	"time"
)

// gate lets one unit of handshake work run at a time, so that a storm of handshakes takes
// at most one of the machine's cores. After workBurst of work it rests, so that it takes
// two thirds of one. Handshakes that have begun go before new ones: under more load than
// it can serve, what it has put work into is completed.
//
// It does not rest after each unit, because Go's timers are coarse: a rest of 0.2 ms would
// take up to 1.
type gate struct {
	mu struct {
		sync.Mutex
		held  bool          // a unit runs, or the gate rests
		since time.Time     // when it was last taken, or freed
		work  time.Duration // since the last rest; time in which it was free counts against it
		begun []*turn
		fresh []*turn
	}
}

// turn is a place in the queue.
type turn struct {
	granted chan struct{} // closed when it is this one's turn
	left    bool          // given up; under the gate's lock
}

// enter waits for the gate; false if ctx ends before.
func (g *gate) enter(ctx context.Context, begun bool) bool {
	g.mu.Lock()
	if !g.mu.held {
		now := time.Now()
		g.mu.work = max(g.mu.work-now.Sub(g.mu.since), 0)
		g.mu.held, g.mu.since = true, now
		g.mu.Unlock()
		return true
	}
	t := &turn{granted: make(chan struct{})}
	if begun {
		g.mu.begun = append(g.mu.begun, t)
	} else {
		g.mu.fresh = append(g.mu.fresh, t)
	}
	g.mu.Unlock()
	select {
	case <-t.granted:
		return true
	case <-ctx.Done():
	}
	g.mu.Lock()
	t.left = true
	g.mu.Unlock()
	select {
	case <-t.granted: // both at once
		g.leave(0)
	default:
	}
	return false
}

// leave lets the next one in, after a rest if it is time for one. more is work besides
// what was done while the gate was held.
func (g *gate) leave(more time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.work += time.Since(g.mu.since) + more; g.mu.work < workBurst {
		g.nextLocked()
		return
	}
	rest := min(g.mu.work/2, maxRest)
	g.mu.work = 0
	time.AfterFunc(rest, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.nextLocked()
	})
}

// nextLocked grants the gate to the first who still wants it.
func (g *gate) nextLocked() {
	g.mu.since = time.Now()
	for _, q := range []*[]*turn{&g.mu.begun, &g.mu.fresh} {
		for len(*q) > 0 {
			t := (*q)[0]
			(*q)[0], *q = nil, (*q)[1:]
			if !t.left {
				close(t.granted)
				return
			}
		}
	}
	g.mu.begun, g.mu.fresh = nil, nil
	g.mu.held = false
}
