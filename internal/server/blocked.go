package server

import (
	"container/heap"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/tracking"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// waiter is a blocked client: the call that waits, and its places in the queues of the
// keys that it waits for. Whoever ends the waiting claims it under mu: an executor that
// has a reply for it, or its own reactor because of a timeout, CLIENT UNBLOCK or the end
// of the connection. So nothing is taken from a key for a client that is not there any
// more, and nobody answers twice.
type waiter struct {
	mu struct { // below the shard locks, above shardObservers.mu
		sync.Mutex
		over bool // somebody has claimed it
	}
	command.Call  // its own copy
	s             *session
	name          string         // its client's
	user          string         // its client's: whose rights count is looked up when it is served
	shards        store.ShardSet // of keys and of those waited for
	nodes         []*waitNode
	db            int
	proto         int
	track         *tracking.Tracker // the client's, nil: it has none
	noTouch       bool
	over          func(w *resp.Writer) // replies when the waiting ends otherwise, nil: NullArray
	synced        uint64               // that is, too, when the AOF is synced up to here; 0: nothing of the kind
	deadline      int64                // milliseconds since 1970, 0: none
	clockDeadline int64                // the same by the server's Clock
	reply         resp.Buffer
	wait          uint64 // what the reply waits for, see executor.takeWait
	wrote         uint64
	spent         int64       // what its attempts have taken, nanoseconds
	denial        acl.Verdict // why it was not served: its reactor notes that

	// The rest belongs to the session's reactor.
	place int  // in executor.timers, -1: none
	early bool // the reply came before the worker's word that the client is blocked
}

// park makes a waiter of the call that has just run and asked for it. The shard locks
// of its keys are held.
func (ex *executor) park() {
	c := &ex.ctx
	s := sessionOf(c.Client)
	w := &waiter{
		s: s, name: c.Client.Name(), user: c.Client.User(), db: c.DB, proto: ex.w.Proto(), noTouch: c.NoTouch, over: c.Waiting.Over, synced: c.Waiting.Synced, place: -1,
		spent: ex.meter.Spent,
	}
	w.Spec, w.Args = c.Spec, c.Args.Clone()
	w.Keys, _ = ex.appendKeys(nil, &w.Call)
	w.shards = shardsOf(w.Keys)
	for _, k := range c.Waiting.Keys {
		w.shards.Add(k.Shard)
		ex.srv.enqueue(w, w.db, k)
	}
	if ms := c.Waiting.TimeoutMs; ms > 0 {
		// Rounded up, so that nobody is told too early.
		w.deadline = min((time.Now().UnixNano()+999_999)/1_000_000, math.MaxInt64-ms) + ms
		w.clockDeadline = min(ex.srv.wall(w.deadline-ms), math.MaxInt64-ms) + ms
	}
	c.Waiting = command.Wait{}
	w.track = ex.Tracker
	ex.srv.counts.blocked.Add(1)
	if w.deadline != 0 {
		ex.srv.counts.timed.Add(1)
	}
	ex.parked = w
}

// end claims the waiter for its reactor; false when an executor has it already, whose
// reply is under way.
func (w *waiter) end() bool {
	w.mu.Lock()
	ok := !w.mu.over
	w.mu.over = true
	w.mu.Unlock()
	if ok {
		w.leave()
	}
	return ok
}

// leave takes a claimed waiter out of all queues.
func (w *waiter) leave() {
	for _, n := range w.nodes {
		n.dequeue()
	}
	counts := &w.s.ex.srv.counts
	counts.blocked.Add(-1)
	if w.deadline != 0 {
		counts.timed.Add(-1)
	}
}

// arrived runs on the session's reactor: there is a reply.
func (w *waiter) arrived() {
	if w.s.busy {
		w.early = true
		return
	}
	w.s.wake(w)
}

// endTurn gives the reactor's own clients what its commands had for them.
func (ex *executor) endTurn() {
	for len(ex.arrivals) > 0 {
		w := ex.arrivals[0]
		ex.arrivals = slices.Delete(ex.arrivals, 0, 1)
		w.arrived()
	}
	ex.outlet.EndTurn()
	if ex.flushEnd {
		ex.flushEnd = false
		ex.flushTouched()
	}
}

// block makes the session wait. The session's reactor calls it.
func (s *session) block(w *waiter) {
	s.blocked = w
	if w.deadline != 0 {
		heap.Push(&s.ex.timers, w)
		s.ex.armAlarm(s.conn.Reactor())
	}
	if w.synced != 0 {
		s.ex.stalled.syncing = append(s.ex.stalled.syncing, w)
		s.ex.rec.kick = true // the turn's end looks at it
	}
}

// wake ends the waiting with w.reply, and lets the session go on.
func (s *session) wake(w *waiter) {
	if s.blocked != w {
		return // closed meanwhile
	}
	if w.denial.Denied != acl.Allowed {
		s.logDenied(w.denial, &w.Call)
	}
	s.blocked = nil
	s.active = s.conn.Reactor().Now() // it has waited, which is not being idle
	if w.place >= 0 {
		heap.Remove(&s.ex.timers, w.place)
	}
	if !s.muted() {
		n, _ := s.conn.Out().Write(w.reply.Bytes()) // a ring takes everything
		s.ex.meter.OutputBytes += int64(n)
	}
	s.pushHeld()
	s.promised(w.wait, w.wrote)
	s.ex.show()
	s.conn.Flush()
	s.checkOutput()
	s.park()
	if s.held != nil || s.conn.In().Len() > 0 {
		s.conn.Requeue()
	}
}

// wakeWith is wake with a reply other than the command's own: a null, or an error. It
// returns false when the command's own is under way.
func (s *session) wakeWith(w *waiter, errText string) bool {
	if !w.end() {
		return false
	}
	out := &s.ex.w
	out.Bind(&w.reply, w.proto)
	switch {
	case errText != "":
		out.Error(errText)
	case w.over != nil:
		w.over(out)
	default:
		out.NullArray()
	}
	out.Flush()
	s.ex.meter.Errors += int64(out.TakeErrors())
	s.ex.meter.CountTimed(s, &w.Call, w.spent, errText != "")
	s.wake(w)
	return true
}

// stopWaiting is for a connection that ends.
func (s *session) stopWaiting() {
	w := s.blocked
	if w == nil {
		return
	}
	s.blocked = nil
	if w.place >= 0 {
		heap.Remove(&s.ex.timers, w.place)
	}
	w.end() // else its reply is under way, and lost like any that a dead client does not read
}

// Alarm implements netio.Alarmer: it ends the waiting of those whose time has come.
func (s *Server) Alarm(r *netio.Reactor) {
	ex := r.Local.(*executor)
	now := time.Now().UnixMilli()
	for len(ex.timers) > 0 && ex.timers[0].deadline <= now {
		w := heap.Pop(&ex.timers).(*waiter)
		w.s.wakeWith(w, "")
	}
	ex.pauseAlarm()
	ex.armAlarm(r)
}

// errUnblocked is what CLIENT UNBLOCK with ERROR replies to the blocked client.
const errUnblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK"

// Unblock implements command.ClientsHost.
func (h clientsHost) Unblock(c *command.Ctx, id int64, withError bool) bool {
	text := ""
	if withError {
		text = errUnblocked
	}
	parts := make([]bool, len(h.srv.execs))
	h.srv.askReactors(c, func(r *netio.Reactor, _ *executor) {
		eachSession(r, func(se *session) {
			if se.id == id && se.blocked != nil {
				parts[r.Index()] = se.wakeWith(se.blocked, text)
			}
		})
	})
	for _, ok := range parts {
		if ok {
			return true
		}
	}
	return false
}

// timerHeap orders the waiters of one reactor by deadline.
type timerHeap []*waiter

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].deadline < h[j].deadline }
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push implements heap.Interface.
func (h *timerHeap) Push(x any) {
	w := x.(*waiter)
	w.place = len(*h)
	*h = append(*h, w)
}

// Pop implements heap.Interface.
func (h *timerHeap) Pop() any {
	old := *h
	n := len(old) - 1
	w := old[n]
	old[n] = nil
	*h = old[:n]
	w.place = -1
	return w
}
