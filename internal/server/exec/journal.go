package exec

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/pubsub"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/persistence/journal"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// This file is how changes reach the journal, whoever makes them: what a handler did, and what
// the server deletes by itself, is recorded before the locks under which it was done are
// released. What happens within a transaction becomes part of its record, in order.

// Journaling is what the server keeps for it.
type Journaling struct {
	Log journal.Journal
	AOF atomic.Pointer[persistence.AOF] // the AOF, which subscribes or is about to; nil: none

	// last holds the position behind the last record of each shard, guarded by that
	// shard's lock; all is that of records that concern every shard.
	last []uint64
	all  atomic.Uint64

	// units tells, by shard and guarded by its lock, who is recording a transaction that has
	// locked it; whole who records one under all gates, instead. A key that dies meanwhile is
	// part of that record: nobody else can have deleted it.
	units []*recorder
	whole atomic.Pointer[recorder]

	loose atomic.Bool // somebody has recorded a deletion and may not see to its writing
	bufs  sync.Pool   // of *recorder: for deletions outside of transactions
}

// Init readies it for a store of so many shards.
func (jn *Journaling) Init(shards int) {
	jn.last, jn.units = make([]uint64, shards), make([]*recorder, shards)
	jn.bufs.New = func() any { return new(recorder) }
}

// recorder makes one record. Each executor has one.
type recorder struct {
	env    *Env           // of an executor's
	silent bool           // what is done now is not recorded
	buf    []byte         // the record that is being made
	wire   []byte         // the call that runs, as the record of it would be, if it is known
	loud   []byte         // calls for replicas that are no part of it, and come after it
	unit   bool           // the calls between beginUnit and endUnit become one record
	calls  int            // commands in buf
	db     int            // the database of the first of them
	last   int            // that of the last
	set    store.ShardSet // the shards that they changed
	keyed  store.ShardSet // of a transaction with keys: those that it has locked
	one    [1]store.Key   // see recorded

	// The positions up to which the journal must be written, or under always durable, before
	// replies leave: of what was read or written, and of what was written.
	wait, wrote uint64
	due         bool // there is something to be written at the end of the turn

	term *admit.Term // see UnderTerm
}

// in begins the commands of one call in a database.
func (r *recorder) in(db int) {
	if r.calls == 0 {
		r.db, r.last = db, db
	} else if db != r.last {
		r.buf = resp.AppendHeader(r.buf, '*', 2)
		r.buf = resp.AppendBulkString(r.buf, "SELECT")
		r.buf = resp.AppendBulkInt(r.buf, int64(db))
		r.last = db
	}
}

// give appends what was made to the journal and empties the recorder.
func (r *recorder) give(log *journal.Journal) (pos uint64) {
	pos = log.Append(r.db, r.last, r.buf, r.calls > 1)
	r.buf, r.calls = r.buf[:0], 0
	if cap(r.buf) > keepScratchBytes {
		r.buf = nil
	}
	return pos
}

// perform runs the handler of c's call and records what it did.
func (r *recorder) perform(c *command.Ctx) {
	db, dirty := c.DB, c.Dirty
	c.Effects.Reset()
	c.Effects.On = true
	c.Spec.Handler(c)
	c.Effects.On = false
	if (c.Dirty != dirty || c.Effects.N > 0) && !c.Effects.None && !r.silent {
		r.record(c, db)
	}
	if cap(c.Effects.Bytes) > keepScratchBytes {
		c.Effects.Bytes = nil
	}
	r.promise(c, c.Spec)
}

// recorded runs f, which changes k's value on the server's own account, and records what it says,
// by c, that it did. k's shard is locked.
func (r *recorder) recorded(c *command.Ctx, k store.Key, f func()) {
	if !r.env.Journal.Log.On() {
		f()
		return
	}
	c.Effects.Reset()
	c.Effects.On = true
	f()
	c.Effects.On = false
	if c.Effects.N > 0 {
		keys := c.Keys
		r.one[0] = k
		c.Keys = r.one[:]
		r.record(c, c.DB)
		r.one[0], c.Keys = store.Key{}, keys
	}
}

