package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/command/image"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/info"
	"github.com/kringdb/kring/internal/server/migrate"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/snapshot"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store"
)

// This file saves the data to the snapshot's file: when a client asks for it, at the save
// points, and at the end. Package snapshot has the work; here is when, and what is told.

// copying is who copies the store, or keys of it: one job at a time, what snapshots have come to,
// and the connections of MIGRATE.
type copying struct {
	jobs  jobs
	saver saver
	peers migrate.Links
}

// saver is what the server keeps about its snapshots. Any goroutine may read its numbers.
type saver struct {
	lastSave atomic.Int64 // seconds since 1970, of the last that succeeded, or of the start
	lastTry  atomic.Int64 // seconds since 1970
	lastSecs atomic.Int64 // how long the last one took, -1: there was none
	begun    atomic.Int64 // seconds since 1970, of the one that runs; 0: none does
	atLast   atomic.Int64 // Server.changes at the cut of the last that succeeded
	saves    atomic.Int64 // that succeeded
	failed   atomic.Bool  // the last one
	copying  atomic.Pointer[snapshot.Copy]
	loading  atomic.Pointer[persistence.Progress]

	loaded, expired atomic.Int64 // keys of the last file loaded
}

const (
	// saveRetrySeconds is how long the save points wait after a snapshot that failed.
	saveRetrySeconds = 5
	// endSaveRetry is how long the end of the server waits after one.
	endSaveRetry = 2 * time.Second
)

// changes is how many changes there were, as Redis counts them.
func (s *Server) changes() (n int64) {
	for _, ex := range s.clients.Stations {
		n += ex.Changes.Load()
	}
	for _, ex := range s.extra {
		n += ex.Changes.Load()
	}
	return n
}

// saves is what INFO tells of snapshots.
func (s *Server) saves() info.Saves {
	sv := &s.saver
	told := info.Saves{
		Last: sv.lastSave.Load(), Begun: sv.begun.Load(), LastSecs: sv.lastSecs.Load(), Failed: sv.failed.Load(), Saves: sv.saves.Load(),
		Changes: s.changes() - sv.atLast.Load(), Loaded: sv.loaded.Load(), Expired: sv.expired.Load(),
	}
	if told.Begun == 0 && s.jobs.runs(jobSave) { // from the reply to BGSAVE on
		told.Begun = time.Now().Unix()
	}
	if c := sv.copying.Load(); c != nil {
		told.Processed, told.Total = c.Progress()
	}
	return told
}

// fileSystem is where files go.
func (s *Server) fileSystem() persistence.FS {
	if s.aof.fs != nil {
		return s.aof.fs
	}
	return persistence.OS{}
}

// imageFormat is how images are written now; old: for somebody who may read none but the oldest version. It takes no lock of the store's order: the
// caller holds all shard locks, so that what it says holds for the cut.
func (s *Server) imageFormat(old bool) rdb.Format {
	f := rdb.Format{
		Version: asInt(&s.Opts.RDBVersion), Compress: s.Opts.RDBCompression.Load(), Checksum: s.Opts.RDBChecksum.Load(),
		Limits: s.Limits.Load().Images(),
	}
	if old {
		f.Version = rdb.OldestVersion
	}
	if s.Store.HoldsDuesLocked() && f.Version < rdb.DeadlineVersion {
		f.Version = rdb.DeadlineVersion
	}
	return f
}

// imageClocks translates access clocks as the policy of eviction needs them; nil if it goes by
// neither use nor age.
func (s *Server) imageClocks() (clocks image.Clocks, tells bool) {
	policy := s.Opts.MaxMemoryPolicy.Load()
	clocks.Now, clocks.UnitMs = exec.AccessClock(policy, s.Wall(s.NowMs()))
	if exec.IsLFU(policy) {
		lfu := exec.LFUParameters(s.Opts)
		clocks.Freq = lfu.Decayed
	}
	return clocks, exec.IsLFU(policy) || policy == options.PolicyAllKeysLRU || policy == options.PolicyVolatileLRU
}

