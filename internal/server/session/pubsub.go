package session

import (
	"time"

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

// Share implements pubsub.Home.
func (h reactorHome) Share() time.Duration { return h.r.Share() }

// Flush implements pubsub.Home.
func (h reactorHome) Flush() { h.ex.flushPushed() }

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
func (ch Channels) Host() command.PubSubHost { return &pubsubHost{ch.Hub, ch} }

// pubsubHost implements command.PubSubHost.
type pubsubHost struct {
	*pubsub.Hub[*Session]
	channels Channels
}

// Publish implements command.PubSubHost. Nodes of a cluster hand messages on by connections of their own, replicas
// among them; what comes by the stream of a primary goes no further.
func (h *pubsubHost) Publish(c *command.Ctx, kind command.SubKind, channel, text []byte) int {
	switch node := c.Host.Cluster; {
	case node == nil:
		exec.Of(c).Rec.Forward(c.Args...)
	case !c.Obey:
		node.Relay().Publish(kind, channel, text)
	}
	return h.Deliver(c, kind, channel, text)
}

// Deliver implements command.PubSubHost.
func (h *pubsubHost) Deliver(c *command.Ctx, kind command.SubKind, channel, text []byte) int {
	return h.channels.Publish(exec.Of(c).Reactor, kind, channel, text)
}
