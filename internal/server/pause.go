package server

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/netio"
)

// clientPause is the state of CLIENT PAUSE. While it is on, GuardPaused sends every call
// over the checked path; a call that must wait is kept in its session, whose reactor goes
// on with others. Nothing is evicted meanwhile, and a key whose deadline comes is absent for
// whoever looks, but stays.
type clientPause struct {
	mu struct {
		sync.Mutex
		untilMs int64 // milliseconds since 1970, 0: it is off
		all     bool  // else only what may write
	}
}

// Pause implements command.ClientsHost. Its caller holds all gates: no call that is to
// wait is under way when it returns.
func (h clientsHost) Pause(forMs int64, all bool) {
	p := &h.srv.pause
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now().UnixMilli()
	if p.mu.untilMs <= now { // else the longer time and the stricter way count
		p.mu.untilMs, p.mu.all = 0, false
	}
	p.mu.untilMs = max(p.mu.untilMs, now+min(forMs, math.MaxInt64-now))
	p.mu.all = p.mu.all || all
	h.srv.SetGuard(exec.GuardPaused, true)
	h.srv.Store.SetHiding(true)
}

// Unpause implements command.ClientsHost.
func (h clientsHost) Unpause() {
	h.srv.pause.mu.Lock()
	h.srv.pause.mu.untilMs = 0
	h.srv.pause.mu.Unlock()
	h.srv.endPause()
}

// endPause ends the pause if its time has come, and lets everybody go on.
func (s *Server) endPause() {
	p := &s.pause
	p.mu.Lock()
	over := s.Guard.Load()&exec.GuardPaused != 0 && p.mu.untilMs <= time.Now().UnixMilli()
	if over {
		s.SetGuard(exec.GuardPaused, false)
		s.Store.SetHiding(s.IsReplica())
	}
	p.mu.Unlock()
	if !over {
		return
	}
	s.keeper.Ring()
	s.Kept.Hand(&s.Slow)
	s.resumeAll()
}

// resumeAll has all reactors look at the sessions that wait there for a pause or a script.
func (s *Server) resumeAll() {
	for i, r := range s.Group.Reactors() {
		r.Post(s.execs[i].resumePostponed)
	}
}

// pauses tells whether there is a pause, until when, in milliseconds since 1970, and whether
// all commands wait or those that may write.
func (s *Server) pauses() (untilMs int64, on, all bool) {
	p := &s.pause
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.untilMs, p.mu.untilMs > time.Now().UnixMilli(), p.mu.all
}

// postpone makes the session wait with a call for the end of the pause. If that has come
// already, the alarm finds out, or the letter that endPause has posted.
func (s *session) postpone(spec *command.Spec) {
	ex := s.ex
	s.postponed, s.lastSpec = true, spec
	ex.postponed = append(ex.postponed, s)
	ex.pausedUntil, _, _ = ex.srv.pauses()
	ex.Env.Waiting.Blocked.Add(1)
	ex.armAlarm(s.conn.Reactor())
}

// resumePostponed lets the sessions go on that waited for the end of a pause, unless there
// is one. It runs on their reactor.
func (ex *station) resumePostponed() {
	if ex.srv.Guard.Load()&exec.GuardPaused != 0 { // another one
		if len(ex.postponed) > 0 {
			ex.pausedUntil, _, _ = ex.srv.pauses()
			ex.armAlarm(ex.postponed[0].conn.Reactor())
		}
		return
	}
	list := ex.postponed
	ex.postponed = nil
	for _, s := range list {
		s.postponed = false
		ex.Env.Waiting.Blocked.Add(-1)
		s.conn.Requeue()
	}
}

// stopPostponing is for a connection that ends.
func (s *session) stopPostponing() {
	if !s.postponed {
		return
	}
	s.postponed = false
	s.ex.Env.Waiting.Blocked.Add(-1)
	s.ex.postponed = slices.DeleteFunc(s.ex.postponed, func(o *session) bool { return o == s })
}

// armAlarm sets the reactor's alarm to the first deadline of a blocked client, or the end
// of the pause.
func (ex *station) armAlarm(r *netio.Reactor) {
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
func (ex *station) pauseAlarm() {
	if len(ex.postponed) == 0 {
		return
	}
	ex.pausedUntil, _, _ = ex.srv.pauses() // it may have been prolonged
	ex.srv.endPause()
}
