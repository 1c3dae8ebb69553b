package persistence

import (
	"sync"
	"sync/atomic"
	"time"
)

// writer takes what the stream has gathered to the files. Whoever has appended writes it by
// himself, with all that others have appended meanwhile (AOF.Write); the writer's goroutine
// does so where that might take long: where the file changes, after a write that took long, and
// under always, where each round ends with a sync, unless syncs are quick. Under everysec another
// goroutine syncs, once a second. While the file is synced, or a write to it does not come back, what was taken from the
// stream goes to the side file, which no disk holds up, and into the file later (see side).
type writer struct {
	a     *AOF
	s     *stream
	calls chan *call
	stop  chan struct{}
	ended chan struct{}

	// mu is held for moments, and while the side file is written: never during a write or sync of the
	// file itself. Who has set away does those, and has file, to, and what is about them, for himself.
	mu   sync.Mutex
	idle sync.Cond // away has become false

	// What follows is guarded by mu.
	backlog
	company
	away    bool // somebody writes to the file
	slowly  bool // and he is the writer's goroutine
	wanted  bool // the writer's goroutine wants to be told when he is done
	side    side
	counted uint64 // records up to the last round
	shared  uint64 // those of the last round
	closed  bool
	idly    atomic.Bool // mu is, or is about to be, held by who does not write, and tells nobody afterwards

	// What follows belongs to who has set away; otherwise it is guarded by mu.
	file      File    // nil: what comes is dropped, see AOF.fail
	to        *target // what file belongs to
	lastSync  time.Time
	writtenTo uint64        // position behind what was written to a file
	ordered   uint64        // position up to which a sync was ordered
	syncMean  time.Duration // of those under always

	begun     time.Time    // what follows counts nanoseconds since then
	writing   atomic.Int64 // when the write, or sync by the writer's goroutine, began that is under way, 0: none is
	slowUntil atomic.Int64 // until when the disk is taken for slow

	syncCost atomic.Int64 // nanoseconds that the last sync took by who was away

	sync syncer
}

// backlog is what was taken from the stream and is not yet in the file.
type backlog struct {
	behind  []segment // it, in order
	held    int       // how many of them, from the front, are being written
	bytes   int       // in behind
	takenTo uint64    // position behind what was taken
	frontTo *target   // what behind begins in,
	frontAt int64     // and where
	beside  bool      // all of behind is in the side file
	fresh   []segment // what was taken last
	used    [][]byte  // emptied buffers, for the stream
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
	w.ready(a)
	w.sync.wg.Add(1)
	go w.runSyncer()
	go w.run()
}

// ready makes the writer one that can be used, but for its goroutines.
func (w *writer) ready(a *AOF) {
	w.a, w.s = a, &a.stream
	w.calls = make(chan *call)
	w.stop, w.ended = make(chan struct{}), make(chan struct{})
	w.begun = time.Now()
	w.idle.L = &w.mu
	w.frontTo, w.frontAt = w.to, 0
	if w.to != nil {
		w.frontAt = w.to.size.Load()
	}
	w.sync.work = make(chan syncOrder, 1)
}

func (w *writer) runSyncer() {
	defer w.sync.wg.Done()
	for o := range w.sync.work {
		w.obey(o)
	}
}

// obey syncs as ordered. It is for the goroutine behind everysec.
func (w *writer) obey(o syncOrder) {
	err := o.file.Sync()
	w.a.counts.syncs.Add(1)
	if err != nil {
		w.sync.bad.Store(true)
		w.a.fail("fsync", err)
	} else {
		w.a.advance(o.upTo)
	}
	w.sync.busy.Store(false)
	ring(w.s.urgent) // what was put aside meanwhile
}

// run is the loop of the writer's goroutine. Every second at least it looks whether a tail is
// to be written or synced.
func (w *writer) run() {
	defer close(w.ended)
	w.openSide()
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
			w.openSide()
		case <-tick.C:
			w.round(false)
			w.openSide()
		}
	}
}

// end closes the file, which the last round has synced.
func (w *writer) end() {
	w.mu.Lock()
	for w.away {
		w.idle.Wait()
	}
	w.closed = true
	w.mu.Unlock()
	w.sync.stopAndWait()
	if w.file != nil {
		_ = w.file.Close()
		w.file = nil
	}
	w.side.close(w.a.State() != Broken)
}

// stuck tells whether a write to the file that is under way takes long.
func (w *writer) stuck() bool { return w.since(&w.writing) > slowWrite }

