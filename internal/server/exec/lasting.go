package exec

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/store"
)

// This file is scripts that last: they run for longer than others are to wait, under the locks of
// the keys that they declare alone, on goroutines and with gates of their own. Nobody may wait for their shards or
// their gates while he holds a gate himself: a call that needs one of them is set aside, and its worker goes on
// with others. It is made again when such a script has ended, or is busy: then it is refused.
//
//	call ─▶ worker ─meets─▶ aside ─wake (a script has ended, or is busy)─▶ worker ─▶ runs, or BUSY
//
// A script begins to last while it holds all gates but those of others that last. So whoever has a
// gate sees, as long as he has it, at most those that he has seen when he got it.

// lastingScripts are those that run, and who waits for them.
type lastingScripts struct {
	n    atomic.Int32 // that run
	turn atomic.Int64 // grows when those who are set aside may go on; written under mu
	// rights to compute: fewer than there are processors, so that who serves others finds one. A script that lasts has
	// one while it runs, and hands it on now and then.
	rights chan struct{}
	mu     struct { // innermost, for a look or a change
		sync.Mutex
		runs  []*runningScript
		aside []*SlowCall
		free  []*Executor // whoever lasts runs on one
	}
}

// considerate is an executor, or its owner, that meets scripts which last.
type considerate struct{ *Executor }

// reach is what a call needs of the store.
type reach struct {
	shards store.ShardSet
	all    bool // it goes through the keyspace, or needs all gates
}

// needs returns what the context's call, which a worker is to run, needs.
func (ex considerate) needs() (r reach) {
	c := &ex.Ctx
	flags := c.Spec.Flags
	switch {
	case flags&command.Exec != 0:
		if tx := ex.Units.Tx; tx != nil && !tx.aborted {
			r.shards, r.all = tx.shards, tx.whole || ex.open.Open
			if ex.Units.Watching != nil {
				r.shards.Merge(&ex.Units.Watching.shards)
			}
		}
	case flags&(command.Sweeps|command.Exclusive) != 0:
		r.all = true
	case c.Spec.AllShards != nil && c.Spec.AllShards(c.Args):
		r.all = true
	default:
		r.shards = shardsOf(c.Keys)
	}
	return r
}

// Lasts tells whether a script that lasts is running.
func (x *Scripting) Lasts() bool { return x.lasting.n.Load() != 0 }

// meets tells whether a script that lasts holds what is needed, and if so whether one that does is
// busy. The caller holds a gate, or no script begins to last.
func (x *Scripting) meets(need *reach) (met *runningScript, busy bool) {
	l := &x.lasting
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, run := range l.mu.runs {
		if need.all || run.held.Meets(&need.shards) {
			met, busy = run, busy || run.busy.Load()
		}
	}
	return met, busy
}

// anyBusy tells whether a script that lasts is busy.
func (x *Scripting) anyBusy() bool {
	_, busy := x.meets(&reach{all: true})
	return busy
}

// setAside keeps a call until another turn has come than the one that was when it looked what is in its way.
func (e *Env) setAside(sc *SlowCall, turn int64) {
	l := &e.Scripts.lasting
	l.mu.Lock()
	wait := l.turn.Load() == turn
	if wait {
		l.mu.aside = append(l.mu.aside, sc)
	}
	l.mu.Unlock()
	if !wait {
		e.Slow.Submit(sc)
	}
}

// WakeAside lets the calls go on that were set aside for scripts that last, or a pause. The caller holds no lock but gates.
func (e *Env) WakeAside() {
	l := &e.Scripts.lasting
	l.mu.Lock()
	l.turn.Add(1)
	calls := l.mu.aside
	l.mu.aside = nil
	l.mu.Unlock()
	for _, sc := range calls {
		e.Slow.Submit(sc)
	}
}

// lend returns an executor for a script that is to last, nil: all are in use, or somebody waits for all gates
// until no script lasts.
func (e *Env) lend() (ex *Executor) {
	l := &e.Scripts.lasting
	if l.n.Load() > 0 && e.Gates[0].wanted.Load() > 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.mu.free); n > 0 {
		ex = l.mu.free[n-1]
		l.mu.free = l.mu.free[:n-1]
	}
	return ex
}

// giveBack undoes lend.
func (x *Scripting) giveBack(ex *Executor) {
	l := &x.lasting
	l.mu.Lock()
	l.mu.free = append(l.mu.free, ex)
	l.mu.Unlock()
}

// OpenLasting has scripts that last run on these executors, which are theirs from now on.
func (x *Scripting) OpenLasting(execs []*Executor) {
	for _, ex := range execs {
		ex.Worker, ex.lasting = true, true
	}
	x.lasting.rights = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))
	for range cap(x.lasting.rights) {
		x.lasting.rights <- struct{}{}
	}
	x.lasting.mu.free = slices.Clone(execs)
}

