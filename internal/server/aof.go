package server

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/session"
	"github.com/kringdb/kring/persistence"
)

// aofKeeper opens, rewrites and closes the server's AOF.
type aofKeeper struct {
	srv     *Server
	fs      persistence.FS         // nil: the operating system's
	failure atomic.Pointer[string] // why the AOF is broken

	rewrites atomic.Int64 // begun
	failures atomic.Int64 // rewrites that failed since the last that did not

	guarding sync.Mutex // held while guard is set from the state

	mu struct {
		sync.Mutex
		cur    *persistence.AOF // nil while appendonly is no
		closed bool
	}
	quit  chan struct{}
	ended sync.WaitGroup
}

// current is the AOF, nil while appendonly is no.
func (k *aofKeeper) current() *persistence.AOF {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.mu.cur
}

func (k *aofKeeper) setCurrent(a *persistence.AOF) {
	k.mu.Lock()
	k.mu.cur = a
	k.mu.Unlock()
}

// make opens the AOF that the options name, and locks its directory until it is closed.
func (k *aofKeeper) make() (*persistence.AOF, error) {
	o := k.srv.Opts
	fs := k.fs
	if fs == nil {
		fs = persistence.OS{}
	}
	name := o.AppendFilename.Load()
	dir, err := filepath.Abs(o.Path(o.AppendDirname.Load()))
	if err != nil {
		return nil, err
	}
	legacy, err := filepath.Abs(o.Path(name))
	if err != nil {
		return nil, err
	}
	return persistence.Open(persistence.Config{Owner: k, Journal: &k.srv.Journal.Log, FS: fs, Dir: dir, Name: name, Legacy: legacy, Log: k.srv.Log})
}

// prepare is called before anything is served: with an AOF, clients are told LOADING
// until open is done.
func (k *aofKeeper) prepare() {
	k.quit = make(chan struct{})
	if k.srv.Opts.AppendOnly.Load() || k.srv.hasDump() {
		k.srv.SetGuard(exec.GuardLoading, true)
	}
}

// open loads the AOF, if there is to be one, and begins to record.
func (k *aofKeeper) open(ctx context.Context) error {
	k.ended.Add(1)
	go k.run()
	if !k.srv.Opts.AppendOnly.Load() {
		err := k.srv.loadDump(ctx)
		if err == nil {
			k.srv.SetGuard(exec.GuardLoading, false)
			k.srv.keeper.Ring()
		}
		return err
	}
	a, err := k.make()
	if err != nil {
		return err
	}
	k.setCurrent(a)
	if err := k.load(ctx, a); err != nil {
		return err
	}
	if err := a.Start(); err != nil {
		return err
	}
	k.srv.Journal.AOF.Store(a)
	k.srv.SetGuard(exec.GuardLoading, false)
	k.srv.keeper.Ring()
	return nil
}

// load executes what the AOF holds.
func (k *aofKeeper) load(ctx context.Context, a *persistence.AOF) error {
	begin := time.Now()
	ap := newApplier(k.srv, ctx)
	k.srv.Store.SetLoading(true)
	defer k.srv.Store.SetLoading(false)
	err := a.Load(ap)
	ap.Finish()
	if err != nil {
		return err
	}
	p := a.Progress()
	k.srv.Log.Info("the AOF is loaded", "bytes", p.Total.Load(), "records", p.Records.Load(), "seconds", time.Since(begin).Seconds())
	return nil
}

// close writes and syncs everything; nothing is executed any more.
func (k *aofKeeper) close() error {
	k.mu.Lock()
	k.mu.closed = true
	k.mu.Unlock()
	k.srv.jobs.close()
	close(k.quit)
	k.ended.Wait()
	a := k.current()
	k.setCurrent(nil)
	if a == nil {
		return nil
	}
	k.srv.Journal.AOF.Store(nil)
	return a.Close()
}

// reason is why the AOF is broken.
func (k *aofKeeper) reason() string {
	if p := k.failure.Load(); p != nil {
		return *p
	}
	return "unknown"
}

// Fsync implements persistence.Owner.
func (k *aofKeeper) Fsync() persistence.Policy {
	switch k.srv.Opts.AppendFsync.Load() {
	case options.FsyncAlways:
		return persistence.FsyncAlways
	case options.FsyncNo:
		return persistence.FsyncNo
	}
	return persistence.FsyncEverySecond
}

