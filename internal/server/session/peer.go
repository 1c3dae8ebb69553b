package session

import "github.com/kringdb/kring/internal/server/exec"

// This file is sessions as executors see clients.

var _ exec.Peer = (*Session)(nil)

// Addr implements peer.
func (s *Session) Addr() (addr string, unix bool) { return s.Conn.RemoteAddr(), s.Conn.IsUnix() }

// Post implements peer.
func (s *Session) Post(f func()) { s.Conn.Reactor().Post(f) }

// Peer is the client itself.
func (s *Session) Peer() exec.Peer { return s }
