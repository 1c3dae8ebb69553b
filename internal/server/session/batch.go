package session

import (
	"errors"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/resp"
)

// This file runs what a session has parsed, batch by batch: each call is admitted and run, or
// it, and what stands behind it, is kept for later.

// outcome is how a batch, or a call of it, has left the session.
type outcome uint8

const (
	goesOn outcome = iota // all has run: there may be more input
	waits                 // all has run, and the last call waits for a key: no more input for now
	holds                 // the session holds the rest of the batch until it is told to go on
	closes                // the connection ends, and the rest of the batch with it
)

// Serve parses and runs batches; false when the rest must wait for a worker or a key, or
// will never come.
func (s *Session) Serve() bool {
	if s.held != nil && s.resumeHeld() != goesOn {
		return false
	}
	ex, in := s.ex, s.Conn.In()
	for budget := turnCommands; ; {
		most, lim := resp.MaxBatch, ex.clients.ParseLimits.Load()
		if s.needAuth {
			// One at a time: AUTH in a pipeline lifts the limits for what follows it.
			most, lim = 1, &preAuthLimits
		}
		b := ex.Batch
		err := s.parser.Parse(in, b, most, lim)
		n := b.N
		if n > 0 {
			ex.Meter.InputBytes += int64(b.Bytes)
			switch s.runBatch(b, 0) {
			case holds:
				return false
			case closes:
				b.Reset() // the input behind goes with the connection
				return false
			case waits:
				s.parser.Done(in, b)
				return false
			}
			s.parser.Done(in, b)
			budget -= n
		}
		if err != nil {
			s.protocolError(err)
			return false
		}
		if n == 0 { // after a batch, parse again: a large bulk is prepared only in an empty one
			return true
		}
		if budget <= 0 {
			s.Conn.Requeue()
			return true
		}
	}
}

// resumeHeld runs the calls of the batch that the session holds.
func (s *Session) resumeHeld() outcome {
	b := s.held
	from := int(s.heldAt)
	s.held = nil
	out := s.runBatch(b, from)
	if out == holds {
		return out
	}
	if out != closes {
		s.parser.Done(s.Conn.In(), b)
	}
	b.Release()
	return out
}

// runBatch runs the calls of b from index from on.
func (s *Session) runBatch(b *resp.Batch, from int) (out outcome) {
	ex := s.ex
	now := s.Conn.Reactor().Now()
	ex.Begin(s.identity(), now)
	db := int(s.db)
	ex.Prepare(db, b)
	if at := ex.Begun(ex.clients.multi); at > from && b.N == resp.MaxBatch {
		s.putOff(b, at)
	}
	ex.Meter.Hot.Sample(db, ex.Keys, now)
	if s.throttle(b, from) {
		return holds
	}
	s.bindReply()
	before := s.Conn.OutBytes()
	ex.Meter.Start()
	c := &ex.Ctx
	open, user := s.open(), s.user // calls that are not plain may change them
	if !ex.Gate.Enter() {
		out = s.runBarred(b, from)
		s.endBatch(b, before, out)
		return s.ended(out)
	}
	ex.Rec.UnderTerm()
	for i := from; i < b.N && out == goesOn; i++ {
		cl := &ex.Calls[i]
		ex.TouchAhead(cl.To)
		if ex.Members {
			ex.TouchMembers(db, b, i)
		}
		guard := ex.Env.Guard.Load()
		free := open && guard == 0 // only rights and faults are left to look at
		if cl.Plain && (free || open && ex.ServesPlain(guard, cl)) && (user == nil || user.AllowsPlain(cl.Spec, ex.Keys[cl.From].Name)) {
			if free && user == nil && ex.InRow(b, i+1) {
				if last := ex.RunRow(b, i); last >= 0 {
					i = last
					continue
				}
				out = ex.handOver(s, b, i, s.modes.standing())
			} else if !ex.RunPlain(cl, &b.Cmds[i]) {
				out = ex.handOver(s, b, i, s.modes.standing())
			}
			continue
		}
		free = free && user == nil && cl.Spec != nil && cl.Fault == admit.NoFault && cl.Spec.Flags&command.Protected == 0
		if free && cl.Spec == ex.clients.multi && s.watching == nil {
			if end := ex.Units.WholeTransaction(b, i); end > 0 {
				i = end
				continue
			}
		}
		c.Spec, c.Args, c.Keys = cl.Spec, b.Cmds[i].Args, ex.Keys[cl.From:cl.To]
		ex.Units.Tx, ex.Units.Watching = s.tx, s.watching
		run := free
		if !free {
			out, run = s.admitCall(b, i)
		}
		switch {
		case !run:
		case cl.Spec.Flags&command.Slow != 0 || !ex.Run():
			out = ex.handOver(s, b, i, ex.Caller.Is&admit.InCluster)
		case ex.Wakes.Blocked != nil || s.closing:
			out = s.leave(b, i)
		}
		open, user = s.open(), s.user
	}
	ex.LeaveGate()
	s.endBatch(b, before, out)
	return s.ended(out)
}