// NoFsyncOnRewrite implements persistence.Owner.
func (k *aofKeeper) NoFsyncOnRewrite() bool { return k.srv.Opts.NoAppendFsyncOnRewrite.Load() }

// IncrementalFsync implements persistence.Owner.
func (k *aofKeeper) IncrementalFsync() bool { return k.srv.Opts.AOFIncrementalFsync.Load() }

// Timestamps implements persistence.Owner.
func (k *aofKeeper) Timestamps() bool { return k.srv.Opts.AOFTimestamps.Load() }

// LoadTruncated implements persistence.Owner.
func (k *aofKeeper) LoadTruncated() bool { return k.srv.Opts.AOFLoadTruncated.Load() }

// Durable implements persistence.Owner.
func (k *aofKeeper) Durable() {
	if k.srv.Guard.Load()&exec.GuardBroken != 0 {
		k.guard()
	}
	k.srv.clients.WakeStalled()
}

// guard brings the server's guard in line with the AOF's state.
func (k *aofKeeper) guard() {
	k.guarding.Lock()
	defer k.guarding.Unlock()
	a := k.srv.Journal.AOF.Load()
	k.srv.SetGuard(exec.GuardBroken, a != nil && a.State() == persistence.Broken)
}

// Took implements persistence.Owner.
func (k *aofKeeper) Took(event string, d time.Duration) { k.srv.Logs.NoteLatency(event, d) }

// Written implements persistence.Owner.
func (k *aofKeeper) Written() { k.srv.clients.WakeStalled() }

// Failed implements persistence.Owner.
func (k *aofKeeper) Failed(err error) {
	text := persistence.Reason(err)
	k.failure.Store(&text)
	k.guard()
}

// rest is how long run may sleep while the server is not at work.
func (k *aofKeeper) rest() time.Duration {
	s := k.srv
	if k.current() == nil && (len(s.Opts.Save.Load()) == 0 || s.changes() == s.saver.atLast.Load()) {
		return time.Hour // nothing comes to be due
	}
	return aofTick
}

// run starts the rewrites, and the snapshots, that become due.
func (k *aofKeeper) run() {
	defer k.ended.Done()
	t := time.NewTimer(aofTick)
	defer t.Stop()
	for ; ; t.Reset(k.rest()) {
		select {
		case <-k.quit:
			return
		case <-k.srv.clients.Pulse: // while the server is at work
		case <-t.C:
		}
		if k.srv.Guard.Load()&exec.GuardLoading != 0 {
			continue
		}
		k.srv.saveIfDue(time.Now())
		a := k.current()
		if a == nil {
			continue
		}
		o := k.srv.Opts
		if a.WantsRewrite(time.Now(), o.AutoAOFRewritePercentage.Load(), o.AutoAOFRewriteMinSize.Load()) {
			if _, err := k.rewrite(a, false); err == nil { // if one runs, all the better
				k.srv.Log.Info("starting a rewrite of the AOF")
			}
		}
	}
}

// rewrite asks for a rewrite of a. With whole, a serves for this only, and is closed with it.
func (k *aofKeeper) rewrite(a *persistence.AOF, whole bool) (waits bool, err error) {
	_, waits, err = k.srv.jobs.ask(jobRewriteAOF, func(stop <-chan struct{}) error {
		if whole {
			defer a.Close() // it has written nothing that could be lost
		}
		select {
		case <-stop:
			return errNoJobs
		default:
		}
		begin := time.Now()
		k.rewrites.Add(1)
		err := a.Rewrite(newRewriteSource(k.srv, a), stop)
		if err != nil {
			k.failures.Add(1)
		} else {
			k.failures.Store(0)
			k.srv.Log.Info("the AOF was rewritten", "seconds", time.Since(begin).Seconds())
		}
		return err
	})
	return waits, err
}

// watchAOF follows CONFIG SET.
func (s *Server) watchAOF() {
	s.Opts.OnChange("appendonly", func() error { return s.aof.turn(s.Opts.AppendOnly.Load()) })
	s.Opts.OnChange("appendfsync", func() error {
		s.clients.WakeStalled()
		return nil
	})
}

