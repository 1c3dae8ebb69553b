package server

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/glob"
	"github.com/kringdb/kring/resp"
)

// pubsub carries messages from whoever publishes to the reactors whose clients listen.
//
//	PUBLISH ─▶ topics: who listens, by reactor ─▶ inbox of each such reactor ─letter─▶ drain:
//	                                                                 the reactor's own tables,
//	                                                                 the clients' out-rings
//
// One mutex covers topics and inboxes, so all listeners hear all messages in one order, and
// a message reaches exactly those who had subscribed when it was published. It is
// innermost: keyspace events are published under shard locks.
type pubsub struct {
	mu struct {
		sync.Mutex
		topics  [command.SubKinds]map[string]*topic
		inboxes []inbox // by reactor
	}
	topics atomic.Int64 // how many there are: without any, publishing is done at once
}

// topic counts who listens to a channel or pattern.
type topic struct {
	total int
	at    []int32 // by reactor
}

// inbox is what a reactor has still to deliver.
type inbox struct {
	queue  []message
	posted bool // the reactor has been told
	wanted bool // this message goes there
}

// message is what was published. Channel and text are copies.
type message struct {
	kind          command.SubKind // SubChannel or SubShard
	channel, text []byte
}

// listening is a reactor's own view: its sessions by what they listen to.
type listening struct {
	tables  [command.SubKinds]map[string]*hearers
	touched []*session // have output that was not flushed
	spare   []message  // an inbox's queue, emptied
	backlog []message  // what the last drain left over
	forms   [2][]byte  // what is being sent, by protocol
	drain   func()     // posted to the reactor
	own     bool       // this reactor has published to itself in this turn
	owes    bool       // it has published to others, who are told when the turn ends
	owed    []bool     // by reactor: which
}

// hearers are the sessions that listen to one channel or pattern, in no order.
type hearers struct {
	list []*session
	at   map[*session]int
}

func (p *pubsub) init(reactors int) {
	p.mu.inboxes = make([]inbox, reactors)
	for k := range p.mu.topics {
		p.mu.topics[k] = map[string]*topic{}
	}
}

// publish sends a message and returns how many will hear it. Any goroutine may call it,
// under any lock; own is the executor that runs on it, or nil.
func (s *Server) publish(own *executor, kind command.SubKind, channel, text []byte) int {
	p := &s.pubsub
	if p.topics.Load() == 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	heard := 0
	if t := p.mu.topics[kind][string(channel)]; t != nil {
		heard += p.mark(t)
	}
	if kind == command.SubChannel {
		for pattern, t := range p.mu.topics[command.SubPattern] {
			if glob.Match([]byte(pattern), channel, false) {
				heard += p.mark(t)
			}
		}
	}
	if heard == 0 {
		return 0
	}
	both := append(append(make([]byte, 0, len(channel)+len(text)), channel...), text...)
	m := message{kind, both[:len(channel):len(channel)], both[len(channel):]}
	for i := range p.mu.inboxes {
		b := &p.mu.inboxes[i]
		if !b.wanted {
			continue
		}
		b.wanted = false
		b.queue = append(b.queue, m)
		switch {
		case own == nil || own.reactor < 0:
			s.tellReactor(i)
		case own == s.execs[i]:
			own.listening.own = true
		default:
			own.owe(i)
		}
	}
	return heard
}

// tellReactor lets a reactor look into its inbox. pubsub.mu is held.
func (s *Server) tellReactor(i int) {
	if b := &s.pubsub.mu.inboxes[i]; !b.posted {
		b.posted = true
		s.group.Reactors()[i].Post(s.execs[i].listening.drain)
	}
}

// owe notes that reactor i is to be told at the end of this turn: what a pipeline publishes
// then goes to its clients in one piece.
func (ex *executor) owe(i int) {
	l := &ex.listening
	if l.owed == nil {
		l.owed = make([]bool, len(ex.srv.execs))
	}
	l.owes, l.owed[i] = true, true
}

// payOwed tells the reactors that messages of this turn went to.
func (ex *executor) payOwed() {
	l, p := &ex.listening, &ex.srv.pubsub
	l.owes = false
	p.mu.Lock()
	for i, owed := range l.owed {
		if owed {
			l.owed[i] = false
			ex.srv.tellReactor(i)
		}
	}
	p.mu.Unlock()
}