// beginLasting makes the script one that lasts, with the shards of its keys, and takes their locks. It
// returns false, having done nothing, when it has to be set aside: another one holds one of them, or somebody waits for all
// gates until no script lasts.
func (ex scriptHost) beginLasting(run *runningScript) bool {
	e := ex.Env
	l := &e.Scripts.lasting
	others := e.Gates[LastingScripts:]
	ex.Gate.setBar(barsAll) // before others are taken: nobody who has one of those waits for this
	if others.enterAll(barsAll) >= 0 {
		return false // who executes a primary's stream waits for another script
	}
	met := considerate{ex.Executor}.pauses()
	l.mu.Lock()
	met = met || len(l.mu.runs) > 0 && e.Gates[0].wanted.Load() > 0 // else he gets them soon
	for _, o := range l.mu.runs {
		met = met || o.held.Meets(&run.held)
	}
	if !met {
		l.mu.runs = append(l.mu.runs, run)
		l.n.Add(1)
		e.Store.AnnounceBar(&run.held)
	}
	l.mu.Unlock()
	others.UnlockAll()
	if met {
		return false
	}
	e.Store.Bar(&run.held)
	return true
}

// endLasting lets go of the shards of a script that has lasted.
func (ex scriptHost) endLasting(run *runningScript) {
	e := ex.Env
	l := &e.Scripts.lasting
	e.Store.Unbar(&run.held)
	l.mu.Lock()
	at := slices.Index(l.mu.runs, run)
	l.mu.runs = slices.Delete(l.mu.runs, at, at+1)
	l.n.Add(-1)
	l.mu.Unlock()
}

// runLasting runs the script under the locks of its keys, on an executor for that. It returns false,
// having done nothing, when the call has to be set aside; scr.leaves says whether it has to run with all
// gates.
func (ex scriptHost) runLasting() (done bool) {
	c, scr := &ex.Ctx, &ex.scr
	scr.held = shardsOf(c.Keys)
	run := &runningScript{name: scr.found.SHA, began: time.Now(), held: scr.held, gate: ex.Gate}
	defer ex.Gate.setBar(open)
	ex.hasLasted = true // or has barred its gate, at least
	if !ex.beginLasting(run) {
		return false
	}
	scr.way, scr.run = lasting, run
	<-ex.Env.Scripts.lasting.rights
	ex.beginTentative()
	ex.performScript()
	ex.endTentative(scr.leaves != stays || scr.ended)
	ex.Env.Scripts.lasting.rights <- struct{}{}
	scr.way, scr.run = noScript, nil
	if ex.unsettled() {
		ex.Wakes.settle(&scr.held)
	}
	ex.endLasting(run)
	ex.Wakes.afterUnlock()
	return true
}

// awaitShards waits, without the executor's gate, until no script that lasts holds any of the shards.
// The caller holds the gate, before and afterwards, and no shard lock.
func (ex considerate) awaitShards(need *reach) {
	x := &ex.Env.Scripts
	if !x.Lasts() {
		return
	}
	first := &ex.Env.Gates[0]
	first.wanted.Add(1) // or there might always be one
	for met, _ := x.meets(need); met != nil; met, _ = x.meets(need) {
		ex.Gate.Unlock()
		met.gate.pass()
		ex.Gate.Lock()
	}
	first.wanted.Add(-1)
}

// awaitBarred is awaitShards for one who keeps his gate, because of what he has begun under it: meanwhile he
// bars it as who lasts does.
func (ex considerate) awaitBarred(need *reach) {
	x := &ex.Env.Scripts
	if !x.Lasts() {
		return
	}
	met, _ := x.meets(need)
	if met == nil {
		return
	}
	wanted := &ex.Env.Gates[0].wanted
	wanted.Add(1)
	ex.Gate.setBar(barsAll)
	for ; met != nil; met, _ = x.meets(need) {
		met.gate.pass()
	}
	ex.Gate.setBar(open)
	wanted.Add(-1)
	ex.Env.WakeAside() // who met this gate only
}

// pauses tells whether the context's call has to wait for the end of a pause that has begun since it was admitted:
// the one who began it, with all gates, relies on it that none is under way.
func (ex considerate) pauses() bool {
	e := ex.Env
	if e.Guard.Load()&GuardPaused == 0 {
		return false
	}
	caller := ex.Caller
	if tx := ex.Units.Tx; tx != nil && ex.Ctx.Spec.Flags&command.Exec != 0 {
		caller.Is |= admit.Queueing
		caller.Queued = tx.Flags
	}
	if ex.Ctx.Spec.Flags&command.Script != 0 { // EXEC stands for what is queued
		caller.Declared = e.flagsOf(&ex.Ctx.Call)
	}
	state := e.State() & (admit.PausedAll | admit.PausedWrites)
	return admit.Judge(&caller, state, &ex.Ctx.Call, admit.NoFault).Ruling == admit.Wait
}

// refuseBusy replies to the context's call, which a worker was to run.
func (ex considerate) refuseBusy() {
	c := &ex.Ctx
	text := admit.BusyText(false)
	if c.Spec.Flags&command.Exec != 0 {
		text = AbortedBy(text)
		c.Client.Unwatch() // the client's reactor drops the queue
	}
	c.W.Error(text)
	ex.Meter.Calls.Reject(c.Spec.ID)
}

// orBusy sets the context's call aside, or if what is in its way is busy refuses it.
func (ex considerate) orBusy(busy bool) outcome {
	if busy {
		ex.refuseBusy()
		return ran
	}
	return meets
}

// rest lets an executor go whose call has ended, or left. It tells whether it has called WakeAside.
func (ex considerate) rest() bool {
	ex.End()
	ex.Meter.Publish()
	if !ex.lasting {
		return false
	}
	e, ran := ex.Env, ex.hasLasted
	ex.hasLasted = false
	e.Scripts.giveBack(ex.Executor)
	if ran {
		e.Kept.Hand(&e.Slow)
		e.WakeAside()
	}
	return ran
}
