package server

import (
	"net"

	"github.com/kringdb/kring/internal/server/admin"
)

// This file is the server as the admin HTTP server sees it: admin.Source.

// openWindow starts the admin HTTP server, if http-address is set, and returns what ends
// it. A failure is logged: the data are served all the same.
func openWindow(s *Server) (closeIt func()) {
	addr := s.Opts.HTTPAddress.Load()
	if addr == "" {
		return func() {}
	}
	if host, port, err := net.SplitHostPort(addr); err == nil && !s.Users.PasswordSet() {
		if ip := net.ParseIP(host); host != "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			s.Log.Warn("no password is set: http-address listens on the loopback interface only", "asked", addr)
			addr = net.JoinHostPort("127.0.0.1", port)
		}
	}
	a, err := admin.Start(addr, (*window)(s), s.pages, s.Log)
	if err != nil {
		s.Log.Error("http-address cannot be served", "address", addr, "error", err)
		return func() {}
	}
	s.Log.Info("the window is open", "address", "http://"+a.Addr().String()+"/")
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

// Admit implements admin.Source.
func (w *window) Admit(v admin.Visitor) admin.Access { return w.Users.Access(v) }

// State implements admin.Source.
func (w *window) State() admin.State { return w.source.State() }
