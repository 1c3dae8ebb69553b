package server

import (
	"sync"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/store"
)

// observers are the blocked clients and the watches (those who cache keys: see package tracking), by the shards of their keys.
type observers []shardObservers

// shardObservers are those of one shard. Who registers holds the shard's lock, so that
// nothing changes between looking at a key and observing it; who leaves does not need it.
type shardObservers struct {
	mu struct { // innermost, for a few instructions: below the shard locks and waiter.mu
		sync.Mutex
		queues  map[keyName]*waitQueue
		watches map[keyName][]watchRef
	}
	counted bool // Store.Observe knows of this shard; guarded by the shard's lock
	_       [39]byte
}

// keyName is a key of one database.
type keyName struct {
	db   int
	name string
}

// waitQueue is the clients that are blocked on one key, first come first served. Its
// list is guarded by the mu of its shardObservers.
type waitQueue struct {
	of         *shardObservers
	db         int
	key        store.Key
	head, tail *waitNode
	seq        uint64 // of the node added last
	deletions  int    // waiters that must hear when the key is gone
}

// waitNode is one waiter's place in one queue.
type waitNode struct {
	w          *waiter
	q          *waitQueue
	prev, next *waitNode
	seq        uint64 // ascending in a queue
	gone       bool
}

// observe makes Ctx.Changed report changes in the shard, whose lock is held.
func (e *env) observe(shard uint32) *shardObservers {
	o := &e.observers[shard]
	if !o.counted {
		o.counted = true
		e.store.Observe(shard, 1)
	}
	return o
}

// enqueue puts w at the end of a key's queue, unless it stands there already. The
// shard's lock is held.
func (e *env) enqueue(w *waiter, db int, k store.Key) {
	o := e.observe(k.Shard)
	o.mu.Lock()
	defer o.mu.Unlock()
	q := o.mu.queues[keyName{db, string(k.Name)}]
	if q == nil {
		name := string(k.Name)
		k.Name = []byte(name)
		q = &waitQueue{of: o, db: db, key: k}
		if o.mu.queues == nil {
			o.mu.queues = map[keyName]*waitQueue{}
		}
		o.mu.queues[keyName{db, name}] = q
	} else if q.tail.w == w {
		return
	}
	q.seq++
	n := &waitNode{w: w, q: q, prev: q.tail, seq: q.seq}
	if q.tail == nil {
		q.head = n
	} else {
		q.tail.next = n
	}
	q.tail = n
	if w.Spec.WaitsGone {
		q.deletions++
	}
	w.nodes = append(w.nodes, n)
}

// dequeue takes a node out of its queue; an empty queue goes. No lock is needed.
func (n *waitNode) dequeue() {
	q := n.q
	o := q.of
	o.mu.Lock()
	defer o.mu.Unlock()
	n.gone = true
	if n.prev == nil {
		q.head = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		q.tail = n.prev
	} else {
		n.next.prev = n.prev
	}
	if n.w.Spec.WaitsGone {
		q.deletions--
	}
	if q.head == nil {
		delete(o.mu.queues, keyName{q.db, string(q.key.Name)})
	}
}

// after returns the node behind n, which may have left meanwhile; of nil the first.
// deletions tells whether anybody in the queue must hear when the key is gone.
func (q *waitQueue) after(n *waitNode) (next *waitNode, deletions bool) {
	q.of.mu.Lock()
	defer q.of.mu.Unlock()
	switch {
	case n == nil:
		next = q.head
	case !n.gone:
		next = n.next
	default:
		for next = q.head; next != nil && next.seq <= n.seq; {
			next = next.next
		}
	}
	return next, q.deletions > 0
}

// Changed implements command.Lane. The shard's lock is held.
func (ex *executor) Changed(db int, k store.Key, ev command.Event) {
	if ex.ctx.AllChanges {
		ex.env.notify(ex.Actor.Reactor, db, k.Name, ev)
	}
	ex.touch(db, k)
}

