package persistence

import (
	"sync"
	"sync/atomic"
	"time"
)

// writer takes what the stream has gathered to the files. Whoever has appended writes it by
// himself, with all that others have appended meanwhile (AOF.Write); the writer's goroutine
// does so where that might take long: while the disk is slow or a sync runs, where the file
// changes, and under always, where it syncs after each round. Under everysec another
// goroutine syncs, once a second.
type writer struct {
	a     *AOF
	s     *stream
	calls chan *call
	stop  chan struct{}
	ended chan struct{}

	// mu is held by who writes, during write(2); by the writer's goroutine also during a sync.
	mu sync.Mutex

	// What follows is guarded by mu.
	file      File    // nil: what comes is dropped, see AOF.fail
	to        *target // what file belongs to
	segments  []segment
	lastSync  time.Time
	writtenTo uint64 // position behind what was written to a file
	ordered   uint64 // position up to which a sync was ordered
	syncCost  time.Duration
	counted   uint64 // records up to the last round
	shared    uint64 // those of the last round
	closed    bool

	begun     time.Time    // what follows counts nanoseconds since then
	writing   atomic.Int64 // when the write, or sync by the writer's goroutine, began that is under way, 0: none is
	slowUntil atomic.Int64 // until when the disk is taken for slow

	sync syncer
}

// call asks the writer to write and sync all there is.
type call struct{ done chan error }

// syncer is the goroutine behind everysec.
type syncer struct {
	work chan syncOrder
	busy atomic.Bool
	bad  atomic.Bool // a sync failed: the file is not to be used any more
	wg   sync.WaitGroup
}

type syncOrder struct {
	file File
	upTo uint64
}

func (w *writer) start(a *AOF) {
	w.a, w.s = a, &a.stream
	w.calls = make(chan *call)
	w.stop, w.ended = make(chan struct{}), make(chan struct{})
	w.begun = time.Now()
	w.sync.work = make(chan syncOrder, 1)
	w.sync.wg.Add(1)
	go w.runSyncer()
	go w.run()
}

func (w *writer) runSyncer() {
	defer w.sync.wg.Done()
	for o := range w.sync.work {
		err := o.file.Sync()
		w.a.counts.syncs.Add(1)
		if err != nil {
			w.sync.bad.Store(true)
			w.a.fail("fsync", err)
		} else {
			w.a.advance(o.upTo)
		}
		w.sync.busy.Store(false)
	}
}

// run is the loop of the writer's goroutine. Every second at least it looks whether a tail is
// to be written or synced.
func (w *writer) run() {
	defer close(w.ended)
	tick := time.NewTicker(syncInterval / 4)
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			w.round(true)
			w.end()
			return
		case c := <-w.calls:
			w.round(true)
			c.done <- w.a.Failure()
		case <-w.s.urgent:
			w.await()
			w.round(false)
		case <-tick.C:
			w.round(false)
		}
	}
}

// end closes the file, which the last round has synced.
func (w *writer) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.sync.stopAndWait()
	if w.file != nil {
		_ = w.file.Close()
		w.file = nil
	}
}

// slow tells whether a write may take long: the last one did, or does, or a sync runs.
func (w *writer) slow() bool {
	if w.sync.busy.Load() {
		return true
	}
	now, since := int64(time.Since(w.begun)), w.writing.Load()
	return now < w.slowUntil.Load() || since != 0 && now-since > int64(slowWrite)
}

// try is a round by whoever has appended, at once; false if that is a matter for the writer's
// goroutine, or somebody else is at it: then ours tells which.
func (w *writer) try() (done, ours bool) {
	if w.slow() {
		return false, true
	}
	if !w.mu.TryLock() {
		return false, false
	}
	if w.closed || w.sync.busy.Load() {
		done, ours = w.closed, true
	} else {
		done, ours = w.roundLocked(false, true), true
	}
	w.mu.Unlock()
	return done, ours
}

// await gives those whose records went with the last sync a moment to come back, as long
// as they keep coming: else two halves of them would take turns, each waiting for the
// other's sync before its own. Who writes alone does not wait. It naps
// in between.
func (w *writer) await() {
	w.mu.Lock()
	counted, shared, cost := w.counted, w.shared, w.syncCost
	w.mu.Unlock()
	seen := w.s.count.Load() - counted
	want := (shared + seen) * gatherParts / (gatherParts + 1)
	if want <= 1 || cost < gatherLeast || w.a.set.Fsync() != FsyncAlways {
		return
	}
	begin := time.Now()
	for last := begin; seen < want; {
		napThread()
		now, n := time.Now(), w.s.count.Load()-counted
		if n > seen {
			seen, last = n, now
		}
		if now.Sub(last) > gatherGap || now.Sub(begin) > gatherMax {
			return
		}
	}
}

// round writes what has gathered, and syncs as the policy says, or in any case. It is for the
// writer's goroutine.
func (w *writer) round(force bool) {
	w.mu.Lock()
	w.roundLocked(force, false)
	w.mu.Unlock()
	w.a.set.Written()
}