// since tells how long what began then, if anything, has taken.
func (w *writer) since(begin *atomic.Int64) time.Duration {
	if at := begin.Load(); at != 0 {
		return time.Since(w.begun) - time.Duration(at)
	}
	return 0
}

// reluctant tells whether a write to the file may take long: the last one did, or a sync runs.
func (w *writer) reluctant() bool {
	return w.sync.busy.Load() || int64(time.Since(w.begun)) < w.slowUntil.Load()
}

// slow tells whether what is appended may have to wait for the disk.
func (w *writer) slow() bool {
	return w.stuck() || w.since(&w.side.writing) > slowWrite || !w.side.ready.Load() && w.reluctant()
}

// try is a round by whoever has appended, at once; false if that is a matter for the writer's
// goroutine, or somebody else is at it: then ours tells which. With again others are awaited: he is to try again.
func (w *writer) try(by int) (done, ours, again bool) {
	for n := 0; !w.mu.TryLock(); n++ {
		if w.idly.Load() {
			return false, true, false
		}
		if n > 0 { // once more, as who held it idly may just have let go
			return false, false, by != nobody && w.brief.Load() && w.a.set.Fsync() == FsyncAlways // it may be one who only looks
		}
	}
	done, ours, again = w.tryLocked(by)
	w.mu.Unlock()
	return done, ours, again
}

func (w *writer) tryLocked(by int) (done, ours, again bool) {
	if by != nobody && by != w.by {
		w.by, w.rivals = by, true
	}
	switch {
	case w.closed:
		return true, true, false
	case w.away && !w.slowly && !w.beside && !w.reluctant() && !w.stuck():
		w.rivals = true
		return false, false, false // done in a moment
	case w.away || len(w.behind) > 0 || w.reluctant():
		return w.putBeside(), true, false
	}
	if by != nobody {
		if wait, again := w.awaited(by); wait {
			return false, false, again
		}
	}
	if !w.takeLocked(true) {
		return false, true, false
	}
	w.drain(false, true)
	return w.takenTo == w.s.written.Load(), true, false
}

// await gives those whose records went with the last sync a moment to come back, as long
// as they keep coming: else two halves of them would take turns, each waiting for the
// other's sync before its own. Who writes alone does not wait. It naps
// in between.
func (w *writer) await() {
	w.mu.Lock()
	counted, shared, cost := w.counted, w.shared, time.Duration(w.syncCost.Load())
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
	for force && w.away {
		w.idle.Wait()
	}
	switch {
	case w.away: // by somebody who has appended
		w.wanted = true
		if w.beside || w.stuck() {
			w.putBeside()
		}
	case !force && w.sync.busy.Load() && w.putBeside():
		w.delayed(time.Now())
	default:
		w.takeLocked(false)
		w.drain(force, false)
	}
	w.mu.Unlock()
	w.a.set.Written()
}

// takeLocked takes what the stream has gathered; what has to wait shares buffers. With plain it
// takes nothing, and says so, where the file changes: that takes a sync. mu is held.
func (w *writer) takeLocked(plain bool) (done bool) {
	n := w.s.count.Load()
	w.s.stamps.Store(w.a.set.Timestamps())
	fresh, upTo, done := w.s.take(w.fresh[:0], w.used, plain)
	w.fresh = fresh
	if !done {
		return false
	}
	clear(w.used)
	w.used = w.used[:0]
	w.takenTo = upTo
	if n != w.counted {
		w.gather.want = 0 // who looked whether more come has these taken for him, and does not look again
	}
	w.counted, w.shared = n, n-w.counted
	if len(fresh) > 0 {
		w.beside = false // until putBeside has put these, too
	}
	for _, seg := range fresh {
		w.bytes += len(seg.buf)
		if last := len(w.behind) - 1; last >= w.held && seg.to == nil {
			if b := w.behind[last].buf; cap(b)-len(b) >= len(seg.buf) {
				w.behind[last].buf = append(b, seg.buf...)
				w.used = append(w.used, seg.buf)
				continue
			}
		}
		w.behind = append(w.behind, seg)
	}
	return true
}

