package session

import (
	"slices"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/resp"
)

// This file is the slow lane as sessions have it: how a call is handed over, and how its reply comes back.

// lentCall is a call of a session that a worker has.
type lentCall struct {
	sc    *exec.SlowCall
	s     *Session
	endAt int64 // when the client was first seen to be at its end, 0: it is not
}

// handOver gives call i of b, which is s's, to the slow lane and pauses the connection. The rest of
// the batch is kept and runs when the reply is there. is is what the client is in a cluster. The caller holds ex.Gate.
func (ex *Station) handOver(s *Session, b *resp.Batch, i int, is admit.Standing) outcome {
	l := &lentCall{s: s}
	sc := &exec.SlowCall{Identity: s.identity(), Peer: s, Proto: s.proto, Room: s.outputRoom(), Muted: s.muted(), Monitoring: s.monitoring, Written: s.written, Name: s.Name(), UserName: s.User(), Auth: !s.needAuth, Is: is}
	l.sc = sc
	sc.Spec, sc.Args = ex.Calls[i].Spec, b.Cmds[i].Args.Clone()
	sc.On = func(ex *exec.Executor) command.Client { return newWorkerClient(s, sc, ex) }
	sc.Done = l.done
	s.hold(b, i+1)
	if sc.Spec.Flags&command.AtOnce != 0 && s.watching == nil {
		s.watching = &exec.WatchSet{} // here, so that the worker does not change the session
	}
	sc.Tx, sc.Watching = s.tx, s.watching
	s.busy = true
	ex.lent = append(ex.lent, l)
	s.lastSpec = sc.Spec
	s.Conn.Pause()
	ex.Env.Slow.Submit(sc)
	return holds
}

// haltCall tells the call of s that a worker has to end early. It runs on the session's
// reactor.
func (st *Station) haltCall(s *Session) {
	for _, l := range st.lent {
		if l.s == s {
			l.sc.Halt.Store(true)
		}
	}
}

// haltDeserted halts calls whose clients have shut down their side some time ago. One that only
// says that it has no more requests still gets replies which come soon; whether one has gone for good
// shows by nothing else before something is sent.
func (st *Station) haltDeserted(now int64) {
	for _, l := range st.lent {
		switch {
		case !l.s.Conn.PeerDone():
		case l.endAt == 0:
			l.endAt = now
		case now-l.endAt >= desertedMs:
			l.sc.Halt.Store(true)
		}
	}
}

// done runs on the reactor: it sends the worker's reply and goes on with what
// the client had pipelined behind the command.
func (l *lentCall) done() {
	s, sc := l.s, l.sc
	s.busy = false
	s.ex.lent = slices.DeleteFunc(s.ex.lent, func(o *lentCall) bool { return o == l })
	if sc.Spec.Flags&command.Exec != 0 {
		s.tx = nil
	}
	if s.closed {
		s.unwatch(s.ex.Env)
		s.ex.leaveChannels(s)
		s.caching.stop(true)
		if sc.Blocked != nil {
			sc.Blocked.End()
		}
		return
	}
	for _, f := range sc.After {
		f()
	}
	if sc.Cut {
		if sc.Blocked != nil {
			sc.Blocked.End()
		}
		s.closeCut(sc.Halt.Load(), sc.Made)
		return
	}
	if sc.Reply.Len() > 0 {
		n, _ := s.Conn.Out().Write(sc.Reply.Bytes()) // a ring takes everything
		s.ex.Meter.OutputBytes += int64(n)
	}
	s.promised(sc.Wait, sc.Wrote)
	if s.closing { // the client killed itself, or quit, on the worker
		s.Conn.Flush()
		s.Conn.CloseAfterFlush()
		return
	}
	if w := sc.Blocked; w != nil {
		s.block(w)
		if w.Early {
			s.wake(w)
		}
	}
	s.pushHeld()
	if s.more != nil && s.more.strays {
		s.more.strays = false
		s.ex.endStrayedChannels(s)
		s.ex.flushPushed()
	}
	if !s.stalled {
		s.Conn.Resume()
	}
}