// record appends what c's call did in database db: its effects, or the call itself.
func (r *recorder) record(c *command.Ctx, db int) {
	if c.Effects.N == 0 && r.wire != nil { // then it is no part of a unit, and has one key
		pos := r.env.Journal.Log.Append(db, db, r.wire, false)
		r.wrote, r.due = pos, true
		r.env.Journal.last[c.Keys[0].Shard] = pos
		return
	}
	r.in(db)
	if c.Effects.N == 0 {
		r.buf = resp.AppendCommand(r.buf, c.Args)
		r.calls++
	} else {
		r.buf = append(r.buf, c.Effects.Bytes...)
		r.calls += c.Effects.N
	}
	if r.unit {
		if len(c.Keys) == 0 {
			r.set = store.EveryShard
		}
		for i := range c.Keys {
			r.set.Add(c.Keys[i].Shard)
		}
		return
	}
	jn := &r.env.Journal
	pos := r.give(&jn.Log)
	r.wrote, r.due = pos, true
	if len(c.Keys) == 0 {
		jn.every(pos)
	}
	for i := range c.Keys {
		jn.last[c.Keys[i].Shard] = pos
	}
}

// every notes a record that concerns all shards.
func (jn *Journaling) every(pos uint64) {
	for old := jn.all.Load(); pos > old && !jn.all.CompareAndSwap(old, pos); old = jn.all.Load() {
	}
}

// beginUnit makes one record of all that happens up to endUnit: a transaction. The caller
// holds the locks of the shards in keyed, which are all that it needs, until after endUnit; or
// all gates, and keyed is nil.
func (r *recorder) beginUnit(keyed *store.ShardSet) {
	jn := &r.env.Journal
	r.unit = true
	switch {
	case !jn.Log.On():
	case keyed == nil:
		jn.whole.Store(r)
	default:
		r.keyed = *keyed
		for shard := range keyed.All() {
			jn.units[shard] = r
		}
	}
}

// endUnit appends the record, if anything was changed.
func (r *recorder) endUnit() {
	jn := &r.env.Journal
	r.unit = false
	if jn.whole.Load() == r {
		jn.whole.Store(nil)
	}
	for shard := range r.keyed.All() {
		jn.units[shard] = nil
	}
	r.keyed.Clear()
	if len(r.loud) > 0 {
		defer r.forward()
	}
	if r.calls == 0 {
		return
	}
	pos := r.give(&jn.Log)
	r.wrote, r.due = pos, true
	r.wait = max(r.wait, pos)
	if r.set == store.EveryShard {
		jn.every(pos)
	} else {
		for shard := range r.set.All() {
			jn.last[shard] = pos
		}
	}
	r.set.Clear()
}

// Forward sends a call that changes no data to replicas; within a unit, behind it.
func (r *recorder) Forward(call ...[]byte) {
	if !r.env.House.Forwards() {
		return
	}
	r.loud = resp.AppendCommand(r.loud, call)
	if !r.unit {
		r.forward()
	}
}

// forward is Forward of what has gathered.
func (r *recorder) forward() {
	r.env.House.Forward(r.loud)
	r.loud, r.due = r.loud[:0], true
	if cap(r.loud) > keepScratchBytes {
		r.loud = nil
	}
}

// dropUnit forgets what would become the record.
func (r *recorder) dropUnit() {
	r.buf, r.calls, r.loud = r.buf[:0], 0, r.loud[:0]
	r.set.Clear()
}

// promise notes how far the journal must be written, or under always durable, before the
// call's reply leaves: up to the last record of whatever it may have read.
func (r *recorder) promise(c *command.Ctx, spec *command.Spec) {
	jn := &r.env.Journal
	if len(c.Keys) == 0 || spec.AllShards != nil && spec.AllShards(c.Args) {
		if spec.Flags&(command.ReadOnly|command.Write) != 0 {
			r.wait = max(r.wait, jn.Log.End())
		}
		return
	}
	wait := jn.all.Load()
	for i := range c.Keys {
		wait = max(wait, jn.last[c.Keys[i].Shard])
	}
	r.wait = max(r.wait, wait)
}

// TakeWait returns, and forgets, the positions that the calls since the last TakeWait
// depend on; 0 for none.
func (r *recorder) TakeWait() (wait, wrote uint64) {
	wait, wrote = r.wait, r.wrote
	r.wait, r.wrote = 0, 0
	if r.overdue() {
		wait = Overdue
	}
	r.term = nil
	return wait, wrote
}

// Wrote is the position behind the last record that the calls since the last TakeWait have made.
func (r *recorder) Wrote() uint64 { return r.wrote }

// AskWrite has the end of the turn look at what is to be written.
func (r *recorder) AskWrite() { r.due = true }

