package persistence

import (
	"sync"
	"sync/atomic"
	"time"
)

// writer is the goroutine that takes the journal's segments to the files. Under always it
// syncs them itself, a round at a time; under everysec another goroutine does so, once a
// second, while the writer goes on.
type writer struct {
	a     *AOF
	j     *journal
	calls chan *call
	stop  chan struct{}
	ended chan struct{}

	// The writer's own.
	file      File    // nil: what comes is dropped, see AOF.fail
	to        *target // what file belongs to
	segments  []segment
	lastSync  time.Time
	writtenTo uint64 // LSN behind what was written to a file
	ordered   uint64 // LSN up to which a sync was ordered
	syncCost  time.Duration
	counted   uint64 // records up to the last round
	shared    uint64 // those of the last round

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
	w.a, w.j = a, &a.journal
	w.calls = make(chan *call)
	w.stop, w.ended = make(chan struct{}), make(chan struct{})
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

// run is the writer's loop. Every second at least it looks whether a tail is to be synced.
func (w *writer) run() {
	defer close(w.ended)
	tick := time.NewTicker(syncInterval / 4)
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			w.round(true)
			w.sync.stopAndWait()
			if w.file != nil {
				_ = w.file.Close() // synced by the round
			}
			return
		case c := <-w.calls:
			w.round(true)
			c.done <- w.a.Failure()
		case <-w.j.urgent:
			w.await()
			w.round(false)
		case <-w.j.wake:
			w.gather()
			w.round(false)
		case <-tick.C:
			w.round(false)
		}
	}
}

// gather waits a moment for more records, unless somebody waits for these.
func (w *writer) gather() {
	t := time.NewTimer(coalesceTime)
	defer t.Stop()
	select {
	case <-t.C:
	case <-w.j.urgent:
	case <-w.stop:
	}
}

// await gives those whose records went with the last sync a moment to come back, as long
// as they keep coming: else two halves of them would take turns, each waiting for the
// other's sync before its own. Who writes alone does not wait. It naps
// in between.
func (w *writer) await() {
	seen := w.j.count.Load() - w.counted
	want := (w.shared + seen) * gatherParts / (gatherParts + 1)
	if want <= 1 || w.syncCost < gatherLeast || w.a.set.Fsync() != FsyncAlways {
		return
	}
	begin := time.Now()
	for last := begin; seen < want; {
		napThread()
		now, n := time.Now(), w.j.count.Load()-w.counted
		if n > seen {
			seen, last = n, now
		}
		if now.Sub(last) > gatherGap || now.Sub(begin) > gatherMax {
			return
		}
	}
}

// round writes what has gathered, and syncs as the policy says, or in any case.
func (w *writer) round(force bool) {
	policy := w.a.set.Fsync()
	n := w.j.count.Load()
	w.counted, w.shared = n, n-w.counted
	w.j.quiet.Store(policy == FsyncAlways)
	w.j.stamps.Store(w.a.set.Timestamps())
	var upTo uint64
	w.segments, upTo = w.j.take(w.segments[:0])
	for i := range w.segments {
		s := &w.segments[i]
		if s.to != nil {
			w.change(s.to)
			continue
		}
		w.write(s.buf)
	}
	w.j.giveBack(w.segments)
	if w.usable() {
		w.writtenTo = upTo
	}
	w.j.written.Store(upTo)
	w.a.set.Written()
	if !w.usable() || w.writtenTo <= w.a.progress.Load() {
		return
	}
	switch {
	case force || policy == FsyncAlways:
		w.syncNow()
	case policy == FsyncEverySecond && !(w.a.rewriting.Load() && w.a.set.NoFsyncOnRewrite()):
		w.syncSoon()
	}
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
	begin := time.Now()
	n, err := writeAll(w.file, b)
	w.a.set.Took("aof-write", time.Since(begin))
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
	err := w.file.Sync()
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
	w.lastSync, w.ordered = now, w.writtenTo
	w.sync.busy.Store(true)
	w.sync.work <- syncOrder{w.file, w.writtenTo}
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
