package tracking

import (
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/inbox"
	"github.com/kringdb/kring/store"
)

// Client is a connection that may track. But for Reactor, which any goroutine may ask, its
// reactor calls the methods.
type Client interface {
	Reactor() int
	Proto() int
	Gone() bool
	Listening() bool   // to any channel
	HoldsPushes() bool // a reply is under way that may be older than what it is told now
	Push(b []byte)     // behind the replies that it has
}

// House is the server.
type House interface {
	// Client returns a connection by its id, nil if there is none. It may be called under Tracking.mu.
	Client(id int64) Client
	// Post has f run on a reactor, outside of batches. It may be called under any lock.
	Post(reactor int, f func())
	// Flush sends what a reactor's clients were pushed. The reactor calls it.
	Flush(reactor int)
	// Observe makes changes in the shard known, by Invalidate. The shard is locked.
	Observe(shard uint32)
	// MaxKeys is tracking-table-max-keys, 0 for any number.
	MaxKeys() int64
	// Roomy tells that Full does not hold any more. It may be called under Tracking.mu.
	Roomy()
}

// Tracking is who caches what. Make one with New.
type Tracking struct {
	house             House
	store             *store.Store
	tables            []Table      // by shard, each guarded by the shard's lock
	keys, items       atomic.Int64 // in all tables
	bytes             atomic.Int64 // what these take, without their items
	clients, prefixes atomic.Int64
	mu                struct { // for a few instructions
		sync.Mutex
		trackers map[uint32]*Tracker
		last     uint32
		byPrefix map[string]*prefix
		posted   bool                      // a reactor is to send what the prefixes have pending
		inboxes  []inbox.Box[invalidation] // by reactor: what it has still to deliver
	}
	letters []func()   // by reactor: deliver, made once
	room    inbox.Room // what waits in the inboxes
}

// New makes the tracking of a store's keys for the clients of so many reactors.
func New(house House, st *store.Store, reactors int) *Tracking {
	tr := &Tracking{house: house, store: st, tables: make([]Table, st.Shards())}
	tr.mu.inboxes = make([]inbox.Box[invalidation], reactors)
	tr.mu.trackers = map[uint32]*Tracker{}
	tr.mu.byPrefix = map[string]*prefix{}
	tr.room.Roomy = house.Roomy
	for i := range reactors {
		tr.letters = append(tr.letters, func() { tr.deliver(i) })
	}
	return tr
}

// Full tells whether so much waits to be delivered that whoever is about to change keys should wait until it does not.
func (tr *Tracking) Full() bool { return tr.room.Full() }

// prefix is what keys begin with that clients in the BCAST mode hear of.
type prefix struct {
	clients map[*Tracker]struct{}
	pending map[string]*Tracker // changed keys and who changed them last, nil: nobody who tracks
}

// Stats are figures for INFO.
type Stats struct{ Clients, Keys, Items, Prefixes, Bytes int64 }

// Stats may be called by any goroutine.
func (tr *Tracking) Stats() Stats {
	items := tr.items.Load()
	return Stats{tr.clients.Load(), tr.keys.Load(), items, tr.prefixes.Load(), tr.bytes.Load() + itemBytes*items}
}

// Tracker is a client with client-side caching.
type Tracker struct {
	tr      *Tracking
	client  Client
	num     uint32 // stands for it in the tables, never manyTrackers
	mode    command.Tracking
	Caching bool         // CLIENT CACHING concerns the next command; for that one only
	broken  atomic.Bool  // the client that mode.Redirect names is gone
	held    []byte       // waits for a reply; of the client's reactor
	bytes   atomic.Int64 // about what its prefixes take
}

// NewTracker makes a tracker, which is told of nothing before Set.
func (tr *Tracking) NewTracker(c Client) *Tracker { return &Tracker{tr: tr, client: c} }

// Client is the one whose tracker it is.
func (t *Tracker) Client() Client { return t.client }

// Bytes is about what it takes. The client's reactor calls it.
func (t *Tracker) Bytes() int64 { return t.bytes.Load() + int64(len(t.held)) }

// Mode is for whoever runs the client's commands.
func (t *Tracker) Mode() command.Tracking {
	mode := t.mode
	mode.Caching, mode.Broken = t.Caching, mode.On && t.broken.Load()
	return mode
}

// ModeForOthers is Mode for anybody else.
func (t *Tracker) ModeForOthers() command.Tracking {
	t.tr.mu.Lock()
	defer t.tr.mu.Unlock()
	mode := t.mode
	mode.Broken = mode.On && t.broken.Load()
	return mode
}

