package exec

import (
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/script"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// This file runs scripts: package script knows them and their language, an executor makes their
// calls. A script runs on a worker, with all gates held, and what it does is one unit. One that
// runs long bars the gates: reactors then serve what needs none (see runBarred), and let the rest
// wait; when it is busy, the rest is refused.

// Scripting is what the server keeps for it.
type Scripting struct {
	Engine  *script.Engine
	running atomic.Pointer[runningScript] // nil: none
	barred  atomic.Bool                   // the gates are, by it
}

// Barred tells whether a script that runs long has sent the reactors away from their gates.
func (x *Scripting) Barred() bool { return x.barred.Load() }

// End tells the script that runs, if any, to end, as SCRIPT KILL does, but also if it has written.
func (x *Scripting) End() {
	if run := x.running.Load(); run != nil {
		run.killed.Store(true)
	}
}

// runningScript is a script as others see it.
type runningScript struct {
	name     string
	command  []string
	function bool
	began    time.Time
	wrote    atomic.Bool
	killed   atomic.Bool
	busy     bool // of its executor: it is called slow
}

// scriptRun is an executor's part in scripts.
type scriptRun struct {
	run     *runningScript // nil: none
	w       resp.Writer    // for the replies to its calls
	reply   resp.Buffer
	client  scriptClient
	keys    []store.Key
	caller  admit.Caller
	full    bool // above maxmemory when it began
	silent  bool // what it does is not recorded
	dropped bool // the server ends: what it did is not recorded
	seen    bool // it has done what others can see
	leaves  bool // the reactor: a worker has to run it, from its beginning
}

// scriptClient is the client of a script's calls: it is who runs the script, but has a database
// of its own.
type scriptClient struct {
	command.Nobody
	of command.Client
}

// ID implements command.Client.
func (s *scriptClient) ID() int64 { return s.of.ID() }

// User implements command.Client.
func (s *scriptClient) User() string { return s.of.User() }

// Name implements command.Client.
func (s *scriptClient) Name() string { return s.of.Name() }

// Peer is the client who runs the script.
func (s *scriptClient) Peer() Peer { return PeerOf(s.of) }

// AppendInfo implements command.Client.
func (s *scriptClient) AppendInfo(dst []byte) []byte { return s.of.AppendInfo(dst) }

// scriptHost is an executor as the scripts that it runs see it.
type scriptHost struct{ *Executor }

// runScript runs the context's call, which runs a script, with all gates held. On a reactor it
// returns false, having done nothing, unless the script is quick; also when that turns out to be
// wrong before it has changed anything.
func (ex scriptHost) runScript() (done bool) {
	s := ex.Env
	if !ex.Worker && (ex.Monitored || !ex.mayRunHere()) {
		return false
	}
	ex.scr.full = s.State()&admit.OverMemory != 0 && !ex.makeRoom()
	if !ex.takeAll() {
		return false
	}
	ex.whole, ex.scr.leaves = true, false
	ex.invoke(&ex.Ctx, &noShards)
	ex.whole = false
	openGates(s, ex.Gate)
	ex.afterUnlock()
	return !ex.scr.leaves
}

// mayRunHere tells whether a reactor may run the context's call: a script that is there, and quick.
func (ex scriptHost) mayRunHere() bool {
	c := &ex.Ctx
	var s *script.Script
	switch e := ex.Env.Scripts.Engine; {
	case c.Spec.Flags&command.BySHA != 0:
		s = e.Find(c.Args[1])
	case c.Spec.Flags&command.ByText != 0:
		s = e.FindText(c.Args[1])
	}
	return s != nil && s.Quick()
}

// openGates lets go of all gates but the caller's own, and lets those go on whom a script has made
// wait.
func openGates(e *Env, own *Gate) {
	barred := e.Scripts.Barred()
	if barred {
		e.Gates.barAll(false)
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
		e.Gates.barAll(true)
	}
}

// scripted runs f, which runs a script on behalf of c's client, as one unit. All gates are held.
func (ex scriptHost) scripted(c *command.Ctx, name string, function bool, f func(r *script.Run)) {
	run := &runningScript{name: name, function: function, began: time.Now()}
	if function {
		for _, a := range c.Args {
			run.command = append(run.command, string(a))
		}
	}
	scr := &ex.scr
	if ex.Monitored {
		ex.noteCall(c, c.Spec, c.Spec.Flags&hiddenFromMonitor&^command.SkipMonitor)
	}
	call, db, client, w, wait, from := c.Call, c.DB, c.Client, c.W, c.CanWait, ex.Meter.Mark()
	scr.run, scr.dropped = run, false
	scr.client = scriptClient{of: client}
	scr.client.Protocol = 2
	scr.caller = admit.Caller{As: admit.Script, User: ex.Caller.User}
	scr.w.OnError = w.OnError
	c.CanWait = false
	alone := !ex.inExec
	if alone {
		ex.inExec, ex.execTx, ex.execSpec = true, nil, c.Spec
		ex.beginUnit(nil)
	}
	ex.Env.Scripts.running.Store(run)
	f(ex.newRun(w))
	leaves := scr.leaves
	ex.Env.Scripts.running.Store(nil)
	if run.busy {
		ex.Env.SetGuard(GuardBusy, false)
	}
	if alone {
		if scr.dropped {
			ex.dropUnit()
		}
		ex.endUnit()
		ex.inExec, ex.execSpec = false, nil
		w.Raw(ex.pushes)
		ex.pushes = ex.pushes[:0]
	}
	c.Call, c.DB, c.Client, c.W, c.CanWait = call, db, client, w, wait
	ex.Meter.SetMark(from)
	c.NoEffect() // its calls have been recorded
	*scr = scriptRun{w: scr.w, reply: scr.reply, keys: scr.keys[:0], leaves: leaves}
	if cap(scr.reply.Bytes()) > keepScratchBytes {
		scr.reply = resp.Buffer{}
	}
}

// newRun is how a script is to run now, which replies to w.
func (ex scriptHost) newRun(w *resp.Writer) *script.Run {
	r := &script.Run{Host: ex, W: w, Full: ex.scr.full}
	if ex.Caller.As == admit.Primary {
		return r // who has run it
	}
	state := ex.Env.State()
	if state&admit.MasterDown != 0 {
		r.Stale = admit.Verdict{Ruling: admit.IsStale}.Text(&ex.Caller, &ex.Ctx.Call, "")
	}
	if state&admit.ReadOnly != 0 {
		r.Barred = admit.Verdict{Ruling: admit.IsReadOnly}.Text(&ex.Caller, &ex.Ctx.Call, "")
	}
	return r
}

// Call implements script.Host.
func (ex scriptHost) Call(args resp.Args, mode script.Mode) (reply []byte, refusal string, stop error) {
	c, scr, s := &ex.Ctx, &ex.scr, ex.Env
	var cl BatchCall
	cl.Spec = s.Table.Lookup(args[0])
	scr.keys = ex.resolve(scr.keys[:0], &cl, args)
	c.Call = command.Call{Spec: cl.Spec, Args: args, Keys: scr.keys}
	state := s.State() & (admit.Broken | admit.Unsaved | admit.FewReplicas | admit.ReadOnly | admit.MasterDown)
	if scr.full && !mode.AllowOOM && !scr.run.wrote.Load() {
		state |= admit.Full
	}
	if ex.Caller.As == admit.Primary { // who has run it there
		state = 0
	}
	v := admit.Judge(&scr.caller, state, &c.Call, cl.Fault)
	switch {
	case v.Ruling == admit.Denied:
		ex.NoteDenied(v.Denial.Denied, DeniedObject(v.Denial, &c.Call), scr.client.User(), false, scr.client.AppendInfo(nil))
		ex.Meter.Calls.Reject(cl.Spec.ID)
		return nil, v.Text(&scr.caller, &c.Call, ""), nil
	case v.Refused():
		if cl.Spec != nil && cl.Fault == admit.NoFault {
			ex.Meter.Calls.Reject(cl.Spec.ID)
		}
		return nil, v.Text(&scr.caller, &c.Call, s.House.WhyBroken()), nil
	case mode.ReadOnly && cl.Spec.Flags&(command.Write|command.MayReplicate) != 0:
		return nil, "ERR Write commands are not allowed from read-only scripts.", nil
	}
	if ex.isLong(&c.Call) && ex.leave() {
		return nil, "", errLeaves
	}
	if cl.Spec.Flags&command.Write != 0 {
		scr.run.wrote.Store(true)
	}
	scr.seen = scr.seen || cl.Spec.Flags&(command.Write|command.MayReplicate) != 0
	scr.reply.Reset()
	scr.w.Bind(&scr.reply, mode.Proto)
	scr.silent = mode.Unrecorded
	scr.client.Protocol = mode.Proto
	w, client := c.W, c.Client
	c.W, c.Client = &scr.w, &scr.client
	ex.Meter.Start()
	if len(c.Keys) == 0 {
		ex.invoke(c, nil)
	} else {
		held := shardsOfCall(s.Store, &c.Call)
		s.Store.LockSet(&held)
		ex.invoke(c, nil)
		s.Store.UnlockSet(&held)
	}
	ex.Meter.CloseGroup()
	c.W, c.Client = w, client
	scr.w.Flush()
	return scr.reply.Bytes(), "", nil
}

// isLong tells whether a call is none for a reactor.
func (ex scriptHost) isLong(call *command.Call) bool {
	return !ex.Worker && (call.Spec.Flags&(command.Slow|command.Exclusive) != 0 || len(call.Keys) == 0 && !Storeless(call.Spec.Group) ||
		ex.tooLong(&ex.Ctx))
}

// MayCall implements script.Host.
func (ex scriptHost) MayCall(args resp.Args) (may, known bool) {
	var cl BatchCall
	cl.Spec = ex.Env.Table.Lookup(args[0])
	ex.scr.keys = ex.resolve(ex.scr.keys[:0], &cl, args)
	if cl.Spec == nil || cl.Fault == admit.BadSubcommand {
		return false, false
	}
	user := ex.Caller.User
	return user == nil || user.Check(cl.Spec, args).Denied == 0, true
}

var (
	errScriptKilled   = errors.New("Script killed by user with SCRIPT KILL...")
	errFunctionKilled = errors.New("Script killed by user with FUNCTION KILL.")
	errScriptDropped  = errors.New("the server ends")
	errLeaves         = errors.New("it is for a worker")
)

// Tick implements script.Host.
func (ex scriptHost) Tick() error {
	s, run := ex.Env, ex.scr.run
	switch {
	case run.killed.Load() && run.function:
		return errFunctionKilled
	case run.killed.Load():
		return errScriptKilled
	case s.House.Ending():
		ex.scr.dropped = true
		return errScriptDropped
	}
	lasts := time.Since(run.began)
	if lasts < barAfter {
		return nil
	}
	if ex.leave() {
		return errLeaves
	}
	barGates(s)
	if most := s.Opts.BusyReplyThreshold.Load(); most > 0 && !run.busy && lasts.Milliseconds() >= most {
		run.busy = true
		s.SetGuard(GuardBusy, true)
		s.Log.Warn("a script is slow: SCRIPT KILL ends it", "script", run.name, "milliseconds", lasts.Milliseconds())
		s.House.ResumeAll()
	}
	runtime.Gosched() // the reactors may wait for a processor
	return nil
}

// leave tells whether a script that takes long can be left to a worker: it runs on a reactor, and
// has done nothing yet that others can see.
func (ex scriptHost) leave() bool {
	if ex.Worker || ex.scr.seen {
		return false
	}
	ex.scr.leaves = true
	return true
}

// Leaves implements script.Host.
func (ex scriptHost) Leaves() bool { return ex.scr.leaves }

// Log implements script.Host.
func (ex scriptHost) Log(level int, text string) {
	levels := [...]slog.Level{slog.LevelDebug, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn}
	ex.Env.Log.Log(nil, levels[level], text)
}

// CountError implements script.Host.
func (ex scriptHost) CountError(text string) { ex.Env.Logs.Errors.Add(text) }
