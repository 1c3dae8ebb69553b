package snapshot

import (
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/store"
)

// ErrCrowded ends a copy that would take more memory than it may.
var ErrCrowded = errors.New("more was changed than could be written meanwhile: the copy would have taken more memory than it may")

// Copy is the store as a job copies it: a snapshot, in some form. Entries come from its own
// steps and from whoever changes what the snapshot has not passed yet; either way they go to
// a buffer of their shard, under its lock, and Next takes the buffers. What others hand over
// takes memory until it is taken.
type Copy struct {
	st        *store.Store
	sn        *store.Snapshot
	forms     sync.Pool
	shards    []shardCopy
	full      [store.MaxShards / 64]atomic.Uint64 // shards with full buffers
	pending   atomic.Int64                        // bytes in all buffers
	peak      int64                               // the most that Next has seen
	allowance int64
	failure   atomic.Pointer[error] // why nothing is handed over any more
	entries   atomic.Int64          // handed over
	total     int64                 // entries at the cut, about

	taken   [][]byte // drain's, empty between its calls
	stepped bool     // the snapshot is complete
	turn    int      // the shard that Next takes next

	part partCopy

	pool struct { // innermost
		sync.Mutex
		free [][]byte
	}
}

// shardCopy is guarded by its shard's lock.
type shardCopy struct {
	buf  []byte // being filled, nil: none
	db   int    // database of its last entry
	full [][]byte
}

// partCopy is the value that comes in parts. What is begun of it is ended before Next gives
// anything else, so its parts stand one behind the other. It is guarded by the lock of its
// shard, but begun and shard, which only whoever calls Next uses.
type partCopy struct {
	form  Form
	shard uint32
	begun bool
	over  bool
	buf   []byte // parts that Next has not given
}

// NewCopy returns a copy of st that has yet to begin; form makes what writes its entries.
func NewCopy(st *store.Store, form func() Form) *Copy {
	c := &Copy{st: st, shards: make([]shardCopy, st.Shards())}
	c.forms.New = func() any { return form() }
	stats := st.Stats()
	c.total = stats.Keys
	c.allowance = max(leastAllowance, stats.UsedBytes*allowancePercent/100)
	return c
}

// Begin has begin make the cut, with this copy as the sink.
func (c *Copy) Begin(begin func(sink store.SnapshotSink) (*store.Snapshot, error)) (err error) {
	c.sn, err = begin(c)
	return err
}

// SnapshotEntry implements store.SnapshotSink.
func (c *Copy) SnapshotEntry(shard, db int, e store.Entry) {
	if c.failure.Load() != nil {
		return
	}
	sh := &c.shards[shard]
	if sh.buf == nil {
		sh.buf, sh.db = c.buffer(), -1
	}
	before := len(sh.buf)
	f := c.forms.Get().(Form)
	buf, err := f.Append(sh.buf, db, db != sh.db, e)
	c.forms.Put(f)
	sh.buf, sh.db = buf, db
	if err != nil {
		c.fail(fmt.Errorf("key %q of database %d: %w", e.Key(), db, err))
		return
	}
	c.entries.Add(1)
	pending := c.pending.Add(int64(len(buf) - before))
	if len(buf) >= fullBytes {
		sh.full = append(sh.full, buf)
		sh.buf = nil
		c.full[shard>>6].Or(1 << (shard & 63))
	}
	if pending > c.allowance && int64(len(buf)-before) < c.allowance { // one large value is not the fault of what changes
		c.fail(ErrCrowded)
	}
}

