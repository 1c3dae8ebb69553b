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
	does    command.Flag   // of any, as tells has them
	Lacking command.Flag   // that any of them does not have
	shards  store.ShardSet // of all keys
	Reach   admit.Reach    // of all calls, on a node of a cluster
	aborted bool           // a call could not be queued: EXEC refuses
	whole   bool
	short   bool // all calls are plain ones (Spec.PlainKey)
	asks    bool // some calls without keys may have to ask the reactors: their cost tells
}

// units is an executor's part in what runs as one: transactions and scripts.
type units struct {
	ex       *Executor
	Tx       *Transaction // the caller's, if the call is EXEC; nil: it has none
	Watching *WatchSet    // and its watches, nil: it has none
	spareTx  *Transaction // for the next MULTI
	queued   callReader   // of the transaction that runs

	inExec   bool         // the calls of one are running
	execTx   *Transaction // of a transaction: it, and its EXEC
	execSpec *command.Spec
	whole    bool     // and all gates are held
	met      *meeting // of a worker: the reactors that wait for its transaction
	pushes   []byte   // what was published to the client whose calls they are
}

// releaseTx keeps tx, of which nothing is in use any more, for the executor's next
// transaction, unless it begins with something large.
func (u *units) releaseTx(tx *Transaction) {
	tx.calls.reset()
	if tx.calls.held <= keepTransactionBytes {
		tx.Flags, tx.Lacking, tx.does, tx.aborted, tx.whole, tx.asks = 0, 0, 0, false, false, false
		tx.Reach = admit.Reach{}
		tx.shards.Clear()
		u.spareTx = tx
	}
}

