package session

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/tracking"
)

// This file is package tracking as sessions and executors have it.

// trackingHouse is the server as package tracking sees it.
type trackingHouse struct{ *Clients }

// Client implements tracking.House.
func (h trackingHouse) Client(id int64) tracking.Client {
	if s := h.Find(id); s != nil {
		return s
	}
	return nil
}

// Post implements tracking.House.
func (h trackingHouse) Post(reactor int, f func()) { h.Group.Reactors()[reactor].Post(f) }

// Flush implements tracking.House.
func (h trackingHouse) Flush(reactor int) { h.Stations[reactor].flushTouched() }

// Observe implements tracking.House.
func (h trackingHouse) Observe(shard uint32) { h.Env.Observe(shard) }

// MaxKeys implements tracking.House.
func (h trackingHouse) MaxKeys() int64 { return h.Opts.TrackingTableMaxKeys.Load() }

// Reactor implements tracking.Client.
func (s *Session) Reactor() int { return s.ex.Reactor }

// Gone implements tracking.Client.
func (s *Session) Gone() bool { return s.closed }

// Push implements tracking.Client.
func (s *Session) Push(b []byte) { s.push(b) }

// HoldsPushes implements tracking.Client: it tells whether a reply is under way that may be older
// than what the client is told now, since a worker has it, or it was made for a blocked client.
func (s *Session) HoldsPushes() bool {
	if s.busy {
		return true
	}
	return s.blocked != nil && s.blocked.Claimed()
}

// pushHeld pushes what waited for the reply that has just been written.
func (s *Session) pushHeld() {
	if t := s.track.Load(); t != nil {
		t.PushHeld()
	}
}

// Tracking implements command.Client.
func (s *Session) Tracking() command.Tracking {
	if t := s.track.Load(); t != nil {
		return t.Mode()
	}
	return command.Tracking{}
}

// SetCaching implements command.Client.
func (s *Session) SetCaching() { s.track.Load().Caching = true }

// SetTracking implements command.Client.
func (s *Session) SetTracking(mode command.Tracking) { s.setTracking(&s.ex.Executor, mode) }

// setTracking is SetTracking by ex, which runs the client's call. All gates are held.
func (s *Session) setTracking(ex *exec.Executor, mode command.Tracking) {
	t := s.track.Load()
	if t == nil {
		if !mode.On {
			return
		}
		t = ex.Env.Tracking.NewTracker(s)
		s.track.Store(t)
	}
	ex.Tracker = t
	t.Set(mode)
}

// untrack ends client-side caching, because of RESET or (gone) because the connection has
// ended.
func (s *Session) untrack(gone bool) {
	if t := s.track.Load(); t != nil {
		t.Stop(gone)
	}
}

// modeForOthers is Tracking for somebody who does not run the client's commands.
func (s *Session) modeForOthers() command.Tracking {
	if t := s.track.Load(); t != nil {
		return t.ModeForOthers()
	}
	return command.Tracking{}
}

// redirection is redir= of CLIENT LIST.
func (s *Session) redirection() int64 {
	if mode := s.modeForOthers(); mode.On {
		return mode.Redirect
	}
	return -1
}

// trackLetters are the flags of CLIENT LIST that concern client-side caching.
func (s *Session) trackLetters() string {
	mode := s.modeForOthers()
	if !mode.On {
		return ""
	}
	f := "t"
	if mode.Broken {
		f += "R"
	}
	if mode.Broadcast {
		f += "B"
	}
	return f
}

// endCaching ends what CLIENT CACHING said, for it concerned spec's call, which was refused.
func (s *Session) endCaching(spec *command.Spec) {
	if t := s.ex.Tracker; t != nil && t.Caching && s.tx == nil && (spec == nil || spec.Flags&command.KeepsCaching == 0) {
		t.Caching = false
	}
}
