package server

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

// pubsub carries messages from whoever publishes to the reactors whose clients listen.
//
//	PUBLISH ─▶ topic: who listens, by reactor ─▶ inbox of each such reactor ─letter─▶ drain:
//	                                                                 the hearers that the message names,
//	                                                                 the clients' out-rings
//
// One mutex covers topics and inboxes, so all listeners hear all messages in one order, and
// a message reaches exactly those who had subscribed when it was published. It is
// innermost: keyspace events are published under shard locks.
type pubsub struct {
	mu struct {
		sync.Mutex
		topics   [command.SubKinds]map[string]*topic
		patterns patternIndex // of the topics that are patterns
		inboxes  []inbox      // by reactor
	}
	topics atomic.Int64 // how many there are: without any, publishing is done at once
}

// inbox is what a reactor has still to deliver.
type inbox struct {
	queue  []message
	posted bool // the reactor has been told
}

// message is what was published, for those of one reactor who hear it in one way.
type message struct {
	to               *hearers
	channel, pattern string // pattern: through which they hear it, "" for none
	text             []byte // a copy
}

// listening is a reactor's part in delivering.
type listening struct {
	touched []*session // have output that was not flushed
	spare   []message  // an inbox's queue, emptied
	backlog []message  // what the last drain left over
	forms   [2][]byte  // what is being sent, by protocol
	drain   func()     // posted to the reactor
	own     bool       // this reactor has published to itself in this turn
	owes    bool       // it has published to others, who are told when the turn ends
	owed    []bool     // by reactor: which
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
	var m message
	if t := p.mu.topics[kind][string(channel)]; t != nil {
		m.text, m.channel = bytes.Clone(text), t.name
		heard = s.sendLocked(own, t, &m)
	}
	if kind != command.SubChannel {
		return heard
	}
	p.mu.patterns.each(p.mu.topics[command.SubPattern], channel, func(t *topic) {
		if m.channel == "" && len(channel) > 0 {
			m.channel = string(channel)
		}
		if m.text == nil {
			m.text = bytes.Clone(text)
		}
		m.pattern = t.name
		heard += s.sendLocked(own, t, &m)
	})
	return heard
}

// sendLocked puts m into the inboxes of the reactors with listeners of t, and returns how
// many these are. pubsub.mu is held.
func (s *Server) sendLocked(own *executor, t *topic, m *message) (heard int) {
	for h := &t.first; h != nil; h = h.next {
		if h.count == 0 {
			continue
		}
		heard += int(h.count)
		i := int(h.reactor)
		m.to = h
		b := &s.pubsub.mu.inboxes[i]
		b.queue = append(b.queue, *m)
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

// send delivers the first messages of the queue, all that come in a row to the same
// listeners, encoded once for each protocol. It returns how many, and to how many listeners.
func (l *listening) send(queue []message) (n, writes int) {
	h := queue[0].to
	for n = 1; n < len(queue) && n < sendTogether && queue[n].to == h; {
		n++
	}
	l.forms[0], l.forms[1] = l.forms[0][:0], l.forms[1][:0]
	for _, s := range h.list {
		at := 0
		if s.proto == resp.RESP3 {
			at = 1
		}
		if len(l.forms[at]) == 0 {
			for i := range queue[:n] {
				l.forms[at] = queue[i].append(l.forms[at], s.proto == resp.RESP3)
			}
		}
		s.push(l.forms[at])
	}
	for at := range l.forms {
		if cap(l.forms[at]) > keepFormBytes {
			l.forms[at] = nil
		}
	}
	return n, len(h.list) + 1
}

// append appends the message as its listeners get it.
func (m *message) append(dst []byte, push bool) []byte {
	kind, n, word := byte('*'), 3, "message"
	if push {
		kind = '>'
	}
	if m.to.kind == command.SubShard {
		word = "smessage"
	}
	if m.to.kind == command.SubPattern {
		n, word = 4, "pmessage"
	}
	dst = resp.AppendBulkString(resp.AppendHeader(dst, kind, n), word)
	if m.to.kind == command.SubPattern {
		dst = resp.AppendBulkString(dst, m.pattern)
	}
	return resp.AppendBulk(resp.AppendBulkString(dst, m.channel), m.text)
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

// Publish implements command.Host.
func (h *host) Publish(kind command.SubKind, channel, text []byte) int {
	return h.publish(h.ex, kind, channel, text)
}
