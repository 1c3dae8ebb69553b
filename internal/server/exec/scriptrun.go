package exec

import (
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/script"
	"github.com/kringdb/kring/resp"
)

// This file decides under which locks a script runs; whatever it does is one unit. One whose text
// tells that it uses no other keys than it declares runs under the locks of those. One of which
// that is not known tries: when it reaches further, it is undone and begins again with all gates,
// and so does every run of it from then on. One that runs for milliseconds without that begins again as one that
// lasts (lasting.go). With all gates, it bars
// them: reactors then serve what needs none (see runBarred), and let the rest wait; when it is
// busy, the rest is refused.

// runScript runs the context's call, which runs a script. On a reactor it returns false, having
// done nothing, when a worker has to run it.
func (ex scriptHost) runScript() (done bool) {
	scr := &ex.scr
	scr.found, scr.sought, scr.leaves = ex.findScript(), true, stays
	if ex.Worker && scr.found == nil && ex.Ctx.Spec.Flags&command.ByText != 0 && len(ex.Ctx.Keys) > 0 {
		scr.found, _ = ex.runner().Load(ex.Ctx.Args[1]) // a text that does not compile is told of when it is run
	}
	scr.full = ex.Env.Guard.Load()&GuardMemory != 0 && ex.Env.OverLimit() && !ex.eviction.makeRoom()
	switch way := ex.wayOf(scr.found); {
	case scr.found == nil && ex.Ctx.Spec.Flags&command.BySHA != 0:
		ex.performScript() // it says so
		done = true
	case way == lasting && ex.lasting:
		if done = ex.runLasting(); scr.leaves != stays {
			ex.learn()
		}
	case way == lasting:
		scr.lasts = true
	case way == wide && ex.lasting:
		scr.leaves, done = cannot, true // what is known of it has changed
	case way == wide:
		done = ex.runWide()
	case !ex.runUnderKeys(way):
	default:
		done = scr.leaves == stays || ex.runAgain()
	}
	scr.found, scr.sought = nil, false
	return done
}

// runAgain runs with all gates what has left a run under the locks of its keys; runScript says what it
// returns.
func (ex scriptHost) runAgain() (done bool) {
	ex.learn()
	if ex.Worker && ex.wayOf(ex.scr.found) == lasting {
		ex.scr.lasts = true
		return false
	}
	return ex.scr.leaves != wantsSlow && ex.runWide()
}

// learn notes of the script why a run of it has left.
func (ex scriptHost) learn() {
	switch sc := ex.scr.found; ex.scr.leaves {
	case lasts:
		sc.Tire()
	case reaches:
		sc.Reached()
	case cannot:
		sc.Tied()
	}
}

// runWide runs the script with all gates; runScript says what it returns.
func (ex scriptHost) runWide() (done bool) {
	s, scr := ex.Env, &ex.scr
	sc := scr.found
	if !ex.Worker && (ex.Shown.On || sc == nil || !sc.Quick()) || !ex.takeAll() {
		return false
	}
	ex.Units.whole, scr.way, scr.leaves = true, wide, stays
	if !ex.open.Open || !(slotted{ex.Executor}.strayedScript()) {
		ex.performScript()
	}
	if ex.unsettled() {
		ex.Wakes.settle(&noShards)
	}
	ex.Units.whole, scr.way = false, noScript
	openGates(s, ex.Gate)
	ex.Wakes.afterUnlock()
	if scr.leaves != stays {
		sc.Tire()
	}
	return scr.leaves == stays
}

// findScript looks for the script that the context's call names; nil: it is not cached, or a function
// is called.
func (ex scriptHost) findScript() *script.Script {
	c := &ex.Ctx
	switch m := ex.runner(); {
	case c.Spec.Flags&command.BySHA != 0:
		return m.Find(c.Args[1])
	case c.Spec.Flags&command.ByText != 0:
		return m.FindText(c.Args[1])
	}
	return nil
}

