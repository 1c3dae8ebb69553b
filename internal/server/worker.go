package server

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/resp"
)

// slowCall is one command of the slow lane. Its arguments are copies: the connection
// may die, and its ring go back to the pool, while the worker runs.
type slowCall struct {
	command.Call
	s                *session
	db               int32
	proto            int8
	reply            resp.Buffer
	muted            bool // CLIENT REPLY: the reply is not wanted
	monitoring, auth bool // as the session was
	name, userName   string
	pushed           resp.Buffer // what is sent nevertheless
	room             int         // how long the reply may become
	wait             uint64      // what the reply waits for, see executor.takeWait
	wrote            uint64
	written          uint64      // session.written, as it was
	cut              bool        // the reply is not whole, and will not be sent
	made             int         // how long it was
	done             func()      // posted to the session's reactor
	halt             atomic.Bool // see command.Ctx.Halt
	endAt            int64       // of the session's reactor: when its client was first seen to be at its end, 0: it is not

	user   *acl.User
	after  []func()   // what the call changed in the session
	parked *waiter    // the call waits for a key
	wake   []readyKey // instead of a call: keys whose waiters are to be served
}

// slowLane runs long commands on a few goroutines, each with its own executor and
// gate, while the connections that sent them are paused.
type slowLane struct {
	mu struct {
		sync.Mutex
		queue   []*slowCall // bounded by the number of connections
		running map[*slowCall]struct{}
		closed  bool
	}
	wake *sync.Cond
	wg   sync.WaitGroup
}

func (l *slowLane) start(execs []*executor) {
	l.wake = sync.NewCond(&l.mu.Mutex)
	l.mu.running = make(map[*slowCall]struct{}, len(execs))
	for _, ex := range execs {
		l.wg.Add(1)
		go func() {
			defer l.wg.Done()
			for c := l.next(nil); c != nil; c = l.next(c) {
				if c.wake != nil {
					ex.serveOnWorker(c.wake)
					continue
				}
				ex.runSlow(c)
			}
		}()
	}
}

func (l *slowLane) submit(c *slowCall) {
	l.mu.Lock()
	l.mu.queue = append(l.mu.queue, c)
	l.mu.Unlock()
	l.wake.Signal()
}

// next blocks for the next call after the one that has ended, nil: none has. It returns nil when the
// lane is closed.
func (l *slowLane) next(ended *slowCall) *slowCall {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.mu.running, ended)
	for len(l.mu.queue) == 0 && !l.mu.closed {
		l.wake.Wait()
	}
	if l.mu.closed {
		return nil
	}
	c := l.mu.queue[0]
	l.mu.queue[0] = nil
	l.mu.queue = l.mu.queue[1:]
	l.mu.running[c] = struct{}{}
	return c
}

// halt closes the lane and tells the calls that run to end early.
func (l *slowLane) halt() {
	l.mu.Lock()
	l.mu.closed = true
	for c := range l.mu.running {
		c.halt.Store(true)
	}
	l.mu.Unlock()
	l.wake.Broadcast()
}

// close is halt, and waits for the workers.
func (l *slowLane) close() {
	l.halt()
	l.wg.Wait()
}

// runSlow executes a call on the worker that owns ex and posts the reply back.
func (ex *executor) runSlow(sc *slowCall) {
	b := ex.batch
	b.Reset()
	ex.begin(sc.s, time.Now().UnixMilli())
	ex.ctx.DB, ex.caller = int(sc.db), admit.Caller{User: sc.user}
	flags := sc.Spec.Flags
	wc := workerClient{sc: sc, ex: ex, name: sc.name, user: sc.userName, auth: sc.auth, proto: int(sc.proto)}
	ex.ctx.Client = &wc
	if flags&command.Exec != 0 {
		flags |= sc.s.tx.flags
	}
	ex.w.Bind(&sc.reply, int(sc.proto))
	ex.w.Limit(sc.room)
	ex.ctx.Halt = &sc.halt
	ex.keys, _ = ex.appendKeys(ex.keys[:0], &sc.Call)
	sc.Keys = ex.keys
	ex.ctx.Call = sc.Call
	ex.meter.Slow++
	if ex.srv.awaitRoom(flags, &sc.halt) {
		ex.meter.Start()
		ex.gate.Lock()
		ex.run()
		ex.gate.Unlock()
	}
	ex.meter.CloseGroup()
	ex.w.Flush()
	if sc.cut = ex.w.TakeOver() || sc.halt.Load(); sc.cut {
		sc.made, sc.reply = sc.reply.Len(), resp.Buffer{}
	}
	sc.parked, ex.parked, sc.after = ex.parked, nil, wc.after
	sc.wait, sc.wrote = ex.takeWait()
	ex.kick()
	ex.end()
	ex.meter.Publish()
	sc.s.conn.Reactor().Post(sc.done)
}

