package durable

import (
	"errors"
	"time"

	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/options"
)

// This file is the end of the server: what was changed is saved, and nothing acknowledged is lost.

// EndSave saves at the end of the server, if there are save points, or by force. Nothing is
// written to meanwhile, so that nothing acknowledged is missing; reads are served. After an
// error everything goes on as before.
func (d *Disk) EndSave(always bool) error {
	if d.Guard.Load()&exec.GuardLoading != 0 || !always && len(d.Opts.Save.Load()) == 0 {
		return nil // what is loaded by half must not replace the file that it comes from
	}
	if safe := !always && d.AOF.holdsAll(); !d.lockAtEnd(!safe) {
		if safe {
			d.Log.Error("ending without a snapshot, as a transaction does not end: the AOF has what was acknowledged")
			return nil
		}
		return errEndless
	}
	d.clients.Pauses.Begin(1<<40, false)
	d.Gates.UnlockAll()
	d.Jobs.End(SaveSnapshot) // it would save less
	j, _, err := d.Jobs.Ask(SaveSnapshot, d.save)
	if err == nil {
		<-j.Done
		err = j.Err
	}
	if err != nil {
		d.clients.Pauses.Cancel()
	}
	return err
}

// errEndless is why nothing is saved yet: what runs, a transaction, does not let go of its gate.
var errEndless = errors.New("a command does not end")

// lockAtEnd takes all gates, at the end of the server, whatever runs: it is given EndGrace, then
// it is told to end, a script as by SCRIPT KILL but also if it has written, a transaction in what it reads. With cut a transaction
// that writes for even longer ends before its next call: without an AOF the alternative is to lose what others have been told
// is done, since the last snapshot. If something still runs 2 * EndGrace after the beginning the gates are not taken, and it returns false.
func (d *Disk) lockAtEnd(cut bool) bool {
	taken, late := make(chan struct{}), make(chan struct{})
	begun := time.Now()
	go func() {
		d.Gates.LockAll()
		d.CutShort.Store(false) // here, so that no transaction goes on that has left out a call
		select {
		case taken <- struct{}{}:
		case <-late:
			d.Gates.UnlockAll()
		}
	}()
	timer := time.NewTimer(EndGrace)
	defer timer.Stop()
	for ; ; timer.Reset(endPoll) {
		select {
		case <-taken:
			d.Late.Store(false)
			return true
		case now := <-timer.C:
			if now.Sub(begun) > 2*EndGrace {
				d.Late.Store(false)
				close(late)
				return false
			}
			d.Late.Store(true)
			if cut && now.Sub(begun) > EndGrace+cutAfter {
				d.CutShort.Store(true)
			}
			d.Slow.EndRunning()
			d.Scripts.End()
		}
	}
}

// SaveAtSignal is EndSave for a server that was told to end by a signal, or by the program that
// it is part of. While it does not work, the server goes on, and tries again: until a client asks
// for its end without it. Only a server that has its process to itself does so.
func (d *Disk) SaveAtSignal() {
	how := d.Opts.ShutdownOnSigterm.Load()
	if how&options.ShutdownNoSave != 0 {
		return
	}
	for {
		err := d.EndSave(how&options.ShutdownSave != 0)
		if err == nil {
			return
		}
		if how&options.ShutdownForce != 0 || !d.house.OwnsProcess() {
			d.Log.Error("ending without a snapshot", "error", err)
			return
		}
		d.Log.Error("the data cannot be saved, so the server does not end: SHUTDOWN NOSAVE, or a second signal, ends it", "error", err)
		select {
		case <-d.house.Stop():
			return
		case <-time.After(endSaveRetry):
		}
	}
}
