package server

import (
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/stats"
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
	calls   [resp.MaxBatch]call
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
	stats     execStats
	cmds      *stats.Table // calls and times by command
	mark      int64        // when the running command began, see nanos

	hot       stats.HotKeys
	unsampled int        // batches since the last sample
	luck      uint64     // a random state, for picking the sample
	agedAt    int64      // when hot was aged, milliseconds since 1970
	swollen   []*session // of a reactor: those with a softSince

	group       callGroup
	wholes      wholeGroup   // the calls of group, if it is one of transactions
	together    bool         // the calls of a transaction, all short, are timed together
	ran         int          // how many of them have run
	spareTx     *transaction // for the next MULTI
	watchNanos  int64        // calls that take longer concern the slow log or the latency monitor
	timed       bool         // latency-tracking
	rec         recorder
	stalled     stalled // of a reactor: sessions that wait for the journal
	host        host
	lfu         command.LFU
	ev          evictor
	onInner     func(db int, k store.Key, e store.Entry) // expireInner, made once
	clientBytes atomic.Int64                             // reactors only: what the clients' buffers take, for weighClients
	limited     bool                                     // maxmemory is set: the store's sum is kept
	rate        rateSample
	netBase     netio.Counts   // of a reactor: at the last CONFIG RESETSTAT
	pub         publishedStats // workers only: stats for others to read
	inExec      bool           // a transaction's calls are running
	execTx      *transaction   // it, and its EXEC
	execSpec    *command.Spec
	whole       bool      // and all gates are held
	met         *meeting  // of a worker: the reactors that wait for its transaction
	slowUser    *acl.User // the user of a worker's client, see executor.user
	hearing
	tracks
	blocking
}

// hearing is an executor's part in pub/sub and keyspace events, see pubsub.go.
type hearing struct {
	reactor   int // its index, -1: not a reactor's
	listening listening
	pushes    []byte                    // what was published to the client whose EXEC is running
	onMiss    func(db int, k store.Key) // missed, made once
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

// call is one command of a batch, resolved by prepare: its spec and its keys.
type call struct {
	spec     *command.Spec // nil: unknown command
	from, to int32         // its keys in executor.keys
	bad      callFault
	plain    bool              // see runPlain; then bad is callOK
	member   store.MemberPlace // where look-ahead has come to within the key's value
}

// callFault says why a call cannot run.
type callFault uint8

const (
	callOK callFault = iota
	callUnknownSub
	callArity
	callKeys
)

// execStats counts what an executor did. Plain fields: others read them by asking
// the owner.
type execStats struct {
	commands    int64
	hits        int64
	misses      int64
	dirty       int64
	errors      int64
	batches     int64
	slow        int64
	inputBytes  int64
	outputBytes int64
	perSecond   int64 // commands per second, lately
	turnsPerSec int64 // of a reactor: turns per second, lately
	turnNanos   int64 // and how long one took
	inPerSec    int64 // bytes per second, lately
	outPerSec   int64
	clientBytes int64 // buffers of its clients, when it was asked
	largestIn   int64 // the largest input buffer of a client, when it was asked
	largestOut  int64 // and the largest output

	// When it was asked:
	net       netio.Counts
	callNanos int64 // what the calls of a reactor took
	listening int64 // clients that listen to channels
	watching  int64 // clients that watch keys
	watched   int64 // the keys that they watch
}

func (a *execStats) add(b *execStats) {
	a.commands += b.commands
	a.hits += b.hits
	a.misses += b.misses
	a.dirty += b.dirty
	a.errors += b.errors
	a.batches += b.batches
	a.slow += b.slow
	a.inputBytes += b.inputBytes
	a.outputBytes += b.outputBytes
	a.clientBytes += b.clientBytes
	a.largestIn = max(a.largestIn, b.largestIn)
	a.largestOut = max(a.largestOut, b.largestOut)
	a.perSecond += b.perSecond
	a.turnsPerSec += b.turnsPerSec
	a.turnNanos = max(a.turnNanos, b.turnNanos)
	a.inPerSec += b.inPerSec
	a.outPerSec += b.outPerSec
	a.net.Turns += b.net.Turns
	a.net.Reads += b.net.Reads
	a.net.Writes += b.net.Writes
	a.net.BusyNanos += b.net.BusyNanos
	a.callNanos += b.callNanos
	a.listening += b.listening
	a.watching += b.watching
	a.watched += b.watched
}

// publishedStats is where a worker adds up its counters for others to read.
type publishedStats struct {
	mu struct {
		sync.Mutex
		sum  execStats
		cmds *stats.Table // nil before the first call
	}
}

// publish moves the executor's counters to where others may read them.
func (ex *executor) publish() {
	ex.pub.mu.Lock()
	ex.pub.mu.sum.add(&ex.stats)
	if ex.pub.mu.cmds == nil {
		ex.pub.mu.cmds = stats.NewTable(len(ex.srv.table.Specs()))
	}
	ex.pub.mu.cmds.Add(ex.cmds)
	ex.pub.mu.Unlock()
	ex.cmds.Reset()
	ex.stats = execStats{}
}

func (p *publishedStats) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.sum = execStats{dirty: p.mu.sum.dirty}
	if p.mu.cmds != nil {
		p.mu.cmds.Reset()
	}
}

