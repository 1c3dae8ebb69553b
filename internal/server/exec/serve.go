package exec

import (
	"slices"
	"sync"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/users"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// This file serves blocked clients: an executor whose command changed a key that clients
// wait for runs their commands again, right after its own and, as far as the shards that
// it holds allow, under the same locks.
//
//	handler ─Changed─▶ ready ─settle (locks held)─▶ served ──────────▶ replies posted
//	                     ▲            │                 ▲              (no lock held)
//	                     │            └▶ later ─serveLater (own locks)─┘
//	                     └── a served command may change keys, too

// wakes is what the calls of an executor leave to be done for clients that wait: those that they
// block, and those that they wake.
type wakes struct {
	ex       *Executor
	serving  *command.Ctx // nil until it is needed
	ready    []readyKey   // changed keys that clients wait for
	readyAt  int          // the one being served
	later    []readyKey   // those that needed more shards than were held
	served   []*Waiter    // whose replies are to be posted
	arrivals []*Waiter    // those of them that are this reactor's own
	Blocked  *Waiter      // made of the call that has just run
}

// readyKey is a key that has changed while clients wait for it.
type readyKey struct {
	q     *waitQueue
	at    *waitNode // the last one tried, nil: none
	again bool      // it changed once more meanwhile
}

// markReady notes that q's key has changed. Its shard's lock is held.
func (wk *wakes) markReady(q *waitQueue) {
	for i := wk.readyAt; i < len(wk.ready); i++ {
		if wk.ready[i].q == q {
			wk.ready[i].again = true
			return
		}
	}
	wk.ready = append(wk.ready, readyKey{q: q})
}

// settle blocks the client whose call asked for it and serves those that the call woke,
// as far as the shards that are held allow.
func (wk *wakes) settle(held *store.ShardSet) {
	ex := wk.ex
	if ex.Ctx.Waiting.On {
		wk.block()
	}
	wk.serveReady(0, held)
	wk.forgetReady(0)
}

// settleOne is settle for a call that holds one shard.
func (wk *wakes) settleOne(shard uint32) {
	var held store.ShardSet
	held.Add(shard)
	wk.settle(&held)
}

// serveReady serves the ready keys from index from on; what must wait goes to later.
func (wk *wakes) serveReady(from int, held *store.ShardSet) {
	for wk.readyAt = from; wk.readyAt < len(wk.ready); wk.readyAt++ { // ready grows meanwhile
		if wk.serveKey(held) != nil {
			wk.later = append(wk.later, wk.ready[wk.readyAt])
		}
	}
}

// forgetReady drops the ready keys from index from on.
func (wk *wakes) forgetReady(from int) {
	clear(wk.ready[from:])
	wk.ready, wk.readyAt = wk.ready[:from], 0
}

// serveKey serves the waiters of the ready key at readyAt in their order, until one needs
// shards that are not held: that one is returned.
func (wk *wakes) serveKey(held *store.ShardSet) (need *Waiter) {
	ex := wk.ex
	q := wk.ready[wk.readyAt].q
	now := ex.Env.NowMs() // the batch's reading may be old: a key that has died in a transaction serves nobody
	if !held.Has(q.key.Shard) {
		n, _ := q.after(wk.ready[wk.readyAt].at)
		if n == nil {
			return nil
		}
		return n.w
	}
	for {
		r := &wk.ready[wk.readyAt] // serving may move the slice
		n, deletions := q.after(r.at)
		if n == nil {
			if !r.again {
				return nil
			}
			r.again, r.at = false, nil
			continue
		}
		e := ex.Env.Store.Find(q.db, q.key, now)
		if e.A == 0 && !deletions {
			return nil
		}
		if !n.w.Spec.WaitsGone && (e.A == 0 || e.Type() != n.w.Spec.WaitsFor) {
			r.at = n
			continue
		}
		if !held.Contains(&n.w.shards) {
			return n.w
		}
		r.at = n
		wk.serve(n.w, now)
	}
}

// serve runs the waiter's command again, if its client may still make the call. If that waits
// again, the waiter stays where it is. All its shards are held.
func (wk *wakes) serve(w *Waiter, now int64) {
	ex := wk.ex
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mu.over {
		return
	}
	user := ex.Env.Users.Get(w.user)
	if user == nil {
		return // its connection is about to be closed
	}
	c := wk.servingCtx(now)
	c.Client, c.DB, c.NoTouch = &blockedClient{w: w}, w.db, w.noTouch
	c.Call = w.Call
	c.W.Bind(&w.Reply, w.Proto)
	caller, tracker := ex.Caller, ex.Tracker
	ex.Caller, ex.Tracker, ex.Foreign = admit.Caller{As: admit.Waiter, User: users.Ranked(user)}, w.track, true
	ex.Caller.Slots, ex.Caller.Is = ex.Env.Slots.Load(), w.is
	v := wk.admitWaiter(&c.Call)
	if v.Open {
		v.Ruling = v.JudgeOpen(slotted{ex}.count(&c.Call, c.DB, now))
	}
	switch {
	case v.Ruling == admit.Run:
		ex.Meter.Spent = w.Spent
		ex.Perform(c)
	case v.Refused():
		c.W.Error(v.Text(&ex.Caller, &c.Call, ex.Why(v, c.Client)))
		ex.Meter.Calls.Reject(c.Spec.ID)
		w.Denial = v.Denial
	}
	ex.Caller, ex.Tracker, ex.Foreign = caller, tracker, false
	c.W.Flush()
	ex.collect(c)
	switch {
	case c.Waiting.On:
		c.Waiting = command.Wait{}
		w.Spent = ex.Meter.Spent
		w.Reply.Reset()
		return
	case v.Ruling == admit.Wait:
		ex.Env.Kept.add(wk.ready[wk.readyAt].q)
		return
	}
	w.mu.over = true
	if w.Wait, w.Wrote = ex.Rec.wait, ex.Rec.wrote; ex.Rec.overdue() {
		w.Wait = Overdue
	}
	w.leave()
	wk.served = append(wk.served, w)
}

// admitWaiter decides whether a blocked client's call may run. Under the shard locks that are
// held nothing can be evicted: the keeper does that, if there is anything.
func (wk *wakes) admitWaiter(call *command.Call) admit.Verdict {
	ex := wk.ex
	state := ex.Env.State()
	if state&admit.OverMemory != 0 {
		state &^= admit.OverMemory
		if ex.Env.Opts.MaxMemoryPolicy.Load() == options.PolicyNoEviction {
			state |= admit.Full
		}
	}
	return admit.Judge(&ex.Caller, state, call, admit.NoFault)
}

// KeptWakes are keys whose waiters must not be served now: the server pauses, or it loads
// data, or a script that lasts holds them. The one who ends that hands them to the workers.
type KeptWakes struct {
	mu struct { // innermost, for a few instructions
		sync.Mutex
		queues []*waitQueue
	}
}

// add keeps a key, once.
func (k *KeptWakes) add(q *waitQueue) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !q.kept {
		q.kept = true
		k.mu.queues = append(k.mu.queues, q)
	}
}

