package server

import (
	"container/heap"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/netio"
)

// This file is a blocked client as its session has it: how it comes to wait, and how it goes on.

// Arrived implements peer.
func (s *session) Arrived(w *exec.Waiter) {
	if s.busy {
		w.Early = true
		return
	}
	s.wake(w)
}

// sessionOfWaiter is whose call waits.
func sessionOfWaiter(w *exec.Waiter) *session { return w.Peer.(*session) }

// block makes the session wait. The session's reactor calls it.
func (s *session) block(w *exec.Waiter) {
	s.blocked = w
	if w.Deadline != 0 {
		heap.Push(&s.ex.timers, w)
		s.ex.armAlarm(s.conn.Reactor())
	}
	if w.Synced != 0 {
		s.ex.stalled.syncing = append(s.ex.stalled.syncing, w)
		s.ex.AskWrite() // the turn's end looks at it
	}
}

// wake ends the waiting with w.reply, and lets the session go on.
func (s *session) wake(w *exec.Waiter) {
	if s.blocked != w {
		return // closed meanwhile
	}
	if w.Denial.Denied != acl.Allowed {
		s.logDenied(w.Denial, &w.Call)
	}
	s.blocked = nil
	s.active = s.conn.Reactor().Now() // it has waited, which is not being idle
	if w.Place >= 0 {
		heap.Remove(&s.ex.timers, w.Place)
	}
	if !s.muted() {
		n, _ := s.conn.Out().Write(w.Reply.Bytes()) // a ring takes everything
		s.ex.Meter.OutputBytes += int64(n)
	}
	s.pushHeld()
	s.promised(w.Wait, w.Wrote)
	s.ex.Show()
	s.conn.Flush()
	s.checkOutput()
	s.park()
	if s.held != nil || s.conn.In().Len() > 0 {
		s.conn.Requeue()
	}
}

// wakeWith is wake with a reply other than the command's own: a null, or an error. It
// returns false when the command's own is under way.
func (s *session) wakeWith(w *exec.Waiter, errText string) bool {
	if !w.End() {
		return false
	}
	out := &s.ex.W
	out.Bind(&w.Reply, w.Proto)
	switch {
	case errText != "":
		out.Error(errText)
	case w.Over != nil:
		w.Over(out)
	default:
		out.NullArray()
	}
	out.Flush()
	s.ex.Meter.Errors += int64(out.TakeErrors())
	s.ex.Meter.CountTimed(s, &w.Call, w.Spent, errText != "")
	s.wake(w)
	return true
}

// stopWaiting is for a connection that ends.
func (s *session) stopWaiting() {
	w := s.blocked
	if w == nil {
		return
	}
	s.blocked = nil
	if w.Place >= 0 {
		heap.Remove(&s.ex.timers, w.Place)
	}
	w.End() // else its reply is under way, and lost like any that a dead client does not read
}

// Alarm implements netio.Alarmer: it ends the waiting of those whose time has come.
func (s *Server) Alarm(r *netio.Reactor) {
	ex := stationOf(r)
	now := time.Now().UnixMilli()
	for len(ex.timers) > 0 && ex.timers[0].Deadline <= now {
		w := heap.Pop(&ex.timers).(*exec.Waiter)
		sessionOfWaiter(w).wakeWith(w, "")
	}
	ex.pauseAlarm()
	ex.armAlarm(r)
}

// errUnblocked is what CLIENT UNBLOCK with ERROR replies to the blocked client.
const errUnblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK"

// Unblock implements command.ClientsHost.
func (h clientsHost) Unblock(c *command.Ctx, id int64, withError bool) bool {
	text := ""
	if withError {
		text = errUnblocked
	}
	parts := make([]bool, len(h.srv.execs))
	h.srv.askReactors(c, func(r *netio.Reactor, _ *station) {
		eachSession(r, func(se *session) {
			if se.id == id && se.blocked != nil {
				parts[r.Index()] = se.wakeWith(se.blocked, text)
			}
		})
	})
	for _, ok := range parts {
		if ok {
			return true
		}
	}
	return false
}

// timerHeap orders the waiters of one reactor by deadline.
type timerHeap []*exec.Waiter

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].Deadline < h[j].Deadline }
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].Place, h[j].Place = i, j
}

// Push implements heap.Interface.
func (h *timerHeap) Push(x any) {
	w := x.(*exec.Waiter)
	w.Place = len(*h)
	*h = append(*h, w)
}

// Pop implements heap.Interface.
func (h *timerHeap) Pop() any {
	old := *h
	n := len(old) - 1
	w := old[n]
	old[n] = nil
	*h = old[:n]
	w.Place = -1
	return w
}