// rateSample is the last reading for instantaneous_ops_per_sec.
type rateSample struct {
	atMs, commands, in, out int64
	net                     netio.Counts
}

// sampleRate measures the commands per second since the last sample, about once a
// second. now is in milliseconds.
func (ex *executor) sampleRate(now int64) {
	if passed := now - ex.rate.atMs; passed >= 1000 {
		ex.stats.perSecond = (ex.stats.commands - ex.rate.commands) * 1000 / passed
		ex.stats.inPerSec = (ex.stats.inputBytes - ex.rate.in) * 1000 / passed
		ex.stats.outPerSec = (ex.stats.outputBytes - ex.rate.out) * 1000 / passed
		net := ex.rate.net
		if ex.reactor >= 0 {
			net = ex.srv.group.Reactors()[ex.reactor].Counts()
			turns := net.Turns - ex.rate.net.Turns
			ex.stats.turnsPerSec = turns * 1000 / passed
			ex.stats.turnNanos = (net.BusyNanos - ex.rate.net.BusyNanos) / max(turns, 1)
		}
		ex.rate = rateSample{now, ex.stats.commands, ex.stats.inputBytes, ex.stats.outputBytes, net}
	}
}

func newExecutor(srv *Server, g *gate) *executor {
	ex := &executor{srv: srv, gate: g, batch: resp.GetBatch()}
	ex.host = host{Server: srv, ex: ex}
	ex.onInner = ex.expireInner
	ex.reactor, ex.listening.drain, ex.onMiss = -1, ex.drain, ex.missed
	ex.invalidations = ex.deliverInvalidations
	ex.cmds = stats.NewTable(len(srv.table.Specs()))
	ex.w.OnError = srv.errorsBy.Add
	ex.stalled.wake = ex.release
	ex.ctx = command.Ctx{NowIsFixed: srv.embedded.Clock != nil, W: &ex.w, Store: srv.store, Host: &ex.host, OnChange: ex.changed, OnReplaced: ex.replaced, Within: ex.within}
	return ex
}

// begin readies the context for commands of one client. now is in milliseconds since
// 1970: a reactor's reading at the start of its turn, or a worker's own.
func (ex *executor) begin(s *session, now int64) {
	ex.ctx.Client, ex.ctx.DB, ex.ctx.NoTouch, ex.ctx.CanWait = s, int(s.db), s.noTouch, true
	ex.tracker = s.track.Load()
	ex.setClock(ex.srv.wall(now))
}

