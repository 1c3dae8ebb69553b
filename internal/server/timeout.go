package server

import (
	"cmp"
	"slices"

	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/netio"
)

// CatchUp implements clock.Follower: it waits until everything has happened that is due by the
// server's clock.
func (s *Server) CatchUp() {
	if !s.keeper.ExpireDue() {
		return
	}
	s.askUnlocked(func(_ *netio.Reactor, ex *station) { ex.timeOut(s.NowMs()) })
}

// timeOut ends the waiting of the reactor's clients whose time has come by the Clock.
func (ex *station) timeOut(now int64) {
	due := slices.DeleteFunc(slices.Clone(ex.timers), func(w *exec.Waiter) bool { return w.ClockDeadline > now })
	slices.SortFunc(due, func(a, b *exec.Waiter) int { return cmp.Compare(a.ClockDeadline, b.ClockDeadline) })
	for _, w := range due {
		sessionOfWaiter(w).wakeWith(w, "")
	}
}
