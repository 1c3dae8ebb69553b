package server

import (
	"slices"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

// This file is the slow lane as sessions have it: how a call is handed over, and how its reply comes back.

// lentCall is a call of a session that a worker has.
type lentCall struct {
	sc    *slowCall
	s     *session
	endAt int64 // when the client was first seen to be at its end, 0: it is not
}

// handOver gives call i of b to the slow lane and pauses the connection. The rest of
// the batch is kept and runs when the reply is there. The caller holds ex.gate.
func (s *session) handOver(b *resp.Batch, i int) outcome {
	ex := s.ex
	sc := &slowCall{identity: s.identity(), peer: s, proto: s.proto, room: s.outputRoom(), muted: s.muted(), monitoring: s.monitoring, written: s.written, name: s.Name(), userName: s.User(), auth: !s.needAuth}
	sc.Spec, sc.Args = ex.calls[i].spec, b.Cmds[i].Args.Clone()
	sc.on = func(ex *executor) command.Client { return newWorkerClient(s, sc, ex) }
	sc.done = func() { s.slowDone(sc) }
	s.hold(b, i+1)
	if sc.Spec.Flags&command.AtOnce != 0 && s.watching == nil {
		s.watching = &watchSet{} // here, so that the worker does not change the session
	}
	sc.tx, sc.watching = s.tx, s.watching
	s.busy = true
	ex.lent = append(ex.lent, &lentCall{sc: sc, s: s})
	s.lastSpec = sc.Spec
	s.conn.Pause()
	ex.env.slow.submit(sc)
	return holds
}

// haltCall tells the call of the session that a worker has to end early. It runs on the session's
// reactor.
func (s *session) haltCall() {
	for _, l := range s.ex.lent {
		if l.s == s {
			l.sc.halt.Store(true)
		}
	}
}

// haltDeserted halts calls whose clients have shut down their side some time ago. One that only
// says that it has no more requests still gets replies which come soon; whether one has gone for good
// shows by nothing else before something is sent.
func (st *station) haltDeserted(now int64) {
	for _, l := range st.lent {
		switch {
		case !l.s.conn.PeerDone():
		case l.endAt == 0:
			l.endAt = now
		case now-l.endAt >= desertedMs:
			l.sc.halt.Store(true)
		}
	}
}

// slowDone runs on the reactor: it sends the worker's reply and goes on with what
// the client had pipelined behind the command.
func (s *session) slowDone(sc *slowCall) {
	s.busy = false
	s.ex.lent = slices.DeleteFunc(s.ex.lent, func(l *lentCall) bool { return l.sc == sc })
	if sc.Spec.Flags&command.Exec != 0 {
		s.tx = nil
	}
	if s.closed {
		s.Unwatch()
		s.unsubscribeAll()
		s.untrack(true)
		if sc.parked != nil {
			sc.parked.end()
		}
		return
	}
	for _, f := range sc.after {
		f()
	}
	if sc.cut {
		if sc.parked != nil {
			sc.parked.end()
		}
		s.closeCut(sc.halt.Load(), sc.made)
		return
	}
	out := &sc.reply
	if s.muted() {
		out = &sc.pushed
	}
	if out.Len() > 0 {
		n, _ := s.conn.Out().Write(out.Bytes()) // a ring takes everything
		s.ex.meter.OutputBytes += int64(n)
	}
	s.promised(sc.wait, sc.wrote)
	if s.closing { // the client killed itself, or quit, on the worker
		s.conn.Flush()
		s.conn.CloseAfterFlush()
		return
	}
	if w := sc.parked; w != nil {
		s.block(w)
		if w.early {
			s.wake(w)
		}
	}
	s.pushHeld()
	if !s.stalled {
		s.conn.Resume()
	}
}
