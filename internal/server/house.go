package server

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/pubsub"
)

// This file is the server as executors see it, and sessions as they see clients.

// execHouse is the server.
type execHouse struct{ *Server }

// Publish implements house.
func (h execHouse) Publish(reactor int, kind command.SubKind, channel, text []byte) int {
	var outlet *pubsub.Outlet[*session]
	if reactor >= 0 {
		outlet = h.execs[reactor].outlet
	}
	return h.pubsub.Publish(outlet, kind, channel, text)
}

// Topics implements house.
func (h execHouse) Topics() int64 { return h.pubsub.Topics() }

// Pauses implements house.
func (h execHouse) Pauses() (untilMs int64, on, all bool) { return h.pauses() }

// EndPause implements house.
func (h execHouse) EndPause() { h.endPause() }

// ResumeAll implements house.
func (h execHouse) ResumeAll() { h.resumeAll() }

// Ending implements house.
func (h execHouse) Ending() bool { return h.asked() || h.stopping.Load() }

// RingKeeper implements house.
func (h execHouse) RingKeeper() { h.keeper.Ring() }

// Crowded implements house.
func (h execHouse) Crowded() bool { return h.crowded() }

// WhyBroken implements house.
func (h execHouse) WhyBroken() string { return h.aof.reason() }

var _ exec.Peer = (*session)(nil)

// Addr implements peer.
func (s *session) Addr() (addr string, unix bool) { return s.conn.RemoteAddr(), s.conn.IsUnix() }

// Post implements peer.
func (s *session) Post(f func()) { s.conn.Reactor().Post(f) }

// Peer is the client itself.
func (s *session) Peer() exec.Peer { return s }
