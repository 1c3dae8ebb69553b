package netio

import (
	"sync"
	"sync/atomic"
)

// Reactors follow the load: as few of them are awake as the work needs. A connection that has just
// been served may go to another reactor, so only those that have something to do move, and idle
// ones cost nobody anything, wherever they are.
//
//	busy for most of the time      half of those that are served go to the reactor with the least to do
//	two that one could well do     those that the later one serves go to the earlier one
//
// What a reactor's share of busy time is, it publishes every few milliseconds.

// Mover is implemented by a Handler whose sessions may go from one reactor to another.
type Mover interface {
	// Leave is called on a connection's reactor, outside of all other callbacks. It returns true
	// if nothing of that reactor knows the session, or needs to. What it goes by and somebody else
	// changes is changed within a Sweep.
	Leave(c *Conn) bool

	// Arrive is called on the reactor that a connection has come to, before anything else.
	Arrive(r *Reactor, c *Conn)
}

// moves says whether connections may move now.
type moves struct {
	mu struct {
		sync.Mutex
		sweeps int
	}
}

// Sweep lets no connection go from one reactor to another until end is called: whoever asks all reactors
// for their connections would miss it, or meet it twice. A letter posted to a reactor after Sweep
// finds there whoever was on the way to it; who runs on a reactor calls Settle first.
func (g *Group) Sweep() (end func()) {
	m := &g.moves
	m.mu.Lock()
	m.mu.sweeps++
	m.mu.Unlock()
	return func() {
		m.mu.Lock()
		m.mu.sweeps--
		m.mu.Unlock()
	}
}

// Post runs fn on the connection's reactor, also if it moves meanwhile. Any goroutine may call it;
// see Reactor.Post.
func (c *Conn) Post(fn func()) bool {
	r := c.Reactor()
	return r.Post(func() {
		if c.Reactor() == r {
			fn()
		} else {
			c.Post(fn)
		}
	})
}

// balance is a reactor's part in it.
type balance struct {
	share   atomic.Int64 // of its time that it was busy, in thousandths, in the window before
	shareAt atomic.Int64 // the end of that window, by the clock
	from    int64        // the begin of the window that is counted, by the clock
	busy    int64        // Counts.BusyNanos then
	to      *Reactor     // who gets connections in this window, nil: nobody
	most    int          // how many, at most
	odd     bool

	calm     bool // since calmFrom one of the reactors before could do its work, too
	calmFrom int64
}

// follow ends a window of its reactor and decides who gets connections in the next.
func (b *balance) follow(r *Reactor) {
	passed := r.clock - b.from
	if passed < balanceNanos {
		return
	}
	// The mean with what was before: one window alone may be a burst.
	share := (b.shareNow(b.from) + (r.counts.BusyNanos-b.busy)*1000/passed) / 2
	began := b.from
	b.from, b.busy, b.to = r.clock, r.counts.BusyNanos, nil
	b.share.Store(share)
	b.shareAt.Store(r.clock)
	reactors := r.group.reactors[:r.group.polled]
	if share > balanceBusy {
		least := share - balanceGap
		for _, o := range reactors {
			if s := o.balance.shareNow(r.clock); s < least {
				b.to, least = o, s
			}
		}
		b.most, b.calm = max((len(r.slots)-len(r.free))/2, 1), false
		return
	}
	for _, o := range reactors[:r.index] {
		if o.balance.shareNow(r.clock)+share < balanceQuiet {
			if !b.calm {
				b.calm, b.calmFrom = true, began
			}
			if r.clock-b.calmFrom >= balanceCalm {
				b.to, b.most = o, len(r.slots)
			}
			return
		}
	}
	b.calm = false
}

// shareNow is a reactor's share of busy time, 0 if it has not been awake lately. Any reactor may ask;
// the clocks of reactors are alike.
func (b *balance) shareNow(clock int64) int64 {
	if clock-b.shareAt.Load() > balanceStale {
		return 0
	}
	return b.share.Load()
}

// giveAway hands away those of the connections that the reactor has served in a turn that are to go. The turn is over.
func (b *balance) giveAway(r *Reactor, events []Event) {
	half := b.share.Load() > balanceBusy
	for i := range events {
		if b.most == 0 {
			b.to = nil
		}
		if b.to == nil {
			return
		}
		if b.odd = !b.odd; half && b.odd || events[i].Token&listenerFlag != 0 {
			continue
		}
		slot := uint32(events[i].Token)
		if int(slot) >= len(r.slots) {
			continue
		}
		if c := r.slots[slot]; c != nil && c.token() == events[i].Token && c.give(b.to) {
			b.most--
		}
	}
}

// give hands the connection to another reactor, if it may go now.
func (c *Conn) give(to *Reactor) bool {
	r := c.Reactor()
	if c.closed || c.closing || c.eof || c.paused || c.queued || c.blocked || c.corked || c.direct != nil ||
		c.in.Len()+c.out.Len() > 0 || c.session == nil {
		return false
	}
	m := &r.group.moves
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.sweeps > 0 || !r.group.mover.Leave(c) || r.poller.Open(int(c.fd), c.token(), c.interest, 0) != nil {
		return false
	}
	was, slot := c.interest, c.slot // c is the other's from the moment that the letter is posted
	c.interest = 0
	c.r.Store(to)
	if !to.box.post(letter{conn: c, moved: true}, to.poller) {
		c.r.Store(r) // the group is being closed: whoever ends this reactor closes it, too
		if r.poller.Open(int(c.fd), c.token(), 0, was) == nil {
			c.interest = was
		}
		return false
	}
	r.slots[slot] = nil
	r.free = append(r.free, slot)
	return true
}
