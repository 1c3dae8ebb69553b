package snapshot

import (
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
)

// ErrCrowded ends a copy that would take more memory than it may.
var ErrCrowded = errors.New("more was changed than could be written meanwhile: the copy would have taken more memory than it may")

// Copy is the store as a job copies it: a snapshot, in some form. Entries come from its own
// steps and from whoever changes what the snapshot has not passed yet; either way they go to
// buffers of their shard, under its lock, and Next takes the buffers. What others hand over
// takes memory until it is taken.
type Copy struct {
	st        *store.Store
	sn        *store.Snapshot
	works     sync.Pool // of *work
	shards    []shardCopy
	full      [store.MaxShards / 64]atomic.Uint64 // shards with full buffers
	pending   atomic.Int64                        // bytes in all buffers
	peak      int64                               // the most that Next has seen
	allowance int64
	failure   atomic.Pointer[error] // why nothing is handed over any more
	entries   atomic.Int64          // handed over
	total     int64                 // entries at the cut, about

	// What only whoever calls Next uses.
	taken    [][]byte    // buffers, to be given before all else
	given    int         // how many of them have been
	straight *largeValue // that has begun to be given, and is given to its end before anything else
	stepped  bool        // the snapshot is complete
	turn     int         // the shard that Next takes next

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

// work is what one goroutine at a time writes entries with.
type work struct {
	form  Form
	large []byte // for what may be longer than a buffer
}

// NewCopy returns a copy of st that has yet to begin; form makes what writes its entries.
func NewCopy(st *store.Store, form func() Form) *Copy {
	c := &Copy{st: st, shards: make([]shardCopy, st.Shards())}
	c.works.New = func() any { return &work{form: form()} }
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
	w, before := c.works.Get().(*work), len(sh.buf)
	defer c.works.Put(w)
	if !fitsBuffer(e) {
		c.long(shard, db, e, w)
		return
	}
	buf, err := w.form.Append(sh.buf, db, db != sh.db, e)
	if sh.buf, sh.db = buf, db; err != nil {
		c.failed(db, e, err)
		return
	}
	if c.entries.Add(1); len(buf) >= fullBytes {
		c.filled(shard, buf)
		sh.buf = nil
	}
	c.added(len(buf) - before)
}

// fitsBuffer tells whether what is written of e surely fits into a buffer that is not full.
func fitsBuffer(e store.Entry) bool {
	switch e.Encoding() {
	case entry.Hashtable, entry.Skiplist, entry.Quicklist, entry.Chunked, entry.StreamNodes:
		return false // their elements stand elsewhere
	}
	return e.Size() <= (chunkBytes-fullBytes)/2
}

// long is SnapshotEntry for what may not fit. What does not goes to buffers of its own: the bytes of an entry are
// taken together.
func (c *Copy) long(shard, db int, e store.Entry, w *work) {
	var err error
	if w.large, err = w.form.Append(w.large[:0], db, true, e); err != nil {
		c.failed(db, e, err)
		return
	}
	c.entries.Add(1)
	if sh := &c.shards[shard]; len(w.large) <= cap(sh.buf)-len(sh.buf) {
		sh.buf, sh.db = append(sh.buf, w.large...), db
	} else {
		c.filled(shard, c.cut(nil, w.large)...)
	}
	c.added(len(w.large))
	w.trim()
}

// trim lets go of what is larger than is used again and again.
func (w *work) trim() {
	if cap(w.large) > takeBytes {
		w.large = nil
	}
}

// cut appends text, cut into buffers, to bufs.
func (c *Copy) cut(bufs [][]byte, text []byte) [][]byte {
	for len(text) > 0 {
		last := len(bufs) - 1
		if last < 0 || len(bufs[last]) == cap(bufs[last]) {
			bufs = append(bufs, c.buffer())
			last++
		}
		n := min(len(text), cap(bufs[last])-len(bufs[last]))
		bufs[last] = append(bufs[last], text[:n]...)
		text = text[n:]
	}
	return bufs
}

// filled has full buffers of a shard taken.
func (c *Copy) filled(shard int, bufs ...[]byte) {
	c.shards[shard].full = append(c.shards[shard].full, bufs...)
	c.full[shard>>6].Or(1 << (shard & 63))
}

// added counts what waits to be taken, and gives the copy up if that is too much.
func (c *Copy) added(bytes int) {
	if pending := c.pending.Add(int64(bytes)); pending > c.allowance && int64(bytes) < c.allowance { // one long value is not the fault of what changes
		c.fail(ErrCrowded)
	}
}

// largeValue is a value that comes by portions. Straight ones are given as they come; the others when they are
// whole, since the bytes of a value have to stand in a row. It is guarded by the lock of its shard.
type largeValue struct {
	c         *Copy
	w         *work
	shard, db int
	straight  bool
	begun     bool
	over      bool
	bufs      [][]byte // what has come, and was not given
}

// SnapshotLarge implements store.SnapshotSink.
func (c *Copy) SnapshotLarge(shard, db int, straight bool) store.SnapshotValue {
	v := &largeValue{c: c, w: c.works.Get().(*work), shard: shard, db: db, straight: straight}
	if straight { // in a step of Next
		c.straight = v
	}
	return v
}

// Portion implements store.SnapshotValue.
func (v *largeValue) Portion(e store.Entry) (done bool) {
	c := v.c
	if c.failure.Load() != nil {
		v.over = true
		return true
	}
	var err error
	v.w.large, v.over, err = v.w.form.Part(v.w.large[:0], v.db, e, !v.begun)
	if v.begun = true; err != nil {
		c.failed(v.db, e, err)
		v.over = true
		return true
	}
	v.bufs = c.cut(v.bufs, v.w.large)
	c.pending.Add(int64(len(v.w.large)))
	v.w.trim()
	if v.over {
		c.entries.Add(1)
		c.works.Put(v.w)
		v.w = nil
		if !v.straight {
			c.filled(v.shard, v.bufs...)
			v.bufs = nil
		}
	}
	return v.over
}

// failed gives the copy up because of an entry.
func (c *Copy) failed(db int, e store.Entry, err error) {
	c.fail(fmt.Errorf("key %q of database %d: %w", e.Key(), db, err))
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
	if c.given < len(c.taken) {
		return c.give(dst), false, nil
	}
	pending := c.pending.Load()
	c.peak = max(c.peak, pending)
	if !c.stepped && (c.straight != nil || pending <= drainBytes) {
		c.stepped = c.sn.Step(stepEntries)
	}
	switch {
	case c.straight != nil:
		c.takeStraight()
	case !c.stepped && c.pending.Load() <= drainBytes:
		for i := range c.full {
			for w := c.full[i].Swap(0); w != 0; w &= w - 1 {
				c.take(uint32(i<<6|bits.TrailingZeros64(w)), false)
			}
		}
	default: // nobody fills buffers any more, or they are many: all are taken, in turn
		for n, sum := 0, 0; n < len(c.shards) && sum < takeBytes; n++ {
			sum += c.take(uint32(c.turn), true)
			c.turn = (c.turn + 1) % len(c.shards)
		}
	}
	dst = c.give(dst)
	return dst, c.stepped && c.pending.Load() == 0, nil
}

// Progress tells how many entries have been handed over, and of how many, about. Any
// goroutine may ask.
func (c *Copy) Progress() (entries, of int64) {
	entries = c.entries.Load()
	return entries, max(c.total, entries)
}

// take takes a shard's full buffers, with all also the one that is being filled, and returns how much is in them.
func (c *Copy) take(shard uint32, all bool) (bytes int) {
	sh, from := &c.shards[shard], len(c.taken)
	c.st.Lock(shard)
	c.taken = append(c.taken, sh.full...)
	clear(sh.full)
	sh.full = sh.full[:0]
	if all && len(sh.buf) > 0 {
		c.taken = append(c.taken, sh.buf)
		sh.buf = nil
	}
	c.st.Unlock(shard)
	for _, b := range c.taken[from:] {
		bytes += len(b)
	}
	return bytes
}

// takeStraight takes what there is of the value that comes straight.
func (c *Copy) takeStraight() {
	v := c.straight
	c.st.Lock(uint32(v.shard))
	c.taken = append(c.taken, v.bufs...)
	clear(v.bufs)
	v.bufs = v.bufs[:0]
	if v.over {
		c.straight = nil
	}
	c.st.Unlock(uint32(v.shard))
}

// give appends buffers that were taken to dst, about as much as Next returns at once.
func (c *Copy) give(dst []byte) []byte {
	for c.given < len(c.taken) && len(dst) < takeBytes {
		b := c.taken[c.given]
		dst = append(dst, b...)
		c.pending.Add(-int64(len(b)))
		if cap(b) == chunkBytes {
			c.pool.Lock()
			c.pool.free = append(c.pool.free, b[:0])
			c.pool.Unlock()
		}
		c.taken[c.given] = nil
		c.given++
	}
	if c.given == len(c.taken) {
		c.taken, c.given = c.taken[:0], 0
	}
	return dst
}

// End gives the snapshot up, complete or not.
func (c *Copy) End() { c.sn.End() }
