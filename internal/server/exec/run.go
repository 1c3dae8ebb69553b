package exec

import (
	"runtime"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// This file takes the locks that a client's call needs, and invokes it.

// ServesPlain tells whether the guard, of whose bits some are set, lets a plain call run. It is inlined for a node that has all slots.
func (ex *Executor) ServesPlain(guard uint32, cl *BatchCall) bool {
	return guard == GuardCluster && ex.Env.Slots.Load().All || ex.servesPlain(guard, cl)
}

// servesPlain is ServesPlain for all others.
func (ex *Executor) servesPlain(guard uint32, cl *BatchCall) bool {
	switch guard {
	case GuardReplica:
		return cl.Spec.Flags&command.Write == 0
	case GuardCluster:
		by, _ := ex.Env.Store.BySlot()
		return ex.Env.Slots.Load().Serves(by.Of(&ex.Keys[cl.From]))
	}
	return false
}

// RunPlain admits and invokes a plain call: one key, and nothing that a connection's state or
// other shards have a part in. It is most of what servers do, so it is written out. It returns
// false, having done nothing, when the call belongs into the slow lane.
func (ex *Executor) RunPlain(cl *BatchCall, cmd *resp.Command) (done bool) {
	c, st := &ex.Ctx, ex.Env.Store
	spec, k := cl.Spec, &ex.Keys[cl.From]
	c.Spec, c.Args, c.Keys = spec, cmd.Args, ex.Keys[cl.From:cl.To]
	shard := k.Shard
	if !st.LockUnlessLong(shard) {
		return false
	}
	if spec.Flags&command.Write != 0 && st.Snapshotting(shard) && st.OwesMuch(c.DB, *k) {
		st.Unlock(shard)
		return false
	}
	if c.DB == ex.ahead {
		st.Hint(c.DB, k, ex.places[cl.From], ex.stamps[cl.From])
	}
	if ex.Env.Journal.Log.On() {
		ex.Rec.wire = cmd.Wire()
		ex.Perform(c)
		ex.Rec.wire = nil
	} else {
		ex.Perform(c)
	}
	if ex.unsettled() {
		ex.Wakes.settleOne(shard)
	}
	st.Unlock(shard)
	if len(ex.Wakes.served)+len(ex.Wakes.later) > 0 {
		ex.Wakes.afterUnlock()
	}
	return true
}

// RunRow is RunPlain for call i of b and the fast calls of the same key behind it, under one lock: whoever pushes to one
// list, or adds to one set, does so call after call, and so do others, whom each lock and unlock would have wait for the other.
// Nothing is to be looked at for these calls. It returns the last that has run, or -1, having done nothing.
func (ex *Executor) RunRow(b *resp.Batch, i int) (last int) {
	c, st := &ex.Ctx, ex.Env.Store
	cl := &ex.Calls[i]
	shard := ex.Keys[cl.From].Shard
	if !st.LockUnlessLong(shard) {
		return -1
	}
	if st.Snapshotting(shard) { // it may want to have something first, call by call
		st.Unlock(shard)
		if !ex.RunPlain(cl, &b.Cmds[i]) {
			return -1
		}
		return i
	}
	if c.DB == ex.ahead {
		st.Hint(c.DB, &ex.Keys[cl.From], ex.places[cl.From], ex.stamps[cl.From])
	}
	rest := c.W.Rest()
	for {
		c.Spec, c.Args, c.Keys = cl.Spec, b.Cmds[i].Args, ex.Keys[cl.From:cl.To]
		if ex.Env.Journal.Log.On() {
			ex.Rec.wire = b.Cmds[i].Wire()
			ex.Perform(c)
			ex.Rec.wire = nil
		} else {
			ex.Perform(c)
		}
		if ex.unsettled() {
			ex.Wakes.settleOne(shard)
			break
		}
		if !ex.InRow(b, i+1) || ex.Env.Guard.Load() != 0 || rest-c.W.Rest() > rowReplyBytes {
			break
		}
		i++
		cl = &ex.Calls[i]
		ex.TouchAhead(cl.To)
		if ex.Members {
			ex.TouchMembers(c.DB, b, i)
		}
	}
	st.Unlock(shard)
	if len(ex.Wakes.served)+len(ex.Wakes.later) > 0 {
		ex.Wakes.afterUnlock()
	}
	return i
}

// InRow tells whether there is a call i of b that may stand in a row behind a plain one.
func (ex *Executor) InRow(b *resp.Batch, i int) bool { return i < b.N && ex.Calls[i].again }

// Run invokes the context's call, which has been admitted, under its locks. The caller holds
// ex.Gate, which Run gives up and takes again around an exclusive command. It returns false,
// having done nothing, when the call belongs into the slow lane: it would run long, or a long
// command holds one of its shards. On a worker it runs, unless a script that lasts is in its way, or it is to run one.
func (ex *Executor) Run() (done bool) {
	c := &ex.Ctx
	spec := c.Spec
	if spec.Flags&(command.Exclusive|command.Exec|command.Script) != 0 {
		switch {
		case spec.Flags&command.Exec != 0:
			return ex.Units.runExec()
		case spec.Flags&command.Script != 0:
			return scriptHost{ex}.runScript()
		}
		if !ex.takeAll() {
			return false
		}
		ex.invoke(c, &noShards)
		openGates(ex.Env, ex.Gate)
		ex.Wakes.afterUnlock()
		return true
	}
	switch {
	case len(c.Keys) == 0:
		if spec.Flags&command.Sweeps != 0 && !ex.Worker && ex.Env.Scripts.Lasts() {
			return false
		}
		if spec.Cost != nil && !ex.Worker && ex.tooLong(c) {
			return false
		}
		ex.Perform(c)
		if ex.unsettled() {
			ex.Wakes.settle(&noShards)
			ex.Wakes.afterUnlock()
		}
		return true
	case len(c.Keys) == 1 && spec.AllShards == nil && !ex.Worker:
		return ex.runOne(c.Keys[0].Shard)
	}
	held, st := shardsOfCall(ex.Env.Store, &c.Call), ex.Env.Store
	if ex.Worker { // reactors do not wait for these shards
		ex.handOver(&c.Call, c.DB)
		st.SetLong(&held, true)
		st.LockSet(&held)
		if !(ex.open.Open && (slotted{ex}.strayed())) {
			ex.invoke(c, &held)
		}
		st.UnlockSet(&held)
		st.SetLong(&held, false)
		ex.Wakes.afterUnlock()
		return true
	}
	if !st.LockSetUnlessLong(&held) {
		return false
	}
	if done = !ex.tooLong(c); done && !(ex.open.Open && (slotted{ex}.strayed())) {
		ex.invoke(c, &held)
	}
	st.UnlockSet(&held)
	ex.Wakes.afterUnlock()
	return done
}

// unsettled tells whether the call that has just run left work for wakes.settle.
func (ex *Executor) unsettled() bool { return len(ex.Wakes.ready) != 0 || ex.Ctx.Waiting.On }

// takeAll takes all gates instead of the executor's own, which it holds. On a reactor it returns
// false when a script that runs long has them: a worker can wait for that. If it lasts, the worker
// does not wait, either.
func (ex *Executor) takeAll() bool {
	ex.Gate.Unlock()
	switch {
	case ex.patient:
		ex.Env.Gates.LockAll()
		return true
	case ex.Worker:
		if ex.Env.Gates.enterAll(barsAll) < 0 {
			return true
		}
		ex.Gate.Lock()
	default:
		if ex.Env.Gates.enterAll(barsReactors) < 0 {
			return true
		}
		ex.Gateless = !ex.Gate.Enter()
	}
	return false
}

// LeaveGate gives the executor's gate back at the end of a batch, if it has not lost it to a script.
func (ex *Executor) LeaveGate() {
	if !ex.Gateless {
		ex.Gate.Unlock()
	}
	ex.Gateless = false
}

// runOne is Run for a call with one key, on a reactor.
func (ex *Executor) runOne(shard uint32) (done bool) {
	c, st := &ex.Ctx, ex.Env.Store
	if !st.LockUnlessLong(shard) {
		return false
	}
	if done = !ex.tooLong(c); done && !(ex.open.Open && (slotted{ex}.strayed())) {
		ex.Perform(c)
		ex.Env.Local.note(ex, c)
		if ex.unsettled() {
			ex.Wakes.settleOne(shard)
		}
	}
	st.Unlock(shard)
	if len(ex.Wakes.served)+len(ex.Wakes.later) > 0 {
		ex.Wakes.afterUnlock()
	}
	return done
}

// noShards is what a call without keys holds. It never changes.
var noShards store.ShardSet

// tooLong tells whether the call is for the slow lane: because of its cost, or because a
// running snapshot has first to have much of what the call changes.
func (ex *Executor) tooLong(c *command.Ctx) bool {
	if c.Spec.Cost != nil && c.Spec.Cost(c) > command.SlowCost {
		return true
	}
	return ex.owesMuch(&c.Call, c.DB)
}

// owesMuch tells whether a running snapshot has first to have much of what the call changes, whose
// shards are locked.
func (ex *Executor) owesMuch(call *command.Call, db int) bool {
	if call.Spec.Flags&command.Write != 0 {
		for i := range call.Keys {
			if ex.Env.Store.OwesMuch(db, call.Keys[i]) {
				return true
			}
		}
	}
	return false
}

// handOver hands a running snapshot what it has first to have of what the call changes. It takes the locks of the call's
// shards itself, for a portion at a time, so that others may use them meanwhile; what begins after that is handed over
// by the call. The caller holds the gate.
func (ex *Executor) handOver(call *command.Call, db int) {
	if call.Spec.Flags&command.Write == 0 || !ex.Env.Store.SnapshotRuns() {
		return
	}
	for i := range call.Keys {
		for ex.Env.Store.HandOver(db, call.Keys[i]) {
			ex.Yield()
			runtime.Gosched() // else a reactor might wait until the scheduler preempts
		}
	}
}

// shardsOfCall returns the shards that a call needs: those of its keys, or all of them if
// it reads keys that only values name (SORT with a BY or GET pattern).
func shardsOfCall(st *store.Store, call *command.Call) (set store.ShardSet) {
	if call.Spec.Flags&command.OwnLocks != 0 {
		return set
	}
	if call.Spec.AllShards != nil && call.Spec.AllShards(call.Args) {
		for i := range st.Shards() {
			set.Add(uint32(i))
		}
		return set
	}
	return shardsOf(call.Keys)
}

func shardsOf(keys []store.Key) (set store.ShardSet) {
	for i := range keys {
		set.Add(keys[i].Shard)
	}
	return set
}