// MayWrite tells whether there is something to be written: ex has recorded it, or somebody who does
// not see to its writing.
func (r *recorder) MayWrite() bool { return r.due || r.env.Journal.loose.Load() }

// ForgetWrite makes MayWrite false until more is recorded.
func (r *recorder) ForgetWrite() {
	r.due = false
	r.env.Journal.loose.Store(false)
}

// keyGone tells everybody who has to know that the server deleted a key on its own. The
// shard is locked; key is a view.
func (e *Env) keyGone(shard uint32, db int, key []byte, ev command.Event) {
	e.observedGone(shard, db, key)
	pubsub.Notify(e.House, e.Opts.NotifyKeyspaceEvents.Load(), -1, db, key, ev)
	e.journalDel(shard, db, key)
}

// KeyCreated is the store's hook: a key has come into being. The shard is locked.
func (e *Env) KeyCreated(_, db int, key []byte) {
	pubsub.Notify(e.House, e.Opts.NotifyKeyspaceEvents.Load(), -1, db, key, command.EventNew)
}

// KeyExpired is the store's hook: the entry named key is being deleted because its
// deadline has come. The shard is locked; key is a view.
func (e *Env) KeyExpired(shard, db int, key []byte) {
	e.keyGone(uint32(shard), db, key, command.EventExpired)
}

// KeyEvicted is the store's hook: the entry named key is being deleted to make room. The
// shard is locked; key is a view.
func (e *Env) KeyEvicted(shard, db int, key []byte) {
	e.keyGone(uint32(shard), db, key, command.EventEvicted)
}

// journalDel records that the server itself deletes a key: it has expired, or is evicted. The
// shard is locked.
func (e *Env) journalDel(shard uint32, db int, key []byte) {
	jn := &e.Journal
	if !jn.Log.On() {
		return
	}
	r := jn.units[shard]
	if r == nil {
		r = jn.whole.Load()
	}
	alone := r == nil
	if alone {
		r = jn.bufs.Get().(*recorder)
	}
	r.in(db)
	r.buf = resp.AppendHeader(r.buf, '*', 2)
	if e.Opts.LazyExpire.Load() {
		r.buf = resp.AppendBulkString(r.buf, "UNLINK")
	} else {
		r.buf = resp.AppendBulkString(r.buf, "DEL")
	}
	r.buf = resp.AppendBulk(r.buf, key)
	r.calls++
	if !alone {
		r.set.Add(shard)
		return
	}
	jn.last[shard] = r.give(&jn.Log)
	jn.bufs.Put(r)
	if !jn.loose.Load() {
		jn.loose.Store(true)
	}
}

// Always tells whether replies wait for a sync, and not only for the file.
func (e *Env) Always() bool { return e.Opts.AppendFsync.Load() == options.FsyncAlways }

// kick sees to it that what a worker or the keeper has recorded gets written: under always at
// once; else the reactor does so that sends the reply, and if there is none there is no hurry.
func (r *recorder) kick() {
	if !r.due {
		return
	}
	r.due = false
	r.env.House.Recorded()
	a := r.env.Journal.AOF.Load()
	switch {
	case a == nil:
	case r.env.Always():
		a.Kick()
	default:
		r.env.Journal.loose.Store(true)
	}
}

// MayTell returns the flags by which a call may change something, or tell others of it: of EXEC, whose transaction is
// tx if that is open, those of what is queued.
func (e *Env) MayTell(call *command.Call, tx *Transaction) command.Flag {
	if call.Spec.Flags&command.Exec != 0 && tx != nil {
		return tx.does
	}
	return tells(e.flagsOf(call))
}

// tells is MayTell for one call, by its flags as flagsOf has them. A script that may not write, because its call or its text says so, may not
// publish either; and PFCOUNT, which Redis counts to what may be replicated, tells nobody.
func tells(flags command.Flag) command.Flag {
	if flags&command.ReadOnly != 0 || flags&command.Script != 0 && flags&(command.Write|command.MayWrite) == 0 {
		flags &^= command.Script | command.MayReplicate
	}
	return flags & (command.Write | command.Script | command.MayReplicate | command.ReadOnly)
}

// awaitRoom waits, on a worker, until a call that writes or publishes may run. It holds no gate. It returns false
// when the call is not to run any more.
func (e *Env) awaitRoom(call *command.Call, tx *Transaction, halt *atomic.Bool) bool {
	for !halt.Load() {
		crowded := e.House.Crowded()
		if crowded == 0 || e.MayTell(call, tx)&crowded == 0 {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}
