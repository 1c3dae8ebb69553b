package server

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/tracking"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// waiter is a blocked client: the call that waits, and its places in the queues of the
// keys that it waits for. Whoever ends the waiting claims it under mu: an executor that
// has a reply for it, or its own reactor because of a timeout, CLIENT UNBLOCK or the end
// of the connection. So nothing is taken from a key for a client that is not there any
// more, and nobody answers twice.
type waiter struct {
	mu struct { // below the shard locks, above shardObservers.mu
		sync.Mutex
		over bool // somebody has claimed it
	}
	command.Call  // its own copy
	peer          peer
	counts        *waiting
	name          string         // its client's
	user          string         // its client's: whose rights count is looked up when it is served
	shards        store.ShardSet // of keys and of those waited for
	nodes         []*waitNode
	db            int
	proto         int
	track         *tracking.Tracker // the client's, nil: it has none
	noTouch       bool
	over          func(w *resp.Writer) // replies when the waiting ends otherwise, nil: NullArray
	synced        uint64               // that is, too, when the AOF is synced up to here; 0: nothing of the kind
	deadline      int64                // milliseconds since 1970, 0: none
	clockDeadline int64                // the same by the server's Clock
	reply         resp.Buffer
	wait          uint64 // what the reply waits for, see executor.takeWait
	wrote         uint64
	spent         int64       // what its attempts have taken, nanoseconds
	denial        acl.Verdict // why it was not served: its reactor notes that

	// The rest belongs to the client's reactor.
	place int  // among its timers, -1: none
	early bool // the reply came before the worker's word that the client is blocked
}

// park makes a waiter of the call that has just run and asked for it. The shard locks
// of its keys are held.
func (ex *executor) park() {
	c := &ex.ctx
	w := &waiter{
		peer: peerOf(c.Client), counts: &ex.env.waiting, name: c.Client.Name(), user: c.Client.User(), db: c.DB, proto: ex.w.Proto(), noTouch: c.NoTouch, over: c.Waiting.Over, synced: c.Waiting.Synced, place: -1,
		spent: ex.meter.Spent,
	}
	w.Spec, w.Args = c.Spec, c.Args.Clone()
	w.Keys, _ = ex.appendKeys(nil, &w.Call)
	w.shards = shardsOf(w.Keys)
	for _, k := range c.Waiting.Keys {
		w.shards.Add(k.Shard)
		ex.env.enqueue(w, w.db, k)
	}
	if ms := c.Waiting.TimeoutMs; ms > 0 {
		// Rounded up, so that nobody is told too early.
		w.deadline = min((time.Now().UnixNano()+999_999)/1_000_000, math.MaxInt64-ms) + ms
		w.clockDeadline = min(ex.env.wall(w.deadline-ms), math.MaxInt64-ms) + ms
	}
	c.Waiting = command.Wait{}
	w.track = ex.Tracker
	w.counts.blocked.Add(1)
	if w.deadline != 0 {
		w.counts.timed.Add(1)
	}
	ex.parked = w
}

// end claims the waiter for its reactor; false when an executor has it already, whose
// reply is under way.
func (w *waiter) end() bool {
	w.mu.Lock()
	ok := !w.mu.over
	w.mu.over = true
	w.mu.Unlock()
	if ok {
		w.leave()
	}
	return ok
}

// leave takes a claimed waiter out of all queues.
func (w *waiter) leave() {
	for _, n := range w.nodes {
		n.dequeue()
	}
	w.counts.blocked.Add(-1)
	if w.deadline != 0 {
		w.counts.timed.Add(-1)
	}
}

// nextArrival takes the next waiter off the list of those of this reactor's clients that its own calls have
// served, nil: there is none.
func (ex *executor) nextArrival() *waiter {
	if len(ex.arrivals) == 0 {
		return nil
	}
	w := ex.arrivals[0]
	ex.arrivals = slices.Delete(ex.arrivals, 0, 1)
	return w
}

// blockedClient is a client that is blocked, as the handler that runs for it sees it: whoever
// that runs on, it is not the client's reactor. It is who it was when it was blocked, and has no
// state that a blocking command could change.
type blockedClient struct {
	command.Nobody
	w *waiter
}

// ID implements command.Client.
func (b *blockedClient) ID() int64 { return b.w.peer.ID() }

// User implements command.Client.
func (b *blockedClient) User() string { return b.w.user }

// Name implements command.Client.
func (b *blockedClient) Name() string { return b.w.name }

// Peer is the client.
func (b *blockedClient) Peer() peer { return b.w.peer }