// SnapshotPart implements store.SnapshotSink.
func (c *Copy) SnapshotPart(shard, db int, e store.Entry, first bool) (done bool) {
	p := &c.part
	if first { // in a step of Next: nobody else begins
		if p.form == nil {
			p.form = c.forms.New().(Form)
		}
		p.shard, p.begun, p.over = uint32(shard), true, false
	}
	if c.failure.Load() != nil {
		p.over = true
		return true
	}
	before := len(p.buf)
	buf, done, err := p.form.Part(p.buf, db, e, first)
	p.buf = buf
	if err != nil {
		c.fail(fmt.Errorf("key %q of database %d: %w", e.Key(), db, err))
		done = true
	}
	c.pending.Add(int64(len(buf) - before))
	if done {
		p.over = true
		c.entries.Add(1)
	}
	return done
}

// takePart appends to dst what there is of the value that comes in parts.
func (c *Copy) takePart(dst []byte) []byte {
	p := &c.part
	c.st.Lock(p.shard)
	defer c.st.Unlock(p.shard)
	dst = append(dst, p.buf...)
	c.pending.Add(-int64(len(p.buf)))
	if p.buf = p.buf[:0]; cap(p.buf) > 2*takeBytes { // whoever changed the value wrote the rest at once
		p.buf = nil
	}
	p.begun = !p.over
	return dst
}

func (c *Copy) fail(err error) { c.failure.CompareAndSwap(nil, &err) }

// buffer returns an empty buffer.
func (c *Copy) buffer() []byte {
	c.pool.Lock()
	defer c.pool.Unlock()
	if n := len(c.pool.free); n > 0 {
		b := c.pool.free[n-1]
		c.pool.free = c.pool.free[:n-1]
		return b
	}
	return make([]byte, 0, chunkBytes)
}

// Next appends a further part of the copy to dst, until it is done; after an error there is
// nothing more. It steps on only while little waits to be taken.
func (c *Copy) Next(dst []byte) (out []byte, done bool, err error) {
	if p := c.failure.Load(); p != nil {
		return dst, false, *p
	}
	runtime.Gosched() // else a reactor might wait until the scheduler preempts
	pending := c.pending.Load()
	c.peak = max(c.peak, pending)
	if !c.stepped && (c.part.begun || pending <= drainBytes) {
		c.stepped = c.sn.Step(stepEntries)
	}
	if c.part.begun {
		return c.takePart(dst), false, nil
	}
	if !c.stepped && c.pending.Load() <= drainBytes {
		for i := range c.full {
			for w := c.full[i].Swap(0); w != 0; w &= w - 1 {
				dst = c.drain(uint32(i<<6|bits.TrailingZeros64(w)), dst, false)
			}
		}
		return dst, false, nil
	}
	// Nobody fills buffers any more, or they are many: take all, in turn, so much at once.
	for n := 0; n < len(c.shards) && len(dst) < takeBytes; n++ {
		dst = c.drain(uint32(c.turn), dst, true)
		c.turn = (c.turn + 1) % len(c.shards)
	}
	return dst, c.stepped && c.pending.Load() == 0, nil
}

// Progress tells how many entries have been handed over, and of how many, about. Any
// goroutine may ask.
func (c *Copy) Progress() (entries, of int64) {
	entries = c.entries.Load()
	return entries, max(c.total, entries)
}

// drain appends what a shard's full buffers hold to dst, with all also that of the one
// being filled.
func (c *Copy) drain(shard uint32, dst []byte, all bool) []byte {
	sh := &c.shards[shard]
	c.st.Lock(shard)
	c.taken, sh.full = sh.full, c.taken
	if all && len(sh.buf) > 0 {
		c.taken = append(c.taken, sh.buf)
		sh.buf = nil
	}
	c.st.Unlock(shard)
	for i, b := range c.taken {
		dst = append(dst, b...)
		c.pending.Add(-int64(len(b)))
		if cap(b) == chunkBytes {
			c.pool.Lock()
			c.pool.free = append(c.pool.free, b[:0])
			c.pool.Unlock()
		}
		c.taken[i] = nil
	}
	c.taken = c.taken[:0]
	return dst
}

// End gives the snapshot up, complete or not.
func (c *Copy) End() { c.sn.End() }
