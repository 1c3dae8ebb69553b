package server

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
)

// This file is MONITOR. While somebody watches (guardMonitored), every executor writes a
// line for each call that it has run, and posts the lines of a batch to the reactors of
// those who watch. Lines of one client come in its order; those of different clients
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
	srv.setGuard(guardMonitored, len(list) > 0)
}

// Monitor implements command.Client.
func (s *session) Monitor() bool {
	if s.monitoring {
		return false
	}
	s.monitoring, s.ex.monitored = true, true
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

// hiddenFromMonitor are the flags of calls that MONITOR does not show.
const hiddenFromMonitor = command.Admin | command.SkipMonitor

// noteCall writes the line of a call that has run.
func (ex *executor) noteCall(c *command.Ctx, spec *command.Spec, hidden command.Flag) {
	se := sessionOf(c.Client)
	if se == nil || hidden != 0 {
		return
	}
	now := time.Now()
	b := append(ex.monitorLines, '+')
	b = strconv.AppendInt(b, now.Unix(), 10)
	b = append(b, '.')
	micros := strconv.Itoa(1_000_000 + now.Nanosecond()/1000)
	b = append(b, micros[1:]...)
	b = append(b, " ["...)
	b = strconv.AppendInt(b, int64(c.DB), 10)
	b = append(b, ' ')
	if _, scripted := c.Client.(*scriptClient); scripted {
		b = append(b, "lua"...)
	} else if se.conn.IsUnix() {
		b = append(b, "unix:"...)
		b = append(b, strings.TrimSuffix(se.conn.RemoteAddr(), ":0")...)
	} else {
		b = append(b, se.conn.RemoteAddr()...)
	}
	b = append(b, ']')
	for _, a := range spec.Shown(c.Args, options.IsSensitive) {
		b = append(b, ' ')
		b = appendQuoted(b, a)
	}
	ex.monitorLines = append(b, "\r\n"...)
	if len(ex.monitorLines) >= monitorPostBytes {
		ex.postMonitorLines()
	}
}

// postMonitorLines sends what noteCall has written.
func (ex *executor) postMonitorLines() {
	lines := ex.monitorLines
	if len(lines) == 0 {
		return
	}
	ex.monitorLines = nil // it belongs to the letters now
	p := ex.srv.monitors.list.Load()
	if p == nil {
		return
	}
	for _, se := range *p {
		se.conn.Reactor().Post(func() { se.showLines(lines) })
	}
}

// showLines sends lines to a session that monitors, on its reactor.
func (s *session) showLines(lines []byte) {
	if s.closed || s.closing || !s.monitoring || s.reply == replyOff {
		return
	}
	n, _ := s.conn.Out().Write(lines) // a ring takes everything
	s.ex.meter.OutputBytes += int64(n)
	s.conn.Flush()
	s.checkOutput()
}

// appendQuoted appends a in double quotes, with what is not printable escaped.
func appendQuoted(dst, a []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range a {
		switch i := strings.IndexByte("\n\r\t\a\b\\\"", c); {
		case i >= 0:
			dst = append(dst, '\\', "nrtab\\\""[i])
		case c >= ' ' && c <= '~':
			dst = append(dst, c)
		default:
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		}
	}
	return append(dst, '"')
}
