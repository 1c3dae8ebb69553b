package exec

import (
	"sync"
	"sync/atomic"
)

// Gate is one participant's lock: its owner holds it while it touches the store.
// Padded, because every executor takes its own for each batch. Who waits for it gets it in
// turn. Who enters it instead does not wait while it is barred.
type Gate struct {
	state  atomic.Int32 // gateFree, gateHeld, gateAwaited
	wanted atomic.Int32 // of the first of all gates: how many wait for all until a script has ended
	wait   struct {
		sync.Mutex
		queue []gateWaiter
		bar   bar
	}
	_ [48]byte
}

// bar says whom the holder of a gate sends away, for it may keep the gate for ever.
type bar int8

const (
	open         bar = iota
	barsReactors     // they go on without the gate
	barsAll          // and who wants all gates, and would hold others while he waits
	barsNobody       // none is as high: who gives up at this waits in any case
)

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
	gives   bar // up, when the gate is barred so or higher
}

// Lock takes the gate.
func (g *Gate) Lock() {
	if !g.state.CompareAndSwap(gateFree, gateHeld) {
		g.await(barsNobody)
	}
}

// Enter is Lock, but returns false, without the gate, as soon as that is held and barred.
func (g *Gate) Enter() bool { return g.enter(barsReactors) }

// enter is Enter for who gives up at a higher bar.
func (g *Gate) enter(gives bar) bool {
	return g.state.CompareAndSwap(gateFree, gateHeld) || g.await(gives)
}

// Pass waits until who holds the gate, or waits for it, has had it.
func (g *Gate) pass() {
	g.Lock()
	g.Unlock() //nolint:staticcheck // nothing is done under it
}

func (g *Gate) await(gives bar) bool {
	for range gateSpins { // most who hold it let it go within a few microseconds
		if g.state.Load() == gateFree && g.state.CompareAndSwap(gateFree, gateHeld) {
			return true
		}
	}
	g.wait.Lock()
	if g.wait.bar >= gives {
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

// setBar sends away who waits and gives up at such a bar, and who comes, until it is lowered. The
// caller holds the gate.
func (g *Gate) setBar(to bar) {
	g.wait.Lock()
	g.wait.bar = to
	kept := g.wait.queue[:0]
	for _, w := range g.wait.queue {
		if to >= w.gives {
			w.granted <- false
		} else {
			kept = append(kept, w)
		}
	}
	g.wait.queue = kept
	g.wait.Unlock()
}

// Gates is the outermost lock level (docs/LOCKS.md). Those of scripts that last come first, then
// workers, so that an exclusive operation waits for the long runners before it holds up the reactors.
type Gates []Gate

// LockAll takes every gate in ascending order. The caller must have released its
// own gate: an executor that asks for all while it holds one would wait for itself. While a
// script runs that lasts, the caller holds no gate, and no other script begins to last.
func (g Gates) LockAll() {
	at := g.enterAll(barsAll)
	if at < 0 {
		return
	}
	g[0].wanted.Add(1)
	for ; at >= 0; at = g.enterAll(barsAll) {
		g[at].pass()
	}
	g[0].wanted.Add(-1)
}

// enterAll is LockAll, but returns, without any gate, which of them is barred so that the caller gives
// up; -1: it has all.
func (g Gates) enterAll(gives bar) (barred int) {
	for i := range g {
		if !g[i].enter(gives) {
			g[:i].UnlockAll()
			return i
		}
	}
	return -1
}

// UnlockAll undoes LockAll.
func (g Gates) UnlockAll() {
	for i := range g {
		g[i].Unlock()
	}
}

// barAll sets the bar of all gates, which the caller holds.
func (g Gates) barAll(to bar) {
	for i := range g {
		g[i].setBar(to)
	}
}
