package tracking

import (
	"slices"
	"strings"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// invalidation is what a reactor has to deliver: keys that have changed.
type invalidation struct {
	to   Client
	t    *Tracker // whose keys they are; another client than to with a redirection
	what invalidationKind
	keys []byte // encoded as an array of bulk strings; nil: everything
}

// size is about what it takes, and what its client will be sent.
func (v *invalidation) size() int64 { return invalidationBytes + int64(len(v.keys)) }

type invalidationKind uint8

const (
	forItself  invalidationKind = iota // to is t's client
	redirected                         // to is another client
	redirectionGone
)

const invalidateChannel = "__redis__:invalidate"

// Actor is whoever runs commands, one at a time: an executor.
type Actor struct {
	Tracker *Tracker // of the client whose command runs; nil: it has none
	Foreign bool     // which is one that was blocked, and not whose blocked call the actor runs, not the one it serves
	Reactor int      // of the reactor whose it is, -1: it is none
	own     []byte   // invalidations by the running command, for its own client
}

// tellsItself tells whether an invalidation for t, whose client's command is running, can
// be written behind the reply by the actor.
func (a *Actor) tellsItself(t *Tracker) bool {
	return a.Reactor >= 0 && !a.Foreign && t.mode.Redirect == 0
}

// PushOwn pushes what the command that has just run invalidated for its own client, and tells
// whether there was anything.
func (a *Actor) PushOwn() (pushed bool) {
	if len(a.own) == 0 {
		return false
	}
	if cl := a.Tracker.client; cl.Proto() == resp.RESP3 {
		cl.Push(a.own)
		pushed = true
	}
	if a.own = a.own[:0]; cap(a.own) > keepOwnBytes {
		a.own = nil
	}
	return pushed
}

// Invalidate tells those who cache a key that it has changed; by is who runs the command
// that changed it, nil: no command did. It tells whether the shard, which is locked, has
// still to be observed.
func (tr *Tracking) Invalidate(k store.Key, by *Actor) (observed bool) {
	t := &tr.tables[k.Shard]
	if t.n > 0 {
		var block [8]uint32
		n, was := t.n, t.bytes()
		if who := t.take(k, block[:0]); len(who) > 0 {
			tr.keys.Add(int64(t.n - n))
			tr.account(t, was)
			tr.items.Add(-int64(len(who)))
			tr.tell(who, k.Name, by)
		}
	}
	if tr.prefixes.Load() > 0 {
		tr.broadcast(k.Name, by)
		return true
	}
	return t.n > 0
}

// tell tells trackers, by number, that a key has changed.
func (tr *Tracking) tell(who []uint32, key []byte, by *Actor) {
	keys := resp.AppendBulk(resp.AppendHeader(nil, '*', 1), key)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, num := range who {
		t := tr.mu.trackers[num]
		if t == nil || !t.mode.On || t.mode.Broadcast {
			continue
		}
		if by != nil && t == by.Tracker {
			if t.mode.NoLoop {
				continue
			}
			if by.tellsItself(t) {
				by.own = appendInvalidation(by.own, keys)
				continue
			}
		}
		tr.sendLocked(t, keys)
	}
}

// appendInvalidation appends what a RESP3 client is sent.
func appendInvalidation(dst, keys []byte) []byte {
	dst = resp.AppendBulkString(resp.AppendHeader(dst, '>', 2), "invalidate")
	if keys == nil {
		return append(dst, "_\r\n"...)
	}
	return append(dst, keys...)
}

// sendLocked puts an invalidation into the inbox of the reactor that it concerns.
func (tr *Tracking) sendLocked(t *Tracker, keys []byte) {
	v := invalidation{to: t.client, t: t, keys: keys}
	if id := t.mode.Redirect; id != 0 {
		v.what = redirected
		if v.to = tr.house.Client(id); v.to == nil {
			t.broken.Store(true)
			v.to, v.what = t.client, redirectionGone
			v.keys = resp.AppendBulkString(resp.AppendHeader(nil, '>', 2), "tracking-redir-broken")
			v.keys = append(resp.AppendInt(append(v.keys, ':'), id), "\r\n"...)
		}
	}
	reactor := v.to.Reactor()
	b := &tr.mu.inboxes[reactor]
	b.Put(v)
	tr.room.In(v.size())
	if b.MustTell() {
		tr.house.Post(reactor, tr.letters[reactor])
	}
}

// deliver runs on a reactor, outside of batches.
func (tr *Tracking) deliver(reactor int) {
	tr.mu.Lock()
	queue := tr.mu.inboxes[reactor].Collect(nil)
	tr.mu.Unlock()
	var form []byte
	waited := int64(0)
	for i := range queue {
		v := &queue[i]
		waited += v.size()
		if v.to.Gone() {
			continue
		}
		switch {
		case v.what == redirectionGone:
			if v.to.Proto() == resp.RESP3 {
				v.t.pushOrHold(v.keys)
			}
		case v.to.Proto() == resp.RESP3:
			form = appendInvalidation(form[:0], v.keys)
			if v.what == redirected {
				v.to.Push(form)
			} else {
				v.t.pushOrHold(form)
			}
		case v.what == redirected && v.to.Listening():
			form = resp.AppendBulkString(resp.AppendHeader(form[:0], '*', 3), "message")
			form = resp.AppendBulkString(form, invalidateChannel)
			if v.keys == nil {
				form = append(form, "$-1\r\n"...)
			} else {
				form = append(form, v.keys...)
			}
			v.to.Push(form)
		}
	}
	tr.room.Out(waited)
	tr.house.Flush(reactor)
}

// pushOrHold pushes b to the tracker's client, behind a reply that is under way.
func (t *Tracker) pushOrHold(b []byte) {
	switch {
	case !t.client.HoldsPushes():
		t.client.Push(b)
	case len(t.held)+len(b) <= maxHeldBytes:
		t.held = append(t.held, b...)
	default: // everything is invalid, instead of so much
		t.held = appendInvalidation(t.held[:0], nil)
	}
}

// PushHeld pushes what waited for the reply that has just been written. The client's reactor
// calls it.
func (t *Tracker) PushHeld() {
	if len(t.held) == 0 || t.client.HoldsPushes() {
		return
	}
	t.client.Push(t.held)
	t.held = nil
	reactor := t.client.Reactor()
	t.tr.house.Post(reactor, t.tr.letters[reactor]) // which flushes
}

// broadcast notes a changed key with all prefixes that it has. They are told when the
// batch has ended.
func (tr *Tracking) broadcast(key []byte, by *Actor) {
	var who *Tracker
	reactor := 0
	if by != nil {
		who, reactor = by.Tracker, max(by.Reactor, 0)
	}
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
		if was, ok := p.pending[string(key)]; !ok || was != who {
			p.pending[string(key)] = who
		}
	}
	if found && !tr.mu.posted {
		tr.mu.posted = true
		tr.house.Post(reactor, tr.sendBroadcasts)
	}
}

// sendBroadcasts tells the clients of all prefixes what has changed, on some reactor.
func (tr *Tracking) sendBroadcasts() {
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
			tr.sendLocked(t, keys)
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

// InvalidateAll forgets all keys and tells every client that nothing holds any more; by is
// who runs the command behind it, or nil. All gates are held and no shard lock.
func (tr *Tracking) InvalidateAll(by *Actor) {
	if tr.keys.Load() > 0 {
		for i := range tr.tables {
			tr.store.Lock(uint32(i))
			was := tr.tables[i].bytes()
			tr.tables[i] = Table{}
			tr.account(&tr.tables[i], was)
			tr.store.Unlock(uint32(i))
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
		case by != nil && t == by.Tracker && by.tellsItself(t):
			by.own = appendInvalidation(by.own, nil)
		default:
			tr.sendLocked(t, nil)
		}
	}
}
