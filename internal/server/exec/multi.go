package exec

import (
	"strings"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/store"
)

// Transaction is what a client has queued since MULTI. EXEC runs it in one of two ways:
//
//	keyed   the locks of all shards of all its keys, and of the watched ones, are held from
//	        the first call to the last
//	whole   a call that takes shard locks itself, or needs all gates (SCAN, DBSIZE, FLUSHALL),
//	        is among them: all gates are held, and each call takes its own locks
//
// Either way nobody sees half of it, its effects are one record of the journal, and the
// clients that it wakes are served at its end.
type Transaction struct {
	calls   callQueue
	Flags   command.Flag   // of any of the calls
	Lacking command.Flag   // that any of them does not have
	shards  store.ShardSet // of all keys
	aborted bool           // a call could not be queued: EXEC refuses
	whole   bool
	short   bool // all calls are plain ones (Spec.PlainKey)
	asks    bool // some calls without keys may have to ask the reactors: their cost tells
}

// releaseTx keeps tx, of which nothing is in use any more, for the executor's next
// transaction, unless it begins with something large.
func (ex *Executor) releaseTx(tx *Transaction) {
	tx.calls.reset()
	if tx.calls.held <= keepTransactionBytes {
		tx.Flags, tx.Lacking, tx.aborted, tx.whole, tx.asks = 0, 0, false, false, false
		tx.shards.Clear()
		ex.spareTx = tx
	}
}

// NewTransaction gives an empty transaction.
func (ex *Executor) NewTransaction() *Transaction {
	tx := ex.spareTx
	if tx == nil {
		tx = new(Transaction)
	}
	ex.spareTx = nil
	tx.short = true
	return tx
}

// Add keeps a call for EXEC. Its keys have been hashed by Prepare.
func (tx *Transaction) Add(e *Env, call *command.Call) {
	if tx.aborted { // it will not run: nothing is kept of it
		return
	}
	spec := call.Spec
	tx.calls.add(call)
	if spec.PlainKey(len(call.Args)) > 0 {
		tx.shards.Add(call.Keys[0].Shard)
	} else {
		tx.short = false
		set := shardsOfCall(e.Store, call)
		tx.shards.Merge(&set)
	}
	tx.Flags |= spec.Flags
	tx.Lacking |= ^spec.Flags
	if len(call.Keys) == 0 && !Storeless(spec.Group) || spec.Flags&(command.Slow|command.Exclusive|command.Script) != 0 {
		tx.whole = true
	}
	if len(call.Keys) == 0 && spec.Cost != nil && !spec.ByArgs {
		tx.asks = true
	}
}

// Len is how many calls are queued.
func (tx *Transaction) Len() int { return tx.calls.n }

// ArgBytes is how long their arguments are.
func (tx *Transaction) ArgBytes() int64 { return tx.calls.argBytes }

// Bytes is what the queue takes.
func (tx *Transaction) Bytes() int64 { return tx.calls.held }

// Spoil notes that a call could not be queued: EXEC will refuse.
func (tx *Transaction) Spoil() { tx.aborted = true }

// mustAsk tells whether a call without keys is none for a reactor, because it asks all of them.
func (ex *Executor) mustAsk(tx *Transaction) (must bool) {
	exec := ex.Ctx.Call
	ex.queued.start(&tx.calls)
	for range tx.calls.n {
		c := &ex.Ctx
		c.Call = ex.queued.next(ex.Env.Table.Specs())
		must = must || c.Spec.Keys == nil && c.Spec.Cost != nil && c.Spec.Cost(c) > command.SlowCost
	}
	ex.Ctx.Call = exec
	ex.queued.done()
	return must
}

// Storeless tells whether the commands of a group that have no keys leave the store alone.
func Storeless(g command.Group) bool {
	return g == command.GroupConnection || g == command.GroupTransactions || g == command.GroupPubSub
}

// AbortedBy is the reply to an EXEC that was refused.
func AbortedBy(text string) string {
	return "EXECABORT Transaction discarded because of: " + strings.TrimPrefix(text, "ERR ")
}