// putOff leaves call at of b, a MULTI, and what is queued behind it, for the next batch: its EXEC has not found room in
// this one, and what is whole is run without being queued.
func (s *Session) putOff(b *resp.Batch, at int) {
	ex := s.ex
	if s.user != nil || s.watching != nil || !s.open() || ex.Env.Guard.Load() != 0 {
		return // it would be queued all the same
	}
	if bytes := b.Bytes; b.Cut(at) {
		ex.Meter.InputBytes -= int64(bytes - b.Bytes) // they will come again
		ex.Keys = ex.Keys[:ex.Calls[at].From]
	}
}

// ended is how a batch has left the session, which may be closing because of what the replies wait
// for, or how long they are.
func (s *Session) ended(out outcome) outcome {
	if out == goesOn && s.closing {
		return closes
	}
	return out
}

// runBarred is runBatch while a script that runs long has the executor's gate: calls that leave
// the data alone are run, others wait for it, or are refused when it is busy.
func (s *Session) runBarred(b *resp.Batch, from int) (out outcome) {
	ex := s.ex
	c := &ex.Ctx
	for i := from; i < b.N && out == goesOn; i++ {
		cl := &ex.Calls[i]
		c.Spec, c.Args, c.Keys = cl.Spec, b.Cmds[i].Args, ex.Keys[cl.From:cl.To]
		muting := s.reply
		s.nextReply()
		s.stand(c.Spec)
		needless := cl.Spec == nil || gateless(cl.Spec)
		state := ex.clients.State()
		if needless {
			state &^= admit.Busy
		}
		switch v := admit.Judge(&ex.Caller, state&^admit.OverMemory, &c.Call, cl.Fault); {
		case v.Ruling == admit.Queue:
			s.enqueue(&c.Call)
		case v.Refused():
			out = s.refuse(v, &c.Call)
		case v.Ruling == admit.Run && state&admit.Busy != 0 && cl.Spec.Flags&endsServer == endsServer:
			if command.SavesFirst(c.Args) {
				out = s.refuse(admit.Verdict{Ruling: admit.IsBusy}, &c.Call)
				break
			}
			ex.Perform(c)
		case v.Ruling == admit.Wait || !needless:
			s.reply = muting // it will come here again
			ex.postpone(s, c.Spec)
			s.hold(b, i)
			return holds
		default:
			ex.Perform(c)
			if s.closing {
				out = closes
			}
		}
	}
	return out
}

// endsServer are the flags of SHUTDOWN, which a busy script must not keep from ending the server.
const endsServer = command.AllowBusy | command.Slow

