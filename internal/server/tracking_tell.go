package server

import (
	"slices"
	"strings"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// This file tells clients what has changed, see tracking.go.

// invalidation is what a reactor has to deliver: keys that have changed.
type invalidation struct {
	to   *session
	t    *tracker // whose keys they are; another client than to with a redirection
	what invalidationKind
	keys []byte // encoded as an array of bulk strings; nil: everything
}

type invalidationKind uint8

const (
	forItself  invalidationKind = iota // to is t's client
	redirected                         // to is another client
	redirectionGone
)

const invalidateChannel = "__redis__:invalidate"

// invalidate tells those who cache a key that it has changed; ex is who runs the command
// that changed it, nil: no command did. It tells whether the shard, which is locked, has
// still to be observed.
func (s *Server) invalidate(k store.Key, ex *executor) (observed bool) {
	tr := &s.tracking
	t := &tr.tables[k.Shard]
	if t.n > 0 {
		var block [8]uint32
		n, was := t.n, t.bytes()
		if who := t.take(k, block[:0]); len(who) > 0 {
			tr.keys.Add(int64(t.n - n))
			tr.account(t, was)
			tr.items.Add(-int64(len(who)))
			s.tell(who, k.Name, ex)
		}
	}
	if tr.prefixes.Load() > 0 {
		s.broadcast(k.Name, ex)
		return true
	}
	return t.n > 0
}

// tell tells trackers, by number, that a key has changed.
func (s *Server) tell(who []uint32, key []byte, ex *executor) {
	tr := &s.tracking
	keys := resp.AppendBulk(resp.AppendHeader(nil, '*', 1), key)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, num := range who {
		t := tr.mu.trackers[num]
		if t == nil || !t.mode.On || t.mode.Broadcast {
			continue
		}
		if ex != nil && t == ex.tracker {
			if t.mode.NoLoop {
				continue
			}
			if ex.tellsItself(t) {
				ex.own = appendInvalidation(ex.own, keys)
				continue
			}
		}
		s.send(t, keys)
	}
}

// tellsItself tells whether an invalidation for t, whose client's command is running, can
// be written behind the reply by ex.
func (ex *executor) tellsItself(t *tracker) bool {
	return !ex.worker && !ex.foreign && t.mode.Redirect == 0
}

// appendInvalidation appends what a RESP3 client is sent.
func appendInvalidation(dst, keys []byte) []byte {
	dst = resp.AppendBulkString(resp.AppendHeader(dst, '>', 2), "invalidate")
	if keys == nil {
		return append(dst, "_\r\n"...)
	}
	return append(dst, keys...)
}

// send puts an invalidation into the inbox of the reactor that it concerns. tracking.mu
// is held.
func (s *Server) send(t *tracker, keys []byte) {
	v := invalidation{to: t.s, t: t, keys: keys}
	if id := t.mode.Redirect; id != 0 {
		v.what = redirected
		if v.to = s.sessions.find(id); v.to == nil {
			t.broken.Store(true)
			v.to, v.what = t.s, redirectionGone
			v.keys = resp.AppendBulkString(resp.AppendHeader(nil, '>', 2), "tracking-redir-broken")
			v.keys = append(resp.AppendInt(append(v.keys, ':'), id), "\r\n"...)
		}
	}
	ex := v.to.ex
	b := &s.tracking.mu.inboxes[ex.reactor]
	b.Put(v)
	if b.MustTell() {
		s.group.Reactors()[ex.reactor].Post(ex.invalidations)
	}
}

// deliverInvalidations runs on the reactor, outside of batches.
func (ex *executor) deliverInvalidations() {
	tr := &ex.srv.tracking
	tr.mu.Lock()
	queue := tr.mu.inboxes[ex.reactor].Collect(nil)
	tr.mu.Unlock()
	var form []byte
	for i := range queue {
		v := &queue[i]
		if v.to.closed {
			continue
		}
		switch {
		case v.what == redirectionGone:
			if v.to.proto == resp.RESP3 {
				v.to.pushOrHold(v.t, v.keys)
			}
		case v.to.proto == resp.RESP3:
			form = appendInvalidation(form[:0], v.keys)
			if v.what == redirected {
				v.to.push(form)
			} else {
				v.to.pushOrHold(v.t, form)
			}
		case v.what == redirected && v.to.subCount > 0:
			form = resp.AppendBulkString(resp.AppendHeader(form[:0], '*', 3), "message")
			form = resp.AppendBulkString(form, invalidateChannel)
			if v.keys == nil {
				form = append(form, "$-1\r\n"...)
			} else {
				form = append(form, v.keys...)
			}
			v.to.push(form)
		}
	}
	ex.flushTouched()
}

// holdsPushes tells whether a reply is under way that may be older than what the client
// is told now: a worker has it, or it was made for a blocked client.
func (s *session) holdsPushes() bool {
	if s.busy {
		return true
	}
	w := s.blocked
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mu.over
}

// pushOrHold pushes b, behind a reply that is under way.
func (s *session) pushOrHold(t *tracker, b []byte) {
	switch {
	case !s.holdsPushes():
		s.push(b)
	case len(t.held)+len(b) <= maxHeldPushBytes:
		t.held = append(t.held, b...)
	default: // everything is invalid, instead of so much
		t.held = appendInvalidation(t.held[:0], nil)
	}
}

// pushHeld pushes what waited for the reply that has just been written.
func (s *session) pushHeld() {
	t := s.track.Load()
	if t == nil || len(t.held) == 0 || s.holdsPushes() {
		return
	}
	s.push(t.held)
	t.held = nil
	r := s.conn.Reactor()
	r.Post(s.ex.invalidations) // which flushes
}

// broadcast notes a changed key with all prefixes that it has. They are told when the
// batch has ended.
func (s *Server) broadcast(key []byte, ex *executor) {
	var by *tracker
	reactor := 0
	if ex != nil {
		by, reactor = ex.tracker, max(ex.reactor, 0)
	}
	tr := &s.tracking
	tr.mu.Lock()
	defer tr.mu.Unlock()
	found := false
	for prefix, p := range tr.mu.byPrefix {
		if len(key) < len(prefix) || string(key[:len(prefix)]) != prefix {
			continue
		}
		found = true
		// The last one: who changed it before has not seen what it holds now. The key is only
		// copied if it is new.
		if _, ok := p.pending[string(key)]; !ok || by != p.pending[string(key)] {
			p.pending[string(key)] = by
		}
	}
	if found && !tr.mu.posted {
		tr.mu.posted = true
		s.group.Reactors()[reactor].Post(s.sendBroadcasts)
	}
}

// sendBroadcasts tells the clients of all prefixes what has changed, on some reactor.
func (s *Server) sendBroadcasts() {
	tr := &s.tracking
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.mu.posted = false
	for _, p := range tr.mu.byPrefix {
		if len(p.pending) == 0 {
			continue
		}
		var names []string
		for name := range p.pending {
			names = append(names, name)
		}
		slices.SortFunc(names, strings.Compare)
		all := encodeNames(names)
		for t := range p.clients {
			keys := all
			if t.mode.NoLoop {
				others := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return p.pending[n] == t })
				if len(others) == 0 {
					continue
				}
				keys = encodeNames(others)
			}
			s.send(t, keys)
		}
		clear(p.pending)
	}
}

func encodeNames(names []string) []byte {
	b := resp.AppendHeader(nil, '*', len(names))
	for _, n := range names {
		b = resp.AppendBulkString(b, n)
	}
	return b
}

// invalidateAll forgets all keys and tells every client that nothing holds any more; ex is
// who runs the command behind it, or nil. All gates are held and no shard lock.
func (s *Server) invalidateAll(ex *executor) {
	tr := &s.tracking
	if tr.keys.Load() > 0 {
		for i := range tr.tables {
			s.store.Lock(uint32(i))
			was := tr.tables[i].bytes()
			tr.tables[i] = trackTable{}
			tr.account(&tr.tables[i], was)
			s.store.Unlock(uint32(i))
		}
		tr.keys.Store(0)
		tr.items.Store(0)
	}
	if tr.clients.Load() == 0 {
		return
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, t := range tr.mu.trackers {
		switch {
		case !t.mode.On:
		case ex != nil && t == ex.tracker && ex.tellsItself(t):
			ex.own = appendInvalidation(ex.own, nil)
		default:
			s.send(t, nil)
		}
	}
}
