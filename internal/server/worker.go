package server

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

// slowCall is one command of the slow lane. Its arguments are copies: the connection
// may die, and its ring go back to the pool, while the worker runs.
type slowCall struct {
	command.Call
	identity
	peer             peer
	on               func(ex *executor) command.Client // as whom the executor that runs it calls
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
	done             func()      // posted to the client's reactor
	halt             atomic.Bool // see command.Ctx.Halt
	after            []func()    // what the call changed in the session

	tx       *transaction // of an EXEC
	watching *watchSet

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
	l.mu.Unlock()
	l.endRunning()
	l.wake.Broadcast()
}

// endRunning tells the calls that run to end early.
func (l *slowLane) endRunning() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.mu.running {
		c.halt.Store(true)
	}
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
	sc.client = sc.on(ex)
	ex.begin(sc.identity, time.Now().UnixMilli())
	ex.tx, ex.watching = sc.tx, sc.watching
	flags := sc.Spec.Flags
	if flags&command.Exec != 0 {
		flags |= sc.tx.flags
	}
	ex.w.Bind(&sc.reply, int(sc.proto))
	ex.w.Limit(sc.room)
	ex.ctx.Halt = &sc.halt
	ex.keys, _ = ex.appendKeys(ex.keys[:0], &sc.Call)
	sc.Keys = ex.keys
	ex.ctx.Call = sc.Call
	ex.meter.Slow++
	if ex.env.awaitRoom(flags, &sc.halt) {
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
	sc.parked, ex.parked = ex.parked, nil
	sc.wait, sc.wrote = ex.takeWait()
	ex.kick()
	ex.end()
	ex.meter.Publish()
	sc.peer.Post(sc.done)
}

// unlocked runs f without the executor's gate: f must not touch the store. Within a
// transaction that holds all gates it lets go of all of them, and of the reactors: f may
// open files and listeners or take all gates itself, and others may run in between.
func (ex *executor) unlocked(f func()) {
	if ex.whole {
		ex.endUnit() // others may record changes in between
		ex.env.gates.unlockAll()
		met := ex.met
		if met != nil {
			ex.env.end(met)
			ex.met = nil
		}
		f()
		if met != nil {
			ex.met = ex.env.gather()
		}
		ex.env.gates.lockAll()
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
