package server

import (
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/inbox"
	"github.com/kringdb/kring/store"
)

// tracking is client-side caching: clients are told when keys change that they cache.
//
//	GET, under the shard's lock ─▶ table of the shard: key, who read it
//	change, under the same lock ─▶ taken from the table ─▶ inbox of the client's reactor ─letter─▶ its out-ring
//	             └▶ with BCAST: pending keys of each prefix ─letter─▶ one message for each client ─▶ inboxes
//
// A letter is read outside of batches, when the replies of the batch that read the key are
// in the out-ring: so no invalidation comes before the reply that it concerns. A reply
// that a worker still has, or that is under way to a blocked client, is waited for (see
// session.holdsPushes). What a client's own command invalidates follows its reply at once.
type tracking struct {
	tables            []trackTable // by shard, each guarded by the shard's lock
	keys, items       atomic.Int64 // in all tables
	bytes             atomic.Int64 // what these take, without their items
	clients, prefixes atomic.Int64
	mu                struct { // innermost but for sessions, for a few instructions
		sync.Mutex
		trackers map[uint32]*tracker
		last     uint32
		byPrefix map[string]*trackPrefix
		posted   bool                      // a reactor is to send what the prefixes have pending
		inboxes  []inbox.Box[invalidation] // by reactor: what it has still to deliver
	}
}

// tracker is a client with client-side caching.
type tracker struct {
	s       *session
	num     uint32           // stands for it in the tables, never manyTrackers
	mode    command.Tracking // written, under tracking.mu, by whoever runs the client's commands, who reads it without
	caching bool             // CLIENT CACHING concerns the next command; for that one only
	broken  atomic.Bool      // the client that mode.Redirect names is gone
	held    []byte           // waits for a reply; of the session's reactor
	bytes   atomic.Int64     // about what its prefixes take
}

// trackPrefix is a prefix in the BCAST mode.
type trackPrefix struct {
	clients map[*tracker]struct{}
	pending map[string]*tracker // changed keys and who changed them last, nil: nobody who tracks
}

// tracks is an executor's part in client-side caching.
type tracks struct {
	tracker       *tracker // of the client whose command runs; nil: it has none
	foreign       bool     // which is one that was blocked, and not the executor's own
	own           []byte   // invalidations by the running command, for its own client
	invalidations func()   // deliverInvalidations, made once
}

func (tr *tracking) init(shards, reactors int) {
	tr.tables = make([]trackTable, shards)
	tr.mu.inboxes = make([]inbox.Box[invalidation], reactors)
	tr.mu.trackers = map[uint32]*tracker{}
	tr.mu.byPrefix = map[string]*trackPrefix{}
}

// HasClient implements command.Host.
func (s *Server) HasClient(id int64) bool { return s.sessions.find(id) != nil }

// Tracking implements command.Client.
func (s *session) Tracking() command.Tracking {
	t := s.track.Load()
	if t == nil {
		return command.Tracking{}
	}
	mode := t.mode
	mode.Caching, mode.Broken = t.caching, mode.On && t.broken.Load()
	return mode
}

// SetCaching implements command.Client.
func (s *session) SetCaching() { s.track.Load().caching = true }

// SetTracking implements command.Client.
func (s *session) SetTracking(mode command.Tracking) { s.ex.setTracking(s, mode) }

// SetTracking implements command.Client.
func (w *workerClient) SetTracking(mode command.Tracking) { w.ex.setTracking(w.session, mode) }

// setTracking is for the executor that runs a command of s. All gates are held.
func (ex *executor) setTracking(s *session, mode command.Tracking) {
	t, srv := s.track.Load(), ex.srv
	if t == nil {
		if !mode.On {
			return
		}
		t = &tracker{s: s}
		s.track.Store(t)
	}
	ex.tracker = t
	if srv.tracking.set(t, mode) {
		for i := range srv.tracking.tables {
			srv.store.Lock(uint32(i))
			srv.observe(uint32(i))
			srv.store.Unlock(uint32(i))
		}
	}
}

// set gives a tracker another mode; it tells whether all changes are to be reported from
// now on, because of prefixes.
func (tr *tracking) set(t *tracker, mode command.Tracking) (all bool) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, p := range t.mode.Prefixes {
		tp := tr.mu.byPrefix[p]
		delete(tp.clients, t)
		if len(tp.clients) == 0 {
			delete(tr.mu.byPrefix, p)
		}
	}
	for _, p := range mode.Prefixes {
		tp := tr.mu.byPrefix[p]
		if tp == nil {
			tp = &trackPrefix{clients: map[*tracker]struct{}{}, pending: map[string]*tracker{}}
			tr.mu.byPrefix[p] = tp
		}
		tp.clients[t] = struct{}{}
	}
	tr.prefixes.Store(int64(len(tr.mu.byPrefix)))
	if t.num == 0 {
		for n := tr.mu.last + 1; ; n++ {
			if n &^= manyTrackers; n != 0 && tr.mu.trackers[n] == nil {
				t.num, tr.mu.last = n, n
				break
			}
		}
		tr.mu.trackers[t.num] = t
	}
	if mode.On != t.mode.On {
		if mode.On {
			tr.clients.Add(1)
		} else {
			tr.clients.Add(-1)
		}
	}
	bytes := int64(0)
	for _, p := range mode.Prefixes {
		bytes += prefixBytes + int64(len(p))
	}
	t.bytes.Store(bytes)
	t.mode, t.caching = mode, false
	t.broken.Store(false)
	return len(mode.Prefixes) > 0
}

