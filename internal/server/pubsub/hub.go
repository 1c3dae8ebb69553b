package pubsub

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/glob"
	"github.com/kringdb/kring/internal/inbox"
)

// Listener is a client that listens. Its outlet's goroutine calls it.
type Listener interface {
	comparable
	// Hear gives it messages, which it takes in the form of its protocol, before it returns.
	Hear(m Messages)
}

// Messages are some messages in a row, encoded once for each protocol.
type Messages interface {
	// Encoded returns them as a client with that protocol (resp.RESP2, resp.RESP3) is sent them,
	// valid until Hear returns.
	Encoded(proto int) []byte
}

// Hub is who listens to what. Make one with New, open its outlets, and then use it.
type Hub[L Listener] struct {
	mu struct {
		sync.Mutex
		topics   [command.SubKinds]map[string]*Topic[L]
		patterns patternIndex[L] // of the topics that are patterns
	}
	outlets []*Outlet[L]
	topics  atomic.Int64 // how many there are: without any, publishing is done at once
	room    inbox.Room   // what waits to be delivered
}

// New makes a hub without outlets. roomy is called when it is full no longer, by any of the outlets' goroutines.
func New[L Listener](roomy func()) *Hub[L] {
	h := &Hub[L]{room: inbox.Room{Roomy: roomy}}
	for k := range h.mu.topics {
		h.mu.topics[k] = map[string]*Topic[L]{}
	}
	return h
}

// Open adds the outlet of a reactor, before there are any listeners.
func (h *Hub[L]) Open(home Home) *Outlet[L] {
	o := &Outlet[L]{hub: h, home: home, index: len(h.outlets)}
	o.drain, o.again = o.Drain, o.goOn
	h.outlets = append(h.outlets, o)
	return o
}

// Topics returns how many channels and patterns there are that somebody listens to.
func (h *Hub[L]) Topics() int64 { return h.topics.Load() }

// Full tells whether so much waits to be delivered that whoever is about to publish should wait until it does not.
func (h *Hub[L]) Full() bool { return h.room.Full() }

// Publish sends a message and returns how many will hear it. Any goroutine may call it,
// under any lock; own is the outlet of the reactor that runs on it, or nil.
func (h *Hub[L]) Publish(own *Outlet[L], kind command.SubKind, channel, text []byte) int {
	if h.topics.Load() == 0 {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	heard := 0
	var m message[L]
	if t := h.mu.topics[kind][string(channel)]; t != nil {
		m.text, m.channel = bytes.Clone(text), t.name
		heard = h.sendLocked(own, t, &m)
	}
	if kind != command.SubChannel {
		return heard
	}
	h.mu.patterns.each(h.mu.topics[command.SubPattern], channel, func(t *Topic[L]) {
		if m.channel == "" && len(channel) > 0 {
			m.channel = string(channel)
		}
		if m.text == nil {
			m.text = bytes.Clone(text)
		}
		m.pattern = t.name
		heard += h.sendLocked(own, t, &m)
	})
	return heard
}

// sendLocked puts m into the inboxes of the outlets with listeners to t, and returns how
// many these are.
func (h *Hub[L]) sendLocked(own *Outlet[L], t *Topic[L], m *message[L]) (heard int) {
	for list := &t.first; list != nil; list = list.next {
		if list.count == 0 {
			continue
		}
		heard += int(list.count)
		m.to = list
		o := h.outlets[list.outlet]
		o.box.Put(*m)
		h.room.In(m.size())
		switch own {
		case nil:
			o.tellLocked()
		case o:
			own.own = true
		default:
			own.owe(o)
		}
	}
	return heard
}

// topicLocked returns the topic of a name, made if there is none, for a listener of an outlet.
func (h *Hub[L]) topicLocked(kind command.SubKind, name []byte, outlet int) *Topic[L] {
	t := h.mu.topics[kind][string(name)]
	if t == nil {
		t = &Topic[L]{name: string(name), first: hearers[L]{outlet: int16(outlet), kind: kind}}
		h.mu.topics[kind][t.name] = t
		h.topics.Add(1)
		if kind == command.SubPattern {
			h.mu.patterns.add(t)
		}
	}
	return t
}

// goingLocked counts that a listener of an outlet leaves a topic, and returns the hearers that it
// leaves. Hub.mu is held.
func (h *Hub[L]) goingLocked(t *Topic[L], outlet int) *hearers[L] {
	list := t.of(outlet)
	if list.count--; t.listeners() == 0 {
		h.dropLocked(t)
	}
	return list
}

// dropLocked forgets a topic without listeners.
func (h *Hub[L]) dropLocked(t *Topic[L]) {
	kind := t.first.kind
	delete(h.mu.topics[kind], t.name)
	h.topics.Add(-1)
	if kind == command.SubPattern {
		h.mu.patterns.remove(t)
	}
}

// topic returns the topic of a name, nil if nobody listens to it.
func (h *Hub[L]) topic(kind command.SubKind, name []byte) *Topic[L] {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mu.topics[kind][string(name)]
}

// Channels returns the topics of a kind that match pattern, a glob; nil: all.
func (h *Hub[L]) Channels(kind command.SubKind, pattern []byte) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var names []string
	for n := range h.mu.topics[kind] {
		if pattern == nil || glob.Match(pattern, []byte(n), false) {
			names = append(names, n)
		}
	}
	return names
}

// CountChannels returns how many topics of a kind there are.
func (h *Hub[L]) CountChannels(kind command.SubKind) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.mu.topics[kind])
}

// Listeners returns how many listen to a topic.
func (h *Hub[L]) Listeners(kind command.SubKind, name []byte) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.mu.topics[kind][string(name)]; t != nil {
		return t.listeners()
	}
	return 0
}
