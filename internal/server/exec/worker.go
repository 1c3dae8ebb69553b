package exec

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/resp"
)

// SlowCall is one command of the slow lane. Its arguments are copies: the connection
// may die, and its ring go back to the pool, while the worker runs.
type SlowCall struct {
	command.Call
	Identity
	Peer             Peer
	On               func(ex *Executor) command.Client // as whom the executor that runs it calls
	Proto            int8
	Reply            resp.Buffer
	Muted            bool // CLIENT REPLY: the reply is not wanted
	Monitoring, Auth bool // as the session was
	Is               admit.Standing
	Name, UserName   string
	Room             int    // how long the reply may become
	Wait             uint64 // what the reply waits for, see recorder.TakeWait
	Wrote            uint64
	Written          uint64      // Session.written, as it was
	Cut              bool        // the reply is not whole, and will not be sent
	Made             int         // how long it was
	Done             func()      // posted to the client's reactor
	Halt             atomic.Bool // see command.Ctx.Halt
	After            []func()    // what the call changed in the session

	Tx       *Transaction // of an EXEC
	Watching *WatchSet

	aside bool      // it was set aside for a script that lasts
	whole bool      // it runs a script that needs all gates
	turn  int64     // of scripts that last, when it was looked what is in its way
	to    *Executor // that is to run it

	Blocked *Waiter    // the call waits for a key
	wake    []readyKey // instead of a call: keys whose waiters are to be served
}

// SlowLane runs long commands on a few goroutines, each with its own executor and
// gate, while the connections that sent them are paused.
type SlowLane struct {
	mu struct {
		sync.Mutex
		queue   []*SlowCall // bounded by the number of connections
		running map[*SlowCall]struct{}
		closed  bool
	}
	wake *sync.Cond
	wg   sync.WaitGroup
}

// Start has a worker for each of the executors, which are theirs from now on.
func (l *SlowLane) Start(execs []*Executor) {
	l.wake = sync.NewCond(&l.mu.Mutex)
	l.mu.running = make(map[*SlowCall]struct{}, len(execs))
	for _, ex := range execs {
		l.wg.Add(1)
		go func() {
			defer l.wg.Done()
			for c := l.next(nil); c != nil; {
				ended := c
				switch {
				case c.wake != nil:
					ex.Wakes.serveOnWorker(c.wake)
				case !c.run(ex):
					ended = nil // it has left
				}
				c = l.next(ended)
			}
		}()
	}
}

// Submit gives a call to the workers. Anybody may call it, under any lock.
func (l *SlowLane) Submit(c *SlowCall) {
	l.mu.Lock()
	l.mu.queue = append(l.mu.queue, c)
	l.mu.Unlock()
	l.wake.Signal()
}

// next blocks for the next call after the one that has ended, nil: none has. It returns nil when the
// lane is closed.
func (l *SlowLane) next(ended *SlowCall) *SlowCall {
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

// leaves says that a call is not running, though it has not ended.
func (l *SlowLane) leaves(c *SlowCall) {
	l.mu.Lock()
	delete(l.mu.running, c)
	l.mu.Unlock()
}

// runLasting runs a call on a goroutine of its own, with an executor for scripts that last.
func (l *SlowLane) runLasting(c *SlowCall, ex *Executor) {
	l.wg.Add(1) // by a worker, which is counted
	go func() {
		defer l.wg.Done()
		if c.run(ex) {
			l.leaves(c)
		}
	}()
}

// Halt closes the lane and tells the calls that run to end early.
func (l *SlowLane) Halt() {
	l.mu.Lock()
	l.mu.closed = true
	l.mu.Unlock()
	l.EndRunning()
	l.wake.Broadcast()
}

// EndRunning tells the calls that run to end early.
func (l *SlowLane) EndRunning() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.mu.running {
		c.Halt.Store(true)
	}
}

// Close is Halt, and waits for the workers.
func (l *SlowLane) Close() {
	l.Halt()
	l.wg.Wait()
}

// Running is how many calls the workers have.
func (l *SlowLane) Running() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.mu.running)
}

