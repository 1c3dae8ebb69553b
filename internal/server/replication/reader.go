package replication

import (
	"cmp"
	"math"
	"slices"
	"sync/atomic"
)

// Reader is who is being sent the stream. One goroutine uses it, but for Position and Lost,
// which any may call.
type Reader struct {
	b     *Backlog
	pos   atomic.Int64
	limit int64        // how far it may lag, 0: as far as it likes. Guarded by b.mu
	fence atomic.Int64 // offset up to which the history that it follows goes
	lost  atomic.Bool
	rung  chan struct{}
	views [maxViews][]byte
}

// Read returns a reader of what comes behind offset, nil if the backlog has not that. It may
// lag by limit bytes, 0: by any number.
func (b *Backlog) Read(offset, limit int64) *Reader {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.active.Load() || offset < b.first() || offset > b.end.Load() {
		return nil
	}
	r := &Reader{b: b, limit: limit, rung: make(chan struct{}, 1)}
	r.pos.Store(offset)
	r.fence.Store(math.MaxInt64)
	b.mu.readers = append(b.mu.readers, r)
	return r
}

// SetLimit changes by how much the reader may lag.
func (r *Reader) SetLimit(limit int64) {
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	r.limit = limit
}

// Position is the offset behind what was read.
func (r *Reader) Position() int64 { return r.pos.Load() }

// Lost tells whether the reader has lagged by more than it may: it will read nothing more.
func (r *Reader) Lost() bool { return r.lost.Load() }

// Next returns views of what comes next, about most bytes at most, in order; none if there
// is nothing yet, the reader is lost, or its history has ended (FenceLocked). They are valid until Done.
func (r *Reader) Next(most int) [][]byte {
	b := r.b
	at, end := r.pos.Load(), r.end()
	if at == end {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.lost.Load() {
		return nil
	}
	views := r.views[:0]
	i, _ := slices.BinarySearchFunc(b.mu.blocks, at+1, func(blk *block, at int64) int { return cmp.Compare(blk.end(), at) })
	for ; i < len(b.mu.blocks) && at < end && len(views) < maxViews && most > 0; i++ {
		blk := b.mu.blocks[i]
		v := blk.buf[at-blk.start : min(end, blk.end())-blk.start]
		views = append(views, v)
		at += int64(len(v))
		most -= len(v)
	}
	return views
}

// end is the offset up to which there is something to read.
func (r *Reader) end() int64 {
	end := r.b.end.Load() // before the fence: what is behind that was appended after it was set
	return min(end, r.fence.Load())
}

// Done tells that so many bytes of what Next returned are read.
func (r *Reader) Done(n int) { r.pos.Add(int64(n)) }

// Ready returns a channel that has something when there may be more to read, or the reader is lost. The caller
// receives from it, or calls Next, and asks again before it waits again.
func (r *Reader) Ready() <-chan struct{} {
	r.b.asleep.Add(1)
	if r.pos.Load() < r.end() || r.lost.Load() {
		r.ring()
	}
	return r.rung
}

// Awake ends what Ready has begun.
func (r *Reader) Awake() { r.b.asleep.Add(-1) }

// Drop makes the reader lost. Any goroutine may call it.
func (r *Reader) Drop() {
	b := r.b
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lose(func(o *Reader) bool { return o == r })
}

// ring makes Ready's channel have something.
func (r *Reader) ring() {
	select {
	case r.rung <- struct{}{}:
	default:
	}
}

// Close ends reading: nothing is pinned any more, and no view is used.
func (r *Reader) Close() {
	b := r.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.lost.Load() {
		b.mu.lost--
		return
	}
	b.mu.readers = slices.DeleteFunc(b.mu.readers, func(o *Reader) bool { return o == r })
	b.trim(b.end.Load())
}