// setClock gives the context the time and the options of this moment.
func (ex *executor) setClock(now int64) {
	c := &ex.ctx
	c.Limits = ex.srv.limits.Load()
	c.Now = now
	ex.watchNanos, ex.timed = ex.srv.watchFrom(), ex.srv.opts.LatencyTracking.Load()
	policy := ex.srv.opts.MaxMemoryPolicy.Load()
	c.AllChanges, c.OnMiss = false, nil
	if on := ex.srv.opts.NotifyKeyspaceEvents.Load(); on != 0 {
		c.AllChanges = true
		if on&options.EventMiss != 0 {
			c.OnMiss = ex.onMiss
		}
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
	ex.tracker = nil
	if cap(ex.keys) > keepKeysEntries {
		ex.keys, ex.places, ex.stamps, ex.idx = nil, nil, nil, nil
	}
}

// collect adds what handlers counted in c to the executor's statistics.
func (ex *executor) collect(c *command.Ctx) {
	st := &ex.stats
	st.hits += c.Hits
	st.misses += c.Misses
	st.dirty += c.Dirty
	st.errors += int64(c.W.TakeErrors())
	c.Hits, c.Misses, c.Dirty = 0, 0, 0
	if c.FieldsGone != 0 {
		ex.srv.counts.expiredFields.Add(c.FieldsGone)
		c.FieldsGone = 0
	}
	if cap(c.Scratch) > keepScratchBytes {
		c.Scratch = nil
	}
}

// prepare is the look-ahead: it resolves every call of the batch, hashes
// all keys, touches every bucket and then every entry, so that their cache misses
// overlap. It runs before any lock is taken and only warms caches.
func (ex *executor) prepare(db int, b *resp.Batch) {
	st, table := ex.srv.store, ex.srv.table
	keys, members := ex.keys[:0], 0
	for i := range b.N {
		args := b.Cmds[i].Args
		cl := &ex.calls[i]
		spec := table.Lookup(args[0])
		// Field by field: see store.SetKey.
		cl.spec, cl.from, cl.bad, cl.plain = spec, int32(len(keys)), callOK, false
		if at := spec.PlainKey(len(args)); at > 0 && len(keys) < cap(keys) {
			keys = keys[:len(keys)+1]
			st.SetKey(&keys[len(keys)-1], args[at])
			cl.plain = true
			members |= spec.Member
		} else {
			keys = ex.resolve(keys, cl, args)
			if cl.spec != nil {
				members |= cl.spec.Member
			}
		}
		cl.to = int32(len(keys))
	}
	if len(keys) > len(ex.places) {
		ex.places, ex.stamps = make([]store.Place, cap(keys)), make([]uint32, cap(keys))
	}
	st.TouchBuckets(db, keys, ex.places, ex.stamps)
	ex.ahead = db
	ex.keys, ex.touched, ex.named, ex.paged, ex.placed = keys, 0, 0, 0, 0
	ex.members = members != 0
}

// resolve finds the subcommand and the keys of a call that is not plain, or cannot run.
func (ex *executor) resolve(keys []store.Key, cl *call, args resp.Args) []store.Key {
	if cl.spec == nil && ex.originals {
		cl.spec = ex.srv.table.Original(args[0])
	}
	spec := cl.spec
	if spec == nil {
		return keys
	}
	if spec.Subs != nil && len(args) > 1 {
		sub := spec.LookupSub(args[1])
		if sub == nil {
			cl.bad = callUnknownSub
			return keys
		}
		spec, cl.spec = sub, sub
	}
	if !spec.MatchesArity(len(args)) || spec.Handler == nil {
		cl.bad = callArity
		return keys
	}
	if k := spec.SimpleKey(); k > 0 {
		return append(keys, ex.srv.store.MakeKey(args[k]))
	}
	if spec.Keys != nil {
		return ex.appendKeys(keys, cl, args)
	}
	return keys
}

// touchAhead is the second stage of look-ahead: it touches the entries of the keys up
// to lookAheadKeys beyond those of the call that runs next. In a row, 32 entries would
// ask for more lines than the processor has places for misses; spread over the calls
// they arrive while others run.
func (ex *executor) touchAhead(upTo int32) {
	end := min(int(upTo)+lookAheadKeys, len(ex.keys))
	for ; ex.touched < end; ex.touched++ {
		ex.places[ex.touched] = store.TouchEntry(ex.places[ex.touched], &ex.keys[ex.touched])
	}
}

// touchMembers are the further stages, for calls that name a member of a value: before
// call i of b runs they ask for what leads to the page of one call's member, for the page
// of another's, which runs sooner, and for the record of a third one's.
func (ex *executor) touchMembers(db int, b *resp.Batch, i int) {
	st := ex.srv.store
	for end := min(i+lookAheadWords, b.N); ex.named < end; ex.named++ {
		cl := &ex.calls[ex.named]
		cl.member = store.MemberPlace{}
		if cl.spec == nil || cl.spec.Member == 0 || cl.to != cl.from+1 {
			continue
		}
		if args := b.Cmds[ex.named].Args; cl.spec.Member < len(args) {
			last := &ex.calls[max(ex.named-1, 0)].member
			st.TouchMember(db, &ex.keys[cl.from], args[cl.spec.Member], &cl.member, last)
		}
	}
	for end := min(i+lookAheadPages, b.N); ex.paged < end; ex.paged++ {
		ex.calls[ex.paged].member.TouchMemberPage()
	}
	for end := min(i+lookAheadRecords, b.N); ex.placed < end; ex.placed++ {
		ex.calls[ex.placed].member.TouchMemberRecord()
	}
}

func (ex *executor) appendKeys(keys []store.Key, cl *call, args resp.Args) []store.Key {
	idx, ok := cl.spec.AppendKeys(ex.idx[:0], args)
	ex.idx = idx
	if !ok {
		cl.bad = callKeys // the handler sees no keys and reports the bad count itself
		return keys
	}
	for _, i := range idx {
		keys = append(keys, ex.srv.store.MakeKey(args[i]))
	}
	return keys
}

// runPlain is run for a plain call: one key, and nothing that a connection's state or other
// shards have a part in. It is most of what servers do, so it is written out.
func (ex *executor) runPlain(cl *call, args resp.Args) (done bool) {
	c, st := &ex.ctx, ex.srv.store
	spec, k := cl.spec, &ex.keys[cl.from]
	c.Spec, c.Args, c.Keys = spec, args, ex.keys[cl.from:cl.to]
	shard := k.Shard
	if !st.LockUnlessLong(shard) {
		return false
	}
	if spec.Flags&command.Write != 0 && st.Snapshotting(shard) && st.OwesMuch(c.DB, *k) {
		st.Unlock(shard)
		return false
	}
	if c.DB == ex.ahead {
		st.Hint(c.DB, k, ex.places[cl.from], ex.stamps[cl.from])
	}
	ex.handle(c, spec)
	if ex.unsettled() {
		var set store.ShardSet
		set.Add(shard)
		ex.settle(&set)
	}
	st.Unlock(shard)
	if len(ex.served)+len(ex.later) > 0 {
		ex.afterUnlock()
	}
	return true
}

// run executes one resolved call under its locks. The caller holds ex.gate, which
// run gives up and takes again around an exclusive command. It returns false, having
// done nothing, when the call belongs into the slow lane: it would run long, or a long
// command holds one of its shards. On a worker it always runs.
func (ex *executor) run(cl *call, args resp.Args) (done bool) {
	c := &ex.ctx
	spec := cl.spec
	c.Spec, c.Args, c.Keys = spec, args, ex.keys[cl.from:cl.to]
	if spec.Flags&(command.Exclusive|command.Exec) != 0 {
		if spec.Flags&command.Exec != 0 {
			return ex.runExec()
		}
		ex.gate.Unlock()
		ex.srv.gates.lockAll()
		ex.handle(c, spec)
		ex.srv.gates.unlockAll()
		ex.gate.Lock()
		ex.settleUnlocked()
		return true
	}
	st := ex.srv.store
	switch len(c.Keys) {
	case 0:
		ex.handle(c, spec)
		ex.settleUnlocked()
		return true
	case 1:
		if spec.AllShards != nil {
			return ex.runSet(spec)
		}
		shard := c.Keys[0].Shard
		if ex.worker {
			return ex.runLong(spec)
		}
		if !st.LockUnlessLong(shard) {
			return false
		}
		if done = !ex.tooLong(spec); done {
			ex.handle(c, spec)
			if ex.unsettled() {
				var set store.ShardSet
				set.Add(shard)
				ex.settle(&set)
			}
		}
		st.Unlock(shard)
	default:
		return ex.runSet(spec)
	}
	if len(ex.served)+len(ex.later) > 0 {
		ex.afterUnlock()
	}
	return done
}

// runSet is run for a call that may need several shards.
func (ex *executor) runSet(spec *command.Spec) (done bool) {
	if ex.worker {
		return ex.runLong(spec)
	}
	c, st := &ex.ctx, ex.srv.store
	set := ex.srv.shardsOfCall(spec, c.Args, c.Keys)
	if !st.LockSetUnlessLong(&set) {
		return false
	}
	if done = !ex.tooLong(spec); done {
		ex.handle(c, spec)
		if ex.unsettled() {
			ex.settle(&set)
		}
	}
	st.UnlockSet(&set)
	if len(ex.served)+len(ex.later) > 0 {
		ex.afterUnlock()
	}
	return done
}

// settleUnlocked is settle for a call that held no shard locks.
func (ex *executor) settleUnlocked() {
	if ex.unsettled() {
		var none store.ShardSet
		ex.settle(&none)
		ex.afterUnlock()
	}
}

// tooLong tells whether the call is for the slow lane: because of its cost, or because a
// running snapshot has first to have much of what the call changes.
func (ex *executor) tooLong(spec *command.Spec) bool {
	c := &ex.ctx
	if spec.Cost != nil && spec.Cost(c) > command.SlowCost {
		return true
	}
	if spec.Flags&command.Write != 0 {
		for i := range c.Keys {
			if ex.srv.store.OwesMuch(c.DB, c.Keys[i]) {
				return true
			}
		}
	}
	return false
}

// runLong is run for a worker's call with keys: reactors do not wait for its shards.
func (ex *executor) runLong(spec *command.Spec) bool {
	set := ex.srv.shardsOfCall(spec, ex.ctx.Args, ex.ctx.Keys)
	st := ex.srv.store
	st.SetLong(&set, true)
	st.LockSet(&set)
	ex.handle(&ex.ctx, spec)
	if ex.unsettled() {
		ex.settle(&set)
	}
	st.UnlockSet(&set)
	st.SetLong(&set, false)
	ex.afterUnlock()
	return true
}

// shardsOfCall returns the shards that a call needs: those of its keys, or all of them if
// it reads keys that only values name (SORT with a BY or GET pattern).
func (s *Server) shardsOfCall(spec *command.Spec, args resp.Args, keys []store.Key) (set store.ShardSet) {
	if spec.AllShards != nil && spec.AllShards(args) {
		for i := range s.store.Shards() {
			set.Add(uint32(i))
		}
		return set
	}
	return shardsOf(keys)
}

func shardsOf(keys []store.Key) (set store.ShardSet) {
	for i := range keys {
		set.Add(keys[i].Shard)
	}
	return set
}
