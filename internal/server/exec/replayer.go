package exec

import (
	"fmt"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// Replayer executes the stream of a primary, on an executor of its own, whose gate it takes for a batch
// or a unit. The primary decides what there is: nothing is refused that it has done, and no key
// counts as expired, so time stands still at 0 for the handlers, as for what is loaded (Ctx.Wall).
type Replayer struct {
	ex   *Executor
	self command.Nobody // the client that the handlers see: it has the stream's database
	// passed is told that so many bytes of a batch have been executed, with their calls' gate held: what
	// they did and that they were passed on is one for who holds all gates.
	passed func(raw []byte, db int)

	keys   []store.Key // of a unit
	unit   []BatchCall
	failed string       // the error that the call has replied, "": none
	Errors atomic.Int64 // calls that have failed
}

// NewReplayer returns one that runs on ex, which belongs to it from now on.
func NewReplayer(ex *Executor, passed func(raw []byte, db int)) *Replayer {
	rp := &Replayer{ex: ex, passed: passed}
	ex.Worker, ex.patient, ex.originals = true, true, true // the stream knows commands by no other names
	note := ex.W.OnError
	ex.W.OnError = func(text string) {
		rp.failed = text
		note(text)
	}
	return rp
}

// DB is the database that the stream has selected.
func (rp *Replayer) DB() int { return rp.self.DB }

// SetDB selects it: a stream goes on where another one, or a full copy, had ended.
func (rp *Replayer) SetDB(db int) { rp.self.DB = db }

// thePrimary is who calls what the stream has.
var thePrimary = admit.Caller{As: admit.Primary}

// Exchange has f replace all data, with all gates held; then those learn of it who observe keys. The caller holds nothing.
func (rp *Replayer) Exchange(f func()) {
	rp.begin()
	defer rp.end()
	ex := rp.ex
	ex.Gate.Lock()
	defer ex.Gate.Unlock()
	ex.takeAll()
	f()
	for db := range ex.Env.Store.Databases() {
		ex.Replaced(db, false)
	}
	if ex.unsettled() {
		ex.Wakes.settle(&noShards)
	}
	openGates(ex.Env, ex.Gate)
	ex.Wakes.afterUnlock()
}

// begin readies the executor for a batch.
func (rp *Replayer) begin() {
	ex := rp.ex
	now := ex.Env.NowMs()
	ex.Begin(Identity{Client: &rp.self, DB: int32(rp.self.DB)}, now)
	ex.Caller = thePrimary
	ex.Ctx.CanWait, ex.Ctx.Obey, ex.Ctx.Wall, ex.Ctx.Now = false, true, ex.Ctx.Now, 0
	ex.W.Bind(&ex.Quiet, resp.RESP2)
	ex.Meter.Start()
}

// end does what comes after a batch, without the gate.
func (rp *Replayer) end() {
	ex := rp.ex
	ex.Meter.CloseGroup()
	ex.W.Flush()
	ex.Rec.TakeWait()
	ex.Rec.kick()
	ex.End()
	ex.Meter.Publish()
}

// Run executes a batch of at most resp.MaxBatch calls, or a unit. An error says why the stream cannot
// go on: what came before was executed, and of a unit nothing.
func (rp *Replayer) Run(fb *replication.Batch) error { return rp.RunIf(fb, nil) }

// RunIf is Run, but does nothing if may, which is called with the gate held under which the calls run, returns false.
func (rp *Replayer) RunIf(fb *replication.Batch, may func() bool) error {
	rp.begin()
	defer rp.end()
	if fb.Unit {
		return rp.runUnit(fb, may)
	}
	ex, c, db := rp.ex, &rp.ex.Ctx, rp.self.DB
	passed, ends := 0, 0 // up to where in Raw the bytes are passed on, and the calls executed
	b := ex.Batch
	b.Reset()
	for i, args := range fb.Calls {
		b.Cmds[i].Args = args
	}
	b.N = len(fb.Calls)
	defer func() {
		clear(b.Cmds[:b.N])
		b.N = 0
	}()
	ex.Prepare(db, b)
	ex.Gate.Lock()
	defer ex.Gate.Unlock()
	if may != nil && !may() {
		return nil
	}
	pass := func(upTo int) {
		if upTo > passed {
			rp.passed(fb.Raw[passed:upTo], rp.self.DB)
			passed = upTo
		}
	}
	for i := range b.N {
		cl := &ex.Calls[i]
		ex.TouchAhead(cl.To)
		if ex.Members {
			ex.TouchMembers(db, b, i)
		}
		c.Call = command.Call{Spec: cl.Spec, Args: b.Cmds[i].Args, Keys: ex.Keys[cl.From:cl.To]}
		skip, err := rp.admit(&c.Call, cl.Fault)
		if err != nil {
			pass(ends)
			return err
		}
		if skip {
			ends = fb.Ends[i]
			continue
		}
		if cl.Spec.Flags&(command.Exclusive|command.Script) != 0 {
			pass(ends) // others get the gates before it has them
		}
		rp.call(cl)
		c.DB = rp.self.DB
		if rp.failed != "" {
			if err := rp.failure(&c.Call); err != nil {
				pass(ends)
				return err
			}
		}
		ends = fb.Ends[i]
	}
	pass(len(fb.Raw))
	return nil
}

// failure counts and tells of a call of the stream that has replied an error: what the primary did does
// not work here. It returns why the stream cannot go on, if it cannot.
func (rp *Replayer) failure(call *command.Call) error {
	text := rp.failed
	rp.failed = ""
	rp.Errors.Add(1)
	e := rp.ex.Env
	// A wrong database would have all that follows go wrong.
	if call.Spec.FullName == "select" || e.Opts.PropagationErrors.Load() != options.PropagationIgnore {
		return &replication.Refused{Reason: fmt.Sprintf("%q of the primary fails here: %s", call.Spec.FullName, text)}
	}
	e.Log.Error("a call of the primary fails here: the data may differ from now on", "command", call.Spec.FullName, "error", text)
	return nil
}

// admit tells whether a call of the stream is to be left out, and why the stream cannot go on with it.
func (rp *Replayer) admit(call *command.Call, f admit.Fault) (skip bool, err error) {
	v := admit.Judge(&thePrimary, 0, call, f)
	switch {
	case !v.Refused():
		return false, nil
	case v.Ruling == admit.NotStreamed: // SHUTDOWN, CONFIG SET, REPLICAOF... would be obeyed by whoever follows
		rp.failed = v.Text(&thePrimary, call, "")
		return true, rp.failure(call)
	}
	return false, &replication.Refused{Reason: fmt.Sprintf("the primary has sent %q, which this server cannot repeat: %s", call.Args[0],
		v.Text(&thePrimary, call, ""))}
}

// call executes the context's call under the locks that it needs.
func (rp *Replayer) call(cl *BatchCall) {
	ex, c := rp.ex, &rp.ex.Ctx
	if cl.Spec.Flags&(command.Exclusive|command.Script) != 0 {
		ex.Run()
		return
	}
	ex.handOver(&c.Call, c.DB)
	st := ex.Env.Store
	if ex.Env.Scripts.Lasts() {
		at := considerate{ex}
		need := at.needs()
		at.awaitBarred(&need)
	}
	if cl.Plain {
		shard := c.Keys[0].Shard
		st.Lock(shard)
		ex.Perform(c)
		if ex.unsettled() {
			ex.Wakes.settleOne(shard)
		}
		st.Unlock(shard)
	} else {
		held := shardsOfCall(st, &c.Call)
		st.LockSet(&held)
		ex.invoke(c, &held)
		st.UnlockSet(&held)
	}
	if len(ex.Wakes.served)+len(ex.Wakes.later) > 0 {
		ex.Wakes.afterUnlock()
	}
}

// runUnit executes calls that take effect together.
func (rp *Replayer) runUnit(fb *replication.Batch, may func() bool) error {
	ex, c := rp.ex, &rp.ex.Ctx
	rp.unit, rp.keys = rp.unit[:0], rp.keys[:0]
	var set store.ShardSet
	whole := false
	for _, args := range fb.Calls {
		cl := BatchCall{Spec: ex.Env.Table.Lookup(args[0]), From: int32(len(rp.keys))}
		rp.keys = ex.resolve(rp.keys, &cl, args)
		cl.To = int32(len(rp.keys))
		call := command.Call{Spec: cl.Spec, Args: args, Keys: rp.keys[cl.From:cl.To]}
		skip, err := rp.admit(&call, cl.Fault)
		if err != nil {
			return err
		}
		if skip {
			rp.unit = append(rp.unit, BatchCall{})
			continue
		}
		held := shardsOfCall(ex.Env.Store, &call)
		set.Merge(&held)
		whole = whole || needsAll(&call)
		rp.unit = append(rp.unit, cl)
	}
	var err error
	ex.Gate.Lock()
	defer ex.Gate.Unlock()
	for i := range rp.unit {
		if cl := &rp.unit[i]; cl.Spec != nil {
			ex.handOver(&command.Call{Spec: cl.Spec, Keys: rp.keys[cl.From:cl.To]}, rp.self.DB)
		}
	}
	if may != nil && !may() {
		return nil
	}
	if whole {
		ex.takeAll()
		err = rp.callUnit(fb, nil)
		openGates(ex.Env, ex.Gate)
		set = noShards
	} else {
		considerate{ex}.awaitBarred(&reach{shards: set})
		ex.Env.Store.LockSet(&set)
		err = rp.callUnit(fb, &set)
	}
	if ex.unsettled() {
		ex.Wakes.settle(&set)
	}
	ex.Env.Store.UnlockSet(&set)
	ex.Wakes.afterUnlock()
	rp.passed(fb.Raw, rp.self.DB)
	clear(rp.unit)
	clear(rp.keys)
	if cap(rp.keys) > keepKeysEntries {
		rp.unit, rp.keys = nil, nil
	}
	c.Call = command.Call{}
	return err
}

// needsAll tells whether a call within a unit needs all gates.
func needsAll(call *command.Call) bool {
	return len(call.Keys) == 0 && !Storeless(call.Spec.Group) || call.Spec.Flags&(command.Exclusive|command.Script) != 0
}

// callUnit makes the calls of a unit. The shards in keyed are locked; with nil all gates are held, and
// no shard lock.
func (rp *Replayer) callUnit(fb *replication.Batch, keyed *store.ShardSet) (err error) {
	ex, c := rp.ex, &rp.ex.Ctx
	ex.Units.inExec, ex.Units.whole = true, keyed == nil
	ex.Rec.beginUnit(keyed)
	for i := range rp.unit {
		cl := &rp.unit[i]
		if cl.Spec == nil { // it is left out
			continue
		}
		c.Call = command.Call{Spec: cl.Spec, Args: fb.Calls[i], Keys: rp.keys[cl.From:cl.To]}
		ex.Units.execCall()
		c.DB = rp.self.DB
		if rp.failed != "" && err == nil {
			err = rp.failure(&c.Call)
		}
	}
	ex.Rec.endUnit()
	ex.Units.inExec, ex.Units.whole = false, false
	ex.Units.pushes = ex.Units.pushes[:0]
	return err
}