// NewTransaction gives an empty transaction.
func (u *units) NewTransaction() *Transaction {
	tx := u.spareTx
	if tx == nil {
		tx = new(Transaction)
	}
	u.spareTx = nil
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
	if s := e.Slots.Load(); s != nil {
		tx.Reach.Note(call, s)
	}
	if spec.PlainKey(len(call.Args)) > 0 {
		tx.shards.Add(call.Keys[0].Shard)
	} else {
		tx.short = false
		set := shardsOfCall(e.Store, call)
		tx.shards.Merge(&set)
	}
	flags := e.flagsOf(call)
	tx.Flags |= flags
	tx.does |= tells(flags)
	tx.Lacking |= ^flags
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
func (u *units) mustAsk(tx *Transaction) (must bool) {
	ex := u.ex
	exec := ex.Ctx.Call
	u.queued.start(&tx.calls)
	for range tx.calls.n {
		c := &ex.Ctx
		c.Call = u.queued.next(ex.Env.Table.Specs())
		must = must || c.Spec.Keys == nil && c.Spec.Cost != nil && c.Spec.Cost(c) > command.SlowCost
	}
	ex.Ctx.Call = exec
	u.queued.done()
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
func (u *units) runExec() (done bool) {
	ex := u.ex
	c := &ex.Ctx
	tx, failed := u.Tx, false
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
	case !ex.Worker && (tx.Flags&(command.Slow|command.Script) != 0 || tx.asks && u.mustAsk(tx)):
		ex.Meter.EndTogether()
		return false // it may wait for the reactors
	case tx.whole || ex.open.Open:
		if tx.Flags&command.Slow != 0 || tx.asks && ex.Worker {
			ex.Gate.Unlock()
			u.met = ex.Env.gather()
			if ex.Env.Gates.enterAll(barsAll) >= 0 {
				ex.Env.end(u.met)
				u.met = nil
				ex.Gate.Lock()
				ex.Meter.EndTogether()
				return false
			}
		} else if !ex.takeAll() {
			ex.Meter.EndTogether()
			return false
		}
		if !ex.open.Open || !(slotted{ex}.strayedTransaction(tx)) {
			u.execAll(tx, nil)
		}
		openGates(ex.Env, ex.Gate)
		if u.met != nil {
			ex.Env.end(u.met)
			u.met = nil
		}
		if ex.unsettled() {
			ex.Wakes.settle(&noShards)
		}
		ex.Wakes.afterUnlock()
	default:
		if done = u.execKeyed(tx); !done {
			ex.Meter.EndTogether()
			return false
		}
	}
	ex.Meter.CloseGroup() // before its arguments are gone
	ex.Meter.Commands++
	if ex.Shown.On {
		ex.Shown.note(c, c.Spec, c.Spec.Flags&hiddenFromMonitor)
	}
	ex.Meter.CountExec(from, u.queued.specs, failed)
	u.queued.done()
	if !ex.Worker && !tx.aborted {
		u.releaseTx(tx)
	}
	if ex.Tracker != nil {
		ex.Tracker.Caching = false
	}
	return true
}

// KeepPush keeps b, which is pushed to a client, for the end of that client's own transaction or
// script; false: none of its is running.
func (u *units) KeepPush(to Peer, b []byte) bool {
	if !u.inExec || PeerOf(u.ex.Ctx.Client) != to {
		return false
	}
	u.pushes = append(u.pushes, b...)
	return true
}

// RunningExec is the EXEC or the script whose calls are running, and of an EXEC what was queued; nil, nil: none is.
func (u *units) RunningExec() (exec *command.Spec, tx *Transaction) {
	return u.execSpec, u.execTx
}

// execKeyed is runExec for a transaction whose calls have keys.
func (u *units) execKeyed(tx *Transaction) (done bool) {
	ex := u.ex
	st, set := ex.Env.Store, tx.shards
	if u.Watching != nil {
		set.Merge(&u.Watching.shards)
	}
	if ex.Worker {
		u.eachCall(tx, func(call *command.Call) bool {
			ex.handOver(call, ex.Ctx.DB)
			return true
		})
		st.SetLong(&set, true)
		st.LockSet(&set)
	} else if !st.LockSetUnlessLong(&set) {
		return false
	} else if st.SnapshotRuns() && !u.eachCall(tx, func(call *command.Call) bool { return !ex.owesMuch(call, ex.Ctx.DB) }) {
		st.UnlockSet(&set)
		return false
	}
	u.execAll(tx, &set)
	if ex.unsettled() {
		ex.Wakes.settle(&set)
	}
	st.UnlockSet(&set)
	if ex.Worker {
		st.SetLong(&set, false)
	}
	ex.Wakes.afterUnlock()
	return true
}

// eachCall calls fn with every call that is queued, with its keys, until it returns false.
func (u *units) eachCall(tx *Transaction, fn func(call *command.Call) bool) (all bool) {
	ex := u.ex
	u.queued.start(&tx.calls)
	defer u.queued.done()
	for range tx.calls.n {
		call := u.queued.next(ex.Env.Table.Specs())
		if call.Keys == nil {
			u.queued.keys, _ = ex.appendKeys(u.queued.keys[:0], &call)
			call.Keys = u.queued.keys
		}
		if !fn(&call) {
			return false
		}
	}
	return true
}

// execAll runs the calls, unless a watched key has changed. The shards in keyed are locked; with
// nil all gates are held, and no shard lock.
func (u *units) execAll(tx *Transaction, keyed *store.ShardSet) {
	ex := u.ex
	whole := keyed == nil
	c, exec := &ex.Ctx, ex.Ctx.Spec
	broken := !u.Watching.holds(ex, whole)
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
	u.inExec, u.whole = true, whole
	u.execTx, u.execSpec = tx, exec
	ex.Rec.beginUnit(keyed)
	c.W.Array(tx.calls.n)
	u.queued.start(&tx.calls)
	for range tx.calls.n {
		c.Call = u.queued.next(ex.Env.Table.Specs())
		if c.Keys == nil {
			u.queued.keys, _ = ex.appendKeys(u.queued.keys[:0], &c.Call)
			c.Keys = u.queued.keys
		}
		c.Halt = nil // what writes comes to its end, since the transaction is one
		if c.Spec.Flags&(command.Write|command.Exclusive|command.Script) == 0 {
			if c.Halt = halt; halt == nil {
				c.Halt = &ex.Env.Late
			}
		}
		u.execCall()
	}
	if ex.Env.Late.Load() {
		c.W.Spoil() // some of its calls may have ended early, or not have begun
	}
	ex.Rec.endUnit()
	c.W.Raw(u.pushes)
	u.pushes = u.pushes[:0]
	u.inExec, u.whole = false, false
	u.execTx, u.execSpec = nil, nil
	c.CanWait, c.Halt = true, halt
	c.Spec, c.Args, c.Keys = exec, args, nil
}

// execCall runs the context's call, one of a transaction, if its client may still make it.
func (u *units) execCall() {
	ex := u.ex
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
	if !u.whole || len(call.Keys) == 0 || call.Spec.Flags&command.Script != 0 {
		ex.invoke(c, nil)
		return
	}
	held := shardsOfCall(ex.Env.Store, call)
	ex.Env.Store.LockSet(&held)
	ex.invoke(c, nil)
	ex.Env.Store.UnlockSet(&held)
}
