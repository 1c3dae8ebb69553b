package tlsport

import (
	"context"
	"sync"
	"time"
)

// gate lets one unit of handshake work run at a time, so that a storm of handshakes takes
// at most one of the machine's cores; with others waiting it rests after a unit as long as
// the unit ran, so that it takes about half of one. Handshakes that have begun go before
// new ones: under more load than it can serve, what it has put work into is completed.
type gate struct {
	mu struct {
		sync.Mutex
		held  bool // a unit runs, or the gate rests
		since time.Time
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
		g.mu.held, g.mu.since = true, time.Now()
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
		g.leave()
	default:
	}
	return false
}

// leave lets the next one in.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	rest := time.Since(g.mu.since)
	if len(g.mu.begun)+len(g.mu.fresh) == 0 {
		g.mu.held = false
		return
	}
	time.AfterFunc(min(rest, maxRest), g.next)
}

// next grants the gate to the first who still wants it.
func (g *gate) next() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, q := range []*[]*turn{&g.mu.begun, &g.mu.fresh} {
		for len(*q) > 0 {
			t := (*q)[0]
			(*q)[0], *q = nil, (*q)[1:]
			if !t.left {
				g.mu.since = time.Now()
				close(t.granted)
				return
			}
		}
	}
	g.mu.begun, g.mu.fresh = nil, nil
	g.mu.held = false
}
