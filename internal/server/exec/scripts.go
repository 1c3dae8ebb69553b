package exec

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/script"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// This file makes the calls of scripts: package script knows them and their language. Under which
// locks they run is in scriptrun.go.

// Scripting is what the server keeps for it.
type Scripting struct {
	Engine  *script.Engine
	running atomic.Pointer[runningScript] // the one that holds all gates, nil: none does
	barred  atomic.Bool                   // the gates are, by it
	lasting lastingScripts
}

// Barred tells whether a script that runs long has sent the reactors away from their gates.
func (x *Scripting) Barred() bool { return x.barred.Load() }

// End tells the scripts that run to end, as SCRIPT KILL does, and those that have written if they last: what those have
// done is undone.
func (x *Scripting) End() {
	for _, run := range x.seen() {
		if !run.fate.CompareAndSwap(unharmed, isKilled) && run.gate != nil {
			run.ends.Store(true)
		}
	}
}

// Unyielding tells whether a script has written with all gates: it keeps them until it ends by itself, or nobody can see what
// it has done.
func (x *Scripting) Unyielding() bool {
	run := x.running.Load()
	return run != nil && run.fate.Load() == hasWritten
}

// seen are the scripts that run and that others see: one that holds all gates, or all that last.
func (x *Scripting) seen() (runs []*runningScript) {
	if run := x.running.Load(); run != nil {
		runs = append(runs, run)
	}
	x.lasting.mu.Lock()
	defer x.lasting.mu.Unlock()
	return append(runs, x.lasting.mu.runs...)
}

// AwaitOrBusy waits until those scripts have ended that run. If one of them is busy meanwhile that ends the
// waiting, and its text is returned. The caller holds no lock.
func (x *Scripting) AwaitOrBusy() (busyText string) {
	for runs := x.seen(); ; time.Sleep(awaitScriptsTick) {
		now := x.seen()
		runs = slices.DeleteFunc(runs, func(r *runningScript) bool { return !slices.Contains(now, r) })
		if len(runs) == 0 {
			return ""
		}
		if at := slices.IndexFunc(runs, (*runningScript).isBusy); at >= 0 {
			return admit.BusyText(runs[at].function)
		}
	}
}

// AnyBusy tells whether a script is busy.
func (x *Scripting) AnyBusy() bool { return slices.ContainsFunc(x.seen(), (*runningScript).isBusy) }

// What is decided about a script that runs, once.
const (
	unharmed   = iota
	hasWritten // so it is not killed
	isKilled   // so it does not write
)

// runningScript is a script that holds all gates or lasts, as others see it.
type runningScript struct {
	name     string
	command  []string
	function bool
	fate     atomic.Int32 // unharmed, hasWritten, isKilled
	ends     atomic.Bool  // it is to be undone, for the server's end, though it has written
	busy     atomic.Bool  // it is called slow
	began    time.Time
	held     store.ShardSet // if it lasts
	gate     *Gate          // which it then has as long as it runs
}

func (r *runningScript) isBusy() bool { return r.busy.Load() }

// scriptRun is an executor's part in scripts.
type scriptRun struct {
	runner *script.Runner // nil until it is needed
	sought bool           // the call's script has been looked for: it is found
	found  *script.Script // nil: there is none
	errors int            // that its client's replies had before
	ran    bool           // since restScript

	way    scriptWay
	held   store.ShardSet // unless it has all gates: the shards of its keys
	leaves leaving        // the run has ended only to begin again
	run    *runningScript // with all gates, or if it lasts; nil: it does not run so
	whole  bool           // it has to have all gates
	lasts  bool           // it has to run on an executor for what lasts
	began  time.Time      // zero until somebody wants to know
	seen   bool           // it has done what others can see
	wrote  bool           // it has called a command that writes
	full   bool           // above maxmemory when it began
	ended  bool           // the server ends: what it did is not recorded, and undone if it can be

	together bool  // its calls are timed together, and with those of scripts before and behind it
	before   int64 // how many those before are

	args   script.Run
	w      resp.Writer // for the replies to its calls
	reply  resp.Buffer
	client scriptClient
	keys   []store.Key
	call   BatchCall // the one that is being made, if it is not plain
	caller admit.Caller
	saved  callerState
	undo   undoLog
	lapsed func(text string) // CountError, made once
}

// callerState is what a script leaves as it was.
type callerState struct {
	call    command.Call
	db      int
	client  command.Client
	w       *resp.Writer
	canWait bool
	mark    int64
	alone   bool // it is no part of a transaction
}

// scriptWay is how a script runs.
type scriptWay uint8

const (
	noScript  scriptWay = iota
	wide                // with all gates
	underKeys           // under the locks of its keys, beyond which it cannot reach
	tentative           // under the locks of its keys, as long as it does not reach beyond them
	lasting             // the same, for as long as it likes
)

// leaving is why a run ends only to begin again.
type leaving uint8

