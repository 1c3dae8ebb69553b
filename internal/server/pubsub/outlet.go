package pubsub

import (
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/inbox"
	"github.com/kringdb/kring/resp"
)

// Home is the reactor of an outlet.
type Home interface {
	// Post has f run on the reactor, outside of batches. Any goroutine may call it, under any lock.
	Post(f func())
	// Share is for how long others may be kept waiting.
	Share() time.Duration
	// Flush sends what listeners were given to hear. The reactor calls it, outside of batches.
	Flush()
}

// Outlet is a reactor's part in delivering.
type Outlet[L Listener] struct {
	hub   *Hub[L]
	home  Home
	index int
	box   inbox.Box[message[L]] // guarded by Hub.mu
	drain func()                // Drain, made once
	again func()                // goOn, made once

	// The reactor's.
	spare   []message[L] // the box's queue, emptied
	backlog []message[L] // what the last part left over
	place   int64        // of the backlog's first, or of the next, message: how many came before
	ahead   map[L]int64  // the place up to which a listener has had its messages before the others
	gaps    []int64      // the places in ahead, ascending
	coming  bool         // again was posted, and has not run yet
	forms   forms[L]     // what is being sent
	own     bool         // this reactor has published to itself in this turn
	owes    bool         // it has published to others, who are told when the turn ends
	owed    []bool       // by outlet: which
}

// message is what was published, for those of one outlet who hear it in one way.
type message[L Listener] struct {
	to               *hearers[L]
	channel, pattern string // pattern: through which they hear it, "" for none
	text             []byte // a copy
}

// size is about what it takes.
func (m *message[L]) size() int64 { return messageBytes + int64(len(m.channel)+len(m.text)) }

// tellLocked lets the reactor look into the inbox. Hub.mu is held.
func (o *Outlet[L]) tellLocked() {
	if o.box.MustTell() {
		o.home.Post(o.drain)
	}
}

// owe notes that another outlet is to be told at the end of this turn: what a pipeline publishes
// then goes to its clients in one piece.
func (o *Outlet[L]) owe(other *Outlet[L]) {
	if o.owed == nil {
		o.owed = make([]bool, len(o.hub.outlets))
	}
	o.owes, o.owed[other.index] = true, true
}

// EndTurn tells the outlets that messages of this turn went to, and delivers those that went to
// this one's own listeners.
func (o *Outlet[L]) EndTurn() {
	if o.owes {
		o.owes = false
		o.hub.mu.Lock()
		for i, owed := range o.owed {
			if owed {
				o.owed[i] = false
				o.hub.outlets[i].tellLocked()
			}
		}
		o.hub.mu.Unlock()
	}
	if o.own {
		o.own = false
		o.Drain()
	}
}

// Drain delivers what has been published; the reactor calls it outside of batches. What
// was posted for an inbox that is empty by now finds nothing to do. Of very much it delivers
// a part, and comes again when others had their turn: what it is told of meanwhile waits for that,
// or each time it is told would be one more part of the same turn.
func (o *Outlet[L]) Drain() {
	o.hub.mu.Lock()
	queue := o.box.Collect(o.spare)
	o.hub.mu.Unlock()
	o.spare = nil
	if o.coming {
		o.backlog = append(o.backlog, queue...)
		o.reuse(queue)
		return
	}
	o.part(queue)
}

// goOn is the letter by which an outlet comes again.
func (o *Outlet[L]) goOn() {
	o.coming = false
	o.hub.mu.Lock()
	queue := o.takeLocked()
	o.hub.mu.Unlock()
	o.part(queue)
}

// part delivers what one turn may.
func (o *Outlet[L]) part(queue []message[L]) {
	o.deliver(queue, drainPushes, o.home.Share())
	o.home.Flush()
	if len(o.backlog) > 0 {
		o.coming = true
		o.home.Post(o.again)
	}
}

// takeLocked empties the inbox, for a listener that comes or goes. Hub.mu is held.
func (o *Outlet[L]) takeLocked() []message[L] {
	queue := o.box.Take(o.spare)
	o.spare = nil
	return queue
}

// catchUp gives l, and nobody else, what it is still to hear, before it begins or ends to listen to
// a topic; queue is what was in the inbox then. The others have theirs when it is their turn: what
// is left over may be very much, for very many.
func (o *Outlet[L]) catchUp(l L, s *Subscriptions[L], queue []message[L]) {
	o.backlog = append(o.backlog, queue...)
	o.reuse(queue)
	if len(o.backlog) == 0 {
		return
	}
	if s.count > 0 {
		had := max(o.ahead[l]-o.place, 0)
		o.hearAlone(l, o.backlog[had:])
	}
	if o.ahead == nil {
		o.ahead = map[L]int64{}
	}
	end := o.place + int64(len(o.backlog))
	o.ahead[l] = end
	if n := len(o.gaps); n == 0 || o.gaps[n-1] != end {
		o.gaps = append(o.gaps, end)
	}
	o.home.Post(o.drain) // which goes on with the others, and flushes
}

