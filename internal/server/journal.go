package server

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/persistence/journal"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// This file is how changes reach the journal, whoever makes them: what a handler did, and what
// the server deletes by itself, is recorded before the locks under which it was done are
// released. What happens within a transaction becomes part of its record, in order.

// journaling is what the server keeps for it.
type journaling struct {
	log journal.Journal
	aof atomic.Pointer[persistence.AOF] // the AOF, which subscribes or is about to; nil: none

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

func (jn *journaling) init(shards int) {
	jn.last, jn.units = make([]uint64, shards), make([]*recorder, shards)
	jn.bufs.New = func() any { return new(recorder) }
}

// recorder makes one record. Each executor has one.
type recorder struct {
	buf   []byte         // the record that is being made
	unit  bool           // the calls between beginUnit and endUnit become one record
	calls int            // commands in buf
	db    int            // the database of the first of them
	last  int            // that of the last
	set   store.ShardSet // the shards that they changed
	keyed store.ShardSet // of a transaction with keys: those that it has locked
	one   [1]store.Key   // see recorded

	// The positions up to which the journal must be written, or under always durable, before
	// replies leave: of what was read or written, and of what was written.
	wait, wrote uint64
	kick        bool // there is something to be written at the end of the turn
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

// performRecorded is perform with a journal.
func (ex *executor) performRecorded(c *command.Ctx) {
	db, dirty := c.DB, c.Dirty
	c.Effects.Reset()
	c.Effects.On = true
	c.Spec.Handler(c)
	c.Effects.On = false
	if (c.Dirty != dirty || c.Effects.N > 0) && !c.Effects.None && !ex.scr.silent {
		ex.record(c, db)
	}
	if cap(c.Effects.Bytes) > keepScratchBytes {
		c.Effects.Bytes = nil
	}
	ex.promise(c, c.Spec)
}

// recorded runs f, which changes k's value on the server's own account, and records what
// it says that it did. k's shard is locked.
func (ex *executor) recorded(k store.Key, f func()) {
	if !ex.env.journal.log.On() {
		f()
		return
	}
	c := &ex.ctx
	c.Effects.Reset()
	c.Effects.On = true
	f()
	c.Effects.On = false
	if c.Effects.N > 0 {
		keys := c.Keys
		ex.rec.one[0] = k
		c.Keys = ex.rec.one[:]
		ex.record(c, c.DB)
		ex.rec.one[0], c.Keys = store.Key{}, keys
	}
}

// record appends what c's call did in database db: its effects, or the call itself.
func (ex *executor) record(c *command.Ctx, db int) {
	r := &ex.rec
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
	jn := &ex.env.journal
	pos := r.give(&jn.log)
	r.wrote, r.kick = pos, true
	if len(c.Keys) == 0 {
		jn.every(pos)
	}
	for i := range c.Keys {
		jn.last[c.Keys[i].Shard] = pos
	}
}

// every notes a record that concerns all shards.
func (jn *journaling) every(pos uint64) {
	for old := jn.all.Load(); pos > old && !jn.all.CompareAndSwap(old, pos); old = jn.all.Load() {
	}
}

// beginUnit makes one record of all that happens up to endUnit: a transaction. The caller
// holds the locks of the shards in keyed, which are all that it needs, until after endUnit; or
// all gates, and keyed is nil.
func (ex *executor) beginUnit(keyed *store.ShardSet) {
	jn, r := &ex.env.journal, &ex.rec
	r.unit = true
	switch {
	case !jn.log.On():
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
func (ex *executor) endUnit() {
	jn, r := &ex.env.journal, &ex.rec
	r.unit = false
	if jn.whole.Load() == r {
		jn.whole.Store(nil)
	}
	for shard := range r.keyed.All() {
		jn.units[shard] = nil
	}
	r.keyed.Clear()
	if r.calls == 0 {
		return
	}
	pos := r.give(&jn.log)
	r.wrote, r.kick = pos, true
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

// dropUnit forgets what would become the record.
func (ex *executor) dropUnit() {
	r := &ex.rec
	r.buf, r.calls = r.buf[:0], 0
	r.set.Clear()
}

// promise notes how far the journal must be written, or under always durable, before the
// call's reply leaves: up to the last record of whatever it may have read.
func (ex *executor) promise(c *command.Ctx, spec *command.Spec) {
	r, jn := &ex.rec, &ex.env.journal
	if len(c.Keys) == 0 || spec.AllShards != nil && spec.AllShards(c.Args) {
		if spec.Flags&(command.ReadOnly|command.Write) != 0 {
			r.wait = max(r.wait, jn.log.End())
		}
		return
	}
	wait := jn.all.Load()
	for i := range c.Keys {
		wait = max(wait, jn.last[c.Keys[i].Shard])
	}
	r.wait = max(r.wait, wait)
}

// takeWait returns, and forgets, the positions that the calls since the last takeWait
// depend on; 0 for none.
func (ex *executor) takeWait() (wait, wrote uint64) {
	wait, wrote = ex.rec.wait, ex.rec.wrote
	ex.rec.wait, ex.rec.wrote = 0, 0
	return wait, wrote
}

// journalDel records that the server itself deletes a key: it has expired, or is evicted. The
// shard is locked.
func (e *env) journalDel(shard uint32, db int, key []byte) {
	jn := &e.journal
	if !jn.log.On() {
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
	if e.opts.LazyExpire.Load() {
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
	jn.last[shard] = r.give(&jn.log)
	jn.bufs.Put(r)
	if !jn.loose.Load() {
		jn.loose.Store(true)
	}
}

// always tells whether replies wait for a sync, and not only for the file.
func (e *env) always() bool { return e.opts.AppendFsync.Load() == options.FsyncAlways }

// kick sees to it that what a worker or the keeper has recorded gets written: under always at
// once; else the reactor does so that sends the reply, and if there is none there is no hurry.
func (ex *executor) kick() {
	if !ex.rec.kick {
		return
	}
	ex.rec.kick = false
	a := ex.env.journal.aof.Load()
	switch {
	case a == nil:
	case ex.env.always():
		a.Kick()
	default:
		ex.env.journal.loose.Store(true)
	}
}

// awaitRoom waits, on a worker, until a call that writes may run. It holds no gate. It returns false
// when the call is not to run any more.
func (e *env) awaitRoom(flags command.Flag, halt *atomic.Bool) bool {
	for flags&command.Write != 0 && e.house.Crowded() && !halt.Load() {
		time.Sleep(time.Millisecond)
	}
	return !halt.Load()
}