func (ex scriptHost) runner() *script.Runner {
	if ex.scr.runner == nil {
		ex.scr.runner = ex.Env.Scripts.Engine.NewRunner()
		ex.scr.lapsed = ex.CountError
	}
	return ex.scr.runner
}

// wayOf is how to run a script.
func (ex scriptHost) wayOf(s *script.Script) scriptWay {
	keys := len(ex.Ctx.Keys)
	switch {
	case s == nil || ex.scr.whole || ex.Shown.On || ex.open.Open || ex.Caller.As == admit.Primary || keys > mostDeclared:
		return wide
	case s.Reach() == script.Declared && !s.Long():
		return underKeys
	case s.Reach() == script.Beyond || ex.Env.Opts.NotifyKeyspaceEvents.Load()&(options.EventNew|options.EventMiss) != 0:
		return wide
	case !s.Long():
		return tentative
	case keys == 0 || s.IsTied(): // what declares nothing may be about to use anything
		return wide
	case ex.Env.Slots.Load() != nil: // a primary that has lost its lease must stop writes, for which it takes all gates
		return wide
	}
	return lasting
}

// runUnderKeys runs the script under the locks of the keys that its call declares; scr.leaves says how
// it ended. It returns false, having done nothing, when a worker has to run it, for a long
// command holds one of the shards.
func (ex scriptHost) runUnderKeys(way scriptWay) bool {
	c, st, scr := &ex.Ctx, ex.Env.Store, &ex.scr
	set := &scr.held
	set.Clear()
	for i := range c.Keys {
		set.Add(c.Keys[i].Shard)
	}
	if ex.Worker {
		st.SetLong(set, true)
		st.LockSet(set)
	} else if !st.LockSetUnlessLong(set) {
		return false
	}
	scr.way = way
	if way == tentative {
		ex.beginTentative()
	}
	ex.readyScript() // as performScript does, which would be one more call on a long way: see readyScript
	if ex.Env.Journal.Log.On() {
		ex.Rec.perform(c)
	} else {
		c.Spec.Handler(c)
	}
	if way == tentative {
		ex.endTentative(scr.leaves != stays)
	}
	scr.way = noScript
	ex.countScript()
	if ex.unsettled() {
		ex.Wakes.settle(set)
	}
	st.UnlockSet(set)
	if ex.Worker {
		st.SetLong(set, false)
	}
	ex.Wakes.afterUnlock()
	return true
}

// performScript runs the handler of the context's call, which runs a script, and counts it.
func (ex scriptHost) performScript() {
	c := &ex.Ctx
	ex.readyScript()
	if ex.Env.Journal.Log.On() { // FUNCTION LOAD is recorded, for one
		ex.Rec.perform(c)
	} else {
		c.Spec.Handler(c)
	}
	ex.countScript()
}

// readyScript does for performScript what comes before a call. From the batch to the handler of a
// script's call it is twenty calls, but processors remember to where the innermost sixteen or so return:
// each one less is 10 ns less. For the same reason what is made on this way is made field by field in
// its place: to copy what has just been made waits for it to be written.
func (ex scriptHost) readyScript() {
	c := &ex.Ctx
	ex.scr.leaves = stays
	if ex.scr.together = ex.scr.way == underKeys && ex.scr.found.Short() && ex.Meter.Grouping(); ex.scr.together {
		ex.scr.before = ex.Meter.BeginWhole(c.Spec)
		ex.Meter.BeginTogether(true)
	} else {
		ex.Meter.Next(c.Spec)
	}
	ex.scr.errors = c.W.Errors()
	if ex.Shown.On && c.Spec.Flags&command.SkipMonitor != 0 {
		ex.Shown.note(c, c.Spec, c.Spec.Flags&hiddenFromMonitor&^command.SkipMonitor) // before its calls
	}
}