// hearAlone gives l those of the messages that are for it.
func (o *Outlet[L]) hearAlone(l L, queue []message[L]) {
	hears := map[*hearers[L]]bool{}
	for at := 0; at < len(queue); {
		to := queue[at].to
		n := o.together(queue[at:], 1)
		its, known := hears[to]
		if !known {
			its = to.has(l)
			hears[to] = its
		}
		if its {
			o.forms.begin(queue[at : at+n])
			l.Hear(&o.forms)
			o.forms.end()
		}
		at += n
	}
}

// passGaps forgets who is ahead of the others no more.
func (o *Outlet[L]) passGaps() {
	if len(o.gaps) == 0 || o.gaps[0] > o.place {
		return
	}
	for len(o.gaps) > 0 && o.gaps[0] <= o.place {
		o.gaps = o.gaps[1:]
	}
	if len(o.gaps) == 0 {
		o.ahead, o.gaps = nil, nil
	}
}

// deliver lets listeners hear messages, behind those that were left over; after about most
// pushes, or for long, it leaves the rest for the next time.
func (o *Outlet[L]) deliver(queue []message[L], most int, long time.Duration) {
	if len(o.backlog) > 0 {
		queue = append(o.backlog, queue...)
		o.backlog = nil
	}
	begin := time.Now()
	at := 0
	for at < len(queue) && most > 0 {
		n, pushes := o.send(queue[at:])
		at += n
		o.place += int64(n)
		o.passGaps()
		if most -= pushes; time.Since(begin) >= long {
			break
		}
	}
	if at < len(queue) {
		clear(queue[:at])
		o.backlog = queue[at:]
		return
	}
	o.reuse(queue)
}

// reuse keeps the memory of a queue that is delivered, unless it is large.
func (o *Outlet[L]) reuse(queue []message[L]) {
	clear(queue)
	if cap(queue) <= keepMessages {
		o.spare = queue[:0]
	}
}

// send delivers the first messages of the queue, all that come in a row to the same
// listeners. It returns how many, and what that counts for drainPushes.
func (o *Outlet[L]) send(queue []message[L]) (n, pushes int) {
	to := queue[0].to
	n = o.together(queue, len(to.list))
	if len(o.gaps) > 0 {
		n = int(min(int64(n), o.gaps[0]-o.place))
	}
	size, waited := 0, int64(0)
	for i := range queue[:n] {
		size += len(queue[i].text)
		waited += queue[i].size()
	}
	f := &o.forms
	f.begin(queue[:n])
	for _, l := range to.list {
		if o.ahead == nil || o.ahead[l] <= o.place {
			l.Hear(f)
		}
	}
	f.end()
	o.hub.room.Out(waited)
	return n, len(to.list)*(1+size/pushBytes) + 1
}

// together returns how many of the first messages, all to the same of so many listeners, are
// written at once.
func (o *Outlet[L]) together(queue []message[L], listeners int) (n int) {
	most := min(sendBytes, sendCopies/max(listeners, 1))
	size := len(queue[0].text)
	for n = 1; n < len(queue) && n < sendTogether && size < most && queue[n].to == queue[0].to; n++ {
		size += len(queue[n].text)
	}
	return n
}

// forms is Messages: what is being sent, by protocol.
type forms[L Listener] struct {
	queue []message[L]
	bytes [2][]byte
}

func (f *forms[L]) begin(queue []message[L]) {
	f.queue = queue
	f.bytes[0], f.bytes[1] = f.bytes[0][:0], f.bytes[1][:0]
}

func (f *forms[L]) end() {
	f.queue = nil
	for at := range f.bytes {
		if cap(f.bytes[at]) > keepFormBytes {
			f.bytes[at] = nil
		}
	}
}

// Encoded implements Messages.
func (f *forms[L]) Encoded(proto int) []byte {
	b := &f.bytes[0]
	if proto == resp.RESP3 {
		b = &f.bytes[1]
	}
	if len(*b) == 0 {
		for i := range f.queue {
			*b = f.queue[i].append(*b, proto == resp.RESP3)
		}
	}
	return *b
}

// append appends the message as its listeners get it.
func (m *message[L]) append(dst []byte, push bool) []byte {
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
