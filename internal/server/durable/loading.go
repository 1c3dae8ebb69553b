package durable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/snapshot"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/resp"
)

// applier executes what is loaded, for as long as the server does not end.
type applier struct {
	*exec.Applier
	disk *Disk
	ctx  context.Context
}

// NewApplier returns what executes records into d's store, until ctx ends or a client asks for the
// server's end. One goroutine uses it.
func NewApplier(d *Disk, ctx context.Context) *applier {
	return &applier{exec.NewApplier(d.Env), d, ctx}
}

// Apply implements persistence.Applier.
func (ap *applier) Apply(recs []resp.Args) (done int, err error) {
	if ap.interrupted() {
		return 0, persistence.ErrInterrupted
	}
	return ap.Applier.Apply(recs)
}

func (ap *applier) interrupted() bool { return ap.ctx.Err() != nil || ap.disk.Asked() }

// Image implements persistence.Applier. No key counts as expired: what follows may move its
// deadline.
func (ap *applier) Image(in io.Reader, p *persistence.Progress) (img persistence.Image, err error) {
	l := ap.disk.NewLoader(ap.ctx)
	l.Progress = p
	img.Rest, img.End, err = l.Load(in)
	if err == nil {
		img.Mark = markOf(l.Aux)
		err = ap.disk.LoadedFrom(l, command.RestoreFlush)
	}
	return img, err
}

// markOf is what a snapshot says of the history that it is of: without an id if that is nothing.
func markOf(aux map[string]string) (m persistence.Mark) {
	offset, err := strconv.ParseInt(aux["repl-offset"], 10, 64)
	if err != nil || offset < 0 {
		return m
	}
	db, _ := strconv.Atoi(aux["repl-stream-db"]) // it is 0 if nothing is said
	return persistence.Mark{ID: aux["repl-id"], Offset: offset, DB: max(db, 0)}
}

// loadDump loads the snapshot's file, if there is one, at the start.
func (d *Disk) loadDump(ctx context.Context) error {
	if !d.hasDump() {
		return nil
	}
	aux, err := d.readDump(ctx, d.dumpFile(), command.RestoreFlush)
	if err == nil {
		d.house.ResumeHistory(markOf(aux))
	}
	return err
}

// hasDump tells whether there is a file to load.
func (d *Disk) hasDump() bool {
	f := d.dumpFile()
	_, err := f.FS.Size(f.Path())
	return !d.fresh && !errors.Is(err, fs.ErrNotExist)
}

// readDump loads a file into the store, which nobody else changes meanwhile; how says what becomes of libraries, and of keys, that are
// there. It returns what the file says of itself.
func (d *Disk) readDump(ctx context.Context, f *snapshot.File, how command.RestorePolicy) (aux map[string]string, err error) {
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
	l := d.NewLoader(ctx)
	l.Now, l.Merge = d.Wall(d.NowMs()), how == command.RestoreReplace
	l.Progress.Total.Store(size)
	l.Progress.Started.Store(begin.Unix())
	d.Loading.Store(l.Progress)
	defer d.Loading.Store(nil)
	d.Store.SetLoading(true)
	defer d.Store.SetLoading(false)
	rest, end, err := l.Load(in)
	if err != nil {
		return nil, refuseDump(f, err)
	}
	if n, _ := io.CopyN(io.Discard, rest, 1); n > 0 {
		d.Log.Warn("something follows the end of the snapshot, which is not looked at", "file", f.Path(), "offset", end)
	}
	if err = d.LoadedFrom(l, how); err != nil {
		return nil, err
	}
	d.saver.atLast.Store(d.house.Changes())
	d.Log.Info("the snapshot is loaded", "file", f.Path(), "bytes", size, "keys", l.Keys.Load(), "expired", l.Expired.Load(),
		"seconds", time.Since(begin).Seconds())
	return l.Aux, nil
}

// refuseDump says what to do about a file that cannot be loaded.
func refuseDump(f *snapshot.File, err error) error {
	var bad *rdb.Error
	if !errors.As(err, &bad) {
		return err
	}
	return fmt.Errorf("the snapshot %s cannot be loaded: %w. Restore it from a copy, or move it away to begin without data; nothing was changed. "+
		"'kring-server --check-rdb %s' tells what is in it", f.Path(), err, f.Path())
}

