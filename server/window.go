package server

import (
	"net"
	"strings"
	"time"

	"github.com/kringdb/kring/server/admin"
	"github.com/kringdb/kring/server/stats"
)

// This file is the server as the admin HTTP server sees it: admin.Source.

// windowPercentiles are the percentiles that the window shows.
var windowPercentiles = [...]float64{50, 99, 99.9}

// openWindow starts the admin HTTP server, if http-address is set, and returns what ends
// it. A failure is logged: the data are served all the same.
func (s *Server) openWindow() (closeIt func()) {
	addr := s.opts.HTTPAddress.Load()
	if addr == "" {
		return func() {}
	}
	if host, port, err := net.SplitHostPort(addr); err == nil && !s.PasswordSet() {
		if ip := net.ParseIP(host); host != "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			s.log.Warn("no password is set: http-address listens on the loopback interface only", "asked", addr)
			addr = net.JoinHostPort("127.0.0.1", port)
		}
	}
	a, err := admin.Start(addr, (*window)(s), s.log)
	if err != nil {
		s.log.Error("http-address cannot be served", "address", addr, "error", err)
		return func() {}
	}
	s.log.Info("the window is open", "address", "http://"+a.Addr().String()+"/")
	return a.Close
}

// window is the server with the methods of admin.Source.
type window Server

var _ admin.Source = (*window)(nil)

// Ready implements admin.Source.
func (w *window) Ready() bool {
	select {
	case <-w.ready:
		return !w.stopping.Load()
	default:
		return false
	}
}

// Allows implements admin.Source.
func (w *window) Allows(user, password string) bool {
	if !(*Server)(w).PasswordSet() {
		return true
	}
	if user == "" {
		user = defaultUser
	}
	u := w.acl.Get(user)
	return u != nil && u.CheckPassword([]byte(password))
}

// State implements admin.Source.
func (w *window) State() admin.State {
	s := (*Server)(w)
	iw := &infoWriter{now: time.Now()}
	iw.sum, iw.cmds = s.sumStats(s.askUnlocked)
	for _, sec := range infoSections {
		if !notByDefault[sec.name] && sec.name != "keyspace" && sec.name != "errorstats" {
			sec.write(s, iw)
		}
	}
	st := admin.State{
		UnixMs: iw.now.UnixMilli(), Info: map[string]string{}, Errors: map[string]int64{},
		Keyspace: []admin.Database{}, Commands: s.windowCommands(iw.cmds), Slow: []admin.SlowCall{},
	}
	for line := range strings.SplitSeq(iw.String(), "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			st.Info[name] = value
		}
	}
	for db := range s.store.Databases() {
		if n := s.store.Len(db); n > 0 {
			st.Keyspace = append(st.Keyspace, admin.Database{DB: db, Keys: int64(n), Expires: int64(s.store.Expires(db))})
		}
	}
	for _, e := range s.errorsBy.All() {
		st.Errors[e.Kind] = e.Count
	}
	for _, c := range s.slowLog.Latest(-1) {
		st.Slow = append(st.Slow, admin.SlowCall{Unix: c.Unix, Micros: c.Micros, Args: c.Args, Addr: c.Addr})
	}
	return st
}

func (s *Server) windowCommands(cmds *stats.Table) []admin.Command {
	out := []admin.Command{}
	for _, spec := range s.table.Specs() {
		r := cmds.Row(spec.ID)
		if r.Calls == 0 && r.Rejected == 0 {
			continue
		}
		c := admin.Command{Name: spec.FullName, Calls: r.Calls, Micros: float64(r.Nanos) / 1000, Rejected: r.Rejected, Failed: r.Failed}
		if r.Times != nil {
			for i, p := range []*float64{&c.P50, &c.P99, &c.P999} {
				*p = r.Times.Percentile(windowPercentiles[i])
			}
			for _, st := range r.Times.Cumulative() {
				c.Steps = append(c.Steps, admin.Step{Micros: float64(st.Micros), Calls: st.Count})
			}
		}
		out = append(out, c)
	}
	return out
}