const (
	stays     leaving = iota
	reaches           // it uses more than the keys that it declares, and always will
	cannot            // what it is about to do cannot be undone
	lasts             // it takes long
	wantsSlow         // it makes a call that is for workers
)

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

// Call implements script.Host.
func (ex scriptHost) Call(args resp.Args, mode script.Mode) (reply []byte, refusal string, stop error) {
	c, scr, s := &ex.Ctx, &ex.scr, ex.Env
	spec := s.Table.Lookup(args[0])
	c.Spec, c.Args = spec, args // field by field: see readyScript
	if c.Keys = ex.declared(spec, args); c.Keys == nil || !ex.isFree(spec, mode) {
		var text string
		if spec, text, stop = ex.mayScriptCall(mode); text != "" || stop != nil {
			return nil, text, stop
		}
	}
	if !scr.wrote && spec.Flags&command.Write != 0 {
		scr.wrote, scr.seen = true, true
		if scr.run != nil && !scr.run.fate.CompareAndSwap(unharmed, hasWritten) {
			return nil, "", ex.killed() // it was a moment ago
		}
	}
	scr.seen = scr.seen || spec.Flags&command.MayReplicate != 0
	scr.reply.Reset()
	scr.w.Bind(&scr.reply, mode.Proto)
	ex.Rec.silent = mode.Unrecorded
	scr.client.Protocol = mode.Proto
	w, client := c.W, c.Client
	c.W, c.Client = &scr.w, &scr.client
	if scr.together {
		ex.Meter.AddToWhole(spec)
	} else {
		ex.Meter.Start()
	}
	switch {
	case scr.way == tentative:
		ex.performUndoable(c)
	case scr.way != wide || len(c.Keys) == 0:
		ex.performCounted(c)
	default:
		held := shardsOfCall(s.Store, &c.Call)
		s.Store.LockSet(&held)
		ex.performCounted(c)
		s.Store.UnlockSet(&held)
	}
	if !scr.together {
		ex.Meter.CloseGroup()
	}
	c.W, c.Client = w, client
	scr.w.Flush()
	return scr.reply.Bytes(), "", nil
}

// declared returns the key of a plain call, if it is one of the first that the script declares: the
// most frequent case, in which it is hashed already. Nil: it is something else.
func (ex scriptHost) declared(spec *command.Spec, args resp.Args) []store.Key {
	at := spec.PlainKey(len(args))
	if at == 0 {
		return nil
	}
	keys := ex.scr.saved.call.Keys
	for i := range min(len(keys), mostKnownKeys) {
		if bytes.Equal(args[at], keys[i].Name) {
			return keys[i : i+1 : i+1]
		}
	}
	return nil
}

// isFree tells whether a plain call of a key that is declared may be made as it is: mayScriptCall would
// find nothing, as session.runBatch knows of calls of clients.
func (ex scriptHost) isFree(spec *command.Spec, mode script.Mode) bool {
	scr := &ex.scr
	switch {
	case scr.way != underKeys || ex.Env.Guard.Load() != 0 || scr.caller.User != nil || scr.full,
		spec.Flags&command.NoScript != 0:
		return false
	case spec.Flags&command.Write == 0:
		return true
	}
	return !mode.ReadOnly && (ex.Worker || !ex.Env.Store.Snapshotting(ex.Ctx.Keys[0].Shard))
}

// mayScriptCall finds the keys of the context's call, one of a script, unless they are known, and tells
// whether the call may be made: text says why not, stop ends the run. spec is that of the
// subcommand, if it is one.
func (ex scriptHost) mayScriptCall(mode script.Mode) (spec *command.Spec, text string, stop error) {
	c, cl := &ex.Ctx, &ex.scr.call
	cl.Spec, cl.Fault = c.Spec, admit.NoFault
	if c.Keys == nil {
		ex.scr.keys = ex.resolve(ex.scr.keys[:0], cl, c.Args)
		c.Spec, c.Keys = cl.Spec, ex.scr.keys
	}
	text, stop = ex.judgeCall(cl, mode)
	return cl.Spec, text, stop
}