// unlocked runs f without the executor's gate: f must not touch the store. Within a
// transaction that holds all gates it lets go of all of them, and of the reactors: f may
// open files and listeners or take all gates itself, and others may run in between.
func (ex *executor) unlocked(f func()) {
	if ex.whole {
		ex.endUnit() // others may record changes in between
		ex.srv.gates.unlockAll()
		met := ex.met
		if met != nil {
			ex.srv.end(met)
			ex.met = nil
		}
		f()
		if met != nil {
			ex.met = ex.srv.gather()
		}
		ex.srv.gates.lockAll()
		ex.beginUnit(nil)
		return
	}
	ex.gate.Unlock()
	f()
	ex.gate.Lock()
}

// Unlocked implements command.Lane: on a worker, outside of transactions, others may run
// meanwhile.
func (ex *executor) Unlocked(f func()) {
	if !ex.worker || ex.inExec {
		f()
		return
	}
	ex.unlocked(f)
}

// Yield implements command.Lane: a worker lets go of its gate for a moment, so that an exclusive
// operation does not wait for the whole of a long command.
func (ex *executor) Yield() {
	if ex.worker && !ex.inExec {
		ex.gate.Unlock()
		ex.gate.Lock()
	}
}

// handOver gives call i of b to the slow lane and pauses the connection. The rest of
// the batch is kept and runs when the reply is there. The caller holds ex.gate.
func (s *session) handOver(b *resp.Batch, i int) outcome {
	ex := s.ex
	sc := &slowCall{s: s, db: s.db, proto: s.proto, user: s.user, room: s.outputRoom(), muted: s.muted(), monitoring: s.monitoring, written: s.written, name: s.Name(), userName: s.User(), auth: !s.needAuth}
	sc.Spec, sc.Args = ex.calls[i].spec, b.Cmds[i].Args.Clone()
	sc.done = func() { s.slowDone(sc) }
	s.hold(b, i+1)
	if sc.Spec.Flags&command.AtOnce != 0 && s.watching == nil {
		s.watching = &watchSet{} // here, so that the worker does not change the session
	}
	s.busy = true
	ex.lent = append(ex.lent, sc)
	s.lastSpec = sc.Spec
	s.conn.Pause()
	ex.srv.slow.submit(sc)
	return holds
}

// haltCall tells the call of the session that a worker has to end early. It runs on the session's
// reactor.
func (s *session) haltCall() {
	for _, sc := range s.ex.lent {
		if sc.s == s {
			sc.halt.Store(true)
		}
	}
}

// haltDeserted halts calls whose clients have shut down their side some time ago. One that only
// says that it has no more requests still gets replies which come soon; whether one has gone for good
// shows by nothing else before something is sent.
func (ex *executor) haltDeserted(now int64) {
	for _, sc := range ex.lent {
		switch {
		case !sc.s.conn.PeerDone():
		case sc.endAt == 0:
			sc.endAt = now
		case now-sc.endAt >= desertedMs:
			sc.halt.Store(true)
		}
	}
}

// slowDone runs on the reactor: it sends the worker's reply and goes on with what
// the client had pipelined behind the command.
func (s *session) slowDone(sc *slowCall) {
	s.busy = false
	s.ex.lent = slices.DeleteFunc(s.ex.lent, func(o *slowCall) bool { return o == sc })
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