// imageCopy makes a copy of the store, in images, and the stream that frames it: it takes the
// cut. old is as for imageFormat. at is called at the cut, with the journal's position.
func (s *Server) imageCopy(aofBase, old bool, at func(pos uint64)) (*snapshot.Copy, *snapshot.Stream, error) {
	head := snapshot.Head{About: rdb.About{
		RedisVersion: command.Version, Created: time.Now().Unix(), UsedMemory: s.Store.Used(), AOFBase: aofBase,
	}}
	for db := range s.Store.Databases() {
		if n := s.Store.Len(db); n > 0 {
			head.Sizes = append(head.Sizes, snapshot.Size{DB: db, Keys: uint64(n), Deadlines: uint64(s.Store.Expires(db))})
		}
	}
	var form func() snapshot.Form
	c := snapshot.NewCopy(s.Store, func() snapshot.Form { return form() })
	err := c.Begin(func(sink store.SnapshotSink) (*store.Snapshot, error) {
		return s.cut(sink, func(pos uint64) {
			head.Format = s.imageFormat(old)
			for _, l := range s.Scripts.Engine.Libraries() {
				head.Functions = append(head.Functions, []byte(l.Text))
			}
			clocks, tells := s.imageClocks()
			form = snapshot.Images(head.Format, nil)
			if tells {
				form = snapshot.Images(head.Format, &clocks)
			}
			at(pos)
			s.role.aboutHistory(&head.About)
		})
	})
	if err != nil {
		return nil, nil, err
	}
	if asked := asInt(&s.Opts.RDBVersion); head.Format.Version > asked {
		s.Log.Warn("fields of hashes have deadlines: the snapshot is of a version that Redis before 7.4, and Valkey, cannot read",
			"version", head.Format.Version, "rdb-version", asked)
	}
	return c, snapshot.NewStream(c, head), nil
}

// dumpFile is where snapshots go.
func (s *Server) dumpFile() *snapshot.File {
	return &snapshot.File{
		FS: s.fileSystem(), Dir: s.Opts.Path("."), Name: s.Opts.DBFilename.Load(),
		Temp: fmt.Sprintf("temp-%d.rdb", os.Getpid()), SyncAlong: s.Opts.RDBIncrementalFsync.Load(),
	}
}

// save is the job.
func (s *Server) save(stop <-chan struct{}) error {
	select {
	case <-stop:
		return errNoJobs
	default:
	}
	sv := &s.saver
	begin := time.Now()
	sv.lastTry.Store(begin.Unix())
	sv.begun.Store(begin.Unix())
	defer sv.begun.Store(0)
	changes := int64(0)
	c, stream, err := s.imageCopy(false, false, func(uint64) { changes = s.changes() })
	bytes := int64(0)
	if err == nil {
		sv.copying.Store(c)
		bytes, err = stream.Save(s.dumpFile(), stop)
		sv.copying.Store(nil)
		c.End()
	}
	if errors.Is(err, snapshot.ErrStopped) {
		return err // nobody wanted it any more: that is no failure
	}
	sv.lastSecs.Store(int64(time.Since(begin).Seconds()))
	sv.failed.Store(err != nil)
	if err == nil {
		sv.lastSave.Store(time.Now().Unix())
		sv.atLast.Store(changes)
		sv.saves.Add(1)
		s.Log.Info("the snapshot is saved", "file", s.Opts.DBFilename.Load(), "bytes", bytes, "seconds", time.Since(begin).Seconds())
	} else {
		s.Log.Error("the snapshot cannot be saved: the file before it stays", "file", s.Opts.DBFilename.Load(), "error", err)
	}
	s.guardSaves()
	return err
}

// guardSaves brings the server's guard in line with the state of its snapshots.
func (s *Server) guardSaves() {
	o := s.Opts
	s.SetGuard(exec.GuardUnsaved, s.saver.failed.Load() && o.StopWritesOnBgsaveError.Load() && len(o.Save.Load()) > 0)
}

// watchSaves follows CONFIG SET.
func (s *Server) watchSaves() {
	s.saver.lastSave.Store(s.started.Unix())
	s.saver.lastSecs.Store(-1)
	for _, name := range []string{"save", "stop-writes-on-bgsave-error"} {
		s.Opts.OnChange(name, func() error {
			s.guardSaves()
			return nil
		})
	}
}

// saveIfDue begins a snapshot if a save point says so.
func (s *Server) saveIfDue(now time.Time) {
	sv := &s.saver
	if s.Flushed.Swap(false) && len(s.Opts.Save.Load()) > 0 {
		s.jobs.end(jobSave) // a file that has what was flushed is of no use, as in Redis
		_, _, _ = s.jobs.ask(jobSave, s.save)
		return
	}
	changes := s.changes() - sv.atLast.Load()
	if changes == 0 || s.jobs.busy() || sv.failed.Load() && now.Unix()-sv.lastTry.Load() <= saveRetrySeconds {
		return
	}
	for _, p := range s.Opts.Save.Load() {
		if changes >= p.Changes && now.Unix()-sv.lastSave.Load() > p.Seconds {
			if _, _, err := s.jobs.ask(jobSave, s.save); err == nil {
				s.Log.Info("saving a snapshot", "changes", changes, "seconds", p.Seconds)
			}
			return
		}
	}
}

