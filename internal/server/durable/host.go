package durable

import (
	"context"
	"errors"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/session"
)

// This file is AOF and snapshots as handlers see them.

// diskHost implements command.PersistenceHost.
type diskHost struct{ *Disk }

const (
	errSaving    = "ERR Background save already in progress"
	errOtherJobs = "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE " +
		"whenever possible."
)

const errRewriting = "ERR Background append only file rewriting already in progress"

// Save implements command.PersistenceHost. It runs on a worker that holds no gate.
func (h diskHost) Save() (errText string) {
	j, _, err := h.Jobs.Ask(SaveSnapshot, h.save)
	if err != nil {
		return errSaving
	}
	<-j.Done
	if j.Err != nil {
		return "ERR"
	}
	return ""
}

// BeginSave implements command.PersistenceHost.
func (h diskHost) BeginSave(schedule bool) (waits bool, errText string) {
	js := &h.Jobs
	switch {
	case js.Runs(SaveSnapshot):
		return false, errSaving
	case js.Busy() && !schedule:
		return false, errOtherJobs
	}
	_, waits, err := js.Ask(SaveSnapshot, h.save)
	if err != nil {
		return false, errSaving
	}
	return waits, ""
}

// LastSave implements command.PersistenceHost.
func (h diskHost) LastSave() int64 { return h.saver.lastSave.Load() }

// Reload implements command.PersistenceHost: DEBUG RELOAD. It runs on a worker that holds no gate.
func (h diskHost) Reload(o command.ReloadOptions) (errText string) {
	s := h.Disk
	errText = "ERR Error trying to load the RDB dump, check server logs."
	added := false // the file, or, if it cannot all be made data, some of it
	err := s.replaceWhileLoading(func() error {
		s.Jobs.End(SaveSnapshot)
		s.Jobs.End(RewriteAOF)
		if !o.NoSave {
			if text := h.Save(); text != "" {
				errText = "ERR Error trying to save the DB, check server logs."
				return errors.New("there is no snapshot to load")
			}
		}
		how := command.RestoreFlush
		switch {
		case o.Merge:
			how = command.RestoreReplace
		case o.NoFlush:
			how = command.RestoreAppend
		}
		load := func() error {
			_, err := s.readDump(context.Background(), s.dumpFile(), how)
			return err
		}
		if !o.NoFlush {
			return s.replaceBy(load)
		}
		if err := s.checkDump(s.dumpFile()); err != nil { // of a file that breaks off nothing is added
			return err
		}
		added = true
		return s.addTo(load)
	})
	if a := s.AOF.Current(); a != nil && (err == nil || added) { // it knows nothing of what was loaded
		_, _ = s.AOF.rewrite(a, false)
	}
	if err != nil {
		s.Log.Error("DEBUG RELOAD has failed", "error", err)
		return errText
	}
	return ""
}

// RewriteAOF implements command.PersistenceHost.
func (h diskHost) RewriteAOF() (waits bool, errText string) {
	k, js := &h.AOF, &h.Jobs
	if js.Waits(RewriteAOF) {
		return true, ""
	}
	a := k.Current()
	own := a == nil
	var err error
	if own {
		if js.Runs(RewriteAOF) { // it has the directory
			return false, errRewriting
		}
		if a, err = k.make(); err != nil {
			h.Log.Error("the AOF cannot be opened", "error", err)
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
func (h diskHost) Written(c *command.Ctx) (pos uint64) {
	return max(session.Written(c.Client), exec.Of(c).Rec.Wrote())
}

// Synced implements command.PersistenceHost.
func (h diskHost) Synced(pos uint64) (on, synced bool) {
	a := h.AOF.Current()
	return a != nil, a != nil && a.Durable() >= pos
}

// LoadAOF implements command.PersistenceHost: it makes the data what a restart with an AOF would make it. It
// runs on a worker that holds no gate; clients are answered LOADING meanwhile.
func (h diskHost) LoadAOF() (errText string) {
	const failed = "ERR Error trying to load the AOF files, check server logs."
	k := &h.AOF
	h.Jobs.End(RewriteAOF)
	a := k.Current()
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
		h.Log.Error("DEBUG LOADAOF has failed", "error", err)
		return failed
	}
	return ""
}