// untrack ends client-side caching, because of RESET or (gone) because the connection has
// ended. What the tables have of it is found dead when its key changes.
func (s *session) untrack(gone bool) {
	t := s.track.Load()
	if t == nil {
		return
	}
	tr := &s.ex.srv.tracking
	tr.set(t, command.Tracking{})
	if gone {
		tr.mu.Lock()
		delete(tr.mu.trackers, t.num)
		tr.mu.Unlock()
		t.held = nil
	}
}

// redirection is redir= of CLIENT LIST.
func (s *session) redirection() int64 {
	if mode := s.modeForOthers(); mode.On {
		return mode.Redirect
	}
	return -1
}

// modeForOthers is Tracking for somebody who does not run the client's commands.
func (s *session) modeForOthers() command.Tracking {
	t := s.track.Load()
	if t == nil {
		return command.Tracking{}
	}
	tr := &s.ex.srv.tracking
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return t.mode
}

// trackLetters are the flags of CLIENT LIST that concern client-side caching.
func (s *session) trackLetters() string {
	mode := s.modeForOthers()
	if !mode.On {
		return ""
	}
	f := "t"
	if s.track.Load().broken.Load() {
		f += "R"
	}
	if mode.Broadcast {
		f += "B"
	}
	return f
}

// remembers tells whether the keys that the client's next command reads are remembered.
func (t *tracker) remembers() bool {
	m := &t.mode
	switch {
	case !m.On || m.Broadcast:
		return false
	case m.OptIn:
		return t.caching
	case m.OptOut:
		return !t.caching
	}
	return true
}

// tracked is called after a command of a client with client-side caching, while its locks
// are held.
func (ex *executor) tracked(c *command.Ctx, spec *command.Spec) {
	t := ex.tracker
	if spec.Flags&command.ReadOnly != 0 && t.remembers() {
		for i := range c.Keys {
			ex.srv.remember(c.Keys[i], t.num)
		}
	}
	if c != &ex.ctx {
		return
	}
	if len(ex.own) > 0 {
		if t.s.proto == 3 {
			t.s.push(ex.own)
			ex.flushEnd = true // the turn's end looks after the output
		}
		if ex.own = ex.own[:0]; cap(ex.own) > keepScratchBytes {
			ex.own = nil
		}
	}
	if t.caching && !ex.inExec && !t.s.InMulti() && !isClientCommand(spec) {
		t.caching = false
	}
}

// endCaching ends what CLIENT CACHING said, for it concerned spec's call, which was refused.
func (s *session) endCaching(spec *command.Spec) {
	if t := s.ex.tracker; t != nil && t.caching && s.tx == nil && (spec == nil || !isClientCommand(spec)) {
		t.caching = false
	}
}

func isClientCommand(spec *command.Spec) bool {
	const prefix = "client|"
	return len(spec.FullName) > len(prefix) && spec.FullName[:len(prefix)] == prefix
}

// remember notes that a client has read a key, whose shard is locked.
func (s *Server) remember(k store.Key, num uint32) {
	tr := &s.tracking
	t := &tr.tables[k.Shard]
	defer tr.account(t, t.bytes())
	for t.n > 0 && t.full(len(k.Name)) {
		if t.dead > 0 {
			t.compactNames()
		} else {
			s.forgetSome(k)
		}
	}
	keys, items := t.add(k, num)
	if items == 0 {
		return
	}
	s.observe(k.Shard)
	tr.items.Add(int64(items))
	if keys == 0 {
		return
	}
	n := tr.keys.Add(int64(keys))
	limit := s.opts.TrackingTableMaxKeys.Load()
	for range trackForgetSteps {
		if limit == 0 || n <= limit || t.n == 0 {
			break
		}
		s.forgetSome(k)
		n--
	}
}

// account notes that a table, which took was bytes, takes another number of them.
func (tr *tracking) account(t *trackTable, was int64) {
	if now := t.bytes(); now != was {
		tr.bytes.Add(now - was)
	}
}

// forgetSome forgets some key of k's shard, which is locked: those who read it are told
// as if it had changed.
func (s *Server) forgetSome(k store.Key) {
	name, who := s.tracking.tables[k.Shard].takeRandom(k, nil, nil)
	s.tracking.keys.Add(-1)
	s.tracking.items.Add(-int64(len(who)))
	s.tell(who, name, nil)
}
