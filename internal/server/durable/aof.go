package durable

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/persistence"
)

// AOF opens, rewrites and closes the server's AOF. Any goroutine may read its counters.
type AOF struct {
	disk    *Disk
	failure atomic.Pointer[string] // why the AOF is broken

	Rewrites atomic.Int64 // begun
	Failures atomic.Int64 // rewrites that failed since the last that did not

	telling sync.Mutex // held while the guard bit is set from the state

	mu struct {
		sync.Mutex
		cur    *persistence.AOF // nil while appendonly is no
		closed bool
	}
	quit  chan struct{}
	ended sync.WaitGroup
}

// Current is the AOF, nil while appendonly is no.
func (k *AOF) Current() *persistence.AOF {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.mu.cur
}

// holdsAll tells whether the AOF has, or is about to get, all changes.
func (k *AOF) holdsAll() bool {
	a := k.Current()
	return a != nil && a.State() == persistence.On
}

func (k *AOF) setCurrent(a *persistence.AOF) {
	k.mu.Lock()
	k.mu.cur = a
	k.mu.Unlock()
}

// make opens the AOF that the options name, and locks its directory until it is closed.
func (k *AOF) make() (*persistence.AOF, error) {
	o := k.disk.Opts
	name := o.AppendFilename.Load()
	dir, err := filepath.Abs(o.Path(o.AppendDirname.Load()))
	if err != nil {
		return nil, err
	}
	legacy, err := filepath.Abs(o.Path(name))
	if err != nil {
		return nil, err
	}
	return persistence.Open(persistence.Config{Owner: k, Journal: &k.disk.Journal.Log, FS: k.disk.FileSystem(), Dir: dir, Name: name, Legacy: legacy, Log: k.disk.Log})
}

// prepare is called before anything is served: with an AOF, clients are told LOADING
// until open is done.
func (k *AOF) prepare() {
	k.quit = make(chan struct{})
	if k.disk.Opts.AppendOnly.Load() || k.disk.hasDump() {
		k.disk.SetGuard(exec.GuardLoading, true)
	}
}

