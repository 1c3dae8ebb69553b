package cluster

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

// relayLink is the way of messages to one other node: a queue, and a connection, which is opened for the first
// message. One goroutine writes to it, so messages come in the order in which they were published. What
// cannot be sent is dropped: whoever publishes never waits.
type relayLink struct {
	n      *Node
	node   string
	ctx    context.Context
	cancel context.CancelFunc
	rung   chan struct{} // there is something in the queue, or the connection has ended
	spare  []byte        // run's

	mu struct { // innermost, for a copy of a message
		sync.Mutex
		queue   []byte // calls
		waiting counts // that are in it
		sent    counts
		dropped int64
		full    int64 // how often it has become full
		filled  bool  // a message did not fit since the queue was emptied
		since   time.Time
		ended   bool // the connection has, by the other node
	}
}

// counts are messages by kind.
type counts = [command.SubKinds]int64

// put puts a message into the queue.
func (l *relayLink) put(kind command.SubKind, channel, text []byte) {
	bound := relayBound(l.n.Options)
	l.mu.Lock()
	idle := len(l.mu.queue) == 0
	if !idle && len(l.mu.queue)+len(channel)+len(text) > bound {
		l.mu.dropped++
		first := !l.mu.filled
		if l.mu.filled = true; first {
			l.mu.full++
		}
		l.mu.Unlock()
		if first {
			l.n.Log.Warn("messages for another node are dropped: it is slow to take them", "node", l.node, "queued bytes", bound)
		}
		return
	}
	l.mu.queue = appendRelayed(l.mu.queue, kind, channel, text)
	l.mu.waiting[kind]++
	l.mu.Unlock()
	if idle {
		l.ring()
	}
}

// appendRelayed appends the call that hands a message on.
func appendRelayed(b []byte, kind command.SubKind, channel, text []byte) []byte {
	verb := "PUBLISH"
	if kind == command.SubShard {
		verb = "SPUBLISH"
	}
	b = resp.AppendHeader(b, '*', 5)
	b = resp.AppendBulkString(b, "CLUSTER")
	b = resp.AppendBulkString(b, "RELAY")
	b = resp.AppendBulkString(b, verb)
	return resp.AppendBulk(resp.AppendBulk(b, channel), text)
}

func (l *relayLink) ring() {
	select {
	case l.rung <- struct{}{}:
	default:
	}
}

// take empties the queue. ended tells that the other node has ended the connection.
func (l *relayLink) take() (batch []byte, messages counts, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	batch, messages, ended = l.mu.queue, l.mu.waiting, l.mu.ended
	l.mu.queue, l.mu.waiting, l.mu.ended, l.mu.filled = l.spare[:0], counts{}, false, false
	l.spare = nil
	return batch, messages, ended
}

// run sends what is put into the queue until the node is no part of the cluster any more.
func (l *relayLink) run() {
	var w *wire
	var done chan struct{}
	drop := func() {
		if w != nil {
			w.Close()
			<-done
			w = nil
			l.connected(time.Time{})
		}
	}
	defer drop()
	rest, told := relayRestFirst, false
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-l.rung:
		}
		batch, messages, ended := l.take()
		if ended {
			drop()
		}
		if len(batch) == 0 {
			l.keep(batch)
			continue
		}
		var err error
		if w == nil {
			if w, err = l.dial(); err == nil {
				done = l.watch(w)
			}
		}
		if err == nil {
			_ = w.conn.SetWriteDeadline(time.Now().Add(w.timeout))
			_, err = w.conn.Write(batch)
		}
		l.keep(batch)
		l.account(messages, err == nil)
		if err == nil {
			rest, told = relayRestFirst, false
			continue
		}
		drop()
		if l.ctx.Err() != nil {
			return
		}
		if !told {
			l.n.Log.Warn("messages cannot be handed on to another node: they are dropped", "node", l.node, "error", err)
			told = true
		}
		select {
		case <-l.ctx.Done():
			return
		case <-time.After(rest):
		}
		rest = min(2*rest, relayRestMost)
	}
}

// keep keeps the memory of a queue that is sent, unless it is large.
func (l *relayLink) keep(batch []byte) {
	if cap(batch) <= keepQueueBytes {
		l.spare = batch
	}
}

// account counts messages that were written, or were not.
func (l *relayLink) account(messages counts, sent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for kind, n := range messages {
		if sent {
			l.mu.sent[kind] += n
		} else {
			l.mu.dropped += n
		}
	}
}

// dial connects to the node. What is written afterwards is not replied to.
func (l *relayLink) dial() (*wire, error) {
	w, err := dialNode(l.ctx, l.n, l.node, l.n.ttl())
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(l.ctx, func() { w.Close() })
	if err = w.ask("CLUSTER", "RELAY", "FROM", l.n.ID()); err == nil {
		err = w.send("CLIENT", "REPLY", "OFF")
	}
	if !stop() && err == nil {
		err = l.ctx.Err()
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	l.connected(time.Now())
	return w, nil
}

// watch tells run when the other node ends the connection. The channel that it returns is closed when it has ended.
func (l *relayLink) watch(w *wire) chan struct{} {
	done := make(chan struct{})
	stop := context.AfterFunc(l.ctx, func() { w.Close() })
	go func() {
		defer close(done)
		defer stop()
		_, _ = io.Copy(io.Discard, w)
		l.mu.Lock()
		l.mu.ended = true
		l.mu.Unlock()
		l.ring()
	}()
	return done
}

// connected notes since when there is a connection; zero: there is none.
func (l *relayLink) connected(since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.since, l.mu.ended = since, false
}

// state is since when the link has a connection, and what its queue has room for and holds, in bytes.
func (l *relayLink) state() (since time.Time, room, used int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.since, cap(l.mu.queue), len(l.mu.queue)
}

// counts is what has become of the link's messages.
func (l *relayLink) counts() (sent counts, dropped, full int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.sent, l.mu.dropped, l.mu.full
}
