package session

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
	ex *Station
	r  *netio.Reactor
}

// Post implements pubsub.Home.
func (h reactorHome) Post(f func()) { h.r.Post(f) }

// Flush implements pubsub.Home.
func (h reactorHome) Flush() { h.ex.flushTouched() }

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

// Channels are what the clients listen to.
type Channels struct {
	*pubsub.Hub[*Session]
	stations *[]*Station
}

// Publish sends a message and returns how many will hear it. Any goroutine may call it, under any
// lock; reactor is the index of the one that runs on it, -1: none does.
func (ch Channels) Publish(reactor int, kind command.SubKind, channel, text []byte) int {
	var outlet *pubsub.Outlet[*Session]
	if reactor >= 0 {
		outlet = (*ch.stations)[reactor].outlet
	}
	return ch.Hub.Publish(outlet, kind, channel, text)
}

// Host is what handlers get of channels.
func (ch Channels) Host() command.PubSubHost { return pubsubHost{ch.Hub, ch} }

// pubsubHost implements command.PubSubHost.
type pubsubHost struct {
	*pubsub.Hub[*Session]
	channels Channels
}

// Publish implements command.PubSubHost.
func (h pubsubHost) Publish(c *command.Ctx, kind command.SubKind, channel, text []byte) int {
	exec.Of(c).Rec.Forward(c.Args...)
	return h.channels.Publish(exec.Of(c).Reactor, kind, channel, text)
}

// Subscribe implements command.Client.
func (s *Session) Subscribe(kind command.SubKind, name []byte) {
	subs := &s.ext().subs
	s.ex.outlet.Subscribe(s, subs, kind, name, len(s.ex.Ctx.Args)-1) // one call often names them all
	s.subCount = int32(subs.Count())
}

// Unsubscribe implements command.Client.
func (s *Session) Unsubscribe(kind command.SubKind, name []byte) {
	if s.subCount > 0 {
		s.ex.outlet.Unsubscribe(s, &s.more.subs, kind, name)
		s.subCount = int32(s.more.subs.Count())
	}
}

// unsubscribeAll is for RESET and a connection that ends.
func (s *Session) unsubscribeAll() {
	if s.subCount > 0 {
		s.ex.outlet.UnsubscribeAll(s, &s.more.subs)
		s.subCount = 0
	}
}

// Subscribed implements command.Client.
func (s *Session) Subscribed(kind command.SubKind) [][]byte {
	if s.more == nil {
		return nil
	}
	return s.more.subs.Names(kind)
}

// Subscriptions implements command.Client.
func (s *Session) Subscriptions(kind command.SubKind) int {
	if s.more == nil {
		return 0
	}
	return s.more.subs.Len(kind)
}

// Listening implements command.Client.
func (s *Session) Listening() bool { return s.subCount > 0 }
