package session

import (
	"cmp"
	"container/heap"
	"slices"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/netio"
)

// This file is a blocked client as its session has it: how it comes to wait, and how it goes on.

// Arrived implements peer.
func (s *Session) Arrived(w *exec.Waiter) {
	if s.busy {
		w.Early = true
		return
	}
	s.wake(w)
}

// sessionOfWaiter is whose call waits.
func sessionOfWaiter(w *exec.Waiter) *Session { return w.Peer.(*Session) }

// block makes the session wait. The session's reactor calls it.
func (s *Session) block(w *exec.Waiter) {
	s.blocked = w
	if w.Deadline != 0 {
		heap.Push(&s.ex.timers, w)
		s.ex.armAlarm(s.Conn.Reactor())
	}
	if w.Done != nil {
		s.ex.stalled.syncing = append(s.ex.stalled.syncing, w)
		s.ex.Rec.AskWrite() // the turn's end looks at it
	}
}

// wake ends the waiting with w.Reply, and lets the session go on.
func (s *Session) wake(w *exec.Waiter) {
	if s.blocked != w {
		return // closed meanwhile
	}
	if w.Denial.Denied != acl.Allowed {
		s.logDenied(w.Denial, &w.Call)
	}
	s.blocked = nil
	s.active = s.Conn.Reactor().Now() // it has waited, which is not being idle
	if w.Place >= 0 {
		heap.Remove(&s.ex.timers, w.Place)
	}
	if !s.muted() {
		n, _ := s.Conn.Out().Write(w.Reply.Bytes()) // a ring takes everything
		s.ex.Meter.OutputBytes += int64(n)
	}
	s.pushHeld()
	s.promised(w.Wait, w.Wrote)
	s.ex.Show()
	s.Conn.Flush()
	s.checkOutput()
	s.pauseForSync()
	if s.held != nil || s.Conn.In().Len() > 0 {
		s.Conn.Requeue()
	}
}

// wakeWith is wake with a reply other than the command's own: a null, or an error. It
// returns false when the command's own is under way.
func (s *Session) wakeWith(w *exec.Waiter, errText string) bool {
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
	s.ex.Meter.CountTimed(client{s}, &w.Call, w.Spent, errText != "")
	s.wake(w)
	return true
}

// stopWaiting is for a connection that ends.
func (s *Session) stopWaiting() {
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

// timeOut ends the waiting of the reactor's clients whose time has come by the Clock.
func (ex *Station) timeOut(now int64) {
	due := slices.DeleteFunc(slices.Clone(ex.timers), func(w *exec.Waiter) bool { return w.ClockDeadline > now })
	slices.SortFunc(due, func(a, b *exec.Waiter) int { return cmp.Compare(a.ClockDeadline, b.ClockDeadline) })
	for _, w := range due {
		sessionOfWaiter(w).wakeWith(w, "")
	}
}

// errUnblocked is what CLIENT UNBLOCK with ERROR replies to the blocked client.
const errUnblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK"

// Unblock implements command.ClientsHost.
func (h clientsHost) Unblock(c *command.Ctx, id int64, withError bool) bool {
	text := ""
	if withError {
		text = errUnblocked
	}
	parts := make([]bool, len(h.Stations))
	h.Ask(c, func(r *netio.Reactor, _ *Station) {
		eachSession(r, func(se *Session) {
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