// outcome is what has become of an attempt to run a call.
type outcome uint8

const (
	ran      outcome = iota
	meets            // a script that lasts is in its way
	isLong           // it runs a script that has to have an executor for what lasts
	wantsAll         // it runs a script that has to have all gates, and had such an executor
)

// run executes the call on the worker that owns ex and posts the reply back. It returns false when the
// call has been given to somebody else, or set aside.
func (sc *SlowCall) run(ex *Executor) (ended bool) {
	e := ex.Env
	b := ex.Batch
	b.Reset()
	sc.Client = sc.On(ex)
	ex.Begin(sc.Identity, time.Now().UnixMilli())
	ex.Units.Tx, ex.Units.Watching = sc.Tx, sc.Watching
	ex.W.SetProto(int(sc.Proto))
	sc.Write(ex, !sc.Muted)
	ex.Ctx.Halt = &sc.Halt
	ex.Keys, _ = ex.appendKeys(ex.Keys[:0], &sc.Call)
	sc.Keys = ex.Keys
	ex.Ctx.Call = sc.Call
	out := ran
	if e.awaitRoom(&sc.Call, sc.Tx, &sc.Halt) {
		ex.Meter.Start()
		ex.Gate.Lock()
		ex.Rec.UnderTerm()
		out = sc.attempt(ex)
		ex.Gate.Unlock()
	}
	if out != ran {
		if (considerate{ex}).rest() {
			sc.turn++ // this turn is no reason to try again
		}
		sc.pass(e, out)
		return false
	}
	ex.Meter.Slow++
	ex.Meter.CloseGroup()
	ex.W.Flush()
	if sc.Cut = ex.W.TakeOver() || sc.Halt.Load(); sc.Cut {
		sc.Made, sc.Reply = sc.Reply.Len(), resp.Buffer{}
	}
	sc.Blocked, ex.Wakes.Blocked = ex.Wakes.Blocked, nil
	sc.Wait, sc.Wrote = ex.Rec.TakeWait()
	ex.Rec.kick()
	considerate{ex}.rest()
	sc.Peer.Post(sc.Done)
	return true
}

// Write has what ex, which runs the call, writes from now on be sent to the client, or not.
func (sc *SlowCall) Write(ex *Executor, sent bool) {
	if ex.W.Flush(); ex.W.Over() {
		return // nothing will be sent
	}
	if proto := ex.W.Proto(); sent {
		ex.W.Bind(&sc.Reply, proto)
		ex.W.Limit(sc.Room - sc.Reply.Len())
	} else {
		ex.W.Bind(&ex.Quiet, proto)
	}
}

// attempt runs the call, unless it has to be set aside or given to somebody else.
func (sc *SlowCall) attempt(ex *Executor) outcome {
	x, at := &ex.Env.Scripts, considerate{ex}
	sc.turn = x.lasting.turn.Load()
	if sc.aside && sc.Halt.Load() || (slotted{ex}.movedMeanwhile(sc.Is)) {
		return ran
	}
	if at.pauses() {
		return meets
	}
	if x.Lasts() {
		need := at.needs()
		if met, busy := x.meets(&need); met != nil {
			return at.orBusy(busy)
		}
	}
	ex.scr.whole, ex.scr.lasts, ex.scr.leaves = sc.whole, false, stays
	done := ex.Run()
	switch {
	case ex.lasting && ex.scr.leaves != stays:
		return wantsAll
	case done:
		return ran
	case ex.scr.lasts:
		if sc.to = ex.Env.lend(); sc.to != nil {
			return isLong
		}
	}
	return at.orBusy(x.anyBusy())
}

// pass gives the call to somebody else, or sets it aside. The executor has been let go.
func (sc *SlowCall) pass(e *Env, out outcome) {
	if out == isLong {
		to := sc.to
		sc.to = nil
		e.Slow.runLasting(sc, to)
		return
	}
	e.Slow.leaves(sc)
	if out == wantsAll {
		sc.whole = true
		e.Slow.Submit(sc)
	} else {
		sc.aside = true
		e.setAside(sc, sc.turn)
	}
}
