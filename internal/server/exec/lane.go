package exec

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/pubsub"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/store"
)

// This file is executors as handlers have them: command.Lane, and what the hosts ask of them.

// Changed implements command.Lane. The shard's lock is held.
func (ex *Executor) Changed(db int, k store.Key, ev command.Event) {
	if ex.scr.way >= tentative {
		scriptHost{ex}.hold(k, ev)
		return
	}
	if ex.Ctx.AllChanges {
		pubsub.Notify(ex.Env.House, ex.Env.Opts.NotifyKeyspaceEvents.Load(), ex.Actor.Reactor, db, k.Name, ev)
	}
	ex.tellChange(db, k)
}

// Missed implements command.Lane.
func (ex *Executor) Missed(db int, k store.Key) {
	pubsub.NotifyMiss(ex.Env.House, ex.Env.Opts.NotifyKeyspaceEvents.Load(), ex.Actor.Reactor, db, k.Name)
}

// tellChange tells those who cache a key that has changed, breaks watches of it, and notes that clients wait for it. The
// shard's lock is held.
func (ex *Executor) tellChange(db int, k store.Key) {
	o := &ex.Env.Observers[k.Shard]
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
	idle = !ex.Env.Tracking.Invalidate(k, &ex.Actor) && idle
	if q != nil {
		ex.Wakes.markReady(q)
	}
	if idle {
		o.counted = false
		ex.Env.Store.Observe(k.Shard, -1)
	}
}

// Replaced implements command.Lane: the contents of a whole database (all of them: -1) have
// been exchanged or removed. A watched key that is there now has changed, and so has one that
// was there. All gates are held and no shard lock.
func (ex *Executor) Replaced(db int, first bool) {
	if db < 0 {
		ex.Env.Flushed.Store(true)
	}
	ex.Env.Tracking.InvalidateAll(&ex.Actor)
	if first && !ex.Units.inExec && ex.PushOwn() {
		ex.FlushEnd = true
	}
	ex.Env.replaced(db, ex.Ctx.Now, ex.Wakes.markReady, ex.tellChange)
}

// tracked is called after a command of a client with client-side caching, while its locks
// are held.
func (ex *Executor) tracked(c *command.Ctx, spec *command.Spec) {
	t := ex.Tracker
	if spec.Flags&command.ReadOnly != 0 && t.Remembers() {
		for i := range c.Keys {
			t.Remember(c.Keys[i])
		}
	}
	if c != &ex.Ctx {
		return
	}
	if ex.PushOwn() {
		ex.FlushEnd = true // the turn's end looks after the output
	}
	if t.Caching && !ex.Units.inExec && !c.Client.InMulti() && spec.Flags&command.KeepsCaching == 0 {
		t.Caching = false
	}
}

// UnderLock implements command.Lane: it runs f, part of a long call without keys, under the lock of k's shard as if it
// were a call of its own: what it did is recorded, and those who wait for k are served.
// The caller holds the executor's gate and no shard lock, and its call has no effect of
// its own (Ctx.NoEffect).
func (ex *Executor) UnderLock(k store.Key, f func()) {
	st := ex.Env.Store
	if !ex.Units.inExec {
		considerate{ex}.awaitShards(&reach{shards: shardsOf([]store.Key{k})})
	}
	st.Lock(k.Shard)
	ex.Rec.recorded(&ex.Ctx, k, f)
	if ex.unsettled() && !ex.Units.inExec {
		ex.Wakes.settleOne(k.Shard)
	}
	st.Unlock(k.Shard)
	if !ex.Units.inExec {
		ex.Wakes.afterUnlock()
	}
}

// InScript tells whether a script runs, which the executor's call is of.
func (ex *Executor) InScript() bool { return ex.scr.way != noScript }

// WithoutGates runs f without the executor's gate: f must not touch the store. Within a
// transaction that holds all gates it lets go of all of them, and of the reactors: f may
// open files and listeners or take all gates itself, and others may run in between.
func (ex *Executor) WithoutGates(f func()) {
	if ex.Units.whole {
		ex.Rec.endUnit() // others may record changes in between
		ex.Env.Gates.UnlockAll()
		met := ex.Units.met
		if met != nil {
			ex.Env.end(met)
			ex.Units.met = nil
		}
		f()
		if met != nil {
			ex.Units.met = ex.Env.gatherAll()
		} else {
			ex.Env.Gates.LockAll()
		}
		ex.Rec.beginUnit(nil)
		return
	}
	ex.Gate.Unlock()
	f()
	ex.Gate.Lock()
}

// AskReactors runs f on every reactor, on that reactor's goroutine, and waits for all. It is for
// the call that ex runs, on a worker: two reactors that ask each other would wait forever. The
// worker's gate is released meanwhile, because a reactor may be waiting for it; within a
// transaction all reactors have met and wait for nothing. When the server is ending, reactors
// that are gone are left out.
func (ex *Executor) AskReactors(f func(r *netio.Reactor)) {
	switch {
	case ex.Units.met != nil:
		ex.Units.met.ask(ex.Env, f)
	case ex.scr.run != nil: // barred from their gates, the reactors can answer
		barGates(ex.Env)
		ex.Env.askOthers(ex.Reactor, f)
	default:
		ex.WithoutGates(func() { ex.Env.AskReactors(f) })
	}
}

// Unlocked implements command.Lane: on a worker, outside of transactions, others may run
// meanwhile.
func (ex *Executor) Unlocked(f func()) {
	if !ex.Worker || ex.Units.inExec {
		f()
		return
	}
	ex.WithoutGates(f)
}

// Yield implements command.Lane: a worker lets go of its gate for a moment, so that an exclusive
// operation does not wait for the whole of a long command. It goes through the keyspace, and so waits for scripts
// that have begun to last.
func (ex *Executor) Yield() {
	if ex.Worker && !ex.Units.inExec {
		ex.Gate.Unlock()
		ex.Gate.Lock()
		considerate{ex}.awaitShards(&reach{all: true})
	}
}