// mark notes the reactors that a message for t goes to, and returns how many hear it.
func (p *pubsub) mark(t *topic) int {
	for i, n := range t.at {
		if n > 0 {
			p.mu.inboxes[i].wanted = true
		}
	}
	return t.total
}

// change adds (by 1) or removes (by -1) a listener of reactor ex, and delivers what was
// published before.
func (ex *executor) change(kind command.SubKind, name string, by int) {
	p := &ex.srv.pubsub
	p.mu.Lock()
	t := p.mu.topics[kind][name]
	if t == nil {
		t = &topic{at: make([]int32, len(p.mu.inboxes))}
		p.mu.topics[kind][name] = t
		p.topics.Add(1)
	}
	t.total += by
	t.at[ex.reactor] += int32(by)
	if t.total == 0 {
		delete(p.mu.topics[kind], name)
		p.topics.Add(-1)
	}
	queue := ex.takeInbox()
	p.mu.Unlock()
	ex.deliver(queue, math.MaxInt)
	if len(ex.listening.touched) > 0 {
		ex.srv.group.Reactors()[ex.reactor].Post(ex.listening.drain) // which flushes them
	}
}

// takeInbox empties the reactor's inbox. pubsub.mu is held.
func (ex *executor) takeInbox() []message {
	b := &ex.srv.pubsub.mu.inboxes[ex.reactor]
	queue := b.queue
	b.queue, ex.listening.spare = ex.listening.spare[:0], nil
	return queue
}

// drain delivers what has been published; it runs on the reactor, outside of batches. What
// was posted for an inbox that is empty by now finds nothing to do. Of very much it delivers
// a part, and comes again when others had their turn.
func (ex *executor) drain() {
	p := &ex.srv.pubsub
	p.mu.Lock()
	p.mu.inboxes[ex.reactor].posted = false
	queue := ex.takeInbox()
	p.mu.Unlock()
	ex.deliver(queue, drainPushes)
	ex.flushTouched()
	if l := &ex.listening; len(l.backlog) > 0 {
		ex.srv.group.Reactors()[ex.reactor].Post(l.drain)
	}
}

// flushTouched sends what was pushed, outside of batches.
func (ex *executor) flushTouched() {
	l := &ex.listening
	for i, s := range l.touched {
		l.touched[i] = nil
		s.touched = false
		if !s.closed {
			s.conn.Flush()
			s.checkOutput()
		}
	}
	l.touched = l.touched[:0]
}

// deliver writes messages into the out-rings of this reactor's listeners, behind those
// that were left over; after about most writes it leaves the rest for the next time.
func (ex *executor) deliver(queue []message, most int) {
	l := &ex.listening
	if len(l.backlog) > 0 {
		queue = append(l.backlog, queue...)
		l.backlog = nil
	}
	at := 0
	for at < len(queue) && most > 0 {
		n, writes := l.send(queue[at:])
		at += n
		most -= writes
	}
	if at < len(queue) {
		l.backlog = queue[at:]
		return
	}
	clear(queue)
	if cap(queue) <= keepMessages {
		l.spare = queue[:0]
	}
}

// send delivers the first messages of the queue: one, or all that come in a row to one
// channel, if nobody hears them through a pattern. It returns how many, and to how many
// listeners.
func (l *listening) send(queue []message) (n, writes int) {
	m := &queue[0]
	n = 1
	if m.kind == command.SubShard || !l.patternHears(m.channel) {
		for n < len(queue) && n < sendTogether && queue[n].kind == m.kind && string(queue[n].channel) == string(m.channel) {
			n++
		}
	}
	if h := l.tables[m.kind][string(m.channel)]; h != nil {
		writes += h.send(l, queue[:n], "")
	}
	if m.kind == command.SubChannel && n == 1 {
		for pattern, h := range l.tables[command.SubPattern] {
			if glob.Match([]byte(pattern), m.channel, false) {
				writes += h.send(l, queue[:1], pattern)
			}
		}
	}
	return n, writes + 1
}

// patternHears tells whether a pattern of this reactor's listeners matches the channel.
func (l *listening) patternHears(channel []byte) bool {
	for pattern := range l.tables[command.SubPattern] {
		if glob.Match([]byte(pattern), channel, false) {
			return true
		}
	}
	return false
}

