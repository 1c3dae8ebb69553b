package server

import (
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// This file is how commands reach the journal: what a handler did is recorded before the
// locks under which it did it are released.

// journaling is what the server keeps for it.
type journaling struct {
	to atomic.Pointer[persistence.AOF] // nil: nothing is recorded

	// last holds the position behind the last record of each shard, guarded by that
	// shard's lock; all is that of records that concern every shard.
	last []uint64
	all  atomic.Uint64
}

// recorder is an executor's part in it.
type recorder struct {
	buf   []byte         // the record that is being made
	unit  bool           // the calls between beginUnit and endUnit become one record
	calls int            // commands in buf
	db    int            // the database of the first of them
	last  int            // that of the last
	set   store.ShardSet // the shards that they changed
	one   [1]store.Key   // see recorded

	// The positions up to which the journal must be durable before replies leave: of
	// what was read or written, and of what was written.
	wait, wrote uint64
	kick        bool // the writer is to be told at the end of the turn
}

// performRecorded is perform with a journal.
func (ex *executor) performRecorded(j *persistence.AOF, c *command.Ctx) {
	db, dirty := c.DB, c.Dirty
	c.Effects.Reset()
	c.Effects.On = true
	c.Spec.Handler(c)
	c.Effects.On = false
	if (c.Dirty != dirty || c.Effects.N > 0) && !c.Effects.None {
		ex.record(j, c, db)
	}
	if cap(c.Effects.Bytes) > keepScratchBytes {
		c.Effects.Bytes = nil
	}
	if ex.srv.opts.AppendFsync.Load() == options.FsyncAlways {
		ex.promise(j, c, c.Spec)
	}
}

// recorded runs f, which changes k's value on the server's own account, and records what
// it says that it did. k's shard is locked.
func (ex *executor) recorded(k store.Key, f func()) {
	j := ex.srv.journal.to.Load()
	if j == nil {
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
		ex.record(j, c, c.DB)
		ex.rec.one[0], c.Keys = store.Key{}, keys
	}
}

// record appends what c's call did in database db: its effects, or the call itself.
func (ex *executor) record(j *persistence.AOF, c *command.Ctx, db int) {
	r := &ex.rec
	if r.calls == 0 {
		r.db, r.last = db, db
	} else if db != r.last {
		r.buf = resp.AppendHeader(r.buf, '*', 2)
		r.buf = resp.AppendBulkString(r.buf, "SELECT")
		r.buf = resp.AppendBulkInt(r.buf, int64(db))
		r.last = db
	}
	if c.Effects.N == 0 {
		r.buf = resp.AppendCommand(r.buf, c.Args)
		r.calls++
	} else {
		r.buf = append(r.buf, c.Effects.Bytes...)
		r.calls += c.Effects.N
	}
	if r.unit {
		if len(c.Keys) == 0 {
			r.set = everyShard
		}
		for i := range c.Keys {
			r.set.Add(c.Keys[i].Shard)
		}
		return
	}
	lsn := j.Append(r.db, r.last, r.buf, r.calls > 1)
	r.reset(lsn)
	jn := &ex.srv.journal
	if len(c.Keys) == 0 {
		jn.every(lsn)
	}
	for i := range c.Keys {
		jn.last[c.Keys[i].Shard] = lsn
	}
}

// reset empties the recorder after its record was appended.
func (r *recorder) reset(lsn uint64) {
	r.buf, r.calls = r.buf[:0], 0
	r.wrote, r.kick = lsn, true
	if cap(r.buf) > keepScratchBytes {
		r.buf = nil
	}
}

// every notes a record that concerns all shards.
func (jn *journaling) every(lsn uint64) {
	for old := jn.all.Load(); lsn > old && !jn.all.CompareAndSwap(old, lsn); old = jn.all.Load() {
	}
}

// everyShard has all shards.
var everyShard = store.ShardSet{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1}

// beginUnit makes one record of all calls up to endUnit: a transaction. The caller holds
// the locks of all their shards, or all gates, until after endUnit.
func (ex *executor) beginUnit() { ex.rec.unit = true }

// endUnit appends the record, if anything was changed.
func (ex *executor) endUnit() {
	r := &ex.rec
	r.unit = false
	if r.calls == 0 {
		return
	}
	j := ex.srv.journal.to.Load()
	if j == nil {
		r.reset(0) // it was switched off in between
		return
	}
	lsn := j.Append(r.db, r.last, r.buf, r.calls > 1)
	r.reset(lsn)
	jn := &ex.srv.journal
	if r.set == everyShard {
		jn.every(lsn)
	} else {
		for i := range jn.last {
			if r.set.Has(uint32(i)) {
				jn.last[i] = lsn
			}
		}
	}
	r.set.Clear()
	if ex.srv.opts.AppendFsync.Load() == options.FsyncAlways {
		r.wait = max(r.wait, lsn)
	}
}

// promise notes, under always, how far the journal must be durable before the call's
// reply leaves: up to the last record of whatever it may have read.
func (ex *executor) promise(j *persistence.AOF, c *command.Ctx, spec *command.Spec) {
	r, jn := &ex.rec, &ex.srv.journal
	if len(c.Keys) == 0 || spec.AllShards != nil && spec.AllShards(c.Args) {
		if spec.Flags&(command.ReadOnly|command.Write) != 0 {
			r.wait = max(r.wait, j.End())
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

// journalDel records that the server itself deleted a key: it expired, or was evicted.
// The caller holds the shard's lock.
func (s *Server) journalDel(shard uint32, db int, key []byte) {
	j := s.journal.to.Load()
	if j == nil {
		return
	}
	var block [256]byte
	b := append(block[:0], "*2\r\n"...)
	if s.opts.LazyExpire.Load() {
		b = append(b, "$6\r\nUNLINK\r\n"...)
	} else {
		b = append(b, "$3\r\nDEL\r\n"...)
	}
	b = resp.AppendBulk(b, key)
	s.journal.last[shard] = j.Append(db, db, b, false)
}