// touch tells those who cache a key that has changed, breaks watches of it, and notes that clients wait for it. The
// shard's lock is held.
func (ex *executor) touch(db int, k store.Key) {
	o := &ex.env.observers[k.Shard]
	if !o.counted {
		return
	}
	o.mu.Lock()
	q := o.mu.queues[keyName{db, string(k.Name)}]
	for _, ref := range o.mu.watches[keyName{db, string(k.Name)}] {
		ref.set.broken.Store(true)
	}
	idle := len(o.mu.queues)+len(o.mu.watches) == 0
	o.mu.Unlock()
	idle = !ex.env.tracking.Invalidate(k, &ex.Actor) && idle
	if q != nil {
		ex.markReady(q)
	}
	if idle {
		o.counted = false
		ex.env.store.Observe(k.Shard, -1)
	}
}

// Replaced implements command.Lane: the contents of a whole database (all of them: -1) have
// been exchanged or removed. A watched key that is there now has changed; one that has
// gone shows when its client comes to EXEC. All gates are held and no shard lock.
func (ex *executor) Replaced(db int, first bool) {
	if db < 0 {
		ex.env.flushed.Store(true)
	}
	ex.env.tracking.InvalidateAll(&ex.Actor)
	if first && !ex.inExec && ex.PushOwn() {
		ex.flushEnd = true
	}
	for shard := range ex.env.observers {
		o := &ex.env.observers[shard]
		o.mu.Lock()
		busy := len(o.mu.queues)+len(o.mu.watches) > 0
		o.mu.Unlock()
		if !busy {
			continue
		}
		ex.env.store.Lock(uint32(shard))
		for _, name := range o.stir(ex, db) {
			k := ex.env.store.MakeKey([]byte(name.name))
			// One that has expired is not deleted here: the exchange has yet to be recorded,
			// and the deletion, before it, would hit what was there before.
			if e := ex.env.store.FindRaw(name.db, k); e.A != 0 && !e.Expired(ex.ctx.Now) {
				ex.touch(name.db, k)
			}
		}
		ex.env.store.Unlock(uint32(shard))
	}
}

// stir marks the queues of a database (all: -1) as ready and returns its watched keys.
func (o *shardObservers) stir(ex *executor, db int) (watched []keyName) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for name, q := range o.mu.queues {
		if db < 0 || name.db == db {
			ex.markReady(q)
		}
	}
	for name := range o.mu.watches {
		if db < 0 || name.db == db {
			watched = append(watched, name)
		}
	}
	return watched
}

// observedGone is changed for a key that the server itself deletes. The workers serve
// those that wait for that: no executor may be at hand. The shard is locked.
func (e *env) observedGone(shard uint32, db int, key []byte) {
	o := &e.observers[shard]
	if !o.counted {
		return
	}
	o.mu.Lock()
	for _, ref := range o.mu.watches[keyName{db, string(key)}] {
		if ref.there { // else it came, expired, with SWAPDB
			ref.set.broken.Store(true)
		}
	}
	q := o.mu.queues[keyName{db, string(key)}]
	wake := q != nil && q.deletions > 0
	o.mu.Unlock()
	e.tracking.Invalidate(store.Key{Name: key, Hash: e.store.MakeKey(key).Hash, Shard: shard}, nil)
	if wake {
		e.slow.submit(&slowCall{wake: []readyKey{{q: q}}})
	}
}

// blockingKeys counts the keys that clients wait for, and those of them whose deletion
// ends the waiting.
func (x observers) blockingKeys() (all, deletions int64) {
	for i := range x {
		o := &x[i]
		o.mu.Lock()
		all += int64(len(o.mu.queues))
		for _, q := range o.mu.queues {
			if q.deletions > 0 {
				deletions++
			}
		}
		o.mu.Unlock()
	}
	return all, deletions
}

// tracked is called after a command of a client with client-side caching, while its locks
// are held.
func (ex *executor) tracked(c *command.Ctx, spec *command.Spec) {
	t := ex.Tracker
	if spec.Flags&command.ReadOnly != 0 && t.Remembers() {
		for i := range c.Keys {
			t.Remember(c.Keys[i])
		}
	}
	if c != &ex.ctx {
		return
	}
	if ex.PushOwn() {
		ex.flushEnd = true // the turn's end looks after the output
	}
	if t.Caching && !ex.inExec && !c.Client.InMulti() && spec.Flags&command.KeepsCaching == 0 {
		t.Caching = false
	}
}
