package exec

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/store"
)

// This file is what executors do for calls on a node of a cluster, besides asking package admit. A
// call to a slot whose keys move, one by one, runs only if its keys are here, which is looked at
// under the locks under which it runs. The slots change with all gates held, so between admission
// and the run under the same hold of a gate they are the same.

// slotted is an executor, on a node of a cluster.
type slotted struct{ *Executor }

// count counts the keys of a call that there are, and those that are missing. The locks of their
// shards are held.
func (ex slotted) count(call *command.Call, db int, now int64) (here, missing int) {
	for i := range call.Keys {
		if ex.Env.Store.Find(db, call.Keys[i], now).A != 0 {
			here++
		} else {
			missing++
		}
	}
	return here, missing
}

// countLocking is count for a caller who holds no shard lock.
func (ex slotted) countLocking(call *command.Call) (here, missing int) {
	held := shardsOf(call.Keys)
	ex.Env.Store.LockSet(&held)
	here, missing = ex.count(call, ex.Ctx.DB, ex.Ctx.Now)
	ex.Env.Store.UnlockSet(&held)
	return here, missing
}

// countInScript is count for a call of a script.
func (ex scriptHost) countInScript(call *command.Call) (here, missing int) {
	if ex.scr.way == wide {
		return slotted{ex.Executor}.countLocking(call)
	}
	set := shardsOf(call.Keys)
	if !ex.scr.held.Contains(&set) {
		return 1, 0 // the run leaves these locks before it makes the call, and asks again
	}
	return slotted{ex.Executor}.count(call, ex.Ctx.DB, ex.Ctx.Now)
}

// strayed tells whether the context's call must not run because its keys, whose shards are locked,
// are not here; then it replies.
func (ex slotted) strayed() bool {
	here, missing := ex.count(&ex.Ctx.Call, ex.Ctx.DB, ex.Ctx.Now)
	return ex.strays(here, missing)
}

// strayedScript is strayed for a call that runs a script. All gates are held.
func (ex slotted) strayedScript() bool {
	here, missing := ex.countLocking(&ex.Ctx.Call)
	return ex.strays(here, missing)
}

// strayedTransaction is strayed for an EXEC. All gates are held.
func (ex slotted) strayedTransaction(tx *Transaction) bool {
	c, exec := &ex.Ctx, ex.Ctx.Call
	here, missing := 0, 0
	ex.Units.queued.start(&tx.calls)
	var keys []store.Key
	for range tx.calls.n {
		c.Call = ex.Units.queued.next(ex.Env.Table.Specs())
		keys, _ = ex.appendKeys(keys[:0], &c.Call)
		c.Keys = keys
		h, m := ex.countLocking(&c.Call)
		here, missing = here+h, missing+m
	}
	ex.Units.queued.done()
	c.Call = exec
	if !ex.strays(here, missing) {
		return false
	}
	if ex.Worker {
		c.Client.Unwatch() // the client's reactor drops the queue
	} else {
		c.Client.DiscardMulti()
	}
	return true
}

// strays replies where the context's call is to go, if it must.
func (ex slotted) strays(here, missing int) bool {
	v := ex.open
	if v.Ruling = v.JudgeOpen(here, missing); v.Ruling == admit.Run {
		return false
	}
	c := &ex.Ctx
	c.W.Error(v.Text(&ex.Caller, &c.Call, ex.Why(v, c.Client)))
	ex.Meter.Calls.Reject(c.Spec.ID)
	return true
}

// StraysQueued is strayed for a call that is about to be queued: EXEC asks again.
func StraysQueued(of *Executor, call *command.Call) bool {
	ex := slotted{of}
	held := shardsOf(call.Keys)
	if !of.Env.Store.LockSetUnlessLong(&held) {
		return false
	}
	here, missing := ex.count(call, of.Ctx.DB, of.Ctx.Now)
	of.Env.Store.UnlockSet(&held)
	return ex.strays(here, missing)
}

// movedMeanwhile asks once more, on a worker, whether this node serves the keys of the context's call:
// the slots may have changed since its client's reactor did. is is what its client was then.
func (ex slotted) movedMeanwhile(is admit.Standing) bool {
	s, c := ex.Env.Slots.Load(), &ex.Ctx
	ex.open = admit.Verdict{}
	if s == nil {
		return false
	}
	ex.Caller.Slots, ex.Caller.Is = s, is
	if tx := ex.Units.Tx; tx != nil && c.Spec.Flags&command.Exec != 0 {
		ex.Caller.Is |= admit.Queueing
		ex.Caller.Queued, ex.Caller.Lacking, ex.Caller.Reach = tx.Flags, tx.Lacking, tx.Reach
	}
	if ex.open = admit.JudgeSlots(&ex.Caller, &c.Call); ex.open.Ruling == admit.Wait { // not on a worker
		ex.open.Ruling = admit.IsDown
	}
	if !ex.open.Refused() {
		return false
	}
	c.W.Error(ex.open.Text(&ex.Caller, &c.Call, ex.Why(ex.open, c.Client)))
	ex.Meter.Calls.Reject(c.Spec.ID)
	c.Client.Unwatch()
	return true
}