// checkDump reads a whole file, for who is about to add what it has to the data.
func (d *Disk) checkDump(f *snapshot.File) error {
	in, err := f.FS.Open(f.Path())
	if err != nil {
		return err
	}
	defer in.Close()
	r, _, err := rdb.CheckBegin(in, d.Opts.RDBChecksum.Load())
	if err == nil {
		for db := range r.Databases {
			if db >= d.Store.Databases() {
				err = &rdb.Error{Offset: r.Bytes, DB: db, Err: snapshot.ErrDatabase(d.Store)}
			}
		}
	}
	return refuseDump(f, err)
}

// NewLoader returns what loads images as the options of this moment have them.
func (d *Disk) NewLoader(ctx context.Context) *snapshot.Loader {
	lim := d.Limits.Load()
	clocks, _ := d.imageClocks()
	return &snapshot.Loader{
		Store: d.Store, Limits: lim.Images(), MaxBytes: resp.MostBulkBytes, Clocks: clocks, Verify: d.Opts.RDBChecksum.Load(),
		Progress: new(persistence.Progress), Interrupted: func() bool { return ctx.Err() != nil || d.Asked() },
	}
}

// LoadedFrom keeps what a file had besides keys. It fails if that has libraries of functions which
// do not load, or are there already and may not be replaced.
func (d *Disk) LoadedFrom(l *snapshot.Loader, how command.RestorePolicy) error {
	d.saver.loaded.Store(l.Keys.Load())
	d.saver.expired.Store(l.Expired.Load())
	if n := l.Empty.Load(); n > 0 {
		d.Log.Warn("keys without elements were left out", "keys", n)
	}
	if errText := d.Scripts.Engine.Restore(l.Functions, how); errText != "" {
		return fmt.Errorf("a library of functions cannot be loaded: %s", errText)
	}
	return nil
}

// WhileLoading runs f, which replaces the data, while clients are answered LOADING. The caller
// holds no gate.
func (d *Disk) WhileLoading(f func() error) error {
	d.SetGuard(exec.GuardLoading, true)
	defer func() {
		d.SetGuard(exec.GuardLoading, false)
		d.keeper.Ring()
		d.Kept.Hand(&d.Slow)
	}()
	d.Gates.LockAll() // whoever takes a gate from now on sees the guard
	d.Gates.UnlockAll()
	err := f()
	if err == nil { // else the data are those of before, or f has said what has become of them
		d.Loaded()
	}
	return err
}

// replaceWhileLoading is the same for who replaces the data by what a file of this server has.
func (d *Disk) replaceWhileLoading(f func() error) error {
	return d.house.Replacing(func() error { return d.WhileLoading(f) })
}

// replaceBy runs load, which loads a file into the store and the libraries, with both empty. What was there stands beside
// meanwhile, and comes back if load fails: that a file can be read does not tell that what it says can be made, a key
// that is there twice, say, or a library that does not load. The guard of loading is set. What is given up is
// freed before it returns: keys would be evicted, or writes refused, because of it.
func (d *Disk) replaceBy(load func() error) error {
	defer d.Jobs.Hold()()
	d.Jobs.End(RewriteAOF) // this, and what waited for it, would be of what is no more served, or of half of the file
	d.Jobs.End(SaveSnapshot)
	d.Store.OpenBeside()
	d.Gates.LockAll()
	d.Store.LockAll()
	d.Store.ParkLocked()
	d.Store.UnlockAll()
	libraries := d.Scripts.Engine.Park()
	d.Tracking.InvalidateAll(nil)
	d.Gates.UnlockAll()
	err := load()
	if err == nil {
		d.Store.CloseBeside()
	} else {
		d.Gates.LockAll()
		d.Store.LockAll()
		d.Store.TakeBesideLocked()
		d.Store.UnlockAll()
		d.Scripts.Engine.Unpark(libraries)
		d.Gates.UnlockAll()
	}
	d.Store.Reap()
	d.Store.PublishAll()
	return err
}

// addTo runs load, which adds what a file has to the data. If it fails, what it has added until then stays: that is data as good as
// what was there, and whoever asks for NOFLUSH tests files. Then those who observe keys learn of it, as WhileLoading
// does it after a success.
func (d *Disk) addTo(load func() error) error {
	defer d.Jobs.Hold()()
	d.Jobs.End(RewriteAOF)
	d.Jobs.End(SaveSnapshot)
	err := load()
	d.Tracking.InvalidateAll(nil)
	if err != nil {
		d.Loaded()
	}
	return err
}

// EmptyAll removes all data, for others to be loaded.
func (d *Disk) EmptyAll() {
	d.Gates.LockAll()
	d.Store.FlushAll()
	d.Scripts.Engine.FlushLibraries()
	d.Tracking.InvalidateAll(nil)
	d.Gates.UnlockAll()
}
