package server

import (
	"strings"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/store"
)

// transaction is what a client has queued since MULTI. EXEC runs it in one of two ways:
//
//	keyed   the locks of all shards of all its keys, and of the watched ones, are held from
//	        the first call to the last
//	whole   a call that takes shard locks itself, or needs all gates (SCAN, DBSIZE, FLUSHALL),
//	        is among them: all gates are held, and each call takes its own locks
//
// Either way nobody sees half of it, its effects are one record of the journal, and the
// clients that it wakes are served at its end.
type transaction struct {
	calls   callQueue
	flags   command.Flag   // of any of the calls
	lacking command.Flag   // that any of them does not have
	shards  store.ShardSet // of all keys
	aborted bool           // a call could not be queued: EXEC refuses
	whole   bool
	short   bool // all calls are plain ones (Spec.PlainKey)
	asks    bool // some calls without keys may have to ask the reactors: their cost tells
}

// releaseTx keeps tx, of which nothing is in use any more, for the executor's next
// transaction, unless it begins with something large.
func (ex *executor) releaseTx(tx *transaction) {
	tx.calls.reset()
	if tx.calls.held <= keepTransactionBytes {
		tx.flags, tx.lacking, tx.aborted, tx.whole, tx.asks = 0, 0, false, false, false
		tx.shards.Clear()
		ex.spareTx = tx
	}
}

// newTx gives an empty transaction.
func (ex *executor) newTx() *transaction {
	tx := ex.spareTx
	if tx == nil {
		tx = new(transaction)
	}
	ex.spareTx = nil
	tx.short = true
	return tx
}

// add keeps a call for EXEC. Its keys have been hashed by prepare.
func (tx *transaction) add(e *env, call *command.Call) {
	if tx.aborted { // it will not run: nothing is kept of it
		return
	}
	spec := call.Spec
	tx.calls.add(call)
	if spec.PlainKey(len(call.Args)) > 0 {
		tx.shards.Add(call.Keys[0].Shard)
	} else {
		tx.short = false
		set := shardsOfCall(e.store, call)
		tx.shards.Merge(&set)
	}
	tx.flags |= spec.Flags
	tx.lacking |= ^spec.Flags
	if len(call.Keys) == 0 && !storeless(spec.Group) || spec.Flags&(command.Slow|command.Exclusive|command.Script) != 0 {
		tx.whole = true
	}
	if len(call.Keys) == 0 && spec.Cost != nil && !spec.ByArgs {
		tx.asks = true
	}
}

// mustAsk tells whether a call without keys is none for a reactor, because it asks all of them.
func (ex *executor) mustAsk(tx *transaction) (must bool) {
	exec := ex.ctx.Call
	ex.queued.start(&tx.calls)
	for range tx.calls.n {
		c := &ex.ctx
		c.Call = ex.queued.next(ex.env.table.Specs())
		must = must || c.Spec.Keys == nil && c.Spec.Cost != nil && c.Spec.Cost(c) > command.SlowCost
	}
	ex.ctx.Call = exec
	ex.queued.done()
	return must
}

// storeless tells whether the commands of a group that have no keys leave the store alone.
func storeless(g command.Group) bool {
	return g == command.GroupConnection || g == command.GroupTransactions || g == command.GroupPubSub
}

// abortedBy is the reply to an EXEC that was refused.
func abortedBy(text string) string {
	return "EXECABORT Transaction discarded because of: " + strings.TrimPrefix(text, "ERR ")
}

