package durable

import (
	"errors"
	"fmt"
	"time"

	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/options"
)

// This file is the end of the server: what was changed is saved, and nothing acknowledged is lost.

// EndSave saves at the end of the server, if there are save points, or by force. Nothing is
// written to meanwhile, so that nothing acknowledged is missing; reads are served. What runs is given
// patience to end. After an error everything goes on as before.
func (d *Disk) EndSave(always bool, patience time.Duration) error {
	if d.Guard.Load()&exec.GuardLoading != 0 || !always && len(d.Opts.Save.Load()) == 0 {
		return nil // what is loaded by half must not replace the file that it comes from
	}
	safe := !always && d.AOF.holdsAll()
	if safe {
		patience = 2 * d.Grace
	}
	if !d.lockAtEnd(patience) {
		if safe {
			d.Log.Error("ending without a snapshot, as a transaction does not end: the AOF has what was acknowledged")
			return nil
		}
		return errEndless
	}
	d.clients.Pauses.Hold() // nobody may end it: what is written from now on would be lost
	d.Gates.UnlockAll()
	j, err := d.Jobs.Replace(SaveSnapshot, d.save) // one that runs would save less
	if err == nil {
		<-j.Done
		err = j.Err
	}
	if err != nil {
		d.clients.Pauses.Release()
	}
	return err
}

// errEndless is why nothing is saved: a transaction or a script that has written does not let go of its gate. A
// snapshot would have half of it.
var errEndless = errors.New("a transaction or script that writes does not end, and half of it must not be saved")

// lockAtEnd takes all gates, at the end of the server, whatever runs: it is given d.Grace, then what only
// reads is told to end, and so is a script that has written if that can be undone. Nothing else is cut short: it is
// one, and whoever saves has all of it or nothing. If something still runs when patience is
// over, the gates are not taken, and it returns false.
func (d *Disk) lockAtEnd(patience time.Duration) bool {
	taken, late := make(chan struct{}), make(chan struct{})
	begun := time.Now()
	go func() {
		d.Gates.LockAll()
		select {
		case taken <- struct{}{}:
		case <-late:
			d.Gates.UnlockAll()
		}
	}()
	timer := time.NewTimer(min(d.Grace, patience))
	defer timer.Stop()
	for ; ; timer.Reset(endPoll) {
		select {
		case <-taken:
			d.Late.Store(false)
			return true
		case now := <-timer.C:
			if now.Sub(begun) >= patience {
				d.Late.Store(false)
				close(late)
				return false
			}
			d.Late.Store(true)
			d.Slow.EndRunning()
			d.Scripts.End()
		}
	}
}

// SaveAtSignal is EndSave for a server that was told to end by a signal, or by the program that
// it is part of. While the file cannot be written, the server goes on, and tries again: until a client asks
// for its end without it. Only a server that has its process to itself does so. What goes on
// writing holds up the end no longer than d.Patience: then the error says that the data since the last snapshot are lost.
func (d *Disk) SaveAtSignal() error {
	how := d.Opts.ShutdownOnSigterm.Load()
	if how&options.ShutdownNoSave != 0 {
		return nil
	}
	for {
		err := d.EndSave(how&options.ShutdownSave != 0, d.Patience)
		if err == nil {
			return nil
		}
		if errors.Is(err, errEndless) {
			return fmt.Errorf("ended without a snapshot: %w", err)
		}
		if how&options.ShutdownForce != 0 || !d.house.OwnsProcess() {
			d.Log.Error("ending without a snapshot", "error", err)
			return nil
		}
		d.Log.Error("the data cannot be saved, so the server does not end: SHUTDOWN NOSAVE, or a second signal, ends it", "error", err)
		select {
		case <-d.house.Stop():
			return nil
		case <-time.After(endSaveRetry):
		}
	}
}
