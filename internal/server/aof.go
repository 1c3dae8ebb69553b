package server

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/persistence"
)

// The bits of Server.guard.
const (
	guardLoading   uint32 = 1 << iota // data is being loaded: LOADING
	guardBroken                       // the AOF has failed: MISCONF
	guardMemory                       // maxmemory is set: OOM
	guardPaused                       // CLIENT PAUSE
	guardMonitored                    // somebody has sent MONITOR
)

// aofKeeper opens, rewrites and closes the server's AOF.
type aofKeeper struct {
	srv     *Server
	fs      persistence.FS         // nil: the operating system's
	failure atomic.Pointer[string] // why the AOF is broken

	source   atomic.Pointer[rewriteSource] // what the running rewrite copies, nil: none runs
	rewrites atomic.Int64                  // begun
	failures atomic.Int64                  // rewrites that failed since the last that did not

	guarding sync.Mutex // held while guard is set from the state

	mu struct {
		sync.Mutex
		cur     *persistence.AOF // nil while appendonly is no
		running *rewriteRun      // the rewrite that runs
		closed  bool
	}
	quit  chan struct{}
	ended sync.WaitGroup
}

// rewriteRun is one rewrite in progress.
type rewriteRun struct {
	once sync.Once
	stop chan struct{}
	done chan struct{}
}

// make opens the AOF that the options name.
func (k *aofKeeper) make() (*persistence.AOF, error) {
	o := k.srv.opts
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
	return persistence.Open(persistence.Config{Owner: k, FS: fs, Dir: dir, Name: name, Legacy: legacy, Log: k.srv.log})
}

// prepare is called before anything is served: with an AOF, clients are told LOADING
// until open is done.
func (k *aofKeeper) prepare() {
	k.quit = make(chan struct{})
	if k.srv.opts.AppendOnly.Load() {
		k.srv.setGuard(guardLoading, true)
	}
}

// open loads the AOF, if there is to be one, and begins to record.
func (k *aofKeeper) open(ctx context.Context) error {
	k.ended.Add(1)
	go k.run()
	if !k.srv.opts.AppendOnly.Load() {
		return nil
	}
	a, err := k.make()
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.mu.cur = a
	k.mu.Unlock()
	if err := k.load(ctx, a); err != nil {
		return err
	}
	if err := a.Start(); err != nil {
		return err
	}
	k.publish(a)
	k.srv.setGuard(guardLoading, false)
	k.srv.keeper.ring()
	return nil
}

// load executes what the AOF holds.
func (k *aofKeeper) load(ctx context.Context, a *persistence.AOF) error {
	begin := time.Now()
	ap := newApplier(k.srv, ctx)
	k.srv.store.SetLoading(true)
	defer k.srv.store.SetLoading(false)
	err := a.Load(ap)
	ap.finish()
	if err != nil {
		return err
	}
	p := a.Progress()
	k.srv.log.Info("the AOF is loaded", "bytes", p.Total.Load(), "records", p.Records.Load(), "seconds", time.Since(begin).Seconds())
	return nil
}

// publish makes the executors record to a. Nothing changes the store meanwhile.
func (k *aofKeeper) publish(a *persistence.AOF) {
	clear(k.srv.journal.last)
	k.srv.journal.all.Store(0)
	k.srv.journal.to.Store(a)
}

// close writes and syncs everything; nothing is executed any more.
func (k *aofKeeper) close() error {
	k.mu.Lock()
	k.mu.closed = true
	k.mu.Unlock()
	k.stopRewrite()
	close(k.quit)
	k.ended.Wait()
	k.mu.Lock()
	a := k.mu.cur
	k.mu.cur = nil
	k.mu.Unlock()
	if a == nil {
		return nil
	}
	k.srv.journal.to.Store(nil)
	return a.Close()
}

// setGuard switches a bit of guard.
func (s *Server) setGuard(bit uint32, on bool) {
	if on {
		s.guard.Or(bit)
	} else {
		s.guard.And(^bit)
	}
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
	switch k.srv.opts.AppendFsync.Load() {
	case options.FsyncAlways:
		return persistence.FsyncAlways
	case options.FsyncNo:
		return persistence.FsyncNo
	}
	return persistence.FsyncEverySecond
}

// NoFsyncOnRewrite implements persistence.Owner.
func (k *aofKeeper) NoFsyncOnRewrite() bool { return k.srv.opts.NoAppendFsyncOnRewrite.Load() }

// IncrementalFsync implements persistence.Owner.
func (k *aofKeeper) IncrementalFsync() bool { return k.srv.opts.AOFIncrementalFsync.Load() }

// Timestamps implements persistence.Owner.
func (k *aofKeeper) Timestamps() bool { return k.srv.opts.AOFTimestamps.Load() }

// LoadTruncated implements persistence.Owner.
func (k *aofKeeper) LoadTruncated() bool { return k.srv.opts.AOFLoadTruncated.Load() }

// Durable implements persistence.Owner.
func (k *aofKeeper) Durable() {
	if k.srv.guard.Load()&guardBroken != 0 {
		k.guard()
	}
	k.srv.wakeStalled()
}

// guard brings the server's guard in line with the AOF's state.
func (k *aofKeeper) guard() {
	k.guarding.Lock()
	defer k.guarding.Unlock()
	a := k.srv.journal.to.Load()
	k.srv.setGuard(guardBroken, a != nil && a.State() == persistence.Broken)
}

