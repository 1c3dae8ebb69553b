package netio

import (
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/internal/invariants"
)

// Reactor is one loop with its own poller and its own connections, or a stripe: the same
// without a poller, run by whoever holds its mutex (see stripe). All methods but
// Post, Index, Share and Group.Reactors belong to its goroutine.
type Reactor struct {
	// Local is the handler's; netio does not look at it.
	Local any

	index   int
	group   *Group
	handler Handler
	ticker  Ticker
	alarmer Alarmer
	poller  Poller
	box     mailbox
	stripe  *stripe // nil: a real reactor, with a poller

	slots []*Conn // by the slot in a connection's token
	free  []uint32
	gen   uint32 // of the connection opened last

	queued []*Conn // to be called at the end of the next turn, or of this one
	due    []*Conn // to be called in this turn; otherwise empty, kept for its capacity
	doomed []doom  // closed, to be destroyed at the end of the turn
	buried []doom  // kept for its capacity

	acceptor

	started  time.Time
	clock    int64 // monotonic nanoseconds since started, refreshed once per turn
	turnAt   int64 // clock when the last turn began
	idleAt   int64 // clock when the turn was over, 0: not read
	nowMs    int64
	nextTick int64 // clock
	ticking  bool  // something has happened since the last tick, or it wants to be followed
	alarm    int64 // clock of the next call of Alarmer.Alarm, 0: none
	stopping bool
	looking  bool          // see LookAgain
	presence atomic.Uint64 // see relief
	events   [pollEvents]Event
	counts   Counts
}

// acceptor is a reactor's part in accepting connections.
type acceptor struct {
	listeners []*listener
	resting   int // listeners that rest
	spareFD   int
	loggedAt  int64 // clock of the last line about accept, 0: none
}

// doom is a connection that was closed, and why.
type doom struct {
	c   *Conn
	err error
}

// listenerFlag tells a listener's token, flag | index, from a connection's,
// generation << 32 | slot. Generations have 31 bits.
const listenerFlag Token = 1 << 63

func newReactor(g *Group, index int) (*Reactor, error) {
	r := &Reactor{index: index, group: g, poller: newPoller(), acceptor: acceptor{spareFD: -1}, started: time.Now()}
	if err := r.poller.Init(); err != nil {
		return nil, fmt.Errorf("netio: reactor %d: %w", index, err)
	}
	r.tellTime()
	return r, nil
}

// Index is the reactor's place in Group.Reactors; any goroutine may ask.
func (r *Reactor) Index() int { return r.index }

// Share is for how long a turn may go on with one thing while others wait. Stripes have less: there are
// several for each processor, so that others may wait for all of them.
func (r *Reactor) Share() time.Duration {
	if r.stripe != nil {
		return turnShare / stripesPerProc
	}
	return turnShare
}

// Counts is what a reactor has done.
type Counts struct {
	Turns, Reads, Writes int64 // of the loop; system calls that read and wrote connections
	BusyNanos            int64 // time that turns took, without the waiting between them
}

// Counts returns what the reactor has done so far; on the reactor only.
func (r *Reactor) Counts() Counts { return r.counts }

// Now is the wall clock in milliseconds since 1970, read once per turn.
func (r *Reactor) Now() int64 { return r.nowMs }

// SetAlarm asks for a call of Alarmer.Alarm at atMs, milliseconds since 1970, or as soon
// as possible when that has passed; 0 asks for none. There is one alarm: the last call
// counts, and a call of Alarm uses it up. It is never early, and on an idle machine a
// millisecond late at most.
func (r *Reactor) SetAlarm(atMs int64) {
	r.alarm = 0
	if atMs == 0 || r.alarmer == nil {
		return
	}
	wait := min(max(atMs-r.nowMs, 0), maxAlarmMs) * int64(time.Millisecond)
	r.alarm = max(r.clock+wait, 1)
}

// Post runs fn on the reactor, in the order of posting by one goroutine. It returns
// false, and fn is dropped, when the group is closed; a letter that was accepted is
// run. Any goroutine may call it, the reactor's own included: then fn runs in the
// next turn.
func (r *Reactor) Post(fn func()) bool { return r.box.post(letter{fn: fn}, r.poller) }

// LookAgain makes the next poll return at once. Who shares the processor comes first.
func (r *Reactor) LookAgain() { r.looking = true }

// CanLook tells whether LookAgain is of use: a stripe has no poll.
func (r *Reactor) CanLook() bool { return r.stripe == nil && yieldsAtOnce }

// EachConn calls fn for every open connection until fn returns false. fn may close
// connections.
func (r *Reactor) EachConn(fn func(*Conn) bool) {
	for _, c := range r.slots {
		if c != nil && !c.closed && !fn(c) {
			return
		}
	}
}

// run is the reactor's first goroutine.
func (r *Reactor) run() {
	r.handler.Start(r)
	r.tellTime()
	r.turnAt = r.clock
	r.stir()
	r.loop(r.shift())
}

