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
	env     *env
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

	spareTx  *transaction // for the next MULTI
	queued   callReader   // of the transaction that runs
	rec      recorder
	lfu      command.LFU
	caller   admit.Caller // whose call runs; on a worker the session belongs to its reactor
	ev       evictor
	onInner  func(db int, k store.Key, e store.Entry) // expireInner, made once
	limited  bool                                     // maxmemory is set: the store's sum is kept
	tx       *transaction                             // the caller's, if the call is EXEC; nil: it has none
	watching *watchSet                                // and its watches, nil: it has none
	inUnit
	scr            scriptRun
	pushes         []byte // what was published to the client whose EXEC is running
	flushEnd       bool   // of a reactor: there is output to be flushed when the turn ends
	tracking.Actor        // in client-side caching; its Reactor is the executor's index, -1: not a reactor's
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

	monitored    bool   // somebody monitors: calls are noted
	monitorLines []byte // of calls since the last post, see monitor.go
}

// net is what a reactor's executor has seen of the network.
func (ex *executor) net() netio.Counts { return ex.env.group.Reactors()[ex.Reactor].Counts() }

// show shows the counters of a reactor, on that reactor.
func (ex *executor) show() { ex.meter.Show(ex.net()) }

// whoIs is observe.Who.
func whoIs(c command.Client) (addr, name string) {
	if p := peerOf(c); p != nil {
		addr, _ = p.Addr()
		return addr, c.Name()
	}
	return "", ""
}

func newExecutor(env *env, g *gate) *executor {
	ex := new(executor)
	ex.init(env, g)
	return ex
}

// init readies a new executor.
func (ex *executor) init(env *env, g *gate) {
	ex.env, ex.gate, ex.batch = env, g, resp.GetBatch()
	ex.onInner = ex.expireInner
	ex.Reactor = -1
	ex.meter.Init(env.logs, env.table, &ex.ctx, whoIs)
	ex.w.OnError = env.logs.Errors.Add
	ex.ctx = ex.newCtx(&ex.w)
}

// newCtx makes a context for calls that run on ex; whoever runs one says for whom. Nothing that
// a handler may use is missing in it, whatever the executor is for.
func (ex *executor) newCtx(w *resp.Writer) command.Ctx {
	e := ex.env
	return command.Ctx{
		W: w, Store: e.store, Host: e.host, Lane: ex, Client: &command.Nobody{}, Limits: e.limits.Load(),
		NowIsFixed: e.clock != nil, Now: e.nowMs(),
	}
}

// begin readies the context for commands of one client. now is in milliseconds since
// 1970: a reactor's reading at the start of its turn, or a worker's own.
func (ex *executor) begin(who identity, now int64) {
	ex.ctx.Client, ex.ctx.DB, ex.ctx.NoTouch, ex.ctx.CanWait = who.client, int(who.db), who.noTouch, true
	ex.Tracker = who.track
	ex.caller = admit.Caller{User: who.user}
	ex.setClock(ex.env.wall(now))
}

// setClock gives the context the time and the options of this moment.
func (ex *executor) setClock(now int64) {
	c := &ex.ctx
	c.Limits = ex.env.limits.Load()
	c.Now = now
	ex.meter.Refresh()
	policy := ex.env.opts.MaxMemoryPolicy.Load()
	c.AllChanges, c.AllMisses = false, false
	if on := ex.env.opts.NotifyKeyspaceEvents.Load(); on != 0 {
		c.AllChanges = true
		c.AllMisses = on&options.EventMiss != 0
	}
	c.LFU = nil
	if isLFU(policy) {
		ex.lfu = lfuParameters(ex.env.opts)
		c.LFU = &ex.lfu
	}
	guard := ex.env.guard.Load()
	ex.limited, ex.monitored = guard&guardMemory != 0, guard&guardMonitored != 0
	var clock uint32
	clock, c.ClockUnitMs = accessClock(policy, now)
	if clock != c.Clock {
		c.Clock = clock
		ex.env.store.SetAccessClock(clock, c.LFU != nil)
	}
}

// end collects what the handlers counted and lets go of what must not be kept.
func (ex *executor) end() {
	ex.postMonitorLines()
	ex.collect(&ex.ctx)
	ex.Tracker, ex.tx, ex.watching = nil, nil, nil
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
		ex.env.expiredFields.Add(c.FieldsGone)
		c.FieldsGone = 0
	}
	if cap(c.Scratch) > keepScratchBytes {
		c.Scratch = nil
	}
}