// Hand gives what was kept to the workers. It is called after a pause, a load or a script that lasted has ended.
func (k *KeptWakes) Hand(slow *SlowLane) {
	k.mu.Lock()
	keys := make([]readyKey, 0, len(k.mu.queues))
	for _, q := range k.mu.queues {
		q.kept = false
		keys = append(keys, readyKey{q: q})
	}
	k.mu.queues = nil
	k.mu.Unlock()
	if len(keys) > 0 {
		slow.Submit(&SlowCall{wake: keys})
	}
}

// servingCtx is the context for commands of blocked clients: the executor's own is in
// the middle of a command of another client.
func (wk *wakes) servingCtx(now int64) *command.Ctx {
	ex := wk.ex
	own := &ex.Ctx
	if wk.serving == nil {
		c := ex.newCtx(&resp.Writer{OnError: ex.W.OnError})
		c.CanWait, c.Resumed = true, true
		wk.serving = &c
	}
	c := wk.serving
	c.Now, c.Clock, c.LFU, c.Limits = now, own.Clock, own.LFU, own.Limits
	c.AllChanges, c.AllMisses, c.Effects.On = own.AllChanges, own.AllMisses, own.Effects.On
	return c
}

// afterUnlock serves the blocked clients that needed more shards than were held, and
// posts the replies of all that were served. The caller holds the gate and no shard lock.
func (wk *wakes) afterUnlock() {
	ex := wk.ex
	for len(wk.later) > 0 {
		if !wk.serveLater() {
			ex.Env.Slow.Submit(&SlowCall{wake: slices.Clone(wk.later)})
			clear(wk.later)
			wk.later = wk.later[:0]
		}
	}
	for i, w := range wk.served {
		wk.served[i] = nil
		if w.Peer.Reactor() == ex.Reactor {
			wk.arrivals = append(wk.arrivals, w) // at the end of this turn
		} else {
			w.Peer.Post(func() { w.Peer.Arrived(w) })
		}
	}
	wk.served = wk.served[:0]
}

// serveLater serves the first key of ex.later. It returns false, and leaves it there,
// when a long command holds a shard that it needs.
func (wk *wakes) serveLater() bool {
	ex := wk.ex
	st := ex.Env.Store
	wk.ready = append(wk.ready[:0], wk.later[0])
	q := wk.later[0].q
	var set store.ShardSet
	set.Add(q.key.Shard)
	for {
		if ex.Worker && ex.Env.Scripts.Lasts() && wk.keep(q, &set) {
			break
		}
		if ex.Worker {
			st.LockSet(&set)
		} else if !st.LockSetUnlessLong(&set) {
			wk.later[0] = wk.ready[0]
			wk.forgetReady(0)
			return false
		}
		need := wk.serveKey(&set)
		wk.serveReady(1, &set) // what these servings woke
		st.UnlockSet(&set)
		wk.forgetReady(1)
		if need == nil {
			break
		}
		set = need.shards
		set.Add(q.key.Shard)
	}
	wk.forgetReady(0)
	wk.later = slices.Delete(wk.later, 0, 1)
	return true
}

// keep keeps a key if its waiters need a shard that a script holds which lasts, until that has ended.
func (wk *wakes) keep(q *waitQueue, need *store.ShardSet) bool {
	e := wk.ex.Env
	turn := e.Scripts.lasting.turn.Load()
	if met, _ := e.Scripts.meets(&reach{shards: *need}); met == nil {
		return false
	}
	e.Kept.add(q)
	if e.Scripts.lasting.turn.Load() != turn {
		e.Kept.Hand(&e.Slow) // it has ended meanwhile, without this one
	}
	return true
}

// serveOnWorker serves keys that a reactor could not wait for.
func (wk *wakes) serveOnWorker(keys []readyKey) {
	ex := wk.ex
	ex.setClock(ex.Env.NowMs())
	wk.later = append(wk.later, keys...)
	ex.Gate.Lock()
	ex.Rec.UnderTerm()
	wk.afterUnlock()
	ex.Gate.Unlock()
	ex.Rec.TakeWait() // every waiter has its own
	ex.Rec.kick()
	ex.Meter.Publish()
}
