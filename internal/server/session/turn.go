package session

import (
	"container/heap"
	"errors"
	"time"

	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/netio"
)

// This file is what reactors have done besides: at their start, at the end of each turn, and now and then.

// Start implements netio.Handler.
func (cs *Clients) Start(r *netio.Reactor) { r.Local = cs.Stations[r.Index()] }

// EndTurn implements netio.Handler: what the turn has recorded is written, and the replies
// that waited for it leave.
func (cs *Clients) EndTurn(r *netio.Reactor) {
	ex := stationOf(r)
	if now := r.Now(); cs.keeper.Due(now) {
		cs.keeper.Help(ex.Hand(), now)
	}
	ex.endTurn()
	ex.Show() // once more, with what the turn has read and written
	if now := r.Now(); cs.CallsWanted.Is(now) {
		ex.Meter.ShowCallsAgain(now)
	}
	again := false
	if ex.Rec.MayWrite() {
		mine := false
		if mine, again = ex.writeOut(r); !mine {
			return // another goroutine is the reactor
		}
	}
	if again {
		r.LookAgain() // the replies wait with those of who comes
	} else if ex.stalled.any() {
		ex.release()
	}
	if now := r.Now(); cs.CrowdWanted.Is(now) {
		ex.Crowd.showAgain(r, now)
	}
}

// Tick implements netio.Ticker: it closes clients that have been idle for too long
// and those whose output stayed above the soft limit.
func (cs *Clients) Tick(r *netio.Reactor) (again bool) {
	ex := stationOf(r)
	again = ex.Meter.Sample(r.Now(), r.Counts())
	ex.Show()
	if len(ex.stalled.list) > 0 {
		ex.release() // the disk may have become slow
	}
	cs.weighClients(r, ex)
	ex.haltDeserted(r.Now())
	ex.Meter.Hot.Age(r.Now())
	ex.checkSwollen()
	cs.pulse(r, ex)
	return cs.closeIdle(r) || again || len(ex.stalled.list)+len(ex.lent)+len(ex.swollen) > 0
}

// pulse tells those who look around from time to time that the server is at work. Any reactor calls
// it, in its ticks.
func (cs *Clients) pulse(r *netio.Reactor, ex *Station) {
	now, busy := r.Now(), r.Counts().BusyNanos
	hard := busy-ex.busyNanos > hardNanos
	ex.busyNanos = busy
	last := cs.pulsedAt.Load()
	due := uint64(now-last) >= pulseMs && cs.pulsedAt.CompareAndSwap(last, now)
	if due || hard {
		cs.keeper.Pulse(hard)
	}
	if !due || !hard && uint64(now-cs.toldAt.Load()) < easyPulseMs {
		return
	}
	cs.toldAt.Store(now)
	select {
	case cs.Pulse <- struct{}{}:
	default: // there is one
	}
}

// closeIdle closes clients that have been idle for too long. It tells whether there are others that
// may come to be.
func (cs *Clients) closeIdle(r *netio.Reactor) (any bool) {
	idleMs := cs.Opts.Timeout.Load() * 1000
	if idleMs == 0 {
		return false
	}
	now := r.Now()
	eachSession(r, func(se *Session) {
		if !se.busy && !se.stalled && now-se.active > idleMs && !se.waits() {
			cs.Log.Debug("closing idle client", "id", se.id)
			se.Conn.Close(errIdle)
			return
		}
		any = true
	})
	return any
}

// Stir has every reactor tick once: what a tick looks at has changed. Anybody may call it.
func (cs *Clients) Stir() {
	for _, r := range cs.Group.Reactors() {
		r.Post(func() {})
	}
}

// Alarm implements netio.Alarmer: it ends the waiting of those whose time has come.
func (cs *Clients) Alarm(r *netio.Reactor) {
	ex := stationOf(r)
	now := time.Now().UnixMilli()
	for len(ex.timers) > 0 && ex.timers[0].Deadline <= now {
		w := heap.Pop(&ex.timers).(*exec.Waiter)
		sessionOfWaiter(w).wakeWith(w, "")
	}
	ex.pauseAlarm()
	ex.armAlarm(r)
}

// CatchUp implements clock.Follower: it waits until everything has happened that is due by the
// server's clock.
func (cs *Clients) CatchUp() {
	if !cs.keeper.ExpireDue() {
		return
	}
	cs.AskAll(func(_ *netio.Reactor, ex *Station) { ex.timeOut(cs.NowMs()) })
}

var errIdle = errors.New("idle for longer than the timeout")
