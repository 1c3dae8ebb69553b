package server

import (
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/resp"
)

// slowCall is one command of the slow lane. Its arguments are copies: the connection
// may die, and its ring go back to the pool, while the worker runs.
type slowCall struct {
	s     *session
	spec  *command.Spec
	args  resp.Args
	db    int32
	proto int8
	reply resp.Buffer
	wait  uint64 // what the reply waits for, see executor.takeWait
	wrote uint64
	done  func() // posted to the session's reactor

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
		queue  []*slowCall // bounded by the number of connections
		closed bool
	}
	wake *sync.Cond
	wg   sync.WaitGroup
}

func (l *slowLane) start(execs []*executor) {
	l.wake = sync.NewCond(&l.mu.Mutex)
	for _, ex := range execs {
		ex.ctx.Yield, ex.ctx.Unlocked = ex.yield, ex.unlocked
		l.wg.Add(1)
		go func() {
			defer l.wg.Done()
			for c := l.next(); c != nil; c = l.next() {
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

// next blocks for the next call; nil when the lane is closed.
func (l *slowLane) next() *slowCall {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.mu.queue) == 0 && !l.mu.closed {
		l.wake.Wait()
	}
	if l.mu.closed {
		return nil
	}
	c := l.mu.queue[0]
	l.mu.queue[0] = nil
	l.mu.queue = l.mu.queue[1:]
	return c
}

// close lets the workers end after the call they are in and waits for them.
func (l *slowLane) close() {
	l.mu.Lock()
	l.mu.closed = true
	l.mu.Unlock()
	l.wake.Broadcast()
	l.wg.Wait()
}

// runSlow executes a call on the worker that owns ex and posts the reply back.
func (ex *executor) runSlow(sc *slowCall) {
	b := ex.batch
	b.Reset()
	ex.begin(sc.s, time.Now().UnixMilli())
	ex.ctx.DB, ex.slowUser = int(sc.db), sc.user
	flags := sc.spec.Flags
	wc := workerClient{session: sc.s, ex: ex}
	if flags&command.Exec != 0 {
		ex.ctx.Client = &wc
		flags |= sc.s.tx.flags
	}
	ex.w.Bind(&sc.reply, int(sc.proto))
	cl := &ex.calls[0]
	*cl = call{spec: sc.spec}
	ex.keys = ex.keys[:0]
	if sc.spec.Keys != nil {
		ex.keys = ex.appendKeys(ex.keys, cl, sc.args)
		cl.to = int32(len(ex.keys))
	}
	ex.stats.slow++
	ex.srv.awaitRoom(flags)
	ex.mark = ex.nanos()
	ex.gate.Lock()
	ex.run(cl, sc.args)
	ex.gate.Unlock()
	ex.closeGroup()
	ex.w.Flush()
	sc.parked, ex.parked, sc.after = ex.parked, nil, wc.after
	sc.wait, sc.wrote = ex.takeWait()
	ex.kick()
	ex.end()
	ex.publish()
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
		ex.beginUnit()
		return
	}
	ex.gate.Unlock()
	f()
	ex.gate.Lock()
}

// yield lets go of the executor's gate for a moment, so that an exclusive operation
// does not wait for the whole of a long command. Handlers of the slow lane call it
// between steps, while they hold no shard lock.
func (ex *executor) yield() {
	ex.gate.Unlock()
	ex.gate.Lock()
}

// handOver gives call i of b to the slow lane and pauses the connection. The rest of
// the batch is kept and runs when the reply is there. The caller holds ex.gate.
func (s *session) handOver(b *resp.Batch, i int) {
	ex := s.ex
	sc := &slowCall{s: s, spec: ex.calls[i].spec, args: b.Cmds[i].Args.Clone(), db: s.db, proto: s.proto, user: s.user}
	sc.done = func() { s.slowDone(sc) }
	s.hold(b, i+1)
	if sc.spec.Flags&command.AtOnce != 0 && s.watching == nil {
		s.watching = &watchSet{} // here, so that the worker does not change the session
	}
	s.busy = true
	s.lastSpec = sc.spec
	s.conn.Pause()
	ex.srv.slow.submit(sc)
}

// slowDone runs on the reactor: it sends the worker's reply and goes on with what
// the client had pipelined behind the command.
func (s *session) slowDone(sc *slowCall) {
	s.busy = false
	if sc.spec.Flags&command.Exec != 0 {
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
	if s.reply == replyOn {
		n, _ := s.conn.Out().Write(sc.reply.Bytes()) // a ring takes everything
		s.ex.stats.outputBytes += int64(n)
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