const (
	errSaving    = "ERR Background save already in progress"
	errOtherJobs = "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE " +
		"whenever possible."
)

// Save implements command.PersistenceHost. It runs on a worker that holds no gate.
func (h persistenceHost) Save() (errText string) {
	j, _, err := h.srv.jobs.ask(jobSave, h.srv.save)
	if err != nil {
		return errSaving
	}
	<-j.done
	if j.err != nil {
		return "ERR"
	}
	return ""
}

// BeginSave implements command.PersistenceHost.
func (h persistenceHost) BeginSave(schedule bool) (waits bool, errText string) {
	js := &h.srv.jobs
	switch {
	case js.runs(jobSave):
		return false, errSaving
	case js.busy() && !schedule:
		return false, errOtherJobs
	}
	_, waits, err := js.ask(jobSave, h.srv.save)
	if err != nil {
		return false, errSaving
	}
	return waits, ""
}

// LastSave implements command.PersistenceHost.
func (h persistenceHost) LastSave() int64 { return h.srv.saver.lastSave.Load() }

// endSave saves at the end of the server, if there are save points, or by force. Nothing is
// written to meanwhile, so that nothing acknowledged is missing; reads are served. After an
// error everything goes on as before.
func (s *Server) endSave(always bool) error {
	if s.Guard.Load()&exec.GuardLoading != 0 || !always && len(s.Opts.Save.Load()) == 0 {
		return nil // what is loaded by half must not replace the file that it comes from
	}
	if !s.lockAtEnd() {
		return errEndless
	}
	s.clients.Pauses.Begin(1<<40, false)
	s.Gates.UnlockAll()
	s.jobs.end(jobSave) // it would save less
	j, _, err := s.jobs.ask(jobSave, s.save)
	if err == nil {
		<-j.done
		err = j.err
	}
	if err != nil {
		s.clients.Pauses.Cancel()
	}
	return err
}

// errEndless is why nothing is saved yet: what runs, a transaction, does not let go of its gate.
var errEndless = errors.New("a command does not end")

// lockAtEnd takes all gates, at the end of the server, whatever runs: it is given endGrace, then
// it is told to end, a script as by SCRIPT KILL but also if it has written, a transaction in what it reads, and if it still runs
// endGrace later the gates are not taken, and it returns false.
func (s *Server) lockAtEnd() bool {
	taken, late := make(chan struct{}), make(chan struct{})
	go func() {
		s.Gates.LockAll()
		select {
		case taken <- struct{}{}:
		case <-late:
			s.Gates.UnlockAll()
		}
	}()
	timer := time.NewTimer(endGrace)
	defer timer.Stop()
	for end := time.Now().Add(2 * endGrace); ; timer.Reset(endPoll) {
		select {
		case <-taken:
			s.Late.Store(false)
			return true
		case now := <-timer.C:
			if now.After(end) {
				s.Late.Store(false)
				close(late)
				return false
			}
			s.Late.Store(true)
			s.Slow.EndRunning()
			s.Scripts.End()
		}
	}
}

// saveAtSignal is endSave for a server that was told to end by a signal, or by the program that
// it is part of. While it does not work, the server goes on, and tries again: until a client asks
// for its end without it. Only a server that has its process to itself does so.
func (s *Server) saveAtSignal() {
	how := s.Opts.ShutdownOnSigterm.Load()
	if how&options.ShutdownNoSave != 0 {
		return
	}
	for {
		err := s.endSave(how&options.ShutdownSave != 0)
		if err == nil {
			return
		}
		if how&options.ShutdownForce != 0 || !s.ownsProcess {
			s.Log.Error("ending without a snapshot", "error", err)
			return
		}
		s.Log.Error("the data cannot be saved, so the server does not end: SHUTDOWN NOSAVE, or a second signal, ends it", "error", err)
		select {
		case <-s.stop:
			return
		case <-time.After(endSaveRetry):
		}
	}
}

