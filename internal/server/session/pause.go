package session

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/netio"
)

// heldPauseMs is after how long who waits for the end of a pause that is held looks again.
const heldPauseMs = 1000

// Pauses is CLIENT PAUSE. While it is on, GuardPaused sends every call
// over the checked path; a call that must wait is kept in its session, whose reactor goes
// on with others. Nothing is evicted meanwhile, and a key whose deadline comes is absent for
// whoever looks, but stays.
type Pauses struct {
	clients *Clients
	mu      struct {
		sync.Mutex
		untilMs int64 // milliseconds since 1970, 0: it is off
		all     bool  // else only what may write
		held    int   // how many hold writes up: that ends by Release alone
	}
}

// Begin begins a pause of so many milliseconds, or prolongs the one that there is. Its caller holds
// all gates: no call that is to wait is under way when it returns.
func (p *Pauses) Begin(forMs int64, all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now().UnixMilli()
	if p.mu.untilMs <= now { // else the longer time and the stricter way count
		p.mu.untilMs, p.mu.all = 0, false
	}
	p.mu.untilMs = max(p.mu.untilMs, now+min(forMs, math.MaxInt64-now))
	p.mu.all = p.mu.all || all
	p.clients.SetGuard(exec.GuardPaused, true)
	p.hideLocked()
	p.clients.keeper.Ring() // it ends the pause if nobody waits for that
}

// Hold begins a pause of what may write that lasts until Release, whatever CLIENT UNPAUSE says. Its caller
// holds all gates.
func (p *Pauses) Hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.held++
	p.clients.SetGuard(exec.GuardPaused, true)
	p.hideLocked()
}

// Release ends what Hold has begun. Its caller holds nothing.
func (p *Pauses) Release() {
	p.mu.Lock()
	p.mu.held--
	p.mu.Unlock()
	p.End()
}

// Hide has the store hide keys that have expired while they must stay: in a pause, and on a replica.
func (p *Pauses) Hide() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hideLocked()
}

func (p *Pauses) hideLocked() {
	p.clients.Store.SetHiding(p.clients.Guard.Load()&(exec.GuardPaused|exec.GuardReplica) != 0)
}

// Cancel ends the pause before its time.
func (p *Pauses) Cancel() {
	p.mu.Lock()
	p.mu.untilMs = 0
	p.mu.Unlock()
	p.End()
}

// End ends the pause if its time has come, and lets everybody go on. It tells whether there is one.
func (p *Pauses) End() (on bool) {
	cs := p.clients
	p.mu.Lock()
	on = cs.Guard.Load()&exec.GuardPaused != 0
	over := on && p.mu.held == 0 && p.mu.untilMs <= time.Now().UnixMilli()
	if over {
		cs.SetGuard(exec.GuardPaused, false)
		p.hideLocked()
	}
	p.mu.Unlock()
	if !over {
		return on
	}
	cs.keeper.Ring()
	cs.Kept.Hand(&cs.Slow)
	cs.WakeAside()
	p.Resume()
	return false
}

// Resume has all reactors look at the sessions that wait there for a pause or a script.
func (p *Pauses) Resume() {
	for i, r := range p.clients.Group.Reactors() {
		r.Post(p.clients.Stations[i].resumePostponed)
	}
}

// Now tells whether there is a pause, until when, in milliseconds since 1970, and whether
// all calls wait or those that may write.
func (p *Pauses) Now() (untilMs int64, on, all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now().UnixMilli()
	on, all = p.mu.untilMs > now, p.mu.all && p.mu.untilMs > now
	if p.mu.held > 0 && !on {
		return now + heldPauseMs, true, false
	}
	return p.mu.untilMs, on, all
}

// postpone makes the session wait with a call for the end of the pause. If that has come
// already, the alarm finds out, or the letter that Pauses.End has posted.
func (ex *Station) postpone(s *Session, spec *command.Spec) {
	s.postponed, s.lastSpec = true, spec
	ex.postponed = append(ex.postponed, s)
	ex.pausedUntil, _, _ = ex.clients.Pauses.Now()
	ex.Env.Waiting.Blocked.Add(1)
	ex.armAlarm(s.Conn.Reactor())
}

// resumePostponed lets the sessions go on that waited for the end of a pause, unless there
// is one. It runs on their reactor.
func (ex *Station) resumePostponed() {
	if ex.clients.Guard.Load()&exec.GuardPaused != 0 { // another one
		if len(ex.postponed) > 0 {
			ex.pausedUntil, _, _ = ex.clients.Pauses.Now()
			ex.armAlarm(ex.postponed[0].Conn.Reactor())
		}
		return
	}
	list := ex.postponed
	ex.postponed = nil
	for _, s := range list {
		s.postponed = false
		ex.Env.Waiting.Blocked.Add(-1)
		s.Conn.Requeue()
	}
}

// stopPostponing is for a connection that ends.
func (ex *Station) stopPostponing(s *Session) {
	if !s.postponed {
		return
	}
	s.postponed = false
	ex.Env.Waiting.Blocked.Add(-1)
	ex.postponed = slices.DeleteFunc(ex.postponed, func(o *Session) bool { return o == s })
}

// armAlarm sets the reactor's alarm to the first deadline of a blocked client, or the end
// of the pause.
func (ex *Station) armAlarm(r *netio.Reactor) {
	at := int64(0)
	if len(ex.timers) > 0 {
		at = ex.timers[0].Deadline
	}
	if len(ex.postponed) > 0 && ex.pausedUntil != 0 && (at == 0 || ex.pausedUntil < at) {
		at = ex.pausedUntil
	}
	if at != 0 {
		r.SetAlarm(at)
	}
}

// pauseAlarm is the reactor's alarm for those who wait for the end of a pause.
func (ex *Station) pauseAlarm() {
	if len(ex.postponed) == 0 {
		return
	}
	ex.pausedUntil, _, _ = ex.clients.Pauses.Now() // it may have been prolonged
	ex.clients.Pauses.End()
}
