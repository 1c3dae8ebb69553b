package pubsub

import "github.com/kringdb/kring/command"

// Subscriptions are the topics that one client listens to. They belong to its outlet's goroutine,
// or to whoever runs the client's commands while that waits. The zero value is empty.
type Subscriptions[L Listener] struct {
	kinds [command.SubKinds]map[*Topic[L]]struct{}
	count int
	bytes int64
}

// Count is how many there are, of all kinds.
func (s *Subscriptions[L]) Count() int { return s.count }

// Len is how many there are of a kind.
func (s *Subscriptions[L]) Len(kind command.SubKind) int { return len(s.kinds[kind]) }

// Bytes is about what they take, with what the hub has of them.
func (s *Subscriptions[L]) Bytes() int64 { return s.bytes }

// Names returns those of a kind, in no order.
func (s *Subscriptions[L]) Names(kind command.SubKind) [][]byte {
	var names [][]byte
	for t := range s.kinds[kind] {
		names = append(names, []byte(t.name))
	}
	return names
}

// Subscribe lets l, whose subscriptions are s, listen to a topic. more is how many topics are about
// to be named, for the room. What l is still to hear of its other topics it hears before.
func (o *Outlet[L]) Subscribe(l L, s *Subscriptions[L], kind command.SubKind, name []byte, more int) {
	h := o.hub
	h.mu.Lock()
	t := h.topicLocked(kind, name, o.index)
	if _, ok := s.kinds[kind][t]; ok {
		h.mu.Unlock()
		return
	}
	list := t.of(o.index)
	list.count++
	queue := o.takeLocked()
	h.mu.Unlock()
	o.catchUp(l, s, queue)
	list.add(l)
	if s.kinds[kind] == nil {
		s.kinds[kind] = make(map[*Topic[L]]struct{}, max(more, 0))
	}
	s.kinds[kind][t] = struct{}{}
	s.bytes += subscriptionBytes + int64(len(t.name))
	s.count++
}

// Unsubscribe ends l's listening to a topic, if it does.
func (o *Outlet[L]) Unsubscribe(l L, s *Subscriptions[L], kind command.SubKind, name []byte) {
	t := o.hub.topic(kind, name)
	if _, ok := s.kinds[kind][t]; ok {
		o.unsubscribe(l, s, t)
	}
}

// UnsubscribeAll ends all of l's listening.
func (o *Outlet[L]) UnsubscribeAll(l L, s *Subscriptions[L]) {
	for kind := range s.kinds {
		for t := range s.kinds[kind] {
			o.unsubscribe(l, s, t)
		}
	}
}

// Leave is UnsubscribeAll for a listener that is gone, and hears nothing any more.
func (o *Outlet[L]) Leave(l L, s *Subscriptions[L]) {
	for kind := range s.kinds {
		for t := range s.kinds[kind] {
			o.hub.mu.Lock()
			list := o.hub.goingLocked(t, o.index)
			o.hub.mu.Unlock()
			list.remove(l)
		}
	}
	*s = Subscriptions[L]{}
	delete(o.ahead, l)
}

// unsubscribe ends l's listening to t, after it has heard what it is still to hear.
func (o *Outlet[L]) unsubscribe(l L, s *Subscriptions[L], t *Topic[L]) {
	h := o.hub
	h.mu.Lock()
	list := h.goingLocked(t, o.index)
	queue := o.takeLocked()
	h.mu.Unlock()
	o.catchUp(l, s, queue)
	list.remove(l)
	delete(s.kinds[list.kind], t)
	s.bytes -= subscriptionBytes + int64(len(t.name))
	s.count--
}