// turn switches the AOF on or off. It runs on a worker that holds no gate.
func (k *aofKeeper) turn(on bool) error {
	k.mu.Lock()
	a, closed := k.mu.cur, k.mu.closed
	k.mu.Unlock()
	switch {
	case closed || on == (a != nil):
		return nil
	case k.srv.Guard.Load()&exec.GuardLoading != 0:
		return errors.New("the data is being loaded")
	case !on:
		return k.turnOff(a)
	}
	k.srv.jobs.end(jobRewriteAOF) // one that BGREWRITEAOF has started, which has the directory
	a, err := k.make()
	if err != nil {
		k.srv.Log.Error("the AOF cannot be opened", "error", err)
		return errors.New("Unable to turn on AOF. Check server logs.") //nolint:staticcheck // Redis's text
	}
	a.StartFresh()
	k.setCurrent(a)
	_, err = k.rewrite(a, false)
	return err
}

// turnOff ends recording.
func (k *aofKeeper) turnOff(a *persistence.AOF) error {
	s := k.srv
	s.jobs.end(jobRewriteAOF)
	k.setCurrent(nil)
	_ = a.Flush() // without locks; then there is little left for the one below
	s.Gates.LockAll()
	_ = a.Flush() // what was promised is kept; an error is Close's, too
	s.Store.LockAll()
	s.Journal.AOF.Store(nil)
	a.Unsubscribe()
	s.Store.UnlockAll()
	s.Gates.UnlockAll()
	k.guard()
	if err := a.Close(); err != nil {
		s.Log.Error("the end of the AOF is lost", "error", err)
	}
	s.clients.WakeStalled()
	return nil
}

const errRewriting = "ERR Background append only file rewriting already in progress"

// RewriteAOF implements command.PersistenceHost.
func (h persistenceHost) RewriteAOF() (waits bool, errText string) {
	k, js := &h.srv.aof, &h.srv.jobs
	if js.waits(jobRewriteAOF) {
		return true, ""
	}
	a := k.current()
	own := a == nil
	var err error
	if own {
		if js.runs(jobRewriteAOF) { // it has the directory
			return false, errRewriting
		}
		if a, err = k.make(); err != nil {
			h.srv.Log.Error("the AOF cannot be opened", "error", err)
			return false, "ERR Can't execute an AOF background rewriting. Please check the server logs for more information."
		}
	}
	if waits, err = k.rewrite(a, own); err != nil {
		if own {
			_ = a.Close()
		}
		return false, errRewriting
	}
	return waits, ""
}

// Written implements command.PersistenceHost.
func (h persistenceHost) Written(c *command.Ctx) (pos uint64) {
	return max(session.Written(c.Client), exec.Of(c).Wrote())
}

// Synced implements command.PersistenceHost.
func (h persistenceHost) Synced(pos uint64) (on, synced bool) {
	a := h.srv.aof.current()
	return a != nil, a != nil && a.Durable() >= pos
}

// LoadAOF implements command.PersistenceHost: it makes the data what a restart with an AOF would make it. It
// runs on a worker that holds no gate; clients are answered LOADING meanwhile.
func (h persistenceHost) LoadAOF() (errText string) {
	const failed = "ERR Error trying to load the AOF files, check server logs."
	k := &h.srv.aof
	h.srv.jobs.end(jobRewriteAOF)
	a := k.current()
	var err error
	if a == nil { // what BGREWRITEAOF, or an AOF before it was switched off, has left
		if a, err = k.make(); err == nil {
			defer a.Close() // it is only read
			if a.Empty() {
				err = errors.New("there is no AOF")
			}
		}
	}
	if err == nil {
		err = k.reload(a)
	}
	if err != nil {
		h.srv.Log.Error("DEBUG LOADAOF has failed", "error", err)
		return failed
	}
	return ""
}

// reload replaces the data by what a holds.
func (k *aofKeeper) reload(a *persistence.AOF) error {
	return k.srv.whileLoading(func() error {
		if err := a.Flush(); err != nil {
			return err
		}
		k.srv.emptyAll()
		return k.load(context.Background(), a)
	})
}

// whileLoading runs f, which replaces the data, while clients are answered LOADING. The caller
// holds no gate.
func (s *Server) whileLoading(f func() error) error {
	s.SetGuard(exec.GuardLoading, true)
	defer func() {
		s.SetGuard(exec.GuardLoading, false)
		s.keeper.Ring()
		s.Kept.Hand(&s.Slow)
	}()
	s.Gates.LockAll() // whoever takes a gate from now on sees the guard
	s.Gates.UnlockAll()
	return f()
}

// emptyAll removes all data, for others to be loaded.
func (s *Server) emptyAll() {
	s.Gates.LockAll()
	s.Store.FlushAll()
	s.Scripts.Engine.FlushLibraries()
	s.Tracking.InvalidateAll(nil)
	s.Gates.UnlockAll()
}
