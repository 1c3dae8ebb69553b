package server

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

// monitors are the sessions that have sent MONITOR.
type monitors struct {
	list atomic.Pointer[[]*session] // never changed, replaced under mu; nil: none
	mu   sync.Mutex
}

// change replaces the list.
func (m *monitors) change(srv *Server, f func([]*session) []*session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var old []*session
	if p := m.list.Load(); p != nil {
		old = slices.Clone(*p)
	}
	list := f(old)
	m.list.Store(&list)
	srv.SetGuard(exec.GuardMonitored, len(list) > 0)
}

// Monitor implements command.Client.
func (s *session) Monitor() bool {
	if s.monitoring {
		return false
	}
	s.monitoring, s.ex.Monitored = true, true
	s.ex.srv.monitors.change(s.ex.srv, func(l []*session) []*session { return append(l, s) })
	return true
}

// stopMonitoring ends it.
func (s *session) stopMonitoring() {
	if s.monitoring {
		s.monitoring = false
		s.ex.srv.monitors.change(s.ex.srv, func(l []*session) []*session {
			return slices.DeleteFunc(l, func(o *session) bool { return o == s })
		})
	}
}

// ShowCalls implements house.
func (h execHouse) ShowCalls(lines []byte) {
	if p := h.monitors.list.Load(); p != nil {
		for _, se := range *p {
			se.conn.Reactor().Post(func() { se.showLines(lines) })
		}
	}
}

// showLines sends lines to a session that monitors, on its reactor.
func (s *session) showLines(lines []byte) {
	if s.closed || s.closing || !s.monitoring || s.reply == replyOff {
		return
	}
	n, _ := s.conn.Out().Write(lines) // a ring takes everything
	s.ex.Meter.OutputBytes += int64(n)
	s.conn.Flush()
	s.checkOutput()
}
