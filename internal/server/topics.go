package server

import (
	"math"
	"slices"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/glob"
)

// topic is a channel or pattern that somebody listens to. It exists once for all: sessions
// name it, messages name its hearers.
type topic struct {
	name  string
	first hearers
}

// hearers are the sessions of one reactor that listen to a topic. Of most topics there is
// one, so the first reactor's stand in the topic.
type hearers struct {
	next              *hearers // another reactor's; guarded by pubsub.mu, as is count
	indexed[*session]          // the reactor's
	count             int32    // how many there are or, while one comes or goes, will be
	reactor           int16
	kind              command.SubKind
}

// indexHearers is from how many hearers, or patterns with one prefix, on their places are
// indexed: a place costs several times what the pointer does, and to look at so many takes
// about a microsecond.
const indexHearers = 4096

// of returns the hearers of a reactor, made if there are none. pubsub.mu is held.
func (t *topic) of(reactor int) *hearers {
	for h := &t.first; ; h = h.next {
		if int(h.reactor) == reactor {
			return h
		}
		if h.next == nil {
			h.next = &hearers{reactor: int16(reactor), kind: t.first.kind}
		}
	}
}

// listeners returns how many there are. pubsub.mu is held.
func (t *topic) listeners() (n int) {
	for h := &t.first; h != nil; h = h.next {
		n += int(h.count)
	}
	return n
}

// indexed is a set in no order: a list, and the places of its items once it is long.
type indexed[T comparable] struct {
	list []T
	at   map[T]int32
}

func (x *indexed[T]) add(item T) {
	if len(x.list) == 0 {
		x.list = make([]T, 0, 1) // append would take room for more
	}
	x.list = append(x.list, item)
	n := len(x.list)
	if x.at != nil {
		x.at[item] = int32(n - 1)
	} else if n >= indexHearers {
		x.at = make(map[T]int32, n)
		for i, item := range x.list {
			x.at[item] = int32(i)
		}
	}
}

func (x *indexed[T]) remove(item T) {
	i, last := 0, len(x.list)-1
	if x.at != nil {
		i = int(x.at[item])
		x.at[x.list[last]] = int32(i)
		delete(x.at, item)
	} else {
		i = slices.Index(x.list, item)
	}
	var none T
	x.list[i] = x.list[last]
	x.list[last] = none
	x.list = x.list[:last]
	if last == 0 {
		x.list, x.at = nil, nil
	}
}

// patternIndex finds patterns that may match a channel by the bytes that they begin with,
// up to the first that is not taken literally. Those with nothing behind but a star, the
// most common, are found by their name.
type patternIndex struct {
	simple   prefixLengths // of those with a star only
	byPrefix map[string]*patternBucket
	lengths  prefixLengths // of the keys of byPrefix
}

// prefixLengths are the lengths that prefixes have, ascending, and how many have each.
type prefixLengths struct{ list, have []int }

// count adds by to the number of prefixes with n bytes.
func (l *prefixLengths) count(n, by int) {
	i, found := slices.BinarySearch(l.list, n)
	if !found {
		l.list, l.have = slices.Insert(l.list, i, n), slices.Insert(l.have, i, 0)
	}
	if l.have[i] += by; l.have[i] == 0 {
		l.list, l.have = slices.Delete(l.list, i, i+1), slices.Delete(l.have, i, i+1)
	}
}

// patternBucket has the patterns with one prefix.
type patternBucket struct{ indexed[*topic] }

// literalPrefix is what the names of all channels that match the pattern begin with.
func literalPrefix(pattern string) string {
	for i := range len(pattern) {
		switch pattern[i] {
		case '*', '?', '[', '\\':
			return pattern[:i]
		}
	}
	return pattern
}

// isSimple tells whether pattern is its prefix and a star.
func isSimple(pattern, prefix string) bool {
	return len(pattern) == len(prefix)+1 && pattern[len(prefix)] == '*'
}

// each calls fn with all patterns of all, which the index is of, that match the channel.
func (x *patternIndex) each(all map[string]*topic, channel []byte, fn func(t *topic)) {
	var block [256]byte
	for _, n := range x.simple.list {
		if n > len(channel) {
			break
		}
		t := all[string(append(append(block[:0], channel[:n]...), '*'))]
		if t != nil && len(literalPrefix(t.name)) == n && glob.Match([]byte(t.name), channel, false) {
			fn(t)
		}
	}
	for _, n := range x.lengths.list {
		if n > len(channel) {
			break
		}
		if b := x.byPrefix[string(channel[:n])]; b != nil {
			for _, t := range b.list {
				if glob.Match([]byte(t.name), channel, false) {
					fn(t)
				}
			}
		}
	}
}

func (x *patternIndex) add(t *topic) {
	prefix := literalPrefix(t.name)
	if isSimple(t.name, prefix) {
		x.simple.count(len(prefix), 1)
		return
	}
	b := x.byPrefix[prefix]
	if b == nil {
		b = &patternBucket{}
		if x.byPrefix == nil {
			x.byPrefix = map[string]*patternBucket{}
		}
		x.byPrefix[prefix] = b
		x.lengths.count(len(prefix), 1)
	}
	b.add(t)
}

