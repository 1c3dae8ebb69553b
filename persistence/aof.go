package persistence

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/persistence/journal"
)

// Policy says when the file is synced.
type Policy uint8

const (
	FsyncEverySecond Policy = iota
	FsyncAlways
	FsyncNo
)

// Owner is who has an AOF: it answers how the AOF is to work now, and is told of what
// happens. All methods are called on the AOF's goroutines, must be quick and must not call
// the AOF back, except for the methods that only read.
type Owner interface {
	Fsync() Policy
	NoFsyncOnRewrite() bool // everysec does not sync while a rewrite runs
	IncrementalFsync() bool // a rewrite syncs as it goes
	Timestamps() bool       // annotate records
	LoadTruncated() bool    // load a file whose end was cut
	// Follows tells whether the server is to follow another one when it has loaded the AOF.
	Follows() bool

	// Mark is the mark that the data have when all is recorded up to a position: it is called with the journal
	// locked. ok is false if they have none, or it is not known.
	Mark(pos uint64) (m Mark, ok bool)

	Durable() // the durable mark has moved, or the state has changed
	Written() // the writer's goroutine, or somebody by Write, has written all that had gathered

	// Took is told how long a write, or under always a sync, took, by the name that the
	// event has in LATENCY.
	Took(event string, d time.Duration)

	Failed(err error) // a write or sync failed: from now on nothing is accepted
}

// State is what an AOF is doing.
type State int32

const (
	Off      State = iota // nothing is recorded
	Starting              // recorded, but not complete before the first rewrite is
	On                    // complete up to the durable mark
	Broken                // a write or sync failed; a rewrite must succeed first
)

// AOF is an append only file: the directory with a manifest, a base and increments.
type AOF struct {
	set     Owner
	fs      FS
	dir     string
	name    string
	log     *slog.Logger
	stream  stream
	writer  writer
	lock    io.Closer // of the directory
	running bool      // the writer is; set by Start and Close

	state     atomic.Int32
	rewriting atomic.Bool
	progress  atomic.Uint64 // position up to which the current file is synced
	durable   atomic.Uint64 // position up to which nothing can be lost any more
	counts    struct{ syncs, delayed atomic.Int64 }
	load      Progress
	marks     marks // Load's

	mu struct {
		sync.Mutex
		m       *manifest // never changed, but replaced, by who starts or rewrites
		current *target   // what the writer writes to
		err     error     // why the state is Broken
		older   int64     // bytes of the files before current
		base    int64     // bytes of the data after the last rewrite, or at the start
		orphans []string
		rewrite rewriteStats
	}
}

// Config is what an AOF is made from.
type Config struct {
	Owner Owner
	FS    FS
	Dir   string // the directory of all files
	Name  string // what their names begin with
	// Legacy is the file of a server before 7.0, which becomes the first base if there
	// is no manifest; "" for none.
	Legacy string
	Log    *slog.Logger
	// Journal is what the AOF records, once it has begun.
	Journal *journal.Journal
}

// Open locks the directory, which it makes if need be, and reads the manifest, if there is one. It
// changes no file but for what an interrupted upgrade, or a kill -9 during a sync, left undone. Close gives the directory back.
func Open(c Config) (*AOF, error) {
	a := &AOF{set: c.Owner, fs: c.FS, dir: c.Dir, name: c.Name, log: c.Log}
	a.stream.init(c.Journal)
	a.stream.mark = c.Owner.Mark
	if err := a.fs.MkdirAll(a.dir); err != nil {
		return nil, err
	}
	var err error
	if a.lock, err = a.fs.Lock(a.dir); err != nil {
		return nil, fmt.Errorf("the AOF directory %s cannot be used: %w", a.dir, err)
	}
	if a.mu.m, err = a.open(c.Legacy); err != nil {
		_ = a.lock.Close()
		return nil, err
	}
	return a, nil
}

