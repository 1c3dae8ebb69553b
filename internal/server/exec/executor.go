package exec

import (
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/keeper"
	"github.com/kringdb/kring/internal/server/observe"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/tracking"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/resp"
)

// Executor runs commands: one belongs to each reactor and to each worker, and only
// its owner uses it. It holds what a command needs, so that running one allocates
// nothing; what concerns a subject of its own is a part, which has that state and what is done with it.
type Executor struct {
	Env   *Env
	Gate  *Gate
	Ctx   command.Ctx
	W     resp.Writer
	Quiet resp.Discard
	Batch *resp.Batch
	admission

	lookAhead                // of the batch: its calls and their keys
	Rec            recorder  // of what calls change
	Wakes          wakes     // of blocked clients
	Units          units     // transactions, and what scripts have in common with them
	scr            scriptRun // the script that runs
	eviction       eviction
	hand           hand  // for the keeper
	Shown          shown // to MONITOR
	Meter          observe.Meter
	tracking.Actor // in client-side caching; its Reactor is the executor's index, -1: not a reactor's

	Changes   atomic.Int64 // that its calls have made, ever; written by its owner
	lfu       command.LFU
	limited   bool // maxmemory is set: the store's sum is kept
	Worker    bool // it serves the slow lane
	lasting   bool // it runs scripts that last
	hasLasted bool // one has run since it was lent
	patient   bool // it waits for those
	Gateless  bool // of a reactor: a script has its gate, see takeAll
	FlushEnd  bool // of a reactor: there is output to be flushed when the turn ends
}

// admission is whose call runs, and what was decided about it.
type admission struct {
	Caller admit.Caller  // on a worker the session belongs to its reactor
	open   admit.Verdict // of the call that runs next: if it is Open, its keys must be here
}

// Of is who runs c's call.
func Of(c *command.Ctx) *Executor { return c.Lane.(*Executor) }

// net is what a reactor's executor has seen of the network.
func (ex *Executor) net() netio.Counts { return ex.Env.Group.Reactors()[ex.Reactor].Counts() }

// Show shows the counters of a reactor, on that reactor.
func (ex *Executor) Show() { ex.Meter.Show(ex.net()) }

// Hand is ex for the keeper.
func (ex *Executor) Hand() keeper.Hand { return &ex.hand }

// whoIs is observe.Who.
func whoIs(c command.Client) (addr, name string) {
	if p := PeerOf(c); p != nil {
		addr, _ = p.Addr()
		return addr, c.Name()
	}
	return "", ""
}

// New returns an executor that belongs to no reactor, whose gate is g.
func New(env *Env, g *Gate) *Executor {
	ex := new(Executor)
	ex.Init(env, g)
	return ex
}

// Init readies a new executor.
func (ex *Executor) Init(env *Env, g *Gate) {
	ex.Env, ex.Gate, ex.Batch = env, g, resp.GetBatch()
	ex.lookAhead.store, ex.lookAhead.table = env.Store, env.Table
	ex.eviction.env, ex.Shown.env = env, env
	ex.Rec.env, ex.Wakes.ex, ex.Units.ex = env, ex, ex
	ex.hand.init(ex)
	ex.Reactor = -1
	ex.Meter.Init(env.Logs, env.Table, &ex.Ctx, whoIs)
	ex.W.OnError = env.Logs.Errors.Add
	ex.Ctx = ex.newCtx(&ex.W)
}

// newCtx makes a context for calls that run on ex; whoever runs one says for whom. Nothing that
// a handler may use is missing in it, whatever the executor is for.
func (ex *Executor) newCtx(w *resp.Writer) command.Ctx {
	e := ex.Env
	return command.Ctx{
		W: w, Store: e.Store, Host: e.Host, Lane: ex, Client: &command.Nobody{}, Limits: e.Limits.Load(),
		NowIsFixed: e.Clock != nil, Now: e.NowMs(),
	}
}

// Begin readies the context for commands of one client. now is in milliseconds since
// 1970: a reactor's reading at the start of its turn, or a worker's own.
func (ex *Executor) Begin(who Identity, now int64) {
	ex.Ctx.Client, ex.Ctx.DB, ex.Ctx.NoTouch, ex.Ctx.CanWait = who.Client, int(who.DB), who.NoTouch, true
	ex.Tracker = who.Track
	ex.Caller = admit.Caller{User: who.User}
	ex.setClock(ex.Env.Wall(now))
}

// setClock gives the context the time and the options of this moment.
func (ex *Executor) setClock(now int64) {
	c := &ex.Ctx
	c.Limits = ex.Env.Limits.Load()
	c.Now = now
	ex.Meter.Refresh()
	policy := ex.Env.Opts.MaxMemoryPolicy.Load()
	c.AllChanges, c.AllMisses = false, false
	if on := ex.Env.Opts.NotifyKeyspaceEvents.Load(); on != 0 {
		c.AllChanges = true
		c.AllMisses = on&options.EventMiss != 0
	}
	c.LFU = nil
	if keeper.IsLFU(policy) {
		ex.lfu = keeper.LFUParameters(ex.Env.Opts)
		c.LFU = &ex.lfu
	}
	guard := ex.Env.Guard.Load()
	ex.limited, ex.Shown.On = guard&GuardMemory != 0, guard&GuardMonitored != 0
	var clock uint32
	clock, c.ClockUnitMs = keeper.AccessClock(policy, now)
	if clock != c.Clock {
		c.Clock = clock
		ex.Env.Store.SetAccessClock(clock, c.LFU != nil)
	}
}

// End collects what the handlers counted and lets go of what must not be kept.
func (ex *Executor) End() {
	ex.Shown.post()
	ex.collect(&ex.Ctx)
	if ex.scr.ran {
		scriptHost{ex}.restScript()
	}
	ex.Tracker, ex.Units.Tx, ex.Units.Watching = nil, nil, nil
	ex.shrink()
}

// collect adds what handlers counted in c to the executor's statistics.
func (ex *Executor) collect(c *command.Ctx) {
	st := &ex.Meter
	st.Hits += c.Hits
	st.Misses += c.Misses
	if c.Dirty != 0 {
		ex.Changes.Store(ex.Changes.Load() + c.Dirty) // nobody else writes it
	}
	st.Errors += int64(c.W.TakeErrors())
	c.Hits, c.Misses, c.Dirty = 0, 0, 0
	if c.FieldsGone != 0 {
		ex.Env.ExpiredFields.Add(c.FieldsGone)
		c.FieldsGone = 0
	}
	if cap(c.Scratch) > keepScratchBytes {
		c.Scratch = nil
	}
}