// countScript does for performScript what comes behind a call, if that has come to its end.
func (ex scriptHost) countScript() {
	c := &ex.Ctx
	if ex.scr.leaves != stays {
		ex.uncountScript()
		return
	}
	ex.countErrors()
	failed := c.W.Errors() != ex.scr.errors
	if ex.scr.together {
		ex.Meter.EndTogether()
		ex.Meter.EndWhole(ex.scr.before)
		if failed {
			ex.Meter.Calls.Fail(c.Spec.ID)
		}
	}
	ex.Meter.Commands++
	if ex.Tracker != nil {
		ex.tracked(c, c.Spec)
	}
	if ex.Shown.On {
		ex.Shown.note(c, c.Spec, c.Spec.Flags&hiddenFromMonitor)
	}
	if !ex.scr.together {
		ex.Meter.Count(c, c.Spec, failed)
	}
}

// enterScript readies the executor for the calls of a script.
func (ex scriptHost) enterScript(c *command.Ctx) {
	scr := &ex.scr
	if ex.Shown.On && ex.Units.inExec {
		ex.Shown.note(c, c.Spec, c.Spec.Flags&hiddenFromMonitor&^command.SkipMonitor)
	}
	old := &scr.saved // field by field: see readyScript
	old.call.Spec, old.call.Args, old.call.Keys = c.Spec, c.Args, c.Keys
	old.db, old.client, old.w, old.canWait = c.DB, c.Client, c.W, c.CanWait
	old.mark, old.alone = ex.Meter.Mark(), !ex.Units.inExec
	if ex.Units.inExec {
		scr.way = wide
	}
	scr.leaves, scr.seen, scr.wrote, scr.ended, ex.Rec.silent, scr.began = stays, false, false, false, false, time.Time{}
	u := &scr.undo
	u.dirty, u.hits, u.misses, u.commands, u.counted = c.Dirty, c.Hits, c.Misses, ex.Meter.Commands, u.counted[:0]
	scr.client.of, scr.client.Protocol = c.Client, 2
	scr.caller.As, scr.caller.User = admit.Script, ex.Caller.User
	scr.caller.Is, scr.caller.Slots = ex.Caller.Is&admit.InCluster, ex.Caller.Slots
	if s := scr.caller.Slots; s != nil {
		scr.caller.Reach = admit.Reach{}
		scr.caller.Reach.Note(&c.Call, s)
	}
	scr.w.OnError = scr.lapsed
	c.CanWait = false
	if old.alone {
		ex.Units.inExec, ex.Units.execTx, ex.Units.execSpec = true, nil, c.Spec
		if scr.way == wide {
			ex.Rec.beginUnit(nil)
		} else {
			ex.Rec.beginUnit(&scr.held)
		}
	}
}

// leaveScript ends what enterScript has begun.
func (ex scriptHost) leaveScript(c *command.Ctx) {
	scr := &ex.scr
	old := &scr.saved
	if old.alone {
		if scr.ended || scr.leaves != stays {
			ex.Rec.dropUnit()
		}
		ex.Rec.endUnit()
		ex.Units.inExec, ex.Units.execSpec = false, nil
		if len(ex.Units.pushes) > 0 {
			old.w.Raw(ex.Units.pushes)
			ex.Units.pushes = ex.Units.pushes[:0]
		}
	} else {
		scr.way = noScript
	}
	c.Spec, c.Args, c.Keys = old.call.Spec, old.call.Args, old.call.Keys
	c.DB, c.Client, c.W, c.CanWait = old.db, old.client, old.w, old.canWait
	if !scr.together {
		ex.Meter.SetMark(old.mark)
	}
	c.NoEffect() // its calls have been recorded
	ex.Rec.silent, scr.ran = false, true
	if cap(scr.reply.Bytes()) > keepScratchBytes {
		scr.reply = resp.Buffer{}
	}
}

// restScript lets go of what runs have left, when none may come for a while.
func (ex scriptHost) restScript() {
	scr := &ex.scr
	scr.ran = false
	scr.saved, scr.args, scr.client.of = callerState{}, script.Run{}, nil
	scr.runner.Rest()
}

