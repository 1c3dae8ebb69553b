package server

import (
	"container/heap"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/netio"
)

// This file is a blocked client as its session has it: how it comes to wait, and how it goes on.

// Arrived implements peer.
func (s *session) Arrived(w *waiter) {
	if s.busy {
		w.early = true
		return
	}
	s.wake(w)
}

// sessionOfWaiter is whose call waits.
func sessionOfWaiter(w *waiter) *session { return w.peer.(*session) }

// block makes the session wait. The session's reactor calls it.
func (s *session) block(w *waiter) {
	s.blocked = w
	if w.deadline != 0 {
		heap.Push(&s.ex.timers, w)
		s.ex.armAlarm(s.conn.Reactor())
	}
	if w.synced != 0 {
		s.ex.stalled.syncing = append(s.ex.stalled.syncing, w)
		s.ex.rec.kick = true // the turn's end looks at it
	}
}

// wake ends the waiting with w.reply, and lets the session go on.
func (s *session) wake(w *waiter) {
	if s.blocked != w {
		return // closed meanwhile
	}
	if w.denial.Denied != acl.Allowed {
		s.logDenied(w.denial, &w.Call)
	}
	s.blocked = nil
	s.active = s.conn.Reactor().Now() // it has waited, which is not being idle
	if w.place >= 0 {
		heap.Remove(&s.ex.timers, w.place)
	}
	if !s.muted() {
		n, _ := s.conn.Out().Write(w.reply.Bytes()) // a ring takes everything
		s.ex.meter.OutputBytes += int64(n)
	}
	s.pushHeld()
	s.promised(w.wait, w.wrote)
	s.ex.show()
	s.conn.Flush()
	s.checkOutput()
	s.park()
	if s.held != nil || s.conn.In().Len() > 0 {
		s.conn.Requeue()
	}
}

// wakeWith is wake with a reply other than the command's own: a null, or an error. It
// returns false when the command's own is under way.
func (s *session) wakeWith(w *waiter, errText string) bool {
	if !w.end() {
		return false
	}
	out := &s.ex.w
	out.Bind(&w.reply, w.proto)
	switch {
	case errText != "":
		out.Error(errText)
	case w.over != nil:
		w.over(out)
	default:
		out.NullArray()
	}
	out.Flush()
	s.ex.meter.Errors += int64(out.TakeErrors())
	s.ex.meter.CountTimed(s, &w.Call, w.spent, errText != "")
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
	if w.place >= 0 {
		heap.Remove(&s.ex.timers, w.place)
	}
	w.end() // else its reply is under way, and lost like any that a dead client does not read
}

// Alarm implements netio.Alarmer: it ends the waiting of those whose time has come.
func (s *Server) Alarm(r *netio.Reactor) {
	ex := stationOf(r)
	now := time.Now().UnixMilli()
	for len(ex.timers) > 0 && ex.timers[0].deadline <= now {
		w := heap.Pop(&ex.timers).(*waiter)
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
type timerHeap []*waiter

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].deadline < h[j].deadline }
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push implements heap.Interface.
func (h *timerHeap) Push(x any) {
	w := x.(*waiter)
	w.place = len(*h)
	*h = append(*h, w)
}

// Pop implements heap.Interface.
func (h *timerHeap) Pop() any {
	old := *h
	n := len(old) - 1
	w := old[n]
	old[n] = nil
	*h = old[:n]
	w.place = -1
	return w
}
