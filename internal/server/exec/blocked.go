package exec

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/tracking"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// Waiter is a blocked client: the call that waits, and its places in the queues of the
// keys that it waits for. Whoever ends the waiting claims it under mu: an executor that
// has a reply for it, or its own reactor because of a timeout, CLIENT UNBLOCK or the end
// of the connection. So nothing is taken from a key for a client that is not there any
// more, and nobody answers twice.
type Waiter struct {
	mu struct { // below the shard locks, above shardObservers.mu
		sync.Mutex
		over bool // somebody has claimed it
	}
	command.Call  // its own copy
	Peer          Peer
	counts        *Waiting
	name          string         // its client's
	user          string         // its client's: whose rights count is looked up when it is served
	shards        store.ShardSet // of keys and of those waited for
	nodes         []*waitNode
	db            int
	Proto         int
	track         *tracking.Tracker // the client's, nil: it has none
	noTouch       bool
	is            admit.Standing       // what it was in a cluster
	Over          func(w *resp.Writer) // replies when the waiting ends otherwise, nil: NullArray
	Done          func() bool          // that is, too, when this is true; nil: never
	Deadline      int64                // milliseconds since 1970, 0: none
	ClockDeadline int64                // the same by the server's Clock
	Reply         resp.Buffer
	Wait          uint64 // what the reply waits for, see recorder.TakeWait
	Wrote         uint64
	Spent         int64       // what its attempts have taken, nanoseconds
	Denial        acl.Verdict // why it was not served: its reactor notes that

	// The rest belongs to the client's reactor.
	Place int  // among its timers, -1: none
	Early bool // the reply came before the worker's word that the client is blocked
}

// block makes a waiter of the call that has just run and asked for it. The shard locks
// of its keys are held.
func (wk *wakes) block() {
	ex := wk.ex
	c := &ex.Ctx
	w := &Waiter{
		Peer: PeerOf(c.Client), counts: &ex.Env.Waiting, name: c.Client.Name(), user: c.Client.User(), db: c.DB, Proto: ex.W.Proto(), noTouch: c.NoTouch, Over: c.Waiting.Over, Done: c.Waiting.Done, Place: -1,
		Spent: ex.Meter.Spent,
	}
	w.Spec, w.Args = c.Spec, c.Args.Clone()
	w.Keys, _ = ex.appendKeys(nil, &w.Call)
	w.shards = shardsOf(w.Keys)
	for _, k := range c.Waiting.Keys {
		w.shards.Add(k.Shard)
		ex.Env.enqueue(w, w.db, k)
	}
	if ms := c.Waiting.TimeoutMs; ms > 0 {
		// Rounded up, so that nobody is told too early.
		w.Deadline = min((time.Now().UnixNano()+999_999)/1_000_000, math.MaxInt64-ms) + ms
		w.ClockDeadline = min(ex.Env.Wall(w.Deadline-ms), math.MaxInt64-ms) + ms
	}
	c.Waiting = command.Wait{}
	w.track, w.is = ex.Tracker, ex.Caller.Is&admit.InCluster
	w.counts.Blocked.Add(1)
	if w.Deadline != 0 {
		w.counts.Timed.Add(1)
	}
	wk.Blocked = w
}

// End claims the waiter for its reactor; false when an executor has it already, whose
// reply is under way.
func (w *Waiter) End() bool {
	w.mu.Lock()
	ok := !w.mu.over
	w.mu.over = true
	w.mu.Unlock()
	if ok {
		w.leave()
	}
	return ok
}

// Claimed tells whether somebody has claimed it: the reply is under way.
func (w *Waiter) Claimed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mu.over
}

// Bytes is about what it takes besides its call's arguments.
func (w *Waiter) Bytes() int64 { return int64(waiterBytes + len(w.nodes)*waiterKeyBytes) }

// leave takes a claimed waiter out of all queues.
func (w *Waiter) leave() {
	for _, n := range w.nodes {
		n.dequeue()
	}
	w.counts.Blocked.Add(-1)
	if w.Deadline != 0 {
		w.counts.Timed.Add(-1)
	}
}

// NextArrival takes the next waiter off the list of those of this reactor's clients that its own calls have
// served, nil: there is none.
func (wk *wakes) NextArrival() *Waiter {
	if len(wk.arrivals) == 0 {
		return nil
	}
	w := wk.arrivals[0]
	wk.arrivals = slices.Delete(wk.arrivals, 0, 1)
	return w
}

// blockedClient is a client that is blocked, as the handler that runs for it sees it: whoever
// that runs on, it is not the client's reactor. It is who it was when it was blocked, and has no
// state that a blocking command could change.
type blockedClient struct {
	command.Nobody
	w *Waiter
}

// ID implements command.Client.
func (b *blockedClient) ID() int64 { return b.w.Peer.ID() }

// User implements command.Client.
func (b *blockedClient) User() string { return b.w.user }

// Name implements command.Client.
func (b *blockedClient) Name() string { return b.w.name }

// Peer is the client.
func (b *blockedClient) Peer() Peer { return b.w.Peer }