// loop runs turns until the reactor ends, or the caller, who is it in that shift, is not any
// more. A collection of the Go heap halves stacks of which less than a quarter is in use, and in its poller a
// reactor uses next to nothing: the next request would have to let the stack grow again, in several
// steps, each of which reads tables of the program that nobody else needs. So it keeps a floor in use.
func (r *Reactor) loop(shift uint64) {
	var floor [stackFloorBytes]byte
	defer runtime.KeepAlive(&floor)
	for !r.stopping {
		delta := r.delta()
		if r.looking {
			r.looking = false
			Yield()
			delta = 0
		}
		if delta != 0 && !r.box.sleep() {
			delta = 0
		}
		n, err := r.poller.Poll(r.clock, delta, r.events[:])
		if err != nil {
			// The poller's own descriptor is broken: nothing can be served any more.
			r.group.log.Error("the poller has failed, a reactor ends", "reactor", r.index, "error", err)
			break
		}
		r.tellTime()
		r.countBusy()
		r.turn(r.events[:n])
		if !r.endTurn(shift) {
			return
		}
	}
	r.shutdown()
}

// turn serves what is ready; endTurn comes after it. The letters come first: they bring
// connections, and resumed ones. Whoever is due is called once, even if it is ready as well.
func (r *Reactor) turn(events []Event) {
	r.counts.Turns++
	happened := r.box.run(r)
	r.due, r.queued = r.queued, r.due[:0]
	if happened || len(events)+len(r.due) > 0 {
		r.stir()
	}
	for i := range events {
		r.serve(&events[i])
	}
	r.serveDue()
	if r.resting > 0 {
		r.wakeListeners()
	}
	if r.ticking && r.clock >= r.nextTick && r.ticker != nil && r.group.cfg.TickMs > 0 {
		r.nextTick = r.clock + r.tickEvery()
		r.ticking = r.ticker.Tick(r)
	}
	if r.alarm != 0 && r.clock >= r.alarm {
		r.alarm = 0
		r.alarmer.Alarm(r)
		r.stir()
	}
}

// stir says that something happens, which a tick is to follow.
func (r *Reactor) stir() {
	if !r.ticking {
		r.ticking = true
		r.nextTick = r.clock + r.tickEvery()
	}
}

// serveDue calls the sessions that are due in this turn.
func (r *Reactor) serveDue() {
	for i, c := range r.due {
		r.due[i] = nil
		if c.queued {
			c.queued = false
			c.deliver()
		}
	}
}

// tickEvery is the distance of ticks in nanoseconds. A stripe has some of its own.
func (r *Reactor) tickEvery() int64 {
	if r.stripe != nil && r.group.cfg.TickMs == 0 {
		return stripeTickMs * int64(time.Millisecond)
	}
	return int64(r.group.cfg.TickMs) * int64(time.Millisecond)
}

// delta is how long the next poll may block, in nanoseconds; negative: for ever.
func (r *Reactor) delta() int64 {
	if len(r.queued) > 0 {
		return 0
	}
	until := int64(-1)
	if r.ticking && (r.ticker != nil && r.group.cfg.TickMs > 0 || r.stripe != nil) {
		until = r.nextTick
	}
	if r.alarm != 0 && (until < 0 || r.alarm < until) {
		until = r.alarm
	}
	if r.resting > 0 {
		for _, l := range r.listeners {
			if l.resting && (until < 0 || l.retryAt < until) {
				until = l.retryAt
			}
		}
	}
	r.idleAt = int64(time.Since(r.started))
	if until < 0 {
		return -1
	}
	return max(until-r.idleAt, 0)
}

// countBusy counts the turn before this one: until the reactor was about to wait, or until
// now if it did not.
func (r *Reactor) countBusy() {
	end := r.clock
	if r.idleAt != 0 {
		end, r.idleAt = r.idleAt, 0
	}
	r.counts.BusyNanos += end - r.turnAt
	r.turnAt = r.clock
}

func (r *Reactor) tellTime() {
	now := time.Now()
	r.clock = int64(now.Sub(r.started))
	r.nowMs = now.UnixMilli()
}

// serve handles one event. A token whose connection is closed, or gone, is stale.
func (r *Reactor) serve(ev *Event) {
	if ev.Token&listenerFlag != 0 {
		if l := r.listeners[uint32(ev.Token)]; l.fd >= 0 && !l.resting {
			l.accept(r)
		}
		return
	}
	slot := uint32(ev.Token)
	if int(slot) >= len(r.slots) {
		return
	}
	c := r.slots[slot]
	if c == nil || c.closed || c.token() != ev.Token {
		return
	}
	ready := ev.Ready & c.interest
	if ready&Writable != 0 {
		c.writable()
	}
	if ready&Readable != 0 && !c.closed {
		c.readable()
	}
}

