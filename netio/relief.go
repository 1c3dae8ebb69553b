package netio

import (
	"sync/atomic"
	"time"
)

// A handler may have to do what seldom blocks, but now and then for as long as a disk pleases:
// to write to a file. Handing that to another goroutine costs two switches each time; doing it
// on the reactor holds up all of its connections when it does block. So the reactor does it, and
// when it has not come back within a tick or two, another goroutine is made the reactor:
//
//	reactor's goroutine   turn ─ EndTurn ─ BeginBlocking ─ write ...........▶ EndBlocking: false, the goroutine ends
//	relief, each tick                          still there? ──▶ a new goroutine: EndTurn again, the loop
//
// In the goroutine model the mutex of the stripe is let go meanwhile. In both models the handler
// is told, so that it can do in another way what others wait for.
type relief struct {
	asleep atomic.Bool
	wake   chan struct{}
	quit   chan struct{}
}

// What Reactor.presence holds: how often BeginBlocking and EndBlocking were called, odd in
// between; and, in units of oneShift, by how many goroutines the one before was relieved: so
// the calls must not reach it, however long a reactor lives. Of a stripe several goroutines may be
// in between: then an odd number may look even, for a moment.
const (
	oneShift  = 1 << 48
	shiftMask = ^uint64(oneShift - 1)
)

// BeginBlocking says that the caller, who is the reactor, is about to do what may block. Until
// EndBlocking, to which he gives what this returns, he is not the reactor, and holds no stripe.
// It is for Handler.EndTurn, as the last thing but what does not mind being skipped.
func (r *Reactor) BeginBlocking() (pass uint64) {
	pass = r.presence.Add(1)
	if r.stripe != nil {
		r.stripe.mu.Unlock() // leave follows, when the turn is over
	}
	if rl := &r.group.relief; rl.asleep.Load() && rl.asleep.CompareAndSwap(true, false) {
		rl.wake <- struct{}{}
	}
	return pass
}

// EndBlocking ends what BeginBlocking began. If it returns false, the caller is not the reactor
// any more: he returns at once and touches nothing that is the reactor's.
func (r *Reactor) EndBlocking(pass uint64) bool {
	if r.stripe != nil {
		r.presence.Add(1)
		r.stripe.mu.Lock()
		return true
	}
	return r.presence.CompareAndSwap(pass, pass+1)
}

// shift tells one goroutine of a reactor from the next.
func (r *Reactor) shift() uint64 { return r.presence.Load() & shiftMask }

// endTurn ends a turn; false: the caller, who was the reactor in that shift, is not any more.
func (r *Reactor) endTurn(shift uint64) bool {
	r.handler.EndTurn(r)
	if r.shift() != shift {
		return false
	}
	r.bury()
	return true
}

// relieve is the goroutine that looks for reactors which block. While nobody has been in a
// place where he may for a while, it sleeps.
func (g *Group) relieve() {
	defer g.wg.Done()
	rl := &g.relief
	seen := make([]uint64, len(g.reactors))
	tick := time.NewTicker(reliefTick)
	defer tick.Stop()
	for quiet := 0; ; {
		select {
		case <-rl.quit:
			return
		case <-tick.C:
		}
		quiet++
		blocked := false
		for i, r := range g.reactors {
			now := r.presence.Load()
			switch {
			case now != seen[i]:
				seen[i], quiet = now, 0
			case now&1 == 0: // nobody is there
			case r.stripe != nil:
				blocked, quiet = true, 0
			case r.presence.CompareAndSwap(now, now+1+oneShift):
				blocked = true
				g.wg.Add(1)
				go r.takeOver()
			}
		}
		if blocked && g.overseer != nil {
			g.overseer.Blocked()
		}
		if quiet < reliefQuietTicks {
			continue
		}
		tick.Stop()
		if !g.relax(seen) {
			return
		}
		quiet = 0
		tick.Reset(reliefTick)
	}
}

// relax sleeps until somebody calls BeginBlocking; false: until the group is closed.
func (g *Group) relax(seen []uint64) bool {
	rl := &g.relief
	rl.asleep.Store(true)
	for i, r := range g.reactors {
		if r.presence.Load() != seen[i] && rl.asleep.CompareAndSwap(true, false) {
			return true // just now
		}
	}
	select {
	case <-rl.quit:
		return false
	case <-rl.wake:
		return true
	}
}

// takeOver makes its goroutine the reactor, whose turn was at its end.
func (r *Reactor) takeOver() {
	defer r.group.wg.Done()
	shift := r.shift()
	r.tellTime()
	if r.endTurn(shift) {
		r.loop(shift)
	}
}
