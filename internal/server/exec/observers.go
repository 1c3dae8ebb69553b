package exec

import (
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/store"
)

// Observers are the blocked clients and the watches (those who cache keys: see package tracking), by the shards of their keys.
type Observers []shardObservers

// NewObservers are those of so many shards.
func NewObservers(shards int) Observers {
	x, n := make(Observers, shards), new(observed)
	for i := range x {
		x[i].n = n
	}
	return x
}

// shardObservers are those of one shard. Who registers holds the shard's lock, so that
// nothing changes between looking at a key and observing it; who leaves does not need it.
type shardObservers struct {
	mu struct { // innermost, for a few instructions: below the shard locks and Waiter.mu
		sync.Mutex
		queues  map[keyName]*waitQueue
		watches map[keyName][]watchRef
	}
	n       *observed // of all shards together
	counted bool      // Store.Observe knows of this shard; guarded by the shard's lock
	_       [31]byte
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
	kept       bool   // it stands in KeptWakes, whose mu guards this
}

// waitNode is one waiter's place in one queue.
type waitNode struct {
	w          *Waiter
	q          *waitQueue
	prev, next *waitNode
	seq        uint64 // ascending in a queue
	gone       bool
}

// Observe makes Ctx.Changed report changes in the shard, whose lock is held.
func (e *Env) Observe(shard uint32) *shardObservers {
	o := &e.Observers[shard]
	if !o.counted {
		o.counted = true
		e.Store.Observe(shard, 1)
	}
	return o
}

// enqueue puts w at the end of a key's queue, unless it stands there already. The
// shard's lock is held.
func (e *Env) enqueue(w *Waiter, db int, k store.Key) {
	o := e.Observe(k.Shard)
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
		o.n.blocking.Add(1)
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
		if q.deletions++; q.deletions == 1 {
			o.n.deletions.Add(1)
		}
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
		if q.deletions--; q.deletions == 0 {
			o.n.deletions.Add(-1)
		}
	}
	if q.head == nil {
		o.n.blocking.Add(-1)
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

// replaced has those learn who observe keys of a database (all: -1) whose contents are others now: ready is called
// for keys that clients wait for, changed for watched keys that are there. One that was there when it was watched, and is gone, has changed,
// too. All gates are held and no shard lock.
func (e *Env) replaced(db int, now int64, ready func(q *waitQueue), changed func(db int, k store.Key)) {
	for shard := range e.Observers {
		o := &e.Observers[shard]
		o.mu.Lock()
		busy := len(o.mu.queues)+len(o.mu.watches) > 0
		o.mu.Unlock()
		if !busy {
			continue
		}
		e.Store.Lock(uint32(shard))
		for _, name := range o.stir(db, ready) {
			k := e.Store.MakeKey([]byte(name.name))
			// One that has expired is not deleted here: the exchange has yet to be recorded,
			// and the deletion, before it, would hit what was there before.
			if at := e.Store.FindRaw(name.db, k); at.A != 0 && !at.Expired(now) {
				changed(name.db, k)
				continue
			}
			o.mu.Lock()
			o.breakWhereThere(name)
			o.mu.Unlock()
		}
		e.Store.Unlock(uint32(shard))
	}
}

// Loaded has those learn who observe keys that the data have been replaced by what was loaded: watches are broken as by FLUSHALL, and
// clients that wait are served when Kept is handed over. The caller holds no lock.
func (e *Env) Loaded() {
	e.Gates.LockAll()
	defer e.Gates.UnlockAll()
	e.replaced(-1, e.NowMs(), e.Kept.add, func(db int, k store.Key) {
		o := &e.Observers[k.Shard]
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, ref := range o.mu.watches[keyName{db, string(k.Name)}] {
			ref.set.broken.Store(true)
		}
	})
}

// stir calls ready for the queues of a database (all: -1) and returns its watched keys.
func (o *shardObservers) stir(db int, ready func(q *waitQueue)) (watched []keyName) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for name, q := range o.mu.queues {
		if db < 0 || name.db == db {
			ready(q)
		}
	}
	for name := range o.mu.watches {
		if db < 0 || name.db == db {
			watched = append(watched, name)
		}
	}
	return watched
}

// breakWhereThere marks those as broken who watch a key that was there then, and is gone. o.mu is held.
func (o *shardObservers) breakWhereThere(name keyName) {
	for _, ref := range o.mu.watches[name] {
		if ref.there {
			ref.set.broken.Store(true)
		}
	}
}

// observedGone is Changed for a key that the server itself deletes. The workers serve
// those that wait for that: no executor may be at hand. The shard is locked.
func (e *Env) observedGone(shard uint32, db int, key []byte) {
	o := &e.Observers[shard]
	if !o.counted {
		return
	}
	o.mu.Lock()
	o.breakWhereThere(keyName{db, string(key)}) // elsewhere it came, expired, with SWAPDB
	q := o.mu.queues[keyName{db, string(key)}]
	wake := q != nil && q.deletions > 0
	o.mu.Unlock()
	e.Tracking.Invalidate(store.Key{Name: key, Hash: e.Store.MakeKey(key).Hash, Shard: shard}, nil)
	if wake {
		e.Slow.Submit(&SlowCall{wake: []readyKey{{q: q}}})
	}
}

// Observed is how many keys somebody observes.
type Observed struct {
	Blocking  int64 // clients wait for them
	Deletions int64 // those of them whose deletion ends the waiting
	Watched   int64
}

// observed is Observed as it is counted, by whoever registers and leaves: INFO is asked for too often
// to look into every shard.
type observed struct{ blocking, deletions, watched atomic.Int64 }

// Count tells how many keys somebody observes.
func (x Observers) Count() Observed {
	n := x[0].n
	return Observed{n.blocking.Load(), n.deletions.Load(), n.watched.Load()}
}