// judgeCall is mayScriptCall for a call whose keys are known.
func (ex scriptHost) judgeCall(cl *BatchCall, mode script.Mode) (text string, stop error) {
	c, scr, s := &ex.Ctx, &ex.scr, ex.Env
	state := s.State() & (admit.Broken | admit.Unsaved | admit.FewReplicas | admit.ReadOnly | admit.MasterDown)
	if scr.full && !mode.AllowOOM && !scr.wrote {
		state |= admit.Full
	}
	if ex.Caller.As == admit.Primary { // who has run it there
		state = 0
	}
	if mode.CrossSlot {
		scr.caller.Reach = admit.Reach{}
	}
	v := admit.Judge(&scr.caller, state, &c.Call, cl.Fault)
	if v.Open {
		v.Ruling = v.JudgeOpen(ex.countInScript(&c.Call))
	}
	switch {
	case v.Ruling == admit.Denied:
		if scr.way >= tentative { // or it would be denied twice
			ex.leave(cannot)
			return "", errLeaves
		}
		scr.seen = true
		ex.NoteDenied(v.Denial.Denied, DeniedObject(v.Denial, &c.Call), scr.client.User(), false, scr.client.AppendInfo(nil))
		ex.Meter.Calls.Reject(cl.Spec.ID)
		return v.Text(&scr.caller, &c.Call, ""), nil
	case v.Refused():
		if cl.Spec != nil && cl.Fault != admit.BadSubcommand {
			ex.reject(cl.Spec)
		}
		return v.Text(&scr.caller, &c.Call, ex.Why(v, scr.client.of)), nil
	case mode.ReadOnly && cl.Spec.Flags&(command.Write|command.MayReplicate) != 0:
		ex.reject(cl.Spec)
		return "ERR Write commands are not allowed from read-only scripts.", nil
	}
	if scr.caller.Slots != nil && !mode.CrossSlot {
		scr.caller.Reach.Note(&c.Call, scr.caller.Slots)
	}
	if scr.way >= tentative {
		if why := ex.beyond(c); why != stays {
			ex.leave(why)
			return "", errLeaves
		}
	}
	if ex.isLong(&c.Call) && ex.leave(wantsSlow) {
		return "", errLeaves
	}
	return "", nil
}

// isLong tells whether a call is none for a reactor.
func (ex scriptHost) isLong(call *command.Call) bool {
	return !ex.Worker && (call.Spec.Flags&(command.Slow|command.Exclusive) != 0 || len(call.Keys) == 0 && !keyless(call.Spec) ||
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
	errLeaves         = errors.New("it begins again")
)

// Tick implements script.Host.
func (ex scriptHost) Tick() error {
	s, scr := ex.Env, &ex.scr
	run := scr.run
	switch {
	case run == nil:
	case s.House.Ending() && (!scr.wrote || scr.way == lasting), s.Abandoned.Load():
		scr.ended = true // one that has written with all gates keeps them instead: nobody is to see or save half of it
		return errScriptDropped
	case run.ends.Load():
		scr.ended = true
		return ex.killed()
	case run.fate.Load() == isKilled:
		return ex.killed()
	}
	if scr.began.IsZero() {
		scr.began = time.Now()
	}
	took := time.Since(scr.began)
	if took < barAfter {
		return nil
	}
	switch {
	case scr.way == lasting && !scr.undo.full():
	case ex.leave(lasts):
		return errLeaves
	case run == nil:
		return nil // it has locks that others wait for, and comes to its end: there are no loops in it
	default:
		barGates(s)
	}
	if most := s.Opts.BusyReplyThreshold.Load(); most > 0 && !run.busy.Load() && took.Milliseconds() >= most {
		run.busy.Store(true)
		s.Log.Warn("a script is slow: SCRIPT KILL ends it", "script", run.name, "milliseconds", took.Milliseconds())
		if scr.way == lasting {
			s.WakeAside()
		} else {
			s.SetGuard(GuardBusy, true)
			s.House.ResumeAll()
		}
	}
	if scr.way == lasting { // who waits gets it before this one, which goes on, on whatever thread, by yielding that
		s.Scripts.lasting.rights <- struct{}{}
		runtime.Gosched()
		<-s.Scripts.lasting.rights
	}
	runtime.Gosched() // the reactors may wait for a processor
	netio.Yield()     // and their threads, or a client's, as long as the system lets a thread run: milliseconds
	return nil
}

// killed is the error with which the script ends that was killed.
func (ex scriptHost) killed() error {
	if ex.scr.run.function {
		return errFunctionKilled
	}
	return errScriptKilled
}

// leave ends the run if it can begin again as if nothing had happened: it can be undone, or
// runs on a reactor and has done nothing yet that others can see.
func (ex scriptHost) leave(why leaving) bool {
	scr := &ex.scr
	if scr.way < tentative && !ex.unseen() {
		return false
	}
	if scr.leaves == stays {
		scr.leaves = why
	}
	return true
}

// Leaves implements script.Host.
func (ex scriptHost) Leaves() bool { return ex.scr.leaves != stays }

// Log implements script.Host.
func (ex scriptHost) Log(level int, text string) (stop error) {
	if ex.scr.way >= tentative {
		ex.leave(reaches)
		return errLeaves
	}
	ex.Env.Scripts.Engine.Log(level, text)
	return nil
}

// CountError implements script.Host; an error in a run that may begin again counts when it has ended.
func (ex scriptHost) CountError(text string) {
	if ex.scr.way >= tentative || ex.unseen() {
		ex.scr.undo.errors = append(ex.scr.undo.errors, strings.Clone(text))
		return
	}
	ex.Meter.Errors++
	ex.Env.Logs.Errors.Add(text)
}
