package server

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/netio"
)

// clientPause is the state of CLIENT PAUSE. While it is on, guardPaused sends every call
// over the checked path; a call that must wait is kept in its session, whose reactor goes
// on with others. Nothing is evicted and no key expires by the keeper meanwhile.
type clientPause struct {
	mu struct {
		sync.Mutex
		untilMs int64 // milliseconds since 1970, 0: it is off
		all     bool  // else only what may write
	}
}

// PauseClients implements command.Host. Its caller holds all gates: no call that is to
// wait is under way when it returns.
func (s *Server) PauseClients(forMs int64, all bool) {
	p := &s.pause
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now().UnixMilli()
	if p.mu.untilMs <= now { // else the longer time and the stricter way count
		p.mu.untilMs, p.mu.all = 0, false
	}
	p.mu.untilMs = max(p.mu.untilMs, now+min(forMs, math.MaxInt64-now))
	p.mu.all = p.mu.all || all
	s.setGuard(guardPaused, true)
}

// UnpauseClients implements command.Host.
func (s *Server) UnpauseClients() {
	s.pause.mu.Lock()
	s.pause.mu.untilMs = 0
	s.pause.mu.Unlock()
	s.endPause()
}

// endPause ends the pause if its time has come, and lets everybody go on.
func (s *Server) endPause() {
	p := &s.pause
	p.mu.Lock()
	over := s.guard.Load()&guardPaused != 0 && p.mu.untilMs <= time.Now().UnixMilli()
	if over {
		s.setGuard(guardPaused, false)
	}
	p.mu.Unlock()
	if !over {
		return
	}
	s.keeper.ring()
	for i, r := range s.group.Reactors() {
		r.Post(s.execs[i].resumePostponed)
	}
}

// pauses tells whether a call with these flags must wait, and until when.
func (s *Server) pauses(flags command.Flag) (untilMs int64, must bool) {
	p := &s.pause
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.untilMs, p.mu.untilMs > time.Now().UnixMilli() && (p.mu.all || flags&(command.Write|command.MayReplicate) != 0)
}

// postpone tells whether the call must wait for the end of a pause; the session then
// waits.
func (s *session) postpone(spec *command.Spec) bool {
	srv := s.ex.srv
	if srv.guard.Load()&guardPaused == 0 {
		return false
	}
	until, must := srv.pauses(s.flagsOf(spec))
	if !must {
		srv.endPause()
		return false
	}
	s.postponed, s.lastSpec = true, spec
	s.ex.postponed = append(s.ex.postponed, s)
	s.ex.pausedUntil = until
	srv.counts.blocked.Add(1)
	s.ex.armAlarm(s.conn.Reactor())
	return true
}

// resumePostponed lets the sessions go on that waited for the end of a pause, unless there
// is one. It runs on their reactor.
func (ex *executor) resumePostponed() {
	if ex.srv.guard.Load()&guardPaused != 0 {
		return
	}
	list := ex.postponed
	ex.postponed = nil
	for _, s := range list {
		s.postponed = false
		ex.srv.counts.blocked.Add(-1)
		s.conn.Requeue()
	}
}

// stopPostponing is for a connection that ends.
func (s *session) stopPostponing() {
	if !s.postponed {
		return
	}
	s.postponed = false
	s.ex.srv.counts.blocked.Add(-1)
	s.ex.postponed = slices.DeleteFunc(s.ex.postponed, func(o *session) bool { return o == s })
}

// armAlarm sets the reactor's alarm to the first deadline of a blocked client, or the end
// of the pause.
func (ex *executor) armAlarm(r *netio.Reactor) {
	at := int64(0)
	if len(ex.timers) > 0 {
		at = ex.timers[0].deadline
	}
	if len(ex.postponed) > 0 && (at == 0 || ex.pausedUntil < at) {
		at = ex.pausedUntil
	}
	if at != 0 {
		r.SetAlarm(at)
	}
}

// pauseAlarm is the reactor's alarm for those who wait for the end of a pause.
func (ex *executor) pauseAlarm() {
	if len(ex.postponed) == 0 {
		return
	}
	ex.pausedUntil, _ = ex.srv.pauses(0) // it may have been prolonged
	ex.srv.endPause()
}