// open reads the manifest, or makes one of an older server's file.
func (a *AOF) open(legacy string) (*manifest, error) {
	m, err := readManifest(a.fs, a.manifestPath())
	switch {
	case err == nil:
		if err := a.finishUpgrade(m, legacy); err != nil {
			return nil, err
		}
		return m, putBack(a, m)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	// Without a manifest there is nothing that a side file could complete; the next increment
	// may have the number of one that it knows.
	if err := dropSide(a); err != nil {
		return nil, err
	}
	return a.upgrade(legacy)
}

const manifestEnding = ".manifest"

func (a *AOF) manifestPath() string { return filepath.Join(a.dir, a.name+manifestEnding) }
func (a *AOF) tempManifest() string { return filepath.Join(a.dir, "temp-"+a.name+manifestEnding) }
func (a *AOF) tempBase() string     { return filepath.Join(a.dir, "temp-"+a.name+".base") }

func (a *AOF) path(p part) string { return filepath.Join(a.dir, p.name) }

func (a *AOF) save(m *manifest) error {
	return writeManifest(a.fs, a.dir, a.manifestPath(), a.tempManifest(), m)
}

// upgrade makes the single file of an old server the base of a new directory. The
// manifest comes first: what was done by half is finished by finishUpgrade.
func (a *AOF) upgrade(legacy string) (*manifest, error) {
	m := &manifest{}
	if legacy == "" {
		return m, nil
	}
	ok, err := exists(a.fs, legacy)
	if err != nil || !ok {
		return m, err
	}
	a.log.Info("moving the AOF of an older version into its directory", "file", legacy, "directory", a.dir)
	m.base, m.baseSeq = &part{filepath.Base(legacy), 1}, 1
	if err := a.save(m); err != nil {
		return nil, err
	}
	return m, a.finishUpgrade(m, legacy)
}

func (a *AOF) finishUpgrade(m *manifest, legacy string) error {
	if legacy == "" || m.base == nil || m.base.name != filepath.Base(legacy) {
		return nil
	}
	if there, err := exists(a.fs, a.path(*m.base)); there || err != nil {
		return err
	}
	if old, err := exists(a.fs, legacy); !old || err != nil {
		return err
	}
	if err := a.fs.Rename(legacy, a.path(*m.base)); err != nil {
		return err
	}
	if err := a.fs.SyncDir(a.dir); err != nil {
		return err
	}
	return a.fs.SyncDir(filepath.Dir(legacy))
}

// Empty tells whether there is nothing to load.
func (a *AOF) Empty() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.mu.m.parts()) == 0
}

// Start goes on with the last increment, or makes the first one, and begins to write:
// the data in memory is what Load has loaded. Nothing is changed or appended meanwhile.
func (a *AOF) Start() error {
	if err := a.fs.MkdirAll(a.dir); err != nil {
		return err
	}
	total := int64(0)
	a.mu.Lock()
	parts := a.mu.m.parts()
	a.mu.Unlock()
	for _, p := range parts {
		n, err := a.fs.Size(a.path(p))
		if err != nil {
			return err
		}
		total += n
	}
	t, err := a.lastIncrement()
	if err != nil {
		return err
	}
	a.dropHistory()
	a.mu.Lock()
	a.mu.older = total - t.size.Load()
	a.mu.base = total
	a.mu.current = t
	a.mu.Unlock()
	close(t.open)
	a.stream.stamps.Store(a.set.Timestamps())
	a.writer.file, a.writer.to = t.file, t
	a.stream.log.At(func(pos uint64) {
		a.writer.writtenTo, a.writer.ordered = pos, pos
		a.progress.Store(pos)
		a.durable.Store(pos)
		a.stream.subscribe(pos)
	})
	a.state.Store(int32(On))
	a.run()
	return nil
}

func (a *AOF) run() {
	a.running = true
	a.writer.start(a)
}

// lastIncrement opens the file that the stream goes on in.
func (a *AOF) lastIncrement() (*target, error) {
	a.mu.Lock()
	m := a.mu.m.clone()
	a.mu.Unlock()
	if n := len(m.incr); n > 0 {
		t := &target{part: m.incr[n-1], open: make(chan struct{})}
		size, err := a.fs.Size(a.path(t.part))
		if err != nil {
			return nil, err
		}
		t.size.Store(size)
		t.file, err = a.fs.Append(a.path(t.part))
		return t, err
	}
	m.incrSeq++
	t, err := a.newIncrement(m.incrSeq)
	if err != nil {
		return nil, err
	}
	return t, a.append(t, m)
}