// roundLocked is round with mu held. With plain it does nothing, and says so, where the file
// changes: that takes a sync.
func (w *writer) roundLocked(force, plain bool) (done bool) {
	policy := w.a.set.Fsync()
	n := w.s.count.Load()
	w.s.stamps.Store(w.a.set.Timestamps())
	var upTo uint64
	if w.segments, upTo, done = w.s.take(w.segments, plain); !done {
		return false
	}
	w.counted, w.shared = n, n-w.counted
	for i := range w.segments {
		seg := &w.segments[i]
		if seg.to != nil {
			w.change(seg.to)
			continue
		}
		w.write(seg.buf)
	}
	if w.usable() {
		w.writtenTo = upTo
	}
	w.s.written.Store(upTo)
	if !w.usable() || w.writtenTo <= w.a.progress.Load() {
		return true
	}
	switch {
	case force || policy == FsyncAlways:
		w.syncNow()
	case policy == FsyncEverySecond && !(w.a.rewriting.Load() && w.a.set.NoFsyncOnRewrite()):
		w.syncSoon()
	}
	return true
}

// usable tells whether there is a file to write to; one whose sync failed is let go of.
func (w *writer) usable() bool {
	if w.file != nil && w.sync.bad.Load() {
		w.drop()
	}
	return w.file != nil
}

// write appends whole records to the file.
func (w *writer) write(b []byte) {
	if !w.usable() {
		return
	}
	begin := time.Since(w.begun)
	w.writing.Store(max(int64(begin), 1))
	n, err := writeAll(w.file, b)
	w.writing.Store(0)
	end := time.Since(w.begun)
	w.a.set.Took("aof-write", end-begin)
	if end-begin > slowWrite {
		w.slowUntil.Store(int64(end + slowRest))
	}
	if err == nil {
		w.to.size.Add(int64(n))
		return
	}
	// Only whole records stay in the file, if it can be had.
	if n > 0 {
		if terr := w.file.Truncate(w.to.size.Load()); terr != nil {
			w.a.log.Error("the AOF's tail cannot be cut off", "error", terr)
		}
	}
	w.a.fail("write", err)
	w.drop()
}

// drop lets go of a file that has failed: nothing more is written to it.
func (w *writer) drop() {
	w.sync.wait()
	_ = w.file.Close()
	w.file = nil
}

// syncNow makes all that was written durable before it returns.
func (w *writer) syncNow() {
	w.sync.wait()
	if !w.usable() {
		return
	}
	begin := time.Now()
	w.writing.Store(max(int64(begin.Sub(w.begun)), 1))
	err := w.file.Sync()
	w.writing.Store(0)
	w.a.counts.syncs.Add(1)
	if err != nil {
		w.a.fail("fsync", err)
		w.drop()
		return
	}
	w.lastSync, w.syncCost = begin, time.Since(begin)
	if w.a.set.Fsync() == FsyncAlways {
		w.a.set.Took("aof-fsync-always", w.syncCost)
	}
	w.ordered = w.writtenTo
	w.a.advance(w.writtenTo)
}

// syncSoon orders a sync in the background, if a second has passed since the last one.
// While one takes longer than that, writing goes on: it holds up nobody but the writer.
func (w *writer) syncSoon() {
	now := time.Now()
	if now.Sub(w.lastSync) < syncInterval || w.ordered == w.writtenTo {
		return
	}
	if w.sync.busy.Load() {
		w.a.counts.delayed.Add(1)
		w.lastSync = now.Add(-syncInterval / 2)
		return
	}
	w.order(now)
}

// order has the syncer, which is not busy, sync what was written.
func (w *writer) order(now time.Time) {
	w.lastSync, w.ordered = now, w.writtenTo
	w.sync.busy.Store(true)
	w.sync.work <- syncOrder{w.file, w.writtenTo}
}

// relieve syncs in the background what was written, and returns when that is done: what comes
// next, a sync for which those who write have to wait, has little to do then.
func (w *writer) relieve() {
	w.mu.Lock()
	if w.usable() && !w.sync.busy.Load() && w.writtenTo > w.a.progress.Load() {
		w.order(time.Now())
	}
	w.mu.Unlock()
	w.sync.wait()
}

// change makes the stream go on in another file. What the old one holds is made durable
// first, under every policy: after a power loss only the last file may lack its end. When
// the old file has failed, a stream that continues it has no use for the new one.
func (w *writer) change(t *target) {
	if w.usable() {
		w.writtenTo = t.at
		if t.at > w.a.progress.Load() {
			w.syncNow()
		}
	}
	w.sync.wait()
	if !w.usable() && !t.revive {
		_ = t.file.Close() // nothing was written
		w.a.dead(t)
		return
	}
	if w.file != nil {
		if err := w.file.Close(); err != nil {
			w.a.log.Warn("closing an AOF", "error", err)
		}
	}
	w.sync.bad.Store(false)
	w.file, w.to = t.file, t
	w.writtenTo, w.ordered = t.at, t.at
	w.a.opened(t)
}

// wait returns when no background sync is running.
func (s *syncer) wait() {
	for s.busy.Load() {
		time.Sleep(time.Millisecond)
	}
}

func (s *syncer) stopAndWait() {
	close(s.work)
	s.wg.Wait()
}