func (x *patternIndex) remove(t *topic) {
	prefix := literalPrefix(t.name)
	if isSimple(t.name, prefix) {
		x.simple.count(len(prefix), -1)
		return
	}
	b := x.byPrefix[prefix]
	if b.remove(t); len(b.list) > 0 {
		return
	}
	delete(x.byPrefix, prefix)
	x.lengths.count(len(prefix), -1)
}

// topicOf returns the topic of a name, made if there is none, for a client of reactor.
// pubsub.mu is held.
func (p *pubsub) topicOf(kind command.SubKind, name []byte, reactor int) *topic {
	t := p.mu.topics[kind][string(name)]
	if t == nil {
		t = &topic{name: string(name), first: hearers{reactor: int16(reactor), kind: kind}}
		p.mu.topics[kind][t.name] = t
		p.topics.Add(1)
		if kind == command.SubPattern {
			p.mu.patterns.add(t)
		}
	}
	return t
}

// drop forgets a topic without listeners. pubsub.mu is held.
func (p *pubsub) drop(t *topic) {
	kind := t.first.kind
	delete(p.mu.topics[kind], t.name)
	p.topics.Add(-1)
	if kind == command.SubPattern {
		p.mu.patterns.remove(t)
	}
}

// Subscribe implements command.Client.
func (s *session) Subscribe(kind command.SubKind, name []byte) {
	ex := s.ex
	p := &ex.srv.pubsub
	p.mu.Lock()
	t := p.topicOf(kind, name, ex.reactor)
	if _, ok := s.subscribed(kind)[t]; ok {
		p.mu.Unlock()
		return
	}
	h := t.of(ex.reactor)
	h.count++
	queue := ex.takeInbox()
	p.mu.Unlock()
	ex.deliverBefore(queue)
	h.add(s)
	subs := &s.ext().subs
	if subs[kind] == nil {
		subs[kind] = make(map[*topic]struct{}, max(len(ex.ctx.Args)-1, 0)) // one call often names them all
	}
	subs[kind][t] = struct{}{}
	s.more.subBytes += subscriptionBytes + int64(len(t.name))
	s.subCount++
}

// Unsubscribe implements command.Client.
func (s *session) Unsubscribe(kind command.SubKind, name []byte) {
	p := &s.ex.srv.pubsub
	p.mu.Lock()
	t := p.mu.topics[kind][string(name)]
	p.mu.Unlock()
	if _, ok := s.subscribed(kind)[t]; ok {
		s.unsubscribe(t)
	}
}

// unsubscribe ends the session's listening to t.
func (s *session) unsubscribe(t *topic) {
	ex := s.ex
	p := &ex.srv.pubsub
	p.mu.Lock()
	h := t.of(ex.reactor)
	if h.count--; t.listeners() == 0 {
		p.drop(t)
	}
	queue := ex.takeInbox()
	p.mu.Unlock()
	ex.deliverBefore(queue)
	h.remove(s)
	delete(s.more.subs[h.kind], t)
	s.more.subBytes -= subscriptionBytes + int64(len(t.name))
	s.subCount--
}

// deliverBefore delivers what was published before a subscription begins or ends.
func (ex *executor) deliverBefore(queue []message) {
	ex.deliver(queue, math.MaxInt)
	if len(ex.listening.touched) > 0 {
		ex.srv.group.Reactors()[ex.reactor].Post(ex.listening.drain) // which flushes them
	}
}

// Subscribed implements command.Client.
func (s *session) Subscribed(kind command.SubKind) [][]byte {
	var names [][]byte
	for t := range s.subscribed(kind) {
		names = append(names, []byte(t.name))
	}
	return names
}

// Subscriptions implements command.Client.
func (s *session) Subscriptions(kind command.SubKind) int { return len(s.subscribed(kind)) }

// subscribed is what the session listens to.
func (s *session) subscribed(kind command.SubKind) map[*topic]struct{} {
	if s.more == nil {
		return nil
	}
	return s.more.subs[kind]
}

// Listening implements command.Client.
func (s *session) Listening() bool { return s.subCount > 0 }

// unsubscribeAll is for RESET and a connection that ends.
func (s *session) unsubscribeAll() {
	for kind := range command.SubKinds {
		for t := range s.subscribed(command.SubKind(kind)) {
			s.unsubscribe(t)
		}
	}
}

// Channels implements command.Host.
func (s *Server) Channels(kind command.SubKind, pattern []byte) []string {
	p := &s.pubsub
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for n := range p.mu.topics[kind] {
		if pattern == nil || glob.Match(pattern, []byte(n), false) {
			names = append(names, n)
		}
	}
	return names
}

// CountChannels implements command.Host.
func (s *Server) CountChannels(kind command.SubKind) int {
	p := &s.pubsub
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.mu.topics[kind])
}

// Listeners implements command.Host.
func (s *Server) Listeners(kind command.SubKind, name []byte) int {
	p := &s.pubsub
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.mu.topics[kind][string(name)]; t != nil {
		return t.listeners()
	}
	return 0
}