// loadDump loads the snapshot's file, if there is one, at the start.
func (s *Server) loadDump(ctx context.Context) error {
	if !s.hasDump() {
		return nil
	}
	aux, err := s.readDump(ctx, s.dumpFile(), false)
	if err == nil {
		s.role.resumeHistory(aux)
	}
	return err
}

// hasDump tells whether there is a file to load.
func (s *Server) hasDump() bool {
	f := s.dumpFile()
	_, err := f.FS.Size(f.Path())
	return !s.embedded.Fresh && !errors.Is(err, fs.ErrNotExist)
}

// readDump loads a file into the store, which nobody else changes meanwhile. It returns what the file says of
// itself.
func (s *Server) readDump(ctx context.Context, f *snapshot.File, merge bool) (aux map[string]string, err error) {
	begin := time.Now()
	size, err := f.FS.Size(f.Path())
	if err != nil {
		return nil, err
	}
	in, err := f.FS.Open(f.Path())
	if err != nil {
		return nil, err
	}
	defer in.Close()
	l := s.newLoader(ctx)
	l.Now, l.Merge = s.Wall(s.NowMs()), merge
	l.Progress.Total.Store(size)
	l.Progress.Started.Store(begin.Unix())
	s.saver.loading.Store(l.Progress)
	defer s.saver.loading.Store(nil)
	s.Store.SetLoading(true)
	defer s.Store.SetLoading(false)
	rest, end, err := l.Load(in)
	var bad *rdb.Error
	switch {
	case errors.As(err, &bad):
		return nil, fmt.Errorf("the snapshot %s cannot be loaded: %w. Restore it from a copy, or move it away to begin without data; nothing was changed. "+
			"'kring-server --check-rdb %s' tells what is in it", f.Path(), err, f.Path())
	case err != nil:
		return nil, err
	}
	if n, _ := io.CopyN(io.Discard, rest, 1); n > 0 {
		s.Log.Warn("something follows the end of the snapshot, which is not looked at", "file", f.Path(), "offset", end)
	}
	if err = s.loadedFrom(l); err != nil {
		return nil, err
	}
	s.saver.atLast.Store(s.changes())
	s.Log.Info("the snapshot is loaded", "file", f.Path(), "bytes", size, "keys", l.Keys.Load(), "expired", l.Expired.Load(),
		"seconds", time.Since(begin).Seconds())
	return l.Aux, nil
}

// newLoader returns what loads images as the options of this moment have them.
func (s *Server) newLoader(ctx context.Context) *snapshot.Loader {
	lim := s.Limits.Load()
	clocks, _ := s.imageClocks()
	return &snapshot.Loader{
		Store: s.Store, Limits: lim.Images(), MaxBytes: lim.MaxBulkBytes, Clocks: clocks, Verify: s.Opts.RDBChecksum.Load(),
		Progress: new(persistence.Progress), Interrupted: func() bool { return ctx.Err() != nil || s.asked() },
	}
}

// loadedFrom keeps what a file had besides keys. It fails if that has libraries of functions which
// do not load.
func (s *Server) loadedFrom(l *snapshot.Loader) error {
	s.saver.loaded.Store(l.Keys.Load())
	s.saver.expired.Store(l.Expired.Load())
	if n := l.Empty.Load(); n > 0 {
		s.Log.Warn("keys without elements were left out", "keys", n)
	}
	if errText := s.Scripts.Engine.Restore(l.Functions, command.RestoreFlush); errText != "" {
		return fmt.Errorf("a library of functions cannot be loaded: %s", errText)
	}
	return nil
}

// Reload implements command.PersistenceHost: DEBUG RELOAD. It runs on a worker that holds no gate.
func (h persistenceHost) Reload(o command.ReloadOptions) (errText string) {
	s := h.srv
	errText = "ERR Error trying to load the RDB dump, check server logs."
	err := s.whileLoading(func() error {
		s.jobs.end(jobSave)
		s.jobs.end(jobRewriteAOF)
		if !o.NoSave {
			if text := h.Save(); text != "" {
				errText = "ERR Error trying to save the DB, check server logs."
				return errors.New("there is no snapshot to load")
			}
		}
		if !o.NoFlush {
			s.emptyAll()
		}
		_, err := s.readDump(context.Background(), s.dumpFile(), o.Merge)
		return err
	})
	if err != nil {
		s.Log.Error("DEBUG RELOAD has failed", "error", err)
		return errText
	}
	if a := s.aof.current(); a != nil { // which knows nothing of what was loaded
		_, _ = s.aof.rewrite(a, false)
	}
	return ""
}
