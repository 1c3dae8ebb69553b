package server

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/pubsub"
	"github.com/kringdb/kring/netio"
)

// This file is package pubsub as reactors and sessions have it: an outlet for each reactor, whose
// listeners are sessions.

// reactorHome is a reactor as its outlet sees it.
type reactorHome struct {
	ex *station
	r  *netio.Reactor
}

// Post implements pubsub.Home.
func (h reactorHome) Post(f func()) { h.r.Post(f) }

// Flush implements pubsub.Home.
func (h reactorHome) Flush() { h.ex.flushTouched() }

// Hear implements pubsub.Listener.
func (s *session) Hear(m pubsub.Messages) { s.push(m.Encoded(int(s.proto))) }

// push writes what the client did not ask for now, also with CLIENT REPLY OFF.
func (s *session) push(b []byte) {
	if s.closed || s.closing {
		return
	}
	ex := s.ex
	if ex.KeepPush(s, b) {
		return // not into the middle of EXEC's reply
	}
	ex.W.Flush()                  // a command of this session may be running
	n, _ := s.conn.Out().Write(b) // a ring takes everything
	ex.Meter.OutputBytes += int64(n)
	if !s.unflushed {
		s.unflushed = true
		ex.unflushed = append(ex.unflushed, s)
	}
}

// Publish implements command.PubSubHost.
func (h pubsubHost) Publish(c *command.Ctx, kind command.SubKind, channel, text []byte) int {
	return h.srv.House.Publish(exec.Of(c).Reactor, kind, channel, text)
}

// Channels implements command.PubSubHost.
func (h pubsubHost) Channels(kind command.SubKind, pattern []byte) []string {
	return h.srv.pubsub.Channels(kind, pattern)
}

// CountChannels implements command.PubSubHost.
func (h pubsubHost) CountChannels(kind command.SubKind) int { return h.srv.pubsub.CountChannels(kind) }

// Listeners implements command.PubSubHost.
func (h pubsubHost) Listeners(kind command.SubKind, name []byte) int {
	return h.srv.pubsub.Listeners(kind, name)
}

// Subscribe implements command.Client.
func (s *session) Subscribe(kind command.SubKind, name []byte) {
	subs := &s.ext().subs
	s.ex.outlet.Subscribe(s, subs, kind, name, len(s.ex.Ctx.Args)-1) // one call often names them all
	s.subCount = int32(subs.Count())
}

// Unsubscribe implements command.Client.
func (s *session) Unsubscribe(kind command.SubKind, name []byte) {
	if s.subCount > 0 {
		s.ex.outlet.Unsubscribe(s, &s.more.subs, kind, name)
		s.subCount = int32(s.more.subs.Count())
	}
}

// unsubscribeAll is for RESET and a connection that ends.
func (s *session) unsubscribeAll() {
	if s.subCount > 0 {
		s.ex.outlet.UnsubscribeAll(s, &s.more.subs)
		s.subCount = 0
	}
}

// Subscribed implements command.Client.
func (s *session) Subscribed(kind command.SubKind) [][]byte {
	if s.more == nil {
		return nil
	}
	return s.more.subs.Names(kind)
}

// Subscriptions implements command.Client.
func (s *session) Subscriptions(kind command.SubKind) int {
	if s.more == nil {
		return 0
	}
	return s.more.subs.Len(kind)
}

// Listening implements command.Client.
func (s *session) Listening() bool { return s.subCount > 0 }