// open loads the AOF, if there is to be one, and begins to record.
func (k *AOF) open(ctx context.Context) error {
	k.ended.Add(1)
	go k.run()
	if !k.disk.Opts.AppendOnly.Load() {
		err := k.disk.loadDump(ctx)
		if err == nil {
			k.disk.SetGuard(exec.GuardLoading, false)
			k.disk.keeper.Ring()
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
	if m, ok := a.Marked(); ok {
		k.disk.house.ResumeHistory(m)
	}
	if err := a.Start(); err != nil {
		return err
	}
	k.disk.Journal.AOF.Store(a)
	k.disk.SetGuard(exec.GuardLoading, false)
	k.disk.keeper.Ring()
	return nil
}

// load executes what the AOF holds.
func (k *AOF) load(ctx context.Context, a *persistence.AOF) error {
	begin := time.Now()
	ap := NewApplier(k.disk, ctx)
	k.disk.Store.SetLoading(true)
	defer k.disk.Store.SetLoading(false)
	err := a.Load(ap)
	ap.Finish()
	if err != nil {
		return err
	}
	p := a.Progress()
	k.disk.Log.Info("the AOF is loaded", "bytes", p.Total.Load(), "records", p.Records.Load(), "seconds", time.Since(begin).Seconds())
	return nil
}

// close writes and syncs everything; nothing is executed any more, or what is was left behind.
func (k *AOF) close(left bool) error {
	k.mu.Lock()
	k.mu.closed = true
	k.mu.Unlock()
	rests := make(chan struct{})
	go func() {
		k.disk.Jobs.Close()
		close(k.quit)
		k.ended.Wait()
		close(rests)
	}()
	var late <-chan time.Time
	if left {
		late = time.After(k.disk.Grace)
	}
	select {
	case <-rests:
	case <-late: // a job waits for a gate
	}
	a := k.Current()
	k.setCurrent(nil)
	if a == nil {
		return nil
	}
	k.disk.Journal.AOF.Store(nil)
	return a.Close()
}

// Reason is why the AOF is broken.
func (k *AOF) Reason() string {
	if p := k.failure.Load(); p != nil {
		return *p
	}
	return "unknown"
}

// Fsync implements persistence.Owner.
func (k *AOF) Fsync() persistence.Policy {
	switch k.disk.Opts.AppendFsync.Load() {
	case options.FsyncAlways:
		return persistence.FsyncAlways
	case options.FsyncNo:
		return persistence.FsyncNo
	}
	return persistence.FsyncEverySecond
}

// NoFsyncOnRewrite implements persistence.Owner.
func (k *AOF) NoFsyncOnRewrite() bool { return k.disk.Opts.NoAppendFsyncOnRewrite.Load() }

// IncrementalFsync implements persistence.Owner.
func (k *AOF) IncrementalFsync() bool { return k.disk.Opts.AOFIncrementalFsync.Load() }

// Timestamps implements persistence.Owner.
func (k *AOF) Timestamps() bool { return k.disk.Opts.AOFTimestamps.Load() }

// LoadTruncated implements persistence.Owner.
func (k *AOF) LoadTruncated() bool { return k.disk.Opts.AOFLoadTruncated.Load() }

// Follows implements persistence.Owner.
func (k *AOF) Follows() bool { return k.disk.house.Follows() }

// Mark implements persistence.Owner.
func (k *AOF) Mark(pos uint64) (m persistence.Mark, ok bool) { return k.disk.house.Mark(pos) }

// Durable implements persistence.Owner.
func (k *AOF) Durable() {
	if k.disk.Guard.Load()&exec.GuardBroken != 0 {
		k.guard()
	}
	k.disk.clients.WakeStalled()
}

// guard brings the server's guard in line with the AOF's state.
func (k *AOF) guard() {
	k.telling.Lock()
	defer k.telling.Unlock()
	a := k.disk.Journal.AOF.Load()
	k.disk.SetGuard(exec.GuardBroken, a != nil && a.State() == persistence.Broken)
}

// Took implements persistence.Owner.
func (k *AOF) Took(event string, d time.Duration) { k.disk.Logs.NoteLatency(event, d) }

// Written implements persistence.Owner.
func (k *AOF) Written() { k.disk.clients.WakeStalled() }

// Failed implements persistence.Owner.
func (k *AOF) Failed(err error) {
	text := persistence.Reason(err)
	k.failure.Store(&text)
	k.guard()
}

// rest is how long run may sleep while the server is not at work.
func (k *AOF) rest() time.Duration {
	d := k.disk
	if k.Current() == nil && (len(d.Opts.Save.Load()) == 0 || d.house.Changes() == d.saver.atLast.Load()) {
		return aofRest // nothing is about to be due
	}
	return aofTick
}

// run starts the rewrites, and the snapshots, that become due.
func (k *AOF) run() {
	defer k.ended.Done()
	rest := time.Duration(aofTick)
	t := time.NewTimer(rest)
	defer t.Stop()
	for {
		if next := k.rest(); next != rest { // to set it wakes a thread
			rest = next
			t.Reset(rest)
		}
		select {
		case <-k.quit:
			return
		case <-k.disk.clients.Pulse: // while the server is at work
		case <-t.C:
			t.Reset(rest)
		}
		if k.disk.Guard.Load()&exec.GuardLoading != 0 {
			continue
		}
		k.disk.saveIfDue(time.Now())
		a := k.Current()
		if a == nil {
			continue
		}
		o := k.disk.Opts
		if a.WantsRewrite(time.Now(), o.AutoAOFRewritePercentage.Load(), o.AutoAOFRewriteMinSize.Load()) {
			if _, err := k.rewrite(a, false); err == nil { // if one runs, all the better
				k.disk.Log.Info("starting a rewrite of the AOF")
			}
		}
	}
}

// rewrite asks for a rewrite of a. With whole, a serves for this only, and is closed with it.
func (k *AOF) rewrite(a *persistence.AOF, whole bool) (waits bool, err error) {
	_, waits, err = k.disk.Jobs.Ask(RewriteAOF, func(stop <-chan struct{}) error {
		if whole {
			defer a.Close() // it has written nothing that could be lost
		}
		select {
		case <-stop:
			return errNoJobs
		default:
		}
		begin := time.Now()
		k.Rewrites.Add(1)
		err := a.Rewrite(newRewriteSource(k.disk, a), stop)
		if err != nil {
			k.Failures.Add(1)
		} else {
			k.Failures.Store(0)
			k.disk.Log.Info("the AOF was rewritten", "seconds", time.Since(begin).Seconds())
		}
		return err
	})
	return waits, err
}

// watch follows CONFIG SET.
func (k *AOF) watch() {
	d := k.disk
	d.Opts.OnChange("appendonly", func() error { return d.AOF.Turn(d.Opts.AppendOnly.Load()) })
	d.Opts.OnChange("appendfsync", func() error {
		d.clients.WakeStalled()
		return nil
	})
}

// Turn switches the AOF on or off. It runs on a worker that holds no gate.
func (k *AOF) Turn(on bool) error {
	k.mu.Lock()
	a, closed := k.mu.cur, k.mu.closed
	k.mu.Unlock()
	switch {
	case closed || on == (a != nil):
		return nil
	case k.disk.Guard.Load()&exec.GuardLoading != 0:
		return errors.New("the data is being loaded")
	case !on:
		return k.TurnOff(a)
	}
	k.disk.Jobs.End(RewriteAOF) // one that BGREWRITEAOF has started, which has the directory
	a, err := k.make()
	if err != nil {
		k.disk.Log.Error("the AOF cannot be opened", "error", err)
		return errors.New("Unable to turn on AOF. Check server logs.") //nolint:staticcheck // Redis's text
	}
	a.StartFresh()
	k.setCurrent(a)
	_, err = k.rewrite(a, false)
	return err
}

// TurnOff ends recording.
func (k *AOF) TurnOff(a *persistence.AOF) error {
	s := k.disk
	s.Jobs.End(RewriteAOF)
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

// reload replaces the data by what a holds, if all of that can be loaded: else nothing is given up.
func (k *AOF) reload(a *persistence.AOF) error {
	return k.disk.replaceWhileLoading(func() error {
		if err := a.Flush(); err != nil {
			return err
		}
		return k.disk.replaceBy(func() error { return k.load(context.Background(), a) })
	})
}