// newIncrement makes the file after all others; the manifest does not name it yet.
func (a *AOF) newIncrement(seq int64) (*target, error) {
	t := &target{part: part{fmt.Sprintf("%s.%d.incr.aof", a.name, seq), seq}, open: make(chan struct{})}
	var err error
	if t.file, err = a.fs.Create(a.path(t.part)); err != nil {
		return nil, err
	}
	if err = t.file.Sync(); err == nil {
		err = a.fs.SyncDir(a.dir)
	}
	if err != nil {
		_ = t.file.Close()
		_ = a.fs.Remove(a.path(t.part))
		return nil, err
	}
	return t, nil
}

// append lets the manifest, which is m now, name a new increment as well.
func (a *AOF) append(t *target, m *manifest) error {
	next := m.clone()
	next.incr = append(next.incr, t.part)
	if err := a.save(next); err != nil {
		_ = t.file.Close()
		return err
	}
	a.mu.Lock()
	a.mu.m = next
	a.mu.Unlock()
	return nil
}

// StartFresh begins to record without a file: the first rewrite makes one, and what the
// manifest names now is history then.
func (a *AOF) StartFresh() {
	a.stream.stamps.Store(a.set.Timestamps())
	a.state.Store(int32(Starting))
	a.run()
}

// dropHistory deletes what the manifest says is no longer needed. That may take long, so no lock is
// held: only who starts, or rewrites, changes the manifest, and there is one of them.
func (a *AOF) dropHistory() {
	a.mu.Lock()
	m, orphans := a.mu.m, a.mu.orphans
	a.mu.orphans = nil
	a.mu.Unlock()
	for _, name := range orphans {
		if err := a.fs.Remove(filepath.Join(a.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			a.log.Warn("an unused AOF cannot be deleted", "file", name, "error", err)
		}
	}
	if len(m.history) == 0 {
		return
	}
	for _, p := range m.history {
		if err := a.fs.Remove(a.path(p)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			a.log.Warn("an old AOF cannot be deleted", "file", p.name, "error", err)
			return
		}
	}
	next := m.clone()
	next.history = nil
	if err := a.save(next); err != nil {
		a.log.Warn("the AOF manifest still names deleted files", "error", err)
		return
	}
	a.mu.Lock()
	a.mu.m = next
	a.mu.Unlock()
}

// Kick makes the writer's goroutine begin now.
func (a *AOF) Kick() { ring(a.stream.urgent) }

// Write writes what was appended before the call, and under always syncs it, on the caller's goroutine,
// unless that might take long, or somebody else is writing: then it returns false at once, and
// Owner.Written is called when it is worth to look at Wrote and Durable again. Any goroutine may call it, but not
// under a lock that Owner.Written needs. Under always it is for when Quick says so.
func (a *AOF) Write() bool {
	done, _ := a.WriteBy(nobody)
	return done
}

// nobody is who does not try again.
const nobody = -1

// WriteBy is Write by one of several, each with a number from 0 on, who under always wait for each other while Brief: with again he
// is to serve who has come meanwhile, and to call it again at once.
func (a *AOF) WriteBy(by int) (done, again bool) {
	done, ours, again := a.writer.try(by)
	switch {
	case done:
		a.set.Written()
	case ours:
		a.Kick()
	}
	return done, again
}

// NoteLocked appends the mark of this moment, which Owner.Mark tells, if anything was recorded since the last one. A
// replica calls it when it has counted what it has recorded up to the end of the journal, so that its file never has more
// behind a mark than it executes at once. The mark has a position of its own, which counted is set to: what is durable up to
// there can be gone back to. The journal is locked.
func (a *AOF) NoteLocked(counted *uint64) {
	s := &a.stream
	if !s.live.Load() || !s.unmarked { // a mark alone would cost a write
		return
	}
	*counted = s.log.StepLocked()
	s.note()
}

// Quick tells whether a sync takes so little time that whoever has appended under always is to Write; else
// he is to Kick.
func (a *AOF) Quick() bool { return a.writer.quick.Load() }

// Brief tells whether those who have appended under always, and can wait for each other, are to WriteBy, although they are several.
func (a *AOF) Brief() bool { return a.writer.brief.Load() }

// Slow tells whether writing may take long at this moment: Write does not then.
func (a *AOF) Slow() bool { return a.writer.slow() }

// Wrote is the position up to which records have been written to the file, or were given up
// because the AOF is Broken.
func (a *AOF) Wrote() uint64 { return a.stream.written.Load() }

// Durable is the position up to which nothing can be lost any more.
func (a *AOF) Durable() uint64 { return a.durable.Load() }

// State tells what the AOF is doing.
func (a *AOF) State() State { return State(a.state.Load()) }

// Pending is how many bytes of records wait to be written.
func (a *AOF) Pending() int64 { return a.stream.pending() }

// Failure is why the AOF is Broken, else nil.
func (a *AOF) Failure() error {
	if a.State() != Broken {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.mu.err
}

// Flush writes and syncs everything that was appended before it was called.
func (a *AOF) Flush() error {
	if !a.running {
		return nil
	}
	c := &call{done: make(chan error, 1)}
	select {
	case a.writer.calls <- c:
		return <-c.done
	case <-a.writer.ended:
		return a.Failure()
	}
}

// Unsubscribe ends recording, at a cut: the caller keeps everything from being changed. Close
// does it as well.
func (a *AOF) Unsubscribe() { a.stream.unsubscribe() }

// Close ends the AOF, however far it has come, after everything appended is written and synced,
// and gives the directory back. Nobody appends any more, and no rewrite runs. The error is why
// something is not durable.
func (a *AOF) Close() error {
	if a.running {
		a.stream.unsubscribe()
		close(a.writer.stop)
		<-a.writer.ended
		a.running = false
	}
	err := a.Failure()
	a.state.Store(int32(Off))
	_ = a.lock.Close() // it was opened for the lock only
	return err
}

// advance moves the durable mark. It is called by whoever synced.
func (a *AOF) advance(pos uint64) {
	a.progress.Store(pos)
	if a.State() == On {
		a.publish(pos)
	}
}

// publish moves the durable mark, never back, and tells the owner.
func (a *AOF) publish(pos uint64) {
	a.raise(pos)
	a.set.Durable()
}

// mark is advance for who tells the owner by himself.
func (a *AOF) mark(pos uint64) {
	a.progress.Store(pos)
	if a.State() == On {
		a.raise(pos)
	}
}

// raise moves the durable mark, never back.
func (a *AOF) raise(pos uint64) {
	for {
		old := a.durable.Load()
		if pos <= old || a.durable.CompareAndSwap(old, pos) {
			return
		}
	}
}

// fail notes that the current file lacks a part of the stream.
func (a *AOF) fail(op string, err error) {
	a.mu.Lock()
	if t := a.mu.current; t != nil {
		t.failed.Store(true)
	}
	a.mu.err = err
	if a.State() == On {
		a.state.Store(int32(Broken))
		a.mu.rewrite.retry(time.Now())
	}
	a.mu.Unlock()
	a.log.Error("the AOF has failed: writes are refused until a rewrite succeeds", "operation", op, "error", err)
	a.set.Failed(err)
	a.set.Durable()
}

// opened is called by the writer when it has changed to t.
func (a *AOF) opened(t *target) {
	a.mu.Lock()
	if old := a.mu.current; old != nil {
		a.mu.older += old.size.Load()
	}
	a.mu.current = t
	a.mu.Unlock()
	a.advance(t.at)
	close(t.open)
}

// dead is called by the writer when it does not change to t because the stream broke
// before.
func (a *AOF) dead(t *target) {
	t.failed.Store(true)
	close(t.open)
}