// send writes messages to all of h, encoded once for each protocol, and returns how many
// heard them.
func (h *hearers) send(l *listening, ms []message, pattern string) int {
	l.forms[0], l.forms[1] = l.forms[0][:0], l.forms[1][:0]
	for _, s := range h.list {
		at := 0
		if s.proto == resp.RESP3 {
			at = 1
		}
		if len(l.forms[at]) == 0 {
			for i := range ms {
				l.forms[at] = ms[i].append(l.forms[at], s.proto == resp.RESP3, pattern)
			}
		}
		s.push(l.forms[at])
	}
	for at := range l.forms {
		if cap(l.forms[at]) > keepFormBytes {
			l.forms[at] = nil
		}
	}
	return len(h.list)
}

// append appends the message as its listeners get it.
func (m *message) append(dst []byte, push bool, pattern string) []byte {
	kind, n, word := byte('*'), 3, "message"
	if push {
		kind = '>'
	}
	if m.kind == command.SubShard {
		word = "smessage"
	}
	if pattern != "" {
		n, word = 4, "pmessage"
	}
	dst = resp.AppendBulkString(resp.AppendHeader(dst, kind, n), word)
	if pattern != "" {
		dst = resp.AppendBulkString(dst, pattern)
	}
	return resp.AppendBulk(resp.AppendBulk(dst, m.channel), m.text)
}

// push writes what the client did not ask for now, also with CLIENT REPLY OFF.
func (s *session) push(b []byte) {
	if s.closed || s.closing {
		return
	}
	ex := s.ex
	if ex.inExec && sessionOf(ex.ctx.Client) == s {
		ex.pushes = append(ex.pushes, b...) // not into the middle of EXEC's reply
		return
	}
	ex.w.Flush()                  // a command of this session may be running
	n, _ := s.conn.Out().Write(b) // a ring takes everything
	ex.stats.outputBytes += int64(n)
	if !s.touched {
		s.touched = true
		ex.listening.touched = append(ex.listening.touched, s)
	}
}

// Subscribe implements command.Client.
func (s *session) Subscribe(kind command.SubKind, name []byte) {
	if _, ok := s.subscribed(kind)[string(name)]; ok {
		return
	}
	n := string(name)
	s.ex.change(kind, n, 1)
	subs := &s.ext().subs
	if subs[kind] == nil {
		subs[kind] = map[string]struct{}{}
	}
	subs[kind][n] = struct{}{}
	s.subCount++
	l := &s.ex.listening
	if l.tables[kind] == nil {
		l.tables[kind] = map[string]*hearers{}
	}
	h := l.tables[kind][n]
	if h == nil {
		h = &hearers{at: map[*session]int{}}
		l.tables[kind][n] = h
	}
	h.at[s] = len(h.list)
	h.list = append(h.list, s)
}

// Unsubscribe implements command.Client.
func (s *session) Unsubscribe(kind command.SubKind, name []byte) {
	n := string(name)
	if _, ok := s.subscribed(kind)[n]; !ok {
		return
	}
	s.ex.change(kind, n, -1)
	delete(s.more.subs[kind], n)
	s.subCount--
	tables := s.ex.listening.tables[kind]
	h := tables[n]
	at, last := h.at[s], len(h.list)-1
	h.list[at] = h.list[last]
	h.at[h.list[at]] = at
	h.list[last] = nil
	h.list = h.list[:last]
	delete(h.at, s)
	if last == 0 {
		delete(tables, n)
	}
}

// Subscribed implements command.Client.
func (s *session) Subscribed(kind command.SubKind) [][]byte {
	var names [][]byte
	for n := range s.subscribed(kind) {
		names = append(names, []byte(n))
	}
	return names
}

// Subscriptions implements command.Client.
func (s *session) Subscriptions(kind command.SubKind) int { return len(s.subscribed(kind)) }

// subscribed is what the session listens to.
func (s *session) subscribed(kind command.SubKind) map[string]struct{} {
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
		for _, n := range s.Subscribed(command.SubKind(kind)) {
			s.Unsubscribe(command.SubKind(kind), n)
		}
	}
}

// Publish implements command.Host.
func (h *host) Publish(kind command.SubKind, channel, text []byte) int {
	return h.publish(h.ex, kind, channel, text)
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
		return t.total
	}
	return 0
}