// Took implements persistence.Owner.
func (k *aofKeeper) Took(event string, d time.Duration) { k.srv.noteLatency(event, d) }

// Written implements persistence.Owner.
func (k *aofKeeper) Written() { k.srv.wakeThrottled() }

// Failed implements persistence.Owner.
func (k *aofKeeper) Failed(err error) {
	text := persistence.Reason(err)
	k.failure.Store(&text)
	k.guard()
}

// run starts the rewrites that become due.
func (k *aofKeeper) run() {
	defer k.ended.Done()
	t := time.NewTicker(aofTickMs * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-k.quit:
			return
		case <-t.C:
		}
		k.mu.Lock()
		a := k.mu.cur
		k.mu.Unlock()
		if a == nil || k.srv.guard.Load()&guardLoading != 0 {
			continue
		}
		o := k.srv.opts
		if a.WantsRewrite(time.Now(), o.AutoAOFRewritePercentage.Load(), o.AutoAOFRewriteMinSize.Load()) {
			k.srv.log.Info("starting a rewrite of the AOF")
			_ = k.startRewrite(a) // if one runs, all the better
		}
	}
}

// startRewrite begins a rewrite in the background.
func (k *aofKeeper) startRewrite(a *persistence.AOF) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.mu.closed:
		return errors.New("the server is ending")
	case k.mu.running != nil:
		return persistence.ErrRewriting
	}
	run := &rewriteRun{stop: make(chan struct{}), done: make(chan struct{})}
	k.mu.running = run
	go func() {
		begin := time.Now()
		k.rewrites.Add(1)
		if err := a.Rewrite(newRewriteSource(k.srv, a), run.stop); err != nil {
			k.failures.Add(1)
		} else {
			k.failures.Store(0)
			k.srv.log.Info("the AOF was rewritten", "seconds", time.Since(begin).Seconds())
		}
		k.mu.Lock()
		k.mu.running = nil
		k.mu.Unlock()
		close(run.done)
	}()
	return nil
}

// stopRewrite ends the rewrite that runs, and waits for it.
func (k *aofKeeper) stopRewrite() {
	k.mu.Lock()
	run := k.mu.running
	k.mu.Unlock()
	if run == nil {
		return
	}
	run.once.Do(func() { close(run.stop) })
	<-run.done
}

// watchAOF follows CONFIG SET.
func (s *Server) watchAOF() {
	s.opts.OnChange("appendonly", func() error { return s.aof.turn(s.opts.AppendOnly.Load()) })
	s.opts.OnChange("appendfsync", func() error {
		s.wakeStalled()
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
	case k.srv.guard.Load()&guardLoading != 0:
		return errors.New("the data is being loaded")
	case !on:
		return k.turnOff(a)
	}
	a, err := k.make()
	if err != nil {
		k.srv.log.Error("the AOF cannot be opened", "error", err)
		return errors.New("Unable to turn on AOF. Check server logs.") //nolint:staticcheck // Redis's text
	}
	k.stopRewrite() // one that BGREWRITEAOF has started
	a.StartFresh()
	k.mu.Lock()
	k.mu.cur = a
	k.mu.Unlock()
	return k.startRewrite(a)
}

// turnOff ends recording.
func (k *aofKeeper) turnOff(a *persistence.AOF) error {
	k.stopRewrite()
	k.mu.Lock()
	k.mu.cur = nil
	k.mu.Unlock()
	s := k.srv
	_ = a.Flush() // without locks; then there is little left for the one below
	s.gates.lockAll()
	_ = a.Flush() // what was promised is kept; an error is Close's, too
	s.store.LockAll()
	s.journal.to.Store(nil)
	s.store.UnlockAll()
	s.gates.unlockAll()
	k.guard()
	if err := a.Close(); err != nil {
		s.log.Error("the end of the AOF is lost", "error", err)
	}
	s.wakeStalled()
	return nil
}

// RewriteAOF implements command.Host.
func (s *Server) RewriteAOF() (errText string) {
	k := &s.aof
	k.mu.Lock()
	a := k.mu.cur
	k.mu.Unlock()
	if a == nil {
		var err error
		if a, err = k.make(); err != nil {
			s.log.Error("the AOF cannot be opened", "error", err)
			return "ERR Can't execute an AOF background rewriting. Please check the server logs for more information."
		}
	}
	if err := k.startRewrite(a); err != nil {
		return "ERR Background append only file rewriting already in progress"
	}
	return ""
}

// LoadAOF implements command.Host: it makes the data what a restart would make it. It
// runs on a worker that holds no gate; clients are answered LOADING meanwhile.
func (s *Server) LoadAOF() (errText string) {
	k := &s.aof
	k.mu.Lock()
	a := k.mu.cur
	k.mu.Unlock()
	if a == nil {
		return "ERR there is no AOF: appendonly is no"
	}
	k.stopRewrite()
	s.setGuard(guardLoading, true)
	defer func() {
		s.setGuard(guardLoading, false)
		s.wakeKept()
	}()
	s.gates.lockAll() // whoever takes a gate from now on sees the guard
	s.gates.unlockAll()
	err := a.Flush()
	if err == nil {
		s.gates.lockAll()
		s.store.FlushAll()
		s.invalidateAll(nil)
		s.gates.unlockAll()
		err = k.load(context.Background(), a)
	}
	if err != nil {
		s.log.Error("DEBUG LOADAOF has failed", "error", err)
		return "ERR Error trying to load the AOF files, check server logs."
	}
	return ""
}
