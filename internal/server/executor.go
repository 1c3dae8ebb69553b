package server

import (
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/observe"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/tracking"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// executor runs commands: one belongs to each reactor and to each worker, and only
// its owner uses it. It holds what a command needs, so that running one allocates
// nothing.
type executor struct {
	srv     *Server
	gate    *gate
	ctx     command.Ctx
	w       resp.Writer
	quiet   resp.Discard
	batch   *resp.Batch
	calls   [resp.MaxBatch]batchCall
	keys    []store.Key
	places  []store.Place // how far look-ahead is with them; at least as long
	stamps  []uint32      // see store.TouchBuckets
	ahead   int           // the database that it looks into
	touched int           // how many of keys touchAhead has touched
	named   int           // up to which call touchMembers has asked for directory words,
	members bool          // whether there are any calls for it in the batch
	paged   int           // for pages
	placed  int           // and for records
	worker  bool          // it serves the slow lane

	originals bool // it also knows commands by the names they had before rename-command
	idx       []int
	changes   atomic.Int64 // that its calls have made, ever; written by its owner
	meter     observe.Meter

	swollen []*session // of a reactor: those with a softSince

	spareTx     *transaction // for the next MULTI
	queued      callReader   // of the transaction that runs
	rec         recorder
	stalled     stalled // of a reactor: sessions that wait for the journal
	lfu         command.LFU
	caller      admit.Caller // whose call runs; on a worker the session belongs to its reactor
	ev          evictor
	onInner     func(db int, k store.Key, e store.Entry) // expireInner, made once
	clientBytes atomic.Int64                             // reactors only: what the clients' buffers take, for weighClients
	limited     bool                                     // maxmemory is set: the store's sum is kept
	inUnit
	scr scriptRun
	hearing
	tracking.Actor // in client-side caching; its Reactor is the executor's index, -1: not a reactor's
	blocking
}

// inUnit is an executor's part in what runs as one: transactions and scripts.
type inUnit struct {
	inExec   bool         // the calls of one are running
	execTx   *transaction // of a transaction: it, and its EXEC
	execSpec *command.Spec
	whole    bool     // and all gates are held
	met      *meeting // of a worker: the reactors that wait for its transaction
	gateless bool     // of a reactor: a script has its gate, see takeAll
}

// blocking is an executor's part in blocking commands, see blocked.go and serve.go.
type blocking struct {
	serving  *command.Ctx // nil until it is needed
	ready    []readyKey   // changed keys that clients wait for
	readyAt  int          // the one being served
	later    []readyKey   // those that needed more shards than were held
	served   []*waiter    // whose replies are to be posted
	arrivals []*waiter    // those of them that are this reactor's own
	parked   *waiter      // made of the call that has just run
	timers   timerHeap    // of a reactor: its sessions' deadlines
	lent     []*slowCall  // of a reactor: its sessions' calls that workers have

	postponed   []*session // of a reactor: those that wait for the end of a pause, see pause.go
	pausedUntil int64      // which is then, milliseconds since 1970

	monitored    bool   // somebody monitors: calls are noted
	monitorLines []byte // of calls since the last post, see monitor.go
}

// net is what a reactor's executor has seen of the network.
func (ex *executor) net() netio.Counts { return ex.srv.group.Reactors()[ex.Reactor].Counts() }

// show shows the counters of a reactor, on that reactor.
func (ex *executor) show() { ex.meter.Show(ex.net()) }

// whoIs is observe.Who.
func whoIs(c command.Client) (addr, name string) {
	if se := sessionOf(c); se != nil {
		return se.conn.RemoteAddr(), c.Name()
	}
	return "", ""
}

func newExecutor(srv *Server, g *gate) *executor {
	ex := &executor{srv: srv, gate: g, batch: resp.GetBatch()}
	ex.onInner = ex.expireInner
	ex.Reactor = -1
	ex.meter.Init(srv.logs, srv.table, &ex.ctx, whoIs)
	ex.w.OnError = srv.logs.Errors.Add
	ex.stalled.wake = ex.release
	ex.ctx = ex.newCtx(&ex.w)
	return ex
}

// begin readies the context for commands of one client. now is in milliseconds since
// 1970: a reactor's reading at the start of its turn, or a worker's own.
func (ex *executor) begin(s *session, now int64) {
	ex.ctx.Client, ex.ctx.DB, ex.ctx.NoTouch, ex.ctx.CanWait = s, int(s.db), s.noTouch, true
	ex.Tracker = s.track.Load()
	ex.caller = admit.Caller{User: s.user}
	ex.setClock(ex.srv.wall(now))
}

// setClock gives the context the time and the options of this moment.
func (ex *executor) setClock(now int64) {
	c := &ex.ctx
	c.Limits = ex.srv.limits.Load()
	c.Now = now
	ex.meter.Refresh()
	policy := ex.srv.opts.MaxMemoryPolicy.Load()
	c.AllChanges, c.AllMisses = false, false
	if on := ex.srv.opts.NotifyKeyspaceEvents.Load(); on != 0 {
		c.AllChanges = true
		c.AllMisses = on&options.EventMiss != 0
	}
	c.LFU = nil
	if isLFU(policy) {
		ex.lfu = ex.srv.lfuParameters()
		c.LFU = &ex.lfu
	}
	guard := ex.srv.guard.Load()
	ex.limited, ex.monitored = guard&guardMemory != 0, guard&guardMonitored != 0
	var clock uint32
	clock, c.ClockUnitMs = accessClock(policy, now)
	if clock != c.Clock {
		c.Clock = clock
		ex.srv.store.SetAccessClock(clock, c.LFU != nil)
	}
}

// end collects what the handlers counted and lets go of what must not be kept.
func (ex *executor) end() {
	ex.postMonitorLines()
	ex.collect(&ex.ctx)
	ex.Tracker = nil
	if cap(ex.keys) > keepKeysEntries {
		ex.keys, ex.places, ex.stamps, ex.idx = nil, nil, nil, nil
	}
}

// collect adds what handlers counted in c to the executor's statistics.
func (ex *executor) collect(c *command.Ctx) {
	st := &ex.meter
	st.Hits += c.Hits
	st.Misses += c.Misses
	if c.Dirty != 0 {
		ex.changes.Store(ex.changes.Load() + c.Dirty) // nobody else writes it
	}
	st.Errors += int64(c.W.TakeErrors())
	c.Hits, c.Misses, c.Dirty = 0, 0, 0
	if c.FieldsGone != 0 {
		ex.srv.counts.expiredFields.Add(c.FieldsGone)
		c.FieldsGone = 0
	}
	if cap(c.Scratch) > keepScratchBytes {
		c.Scratch = nil
	}
}
