package server

import (
	"cmp"
	"slices"

	"github.com/kringdb/kring/netio"
)

// CatchUp implements clock.Follower: it waits until everything has happened that is due by the
// server's clock.
func (s *Server) CatchUp() {
	if !s.keeper.ExpireDue() {
		return
	}
	s.askUnlocked(func(_ *netio.Reactor, ex *executor) { ex.timeOut(s.nowMs()) })
}

// timeOut ends the waiting of the reactor's clients whose time has come by the Clock.
func (ex *executor) timeOut(now int64) {
	due := slices.DeleteFunc(slices.Clone(ex.timers), func(w *waiter) bool { return w.clockDeadline > now })
	slices.SortFunc(due, func(a, b *waiter) int { return cmp.Compare(a.clockDeadline, b.clockDeadline) })
	for _, w := range due {
		w.s.wakeWith(w, "")
	}
}

// wall returns the time of the data in milliseconds since 1970, when the real one is realMs.
func (s *Server) wall(realMs int64) int64 { return s.embedded.Clock.Wall(realMs) }

// nowMs is the time of the data at this moment.
func (s *Server) nowMs() int64 { return s.embedded.Clock.NowMs() }