// adopt begins to serve an accepted connection.
func (r *Reactor) adopt(c *Conn) {
	if r.stopping || r.handler == nil {
		sysClose(int(c.fd))
		c.closed, c.fd = true, -1
		return
	}
	r.place(c)
	if !c.from.unix {
		if err := sysTune(int(c.fd), time.Duration(r.group.keepAlive.Load())); err != nil {
			r.group.noteTuning(err) // it is served all the same; should the peer be gone, reading tells
		}
	}
	r.admit(c)
}

// place gives a new connection its slot.
func (r *Reactor) place(c *Conn) {
	c.created = r.nowMs
	r.gen = (r.gen + 1) &^ (1 << 31)
	c.gen = r.gen
	if n := len(r.free); n > 0 {
		c.slot = r.free[n-1]
		r.free = r.free[:n-1]
		r.slots[c.slot] = c
	} else {
		if len(r.slots) == cap(r.slots) { // by doubling: what append gives up on its way is as much as it holds
			r.slots = slices.Grow(r.slots, max(len(r.slots), minSlots))
		}
		c.slot = uint32(len(r.slots))
		r.slots = append(r.slots, c)
	}
}

// admit makes the session of a new connection.
func (r *Reactor) admit(c *Conn) {
	c.session = r.handler.Accept(r, c)
	if c.closed {
		return
	}
	if c.session == nil {
		c.CloseAfterFlush()
		return
	}
	c.watch()
	c.settle()
}

// bury destroys the connections that were closed in this turn. Only here is a
// descriptor closed, so its number cannot come back while events that name it wait.
func (r *Reactor) bury() {
	for len(r.doomed) > 0 {
		r.doomed, r.buried = r.buried[:0], r.doomed
		for i, d := range r.buried {
			r.buried[i] = doom{}
			r.destroy(d.c, d.err)
		}
	}
}

func (r *Reactor) destroy(c *Conn, err error) {
	if c.session != nil {
		c.session.Closed(err)
	}
	r.slots[c.slot] = nil
	r.free = append(r.free, c.slot)
	if s := c.stream(); s != nil {
		s.gone, s.why = true, err
		c.direct.buf, c.direct.n = nil, 0
		s.interrupt() // its goroutine does the rest
		s.moved.Signal()
		return
	}
	if invariants.Enabled {
		invariants.Assert(!r.poller.IsPollDescriptor(int(c.fd)), "connection %d has the poller's descriptor %d", c.id, c.fd)
	}
	if !keepFD(r, c) {
		sysClose(int(c.fd))
	}
	c.fd = -1
	c.direct = nil
	if !c.paused {
		c.releaseRings()
	}
}

// openListener begins to accept on l.
func (r *Reactor) openListener(l *listener) {
	l.token = listenerFlag | Token(len(r.listeners))
	r.listeners = append(r.listeners, l)
	if r.spareFD < 0 {
		r.spareFD = sysSpare()
	}
	if r.stopping {
		return // shutdown closes it
	}
	if err := r.poller.Open(l.fd, l.token, 0, Readable); err != nil {
		r.group.log.Error("a listener cannot be watched", "error", err)
		l.resting, l.retryAt = true, r.clock+acceptRetryMs*int64(time.Millisecond)
		r.resting++
	}
}

// closeListener closes the listener at an address, if it is one of this reactor's. Its
// place in the list stays, because tokens are indexes.
func (r *Reactor) closeListener(at net.Addr) {
	for _, l := range r.listeners {
		if l.fd < 0 || !l.is(at) {
			continue
		}
		if l.resting {
			l.resting = false
			r.resting--
		}
		l.close()
	}
}

func (r *Reactor) wakeListeners() {
	for _, l := range r.listeners {
		if l.resting && r.clock >= l.retryAt {
			l.wake(r)
		}
	}
}

// logAccept logs, at most once in acceptLogMs.
func (r *Reactor) logAccept(what string, err error) {
	if r.loggedAt != 0 && r.clock-r.loggedAt < acceptLogMs*int64(time.Millisecond) {
		return
	}
	r.loggedAt = max(r.clock, 1)
	r.group.log.Warn(what, "error", err)
}

// shutdown ends listeners and connections and runs the letters that were accepted.
func (r *Reactor) shutdown() {
	if r.stripe != nil {
		r.stripe.mu.Lock()
		r.hangUpAll()
		r.stripe.mu.Unlock()
		return
	}
	r.stopping = true
	r.box.close()
	r.box.run(r)
	for _, l := range r.listeners {
		l.close()
	}
	r.EachConn(func(c *Conn) bool {
		c.Flush()
		c.Close(ErrGroupClosed)
		return true
	})
	r.bury()
	if r.spareFD >= 0 {
		sysClose(r.spareFD)
		r.spareFD = -1
	}
	r.poller.Close()
}
