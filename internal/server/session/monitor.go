package session

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/internal/server/exec"
)

// This file is MONITOR as sessions have it. While somebody watches (GuardMonitored), every executor
// writes a line for each call that it has run (exec/shown.go), and those of a batch are posted to the
// reactors of those who watch. Lines of one client come in its order; those of different clients
// bear their times, but may come a batch too late.

// Monitors are the sessions that have sent MONITOR.
type Monitors struct {
	env  *exec.Env
	list atomic.Pointer[[]*Session] // never changed, replaced under mu; nil: none
	mu   sync.Mutex
}

// change replaces the list.
func (m *Monitors) change(f func([]*Session) []*Session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var old []*Session
	if p := m.list.Load(); p != nil {
		old = slices.Clone(*p)
	}
	list := f(old)
	m.list.Store(&list)
	m.env.SetGuard(exec.GuardMonitored, len(list) > 0)
}

// add lets s see all calls from now on, on its reactor.
func (m *Monitors) add(s *Session) {
	s.monitoring = true
	m.change(func(l []*Session) []*Session { return append(l, s) })
}

// remove ends that, if it is so.
func (m *Monitors) remove(s *Session) {
	if s.monitoring {
		s.monitoring = false
		m.change(func(l []*Session) []*Session {
			return slices.DeleteFunc(l, func(o *Session) bool { return o == s })
		})
	}
}

// Show shows lines to them, whose the lines are from now on. Any goroutine may call it.
func (m *Monitors) Show(lines []byte) {
	if p := m.list.Load(); p != nil {
		for _, se := range *p {
			se.Conn.Reactor().Post(func() { showTo(se, lines) })
		}
	}
}

// showTo sends lines to a session that monitors, on its reactor.
func showTo(s *Session, lines []byte) {
	if s.closed || s.closing || !s.monitoring || s.reply == replyOff {
		return
	}
	n, _ := s.Conn.Out().Write(lines) // a ring takes everything
	s.ex.Meter.OutputBytes += int64(n)
	s.Conn.Flush()
	s.checkOutput()
}