// runExec runs what the client has queued. It returns false, having done nothing, when a
// worker has to do it. The caller holds ex.gate and no shard lock.
func (ex *executor) runExec() (done bool) {
	c := &ex.ctx
	tx, failed := ex.tx, false
	ex.meter.CloseGroup()
	from := ex.meter.Mark()
	ex.meter.BeginTogether(tx != nil && tx.short && ex.meter.Grouping())
	switch {
	case tx == nil:
		ex.invoke(c, &noShards)
		return true
	case tx.aborted:
		c.Client.DiscardMulti()
		failed = true
		c.W.Error("EXECABORT Transaction discarded because of previous errors.")
	case !ex.worker && (tx.flags&(command.Slow|command.Script) != 0 || tx.asks && ex.mustAsk(tx)):
		ex.meter.EndTogether()
		return false // it may wait for the reactors
	case tx.whole:
		if tx.flags&command.Slow != 0 || tx.asks && ex.worker {
			ex.gate.Unlock()
			ex.met = ex.env.gather()
			ex.env.gates.lockAll()
		} else if !ex.takeAll() {
			ex.meter.EndTogether()
			return false
		}
		ex.execAll(tx, nil)
		openGates(ex.env, ex.gate)
		if ex.met != nil {
			ex.env.end(ex.met)
			ex.met = nil
		}
		if ex.unsettled() {
			ex.settle(&noShards)
		}
		ex.afterUnlock()
	default:
		if done = ex.execKeyed(tx); !done {
			ex.meter.EndTogether()
			return false
		}
	}
	ex.meter.CloseGroup() // before its arguments are gone
	ex.meter.Commands++
	if ex.monitored {
		ex.noteCall(c, c.Spec, c.Spec.Flags&hiddenFromMonitor)
	}
	ex.meter.CountExec(from, ex.queued.specs, failed)
	ex.queued.done()
	if !ex.worker && !tx.aborted {
		ex.releaseTx(tx)
	}
	if ex.Tracker != nil {
		ex.Tracker.Caching = false
	}
	return true
}

// execKeyed is runExec for a transaction whose calls have keys.
func (ex *executor) execKeyed(tx *transaction) (done bool) {
	st, set := ex.env.store, tx.shards
	if ex.watching != nil {
		set.Merge(&ex.watching.shards)
	}
	if ex.worker {
		st.SetLong(&set, true)
		st.LockSet(&set)
	} else if !st.LockSetUnlessLong(&set) {
		return false
	}
	ex.execAll(tx, &set)
	if ex.unsettled() {
		ex.settle(&set)
	}
	st.UnlockSet(&set)
	if ex.worker {
		st.SetLong(&set, false)
	}
	ex.afterUnlock()
	return true
}

// execAll runs the calls, unless a watched key has changed. The shards in keyed are locked; with
// nil all gates are held, and no shard lock.
func (ex *executor) execAll(tx *transaction, keyed *store.ShardSet) {
	whole := keyed == nil
	c, exec := &ex.ctx, ex.ctx.Spec
	broken := !ex.watching.holds(ex, whole)
	if ex.worker {
		c.Client.Unwatch() // the client's reactor drops the queue
	} else {
		c.Client.DiscardMulti()
	}
	if broken {
		c.W.NullArray()
		return
	}
	args, halt := c.Args, c.Halt
	c.Halt = nil // a transaction runs whole
	c.CanWait = false
	ex.inExec, ex.whole = true, whole
	ex.execTx, ex.execSpec = tx, exec
	ex.beginUnit(keyed)
	c.W.Array(tx.calls.n)
	ex.queued.start(&tx.calls)
	for range tx.calls.n {
		c.Call = ex.queued.next(ex.env.table.Specs())
		if c.Keys == nil {
			ex.queued.keys, _ = ex.appendKeys(ex.queued.keys[:0], &c.Call)
			c.Keys = ex.queued.keys
		}
		ex.execCall()
	}
	ex.endUnit()
	c.W.Raw(ex.pushes)
	ex.pushes = ex.pushes[:0]
	ex.inExec, ex.whole = false, false
	ex.execTx, ex.execSpec = nil, nil
	c.CanWait, c.Halt = true, halt
	c.Spec, c.Args, c.Keys = exec, args, nil
}

// execCall runs the context's call, one of a transaction, if its client may still make it.
func (ex *executor) execCall() {
	c := &ex.ctx
	call := &c.Call
	if ex.caller.User != nil { // else admit would find nothing
		caller := admit.Caller{As: admit.Transaction, User: ex.caller.User}
		if v := admit.Judge(&caller, 0, call, admit.NoFault); v.Refused() {
			ex.noteDenied(v.Denial.Denied, deniedObject(v.Denial, call), c.Client.User(), true, c.Client.AppendInfo(nil))
			c.W.Error(v.Text(&caller, call, ""))
			return
		}
	}
	if !ex.whole || len(call.Keys) == 0 || call.Spec.Flags&command.Script != 0 {
		ex.invoke(c, nil)
		return
	}
	held := shardsOfCall(ex.env.store, call)
	ex.env.store.LockSet(&held)
	ex.invoke(c, nil)
	ex.env.store.UnlockSet(&held)
}