// gateless tells whether a call leaves the data, and what gates guard, alone.
func gateless(spec *command.Spec) bool {
	if spec.Flags&(command.Slow|command.Exclusive|command.Exec|command.Script|command.Write|command.ReadOnly|command.Blocking) != 0 || len(spec.Keys) > 0 {
		return false
	}
	return exec.Storeless(spec.Group) || spec.Flags&command.AllowBusy != 0
}

// admitCall asks whether the context's call, call i of b, may run now; if not, it does what the
// verdict says.
func (s *Session) admitCall(b *resp.Batch, i int) (out outcome, run bool) {
	ex := s.ex
	c := &ex.Ctx
	muting := s.reply
	s.nextReply()
	s.stand(c.Spec)
	switch v := ex.Admit(&c.Call, ex.Calls[i].Fault); v.Ruling {
	case admit.Run:
		s.asked(c.Spec)
		return goesOn, true
	case admit.Queue:
		if v.Open && exec.StraysQueued(&ex.Executor, &c.Call) {
			s.tx.Spoil()
			return goesOn, false
		}
		s.enqueue(&c.Call)
		return goesOn, false
	case admit.Wait:
		s.reply = muting // it will come here again
		ex.postpone(s, c.Spec)
		s.hold(b, i)
		return holds, false
	default:
		return s.refuse(v, &c.Call), false
	}
}

// leave ends a batch in whose call i something has happened that lets nothing else run.
func (s *Session) leave(b *resp.Batch, i int) outcome {
	ex := s.ex
	if ex.Wakes.Blocked == nil { // it is closing
		return closes
	}
	s.block(ex.Wakes.Blocked)
	ex.Wakes.Blocked = nil
	if i == b.N-1 {
		return waits
	}
	s.lastSpec = ex.Ctx.Spec
	s.hold(b, i+1)
	return holds
}

// endBatch does what comes after the calls of b. before is how much output there was at the
// start.
func (s *Session) endBatch(b *resp.Batch, before int, out outcome) {
	ex := s.ex
	ex.Meter.CloseGroup()
	ex.W.Flush()
	if ex.W.TakeOver() {
		s.closeOverLimit(s.Conn.OutBytes())
	}
	if s.reply == replyFed {
		endAnswered(s)
	}
	s.promised(ex.Rec.TakeWait())
	ex.Meter.OutputBytes += int64(s.Conn.OutBytes() - before)
	ex.Meter.Batches++
	if last := &ex.Calls[b.N-1]; out != holds {
		s.lastSpec = last.Spec // nil for what does not exist, as in Redis
		if last.Fault == admit.BadSubcommand {
			s.lastSpec = nil
		}
	}
	ex.End()
	ex.Show()
}

// open tells whether nothing about the connection's state may refuse, delay or mute a call.
func (s *Session) open() bool {
	return !s.needAuth && s.reply == replyOn && s.tx == nil && s.subCount == 0 && !s.monitoring && s.modes&asks == 0
}

// asked ends what ASKING has said: it is for one call, or for the whole of one transaction.
func (s *Session) asked(spec *command.Spec) {
	if s.modes&asks != 0 && spec != s.ex.clients.multi && (s.tx == nil || spec.Flags&command.Exec != 0) {
		s.modes.set(asks, false)
	}
}

// identity is as whom the client calls.
func (s *Session) identity() exec.Identity {
	return exec.Identity{Client: client{s}, User: s.user, Track: s.track.Load(), DB: s.db, NoTouch: s.modes&noTouch != 0}
}

// stand tells the executor how the one who calls stands; spec is what is called, nil if it does not
// exist.
func (s *Session) stand(spec *command.Spec) {
	c := &s.ex.Caller
	c.Is = 0
	if spec != nil && spec.Flags&command.Protected != 0 {
		c.Is = s.barred()
	}
	if s.needAuth {
		c.Is |= admit.NeedsAuth
	}
	if s.subCount > 0 && s.proto == resp.RESP2 {
		c.Is |= admit.Listening
	}
	if s.monitoring || s.reply == replyFed {
		c.Is |= admit.Monitoring
	}
	if c.Slots = s.ex.Env.Slots.Load(); c.Slots != nil {
		c.Is |= s.modes.standing()
	}
	if tx := s.tx; tx != nil {
		c.Is |= admit.Queueing
		c.Queued, c.Lacking, c.Reach = tx.Flags, tx.Lacking, tx.Reach
	}
}

