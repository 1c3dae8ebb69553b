package durable

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/info"
	"github.com/kringdb/kring/internal/server/snapshot"
	"github.com/kringdb/kring/persistence"
)

// This file saves the data to the snapshot's file: when a client asks for it, at the save
// points, and at the end. Package snapshot has the work; here is when, and what is told.

// saver is what the server keeps about its snapshots. Any goroutine may read its numbers.
type saver struct {
	lastSave atomic.Int64 // seconds since 1970, of the last that succeeded, or of the start
	lastTry  atomic.Int64 // seconds since 1970
	lastSecs atomic.Int64 // how long the last one took, -1: there was none
	begun    atomic.Int64 // seconds since 1970, of the one that runs; 0: none does
	atLast   atomic.Int64 // House.Changes at the cut of the last that succeeded
	saves    atomic.Int64 // that succeeded
	failed   atomic.Bool  // the last one
	copying  atomic.Pointer[snapshot.Copy]

	loaded, expired atomic.Int64 // keys of the last file loaded
}

// Saves is what INFO tells of snapshots.
func (d *Disk) Saves() info.Saves {
	sv := &d.saver
	told := info.Saves{
		Last: sv.lastSave.Load(), Begun: sv.begun.Load(), LastSecs: sv.lastSecs.Load(), Failed: sv.failed.Load(), Saves: sv.saves.Load(),
		Changes: d.house.Changes() - sv.atLast.Load(), Loaded: sv.loaded.Load(), Expired: sv.expired.Load(),
	}
	if told.Begun == 0 && d.Jobs.Runs(SaveSnapshot) { // from the reply to BGSAVE on
		told.Begun = time.Now().Unix()
	}
	if c := sv.copying.Load(); c != nil {
		told.Processed, told.Total = c.Progress()
	}
	return told
}

// ResetStats is CONFIG RESETSTAT.
func (d *Disk) ResetStats() {
	d.saver.saves.Store(0)
	d.AOF.Rewrites.Store(0)
	if a := d.AOF.Current(); a != nil {
		a.ResetStats()
	}
}

// FileSystem is where files go.
func (d *Disk) FileSystem() persistence.FS {
	if d.FS != nil {
		return d.FS
	}
	return persistence.OS{}
}

// save is the job.
func (d *Disk) save(stop <-chan struct{}) error {
	select {
	case <-stop:
		return errNoJobs
	default:
	}
	sv := &d.saver
	begin := time.Now()
	sv.lastTry.Store(begin.Unix())
	sv.begun.Store(begin.Unix())
	defer sv.begun.Store(0)
	changes := int64(0)
	c, stream, err := d.ImageCopy(false, false, func(uint64) { changes = d.house.Changes() })
	bytes := int64(0)
	if err == nil {
		sv.copying.Store(c)
		bytes, err = stream.Save(d.dumpFile(), stop)
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
		d.Log.Info("the snapshot is saved", "file", d.Opts.DBFilename.Load(), "bytes", bytes, "seconds", time.Since(begin).Seconds())
	} else {
		d.Log.Error("the snapshot cannot be saved: the file before it stays", "file", d.Opts.DBFilename.Load(), "error", err)
	}
	d.guardSaves()
	return err
}

// guardSaves brings the server's guard in line with the state of its snapshots.
func (d *Disk) guardSaves() {
	o := d.Opts
	d.SetGuard(exec.GuardUnsaved, d.saver.failed.Load() && o.StopWritesOnBgsaveError.Load() && len(o.Save.Load()) > 0)
}

// watchSaves follows CONFIG SET.
func (d *Disk) watchSaves() {
	d.saver.lastSave.Store(d.started.Unix())
	d.saver.lastSecs.Store(-1)
	for _, name := range []string{"save", "stop-writes-on-bgsave-error"} {
		d.Opts.OnChange(name, func() error {
			d.guardSaves()
			return nil
		})
	}
}

// saveIfDue begins a snapshot if a save point says so.
func (d *Disk) saveIfDue(now time.Time) {
	sv := &d.saver
	if d.Flushed.Swap(false) && len(d.Opts.Save.Load()) > 0 {
		_, _ = d.Jobs.Replace(SaveSnapshot, d.save) // a file that has what was flushed is of no use, as in Redis
		return
	}
	changes := d.house.Changes() - sv.atLast.Load()
	if changes == 0 || d.Jobs.Busy() || sv.failed.Load() && now.Unix()-sv.lastTry.Load() <= saveRetrySeconds {
		return
	}
	for _, p := range d.Opts.Save.Load() {
		if changes >= p.Changes && now.Unix()-sv.lastSave.Load() > p.Seconds {
			if _, _, err := d.Jobs.Ask(SaveSnapshot, d.save); err == nil {
				d.Log.Info("saving a snapshot", "changes", changes, "seconds", p.Seconds)
			}
			return
		}
	}
}