// runExec runs what the client has queued. It returns false, having done nothing, when a
// worker has to do it. The caller holds ex.Gate and no shard lock.
func (ex *Executor) runExec() (done bool) {
	c := &ex.Ctx
	tx, failed := ex.Tx, false
	ex.Meter.CloseGroup()
	from := ex.Meter.Mark()
	ex.Meter.BeginTogether(tx != nil && tx.short && ex.Meter.Grouping())
	switch {
	case tx == nil:
		ex.invoke(c, &noShards)
		return true
	case tx.aborted:
		c.Client.DiscardMulti()
		failed = true
		c.W.Error("EXECABORT Transaction discarded because of previous errors.")
	case !ex.Worker && (tx.Flags&(command.Slow|command.Script) != 0 || tx.asks && ex.mustAsk(tx)):
		ex.Meter.EndTogether()
		return false // it may wait for the reactors
	case tx.whole:
		if tx.Flags&command.Slow != 0 || tx.asks && ex.Worker {
			ex.Gate.Unlock()
			ex.met = ex.Env.gather()
			ex.Env.Gates.LockAll()
		} else if !ex.takeAll() {
			ex.Meter.EndTogether()
			return false
		}
		ex.execAll(tx, nil)
		openGates(ex.Env, ex.Gate)
		if ex.met != nil {
			ex.Env.end(ex.met)
			ex.met = nil
		}
		if ex.unsettled() {
			ex.settle(&noShards)
		}
		ex.afterUnlock()
	default:
		if done = ex.execKeyed(tx); !done {
			ex.Meter.EndTogether()
			return false
		}
	}
	ex.Meter.CloseGroup() // before its arguments are gone
	ex.Meter.Commands++
	if ex.Shown.On {
		ex.Shown.note(c, c.Spec, c.Spec.Flags&hiddenFromMonitor)
	}
	ex.Meter.CountExec(from, ex.queued.specs, failed)
	ex.queued.done()
	if !ex.Worker && !tx.aborted {
		ex.releaseTx(tx)
	}
	if ex.Tracker != nil {
		ex.Tracker.Caching = false
	}
	return true
}

// KeepPush keeps b, which is pushed to a client, for the end of that client's own transaction or
// script; false: none of its is running.
func (ex *Executor) KeepPush(to Peer, b []byte) bool {
	if !ex.inExec || PeerOf(ex.Ctx.Client) != to {
		return false
	}
	ex.pushes = append(ex.pushes, b...)
	return true
}

// RunningExec is the EXEC or the script whose calls are running, and of an EXEC what was queued; nil, nil: none is.
func (ex *Executor) RunningExec() (exec *command.Spec, tx *Transaction) {
	return ex.execSpec, ex.execTx
}

// execKeyed is runExec for a transaction whose calls have keys.
func (ex *Executor) execKeyed(tx *Transaction) (done bool) {
	st, set := ex.Env.Store, tx.shards
	if ex.Watching != nil {
		set.Merge(&ex.Watching.shards)
	}
	if ex.Worker {
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
	if ex.Worker {
		st.SetLong(&set, false)
	}
	ex.afterUnlock()
	return true
}

// execAll runs the calls, unless a watched key has changed. The shards in keyed are locked; with
// nil all gates are held, and no shard lock.
func (ex *Executor) execAll(tx *Transaction, keyed *store.ShardSet) {
	whole := keyed == nil
	c, exec := &ex.Ctx, ex.Ctx.Spec
	broken := !ex.Watching.holds(ex, whole)
	if ex.Worker {
		c.Client.Unwatch() // the client's reactor drops the queue
	} else {
		c.Client.DiscardMulti()
	}
	if broken {
		c.W.NullArray()
		return
	}
	args, halt := c.Args, c.Halt
	c.CanWait = false
	ex.inExec, ex.whole = true, whole
	ex.execTx, ex.execSpec = tx, exec
	ex.beginUnit(keyed)
	c.W.Array(tx.calls.n)
	ex.queued.start(&tx.calls)
	for range tx.calls.n {
		c.Call = ex.queued.next(ex.Env.Table.Specs())
		if c.Keys == nil {
			ex.queued.keys, _ = ex.appendKeys(ex.queued.keys[:0], &c.Call)
			c.Keys = ex.queued.keys
		}
		c.Halt = nil // what changes something runs whole
		if c.Spec.Flags&(command.Write|command.Exclusive|command.Script) == 0 {
			if c.Halt = halt; halt == nil {
				c.Halt = &ex.Env.Late
			}
		}
		ex.execCall()
	}
	if ex.Env.Late.Load() {
		c.W.Spoil() // some of its reads may have ended early
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
func (ex *Executor) execCall() {
	c := &ex.Ctx
	call := &c.Call
	if ex.Caller.User != nil { // else admit would find nothing
		caller := admit.Caller{As: admit.Transaction, User: ex.Caller.User}
		if v := admit.Judge(&caller, 0, call, admit.NoFault); v.Refused() {
			ex.NoteDenied(v.Denial.Denied, DeniedObject(v.Denial, call), c.Client.User(), true, c.Client.AppendInfo(nil))
			c.W.Error(v.Text(&caller, call, ""))
			return
		}
	}
	if !ex.whole || len(call.Keys) == 0 || call.Spec.Flags&command.Script != 0 {
		ex.invoke(c, nil)
		return
	}
	held := shardsOfCall(ex.Env.Store, call)
	ex.Env.Store.LockSet(&held)
	ex.invoke(c, nil)
	ex.Env.Store.UnlockSet(&held)
}