// isLocal tells whether the client is on the same machine. Any goroutine may call it.
func (s *Session) isLocal() bool { return s.Conn.IsUnix() || s.Conn.IsLoopback() }

// barred is which of the commands that options protect its client may not use.
func (s *Session) barred() (is admit.Standing) {
	opts, local := s.ex.clients.Opts, s.isLocal()
	if !options.Allows(opts.EnableDebug.Load(), local) {
		is |= admit.NoDebug
	}
	if !options.Allows(opts.EnableModules.Load(), local) {
		is |= admit.NoModules
	}
	return is
}

// nextReply moves on what CLIENT REPLY SKIP has said.
func (s *Session) nextReply() {
	switch s.reply {
	case replySkipNext:
		s.reply = replySkipThis
		s.bindReply()
	case replySkipThis:
		s.reply = replyOn
		s.bindReply()
	}
}

// hold keeps b, whose calls from index from on have not run.
func (s *Session) hold(b *resp.Batch, from int) {
	s.held, s.heldAt = b, uint8(from)
	if b == s.ex.Batch {
		s.ex.Batch = resp.GetBatch()
	}
}

// refuse does what follows from the refusal of a call: it replies, spoils the transaction,
// ends it if the call is EXEC, and notes what was denied.
func (s *Session) refuse(v admit.Verdict, call *command.Call) outcome {
	ex, spec := s.ex, call.Spec
	s.endCaching(spec)
	if spec != nil {
		s.asked(spec)
	}
	if v.Ruling == admit.CrossProtocol {
		// A browser was made to talk to us: nothing of what it sent may be answered.
		ex.clients.Log.Warn("possible security attack: a web browser or similar sent POST or Host: to the server; connection closed",
			"client", s.Conn.RemoteAddr())
		s.Conn.Close(errCrossProtocol)
		s.closing = true
		return closes
	}
	if v.Ruling == admit.Denied {
		s.logDenied(v.Denial, call)
	}
	text := v.Text(&ex.Caller, call, ex.Why(v, client{s}))
	switch {
	case spec != nil && spec.Flags&command.Exec != 0:
		s.queue.end(ex.Env)
		if !v.Ruling.Elsewhere() {
			text = exec.AbortedBy(text)
		}
	case s.tx != nil:
		s.tx.Spoil()
	}
	ex.W.Error(text)
	if spec != nil && v.Ruling != admit.UnknownSubcommand {
		ex.Meter.Calls.Reject(spec.ID)
	}
	return goesOn
}

// enqueue keeps a call for EXEC.
func (s *Session) enqueue(call *command.Call) {
	s.tx.Add(s.ex.Env, call)
	s.ex.W.Simple("QUEUED")
}

// endCaching ends what CLIENT CACHING said, for it concerned spec's call, which was refused.
func (s *Session) endCaching(spec *command.Spec) {
	if t := s.ex.Tracker; t != nil && t.Caching && s.tx == nil && (spec == nil || spec.Flags&command.KeepsCaching == 0) {
		t.Caching = false
	}
}

// logDenied notes a call that its user may not make. It runs on the session's reactor.
func (s *Session) logDenied(d acl.Verdict, call *command.Call) {
	s.lastSpec = call.Spec // as its line in the log shows the client
	s.ex.NoteDenied(d.Denied, exec.DeniedObject(d, call), s.User(), s.tx != nil, listedOf(s).appendInfo(nil, s.Conn.Reactor().Now()))
}

var errCrossProtocol = errors.New("HTTP instead of RESP")