// drain writes what is behind to the file, and syncs as the policy says, or in any case. mu is
// held, but not meanwhile, and nobody is away. With plain, what others put behind meanwhile is
// left to the writer's goroutine.
func (w *writer) drain(force, plain bool) {
	w.away, w.slowly = true, !plain
	for synced := false; ; {
		for len(w.behind) > 0 {
			w.writeBehind()
			if plain && len(w.behind) > 0 {
				break
			}
		}
		if len(w.behind) > 0 {
			ring(w.s.urgent)
			break
		}
		if !w.caughtUp(force) || synced {
			break
		}
		w.mu.Unlock()
		w.syncNow()
		w.mu.Lock()
		w.weigh()
		synced = true
	}
	w.away, w.slowly = false, false
	if w.wanted {
		w.wanted = false
		ring(w.s.urgent)
	}
	w.idle.Broadcast()
}

// writeBehind writes what is behind at this moment. It is for who is away, and holds mu, but not
// meanwhile.
func (w *writer) writeBehind() {
	n := len(w.behind)
	segments := w.behind[:n:n]
	w.held = n
	clear(w.fresh)
	w.mu.Unlock()
	for i := range segments {
		if t := segments[i].to; t != nil {
			w.change(t)
		} else {
			w.write(segments[i].buf)
		}
	}
	w.mu.Lock()
	for _, seg := range segments {
		w.bytes -= len(seg.buf)
		if seg.buf != nil && len(w.used) < spareChunks {
			w.used = append(w.used, seg.buf)
		}
	}
	left := copy(w.behind, w.behind[n:])
	clear(w.behind[left:])
	w.behind, w.held = w.behind[:left], 0
	if w.frontTo = w.to; w.to != nil {
		w.frontAt = w.to.size.Load()
	}
}

// caughtUp notes that nothing is behind any more, orders a sync if one is due, and tells whether
// there must be one at once. It is for who is away, and holds mu.
func (w *writer) caughtUp(force bool) (syncNow bool) {
	w.beside = false
	if w.usable() {
		w.writtenTo = w.takenTo
	}
	w.s.written.Store(w.takenTo)
	if !w.usable() || w.writtenTo <= w.a.progress.Load() {
		return false
	}
	switch policy := w.a.set.Fsync(); {
	case force || policy == FsyncAlways:
		return true
	case policy == FsyncEverySecond && !(w.a.rewriting.Load() && w.a.set.NoFsyncOnRewrite()):
		w.syncSoon()
	}
	return false
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
	cost := time.Since(begin)
	w.lastSync = begin
	w.syncCost.Store(int64(cost))
	if w.a.set.Fsync() == FsyncAlways {
		w.a.set.Took("aof-fsync-always", cost)
	}
	w.ordered = w.writtenTo
	if w.slowly {
		w.a.advance(w.writtenTo)
	} else {
		w.a.mark(w.writtenTo) // AOF.Write tells, when nobody is away any more
	}
}

// weigh decides, after a sync under always, who does the next ones. Who has appended saves two ways between
// goroutines when he syncs by himself. But of two who do, each waits for the other's sync before his own, so that
// half as many records go with each: where there are several, they wait for each other (gather), or, if they cannot, the
// writer's goroutine waits for all of them (await). mu is held.
func (w *writer) weigh() {
	if w.a.set.Fsync() != FsyncAlways {
		return
	}
	cost := time.Duration(w.syncCost.Load())
	if w.syncMean == 0 {
		w.syncMean = cost
	}
	w.syncMean += (cost - w.syncMean) / syncMemory
	if w.lonely++; w.rivals {
		w.lonely, w.rivals = 0, false
	}
	w.brief.Store(w.syncMean <= quickSync)
	w.quick.Store(w.syncMean <= quickSync && w.lonely >= lonelySyncs)
	w.beginGather()
}

// syncSoon orders a sync in the background, if a second has passed since the last one.
func (w *writer) syncSoon() {
	now := time.Now()
	switch {
	case w.ordered == w.writtenTo: // nothing is new
	case w.sync.busy.Load():
		w.delayed(now)
	case now.Sub(w.lastSync) >= syncInterval:
		w.order(now)
	}
}

// delayed counts the seconds whose sync has to wait for the last one. Nobody else is away.
func (w *writer) delayed(now time.Time) {
	if now.Sub(w.lastSync) >= syncInterval {
		w.a.counts.delayed.Add(1)
		w.lastSync = now.Add(-syncInterval / 2)
	}
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
	w.idly.Store(true)
	w.mu.Lock()
	for w.away {
		w.idle.Wait()
	}
	if w.usable() && !w.sync.busy.Load() && w.writtenTo > w.a.progress.Load() {
		w.order(time.Now())
	}
	w.mu.Unlock()
	w.idly.Store(false)
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