// Set gives the tracker another mode. All gates are held and no shard lock.
func (t *Tracker) Set(mode command.Tracking) {
	if !t.set(mode) {
		return
	}
	for i := range t.tr.tables {
		t.tr.store.Lock(uint32(i))
		t.tr.house.Observe(uint32(i))
		t.tr.store.Unlock(uint32(i))
	}
}

// set is Set without what it means for the shards; it tells whether all changes are to be
// reported from now on, because of prefixes.
func (t *Tracker) set(mode command.Tracking) (all bool) {
	tr := t.tr
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, p := range t.mode.Prefixes {
		tp := tr.mu.byPrefix[p]
		delete(tp.clients, t)
		if len(tp.clients) == 0 {
			delete(tr.mu.byPrefix, p)
		}
	}
	bytes := int64(0)
	for _, p := range mode.Prefixes {
		bytes += prefixBytes + int64(len(p))
		tp := tr.mu.byPrefix[p]
		if tp == nil {
			tp = &prefix{clients: map[*Tracker]struct{}{}, pending: map[string]*Tracker{}}
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
	t.bytes.Store(bytes)
	t.mode, t.Caching = mode, false
	t.broken.Store(false)
	return len(mode.Prefixes) > 0
}

// Stop ends the tracking, because of RESET or (gone) because the connection has ended.
func (t *Tracker) Stop(gone bool) {
	t.set(command.Tracking{})
	if gone {
		t.tr.mu.Lock()
		delete(t.tr.mu.trackers, t.num)
		t.tr.mu.Unlock()
		t.held = nil
	}
}

// Remembers tells whether the keys that the client's next command reads are remembered.
func (t *Tracker) Remembers() bool {
	m := &t.mode
	switch {
	case !m.On || m.Broadcast:
		return false
	case m.OptIn:
		return t.Caching
	case m.OptOut:
		return !t.Caching
	}
	return true
}

// Remember notes that the tracker's client has read a key, whose shard is locked.
func (t *Tracker) Remember(k store.Key) {
	tr := t.tr
	tab := &tr.tables[k.Shard]
	defer tr.account(tab, tab.bytes())
	for tab.n > 0 && tab.full(len(k.Name)) {
		if tab.dead > 0 {
			tab.compactNames()
		} else {
			tr.forgetSome(k)
		}
	}
	keys, items := tab.add(k, t.num)
	if items == 0 {
		return
	}
	tr.house.Observe(k.Shard)
	tr.items.Add(int64(items))
	if keys == 0 {
		return
	}
	n := tr.keys.Add(int64(keys))
	limit := tr.house.MaxKeys()
	for range forgetSteps {
		if limit == 0 || n <= limit || tab.n == 0 {
			break
		}
		tr.forgetSome(k)
		n--
	}
}

// account notes that a table, which took was bytes, takes another number of them.
func (tr *Tracking) account(t *Table, was int64) {
	if now := t.bytes(); now != was {
		tr.bytes.Add(now - was)
	}
}

// forgetSome forgets some key of k's shard, which is locked, but not k if there is another.
func (tr *Tracking) forgetSome(k store.Key) {
	keep := -1
	if tab := &tr.tables[k.Shard]; tab.n > 1 {
		keep = tab.find(k)
	}
	tr.forget(k.Shard, keep)
}

// forget forgets some key of a shard, which is locked, but not the one in slot keep: those who
// read it are told as if it had changed.
func (tr *Tracking) forget(shard uint32, keep int) {
	name, who := tr.tables[shard].takeRandom(keep, nil, nil)
	tr.keys.Add(-1)
	tr.items.Add(-int64(len(who)))
	tr.tell(who, name, nil)
}

// Shrink forgets keys until there are no more than tracking-table-max-keys, of every shard its
// share. The caller holds no lock of the order; shards are locked one at a time and for few
// keys, so that nobody waits for long.
func (tr *Tracking) Shrink() {
	limit, left := tr.house.MaxKeys(), tr.keys.Load()
	over := left - limit
	if limit == 0 {
		return
	}
	for i := 0; i < len(tr.tables) && over > 0; i++ {
		for share := int64(-1); share != 0; {
			tr.store.Lock(uint32(i))
			tab := &tr.tables[i]
			if share < 0 { // the first time
				n := min(int64(tab.n), left)
				share = n - (left-over)*n/max(left, 1)
				left, over = left-n, over-share
			}
			was := tab.bytes()
			for range min(share, int64(tab.n), shrinkStep) {
				tr.forget(uint32(i), -1)
				share--
			}
			tr.account(tab, was)
			if tab.n == 0 {
				share = 0
			}
			tr.store.Unlock(uint32(i))
		}
	}
}