// newRun is how a script is to run now, which declares so many keys.
func (ex scriptHost) newRun(keys int) *script.Run {
	r, c := &ex.scr.args, &ex.scr.saved.call
	r.Host, r.W = ex, ex.scr.saved.w // field by field: see readyScript
	r.Keys, r.Args = c.Args[3:3+keys], c.Args[3+keys:]
	r.ReadOnly, r.Full = c.Spec.Flags&command.ReadOnly != 0, ex.scr.full
	r.Stale, r.Barred, r.Cluster = "", "", ex.scr.caller.Slots != nil
	if ex.Env.Guard.Load() == 0 || ex.Caller.As == admit.Primary { // who has run it
		return r
	}
	state := ex.Env.State()
	if state&admit.MasterDown != 0 {
		r.Stale = admit.Verdict{Ruling: admit.IsStale}.Text(&ex.Caller, &ex.scr.saved.call, "")
	}
	if state&admit.ReadOnly != 0 {
		r.Barred = admit.Verdict{Ruling: admit.IsReadOnly}.Text(&ex.Caller, &ex.scr.saved.call, "")
	}
	return r
}

// showScript lets others see a script that holds all gates, or lasts.
func (ex scriptHost) showScript(c *command.Ctx, name string, function bool) {
	scr := &ex.scr
	switch scr.way {
	default:
		return
	case lasting:
		scr.began = scr.run.began // it is seen
		return
	case wide:
	}
	scr.began = time.Now()
	scr.run = &runningScript{name: name, function: function, began: scr.began}
	if function {
		for _, a := range c.Args {
			scr.run.command = append(scr.run.command, string(a))
		}
	}
	ex.Env.Scripts.running.Store(scr.run)
}

// hideScript ends what showScript has begun.
func (ex scriptHost) hideScript() {
	scr := &ex.scr
	if scr.run == nil || scr.way == lasting {
		return
	}
	ex.Env.Scripts.running.Store(nil)
	if scr.run.busy.Load() {
		ex.Env.SetGuard(GuardBusy, false)
	}
	scr.run = nil
}

// openGates lets go of all gates but the caller's own, and lets those go on whom a script has made
// wait.
func openGates(e *Env, own *Gate) {
	barred := e.Scripts.Barred()
	if barred {
		e.Gates.barAll(open)
		e.Scripts.barred.Store(false)
	}
	for i := range e.Gates {
		if g := &e.Gates[i]; g != own {
			g.Unlock()
		}
	}
	if barred {
		e.House.ResumeAll()
	}
}

// barGates sends the reactors away from their gates, all of which the caller holds.
func barGates(e *Env) {
	if !e.Scripts.Barred() {
		e.Scripts.barred.Store(true)
		e.Gates.barAll(barsReactors)
	}
}

// unkeyed are the flags of commands for which the locks of their keys do not suffice.
const unkeyed = command.Slow | command.Exclusive | command.OwnLocks | command.MayReplicate | command.Script | command.Exec

// keyless tells whether a command without keys does nothing in a script that others could see, or
// that needs a lock.
func keyless(spec *command.Spec) bool {
	return Storeless(spec.Group) && spec.Flags&command.MayReplicate == 0 && spec.Group != command.GroupPubSub || spec.Name == "time"
}

// KeyOf is script.Options.KeyOf for the commands of a table.
func KeyOf(t *command.Table, name string, args int) (use script.KeyUse) {
	spec := t.Lookup([]byte(name))
	if spec == nil || spec.Subs != nil || spec.Handler == nil || !spec.MatchesArity(args) ||
		spec.Flags&unkeyed != 0 || spec.AllShards != nil {
		return use
	}
	use.Short = spec.Grouped(args)
	if len(spec.Keys) == 0 {
		use.Keyed = keyless(spec)
		return use
	}
	use.Key = spec.SimpleKey()
	use.Keyed = use.Key > 0 && use.Key < args
	return use
}
