package session

import (
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/pubsub"
)

// This file is sessions as others see clients: executors, and those who push something to them.

var _ exec.Peer = (*Session)(nil)

// ID implements command.Client; safe from any goroutine.
func (s *Session) ID() int64 { return s.id }

// Addr implements peer.
func (s *Session) Addr() (addr string, unix bool) { return s.Conn.RemoteAddr(), s.Conn.IsUnix() }

// Post implements peer.
func (s *Session) Post(f func()) { s.Conn.Reactor().Post(f) }

// Peer is the client itself.
func (s *Session) Peer() exec.Peer { return s }

// Reactor implements tracking.Client.
func (s *Session) Reactor() int { return s.ex.Reactor }

// Listening implements command.Client and tracking.Client.
func (s *Session) Listening() bool { return s.subCount > 0 }

// Proto implements command.Client and tracking.Client.
func (s *Session) Proto() int { return int(s.proto) }

// Gone implements tracking.Client.
func (s *Session) Gone() bool { return s.closed }

// Push implements tracking.Client.
func (s *Session) Push(b []byte) { s.push(b) }

// HoldsPushes implements tracking.Client: it tells whether a reply is under way that may be older
// than what the client is told now, since a worker has it, or it was made for a blocked client.
func (s *Session) HoldsPushes() bool {
	if s.busy {
		return true
	}
	return s.blocked != nil && s.blocked.Claimed()
}

// Hear implements pubsub.Listener.
func (s *Session) Hear(m pubsub.Messages) { s.push(m.Encoded(int(s.proto))) }

// push writes what the client did not ask for now, also with CLIENT REPLY OFF.
func (s *Session) push(b []byte) {
	if s.closed || s.closing {
		return
	}
	ex := s.ex
	if ex.Units.KeepPush(s, b) {
		return // not into the middle of EXEC's reply
	}
	ex.W.Flush()                  // a command of this session may be running
	n, _ := s.Conn.Out().Write(b) // a ring takes everything
	ex.Meter.OutputBytes += int64(n)
	if !s.unflushed {
		s.unflushed = true
		ex.Unflushed = append(ex.Unflushed, s)
	}
}
