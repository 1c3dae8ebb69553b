package netio

import (
	"math"
	"runtime"
	"sync"
	"time"
)

// A stripe is a reactor without a poller: what the connections of goroutines run on. It
// has all that a reactor has, a mailbox, ticks, an alarm, sessions and a handler's Local,
// and one thing more, a mutex: whoever holds it is the reactor. A connection's goroutine
// takes it for a turn of its own; the stripe's goroutine takes it for letters, ticks and
// alarms, and sleeps in between.
//
// Nothing that may block is done under the mutex: sockets are read, written and closed
// outside of it.
type stripe struct {
	mu sync.Mutex

	// What follows is under mu.

	// until is the reactor's clock at which the stripe's goroutine wakes by itself,
	// math.MaxInt64 for never, 0 while it is awake.
	until   int64
	writers []*stream // whose own goroutines have begun to write since the last look
	unsent  []*stream // whose output the stripe's goroutine is to send, see sendAll

	// The stripe's goroutine's.
	sent    []*stream // the unsent of before, emptied
	parcels []parcel  // of those that are being sent
	since   int64     // the reactor's clock: since then it has run
	way     wayGiver
}

// DefaultStripes is a good number of stripes: enough that two goroutines which run at the
// same time seldom want the same one.
func DefaultStripes() int { return stripesPerProc * runtime.GOMAXPROCS(0) }

func newStripe(g *Group, index int) *Reactor {
	r := &Reactor{index: index, group: g, poller: newAlarmClock(), acceptor: acceptor{spareFD: -1}, started: time.Now(), stripe: &stripe{}}
	r.tellTime()
	return r
}

// runStripe is the stripe's own goroutine.
func (r *Reactor) runStripe() {
	st := r.stripe
	st.mu.Lock()
	r.tellTime()
	r.turnAt = r.clock
	r.stir()
	for !r.stopping {
		delta := r.delta()
		if r.idleAt != 0 {
			r.counts.BusyNanos += r.idleAt - r.turnAt
			r.idleAt = 0
		}
		if delta != 0 && !r.box.sleep() {
			delta = 0
		}
		if st.until = math.MaxInt64; delta >= 0 {
			st.until = r.clock + delta
		}
		rested := delta != 0
		tired := !rested && r.clock-st.since >= int64(r.Share())
		st.mu.Unlock()
		if tired {
			st.way.give()
			rested = true
		}
		_, _ = r.poller.Poll(0, delta, nil) // an alarmClock has neither events nor errors
		st.mu.Lock()
		st.until = 0
		r.tellTime()
		if rested {
			st.since = r.clock
		}
		r.turnAt = r.clock
		if r.ticking && r.clock >= r.nextTick {
			r.relieveWriters()
			if r.ticker == nil || r.group.cfg.TickMs == 0 {
				r.ticking = false
			}
		}
		r.turn(nil)
		if len(st.writers) > 0 {
			r.stir()
		}
		r.endTurn(0)
		r.sendAll()
	}
	r.hangUpAll()
	st.mu.Unlock()
	st.way.close()
}

// enter makes the calling goroutine the stripe's reactor.
func (r *Reactor) enter() {
	r.stripe.mu.Lock()
	r.tellTime()
	r.stir()
}

// leave ends a turn that enter began. It wakes the stripe's goroutine if that has more to
// do, or earlier, than it knows; but for what the caller's own connection, if given, has
// still to do, the caller comes again.
func (r *Reactor) leave(own *Conn) {
	r.bury()
	due := len(r.queued)
	if own != nil && own.queued {
		due--
	}
	if due > 0 || len(r.stripe.unsent) > 0 || r.alarm != 0 && r.alarm < r.stripe.until || r.nextTick < r.stripe.until {
		r.poller.Break()
	}
	r.stripe.mu.Unlock()
}

// hangUpAll ends a stripe: the letters that were accepted run, and all connections are
// closed, with a moment to send what they have.
func (r *Reactor) hangUpAll() {
	r.stopping = true
	r.box.close()
	r.box.run(r)
	until := time.Now().Add(partingMs * time.Millisecond)
	r.EachConn(func(c *Conn) bool {
		c.Flush()
		if c.out.Len() > 0 && !c.corked {
			_ = c.stream().nc.SetWriteDeadline(until) // then the write fails, which ends it as well
			c.stream().parting = true
		} else {
			c.Close(ErrGroupClosed)
		}
		return true
	})
	r.bury()
	r.sendAll()
}

// alarmClock is the Poller of a stripe: it waits for Break and for the time.
type alarmClock struct {
	rung  chan struct{}
	timer *time.Timer
}

func newAlarmClock() *alarmClock {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &alarmClock{rung: make(chan struct{}, 1), timer: t}
}

// Poll implements Poller.
func (a *alarmClock) Poll(_, delta int64, _ []Event) (int, error) {
	if delta == 0 {
		select {
		case <-a.rung:
		default:
		}
		return 0, nil
	}
	if delta < 0 {
		<-a.rung
		return 0, nil
	}
	a.timer.Reset(time.Duration(delta))
	select {
	case <-a.rung:
		a.timer.Stop()
	case <-a.timer.C:
	}
	return 0, nil
}

// Break implements Poller.
func (a *alarmClock) Break() {
	select {
	case a.rung <- struct{}{}:
	default: // it has been told
	}
}

// Init implements Poller.
func (a *alarmClock) Init() error { return nil }

// Open implements Poller; nothing is ever opened.
func (a *alarmClock) Open(int, Token, Interest, Interest) error { return nil }

// IsPollDescriptor implements Poller.
func (a *alarmClock) IsPollDescriptor(int) bool { return false }

// Close implements Poller.
func (a *alarmClock) Close() {}
