package exec

import (
	"sync"
	"sync/atomic"
)

// Gate is one participant's lock: its owner holds it while it touches the store.
// Padded, because every executor takes its own for each batch. Who waits for it gets it in
// turn. Who enters it instead does not wait while it is barred.
type Gate struct {
	state atomic.Int32 // gateFree, gateHeld, gateAwaited
	wait  struct {
		sync.Mutex
		queue  []gateWaiter
		barred bool
	}
	_ [48]byte
}

const (
	gateFree = iota
	gateHeld
	gateAwaited // held, and somebody may wait
)

// gateSpins is how often who finds a gate held looks again before it sleeps.
const gateSpins = 100

// gateWaiter waits for a gate, and is told whether it is his.
type gateWaiter struct {
	granted chan bool
	gives   bool // up, when the gate is barred
}

// Lock takes the gate.
func (g *Gate) Lock() {
	if !g.state.CompareAndSwap(gateFree, gateHeld) {
		g.await(false)
	}
}

// Enter is Lock, but returns false, without the gate, as soon as that is held and barred.
func (g *Gate) Enter() bool {
	return g.state.CompareAndSwap(gateFree, gateHeld) || g.await(true)
}

func (g *Gate) await(gives bool) bool {
	for range gateSpins { // most who hold it let it go within a few microseconds
		if g.state.Load() == gateFree && g.state.CompareAndSwap(gateFree, gateHeld) {
			return true
		}
	}
	g.wait.Lock()
	if gives && g.wait.barred {
		g.wait.Unlock()
		return false
	}
	if g.state.Swap(gateAwaited) == gateFree {
		g.wait.Unlock()
		return true
	}
	w := gateWaiter{make(chan bool, 1), gives}
	g.wait.queue = append(g.wait.queue, w)
	g.wait.Unlock()
	return <-w.granted
}

// Unlock lets the gate go, to the first who waits for it.
func (g *Gate) Unlock() {
	if g.state.CompareAndSwap(gateHeld, gateFree) {
		return
	}
	g.wait.Lock()
	if q := g.wait.queue; len(q) == 0 {
		g.state.Store(gateFree)
	} else {
		q[0].granted <- true
		g.wait.queue = append(q[:0], q[1:]...)
		if len(q) == 1 {
			g.state.Store(gateHeld)
		}
	}
	g.wait.Unlock()
}

// bar sends away who waits in Enter, and who comes there, until it is called with false. The
// caller holds the gate.
func (g *Gate) bar(on bool) {
	g.wait.Lock()
	g.wait.barred = on
	if on {
		kept := g.wait.queue[:0]
		for _, w := range g.wait.queue {
			if w.gives {
				w.granted <- false
			} else {
				kept = append(kept, w)
			}
		}
		g.wait.queue = kept
	}
	g.wait.Unlock()
}

// Gates is the outermost lock level (docs/LOCKS.md). Workers come first, so that an
// exclusive operation waits for the long runners before it holds up the reactors.
type Gates []Gate

// LockAll takes every gate in ascending order. The caller must have released its
// own gate: an executor that asks for all while it holds one would wait for itself.
func (g Gates) LockAll() {
	for i := range g {
		g[i].Lock()
	}
}

// enterAll is LockAll, but returns false, without any gate, when they are barred.
func (g Gates) enterAll() bool {
	for i := range g {
		if !g[i].Enter() {
			for j := range i {
				g[j].Unlock()
			}
			return false
		}
	}
	return true
}

// UnlockAll undoes LockAll.
func (g Gates) UnlockAll() {
	for i := range g {
		g[i].Unlock()
	}
}

// barAll bars or opens all gates, which the caller holds.
func (g Gates) barAll(on bool) {
	for i := range g {
		g[i].bar(on)
	}
}
