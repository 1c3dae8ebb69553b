package exec

import (
	"bytes"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/store"
)

// This file is what makes a tentative run of a script as if it had not been: before it changes a
// key it keeps a copy of the value; what others would hear of its changes, and what is recorded of
// them, waits for its end; calls that have been counted are taken back.

// undoLog is what a tentative run has done so far.
type undoLog struct {
	keys    []store.Key   // that it declares
	kept    []bool        // which of them have a copy
	told    []bool        // which of them have a change
	copies  []store.Entry // those, zero for a key that was not there
	changes []heldChange
	errors  []string
	counted []countedCall

	dirty, hits, misses, commands int64 // before it
}

// heldChange is a change that nobody has been told of.
type heldChange struct {
	key int
	ev  command.Event
}

// countedCall is a call that has been counted.
type countedCall struct {
	id       int
	nanos    int64
	failed   bool
	rejected bool // it has not run
}

// beginTentative begins to keep what the context's call does, whose keys are locked. What has
// expired of them goes first: that stays true.
func (ex scriptHost) beginTentative() {
	c, u := &ex.Ctx, &ex.scr.undo
	u.keys = append(u.keys[:0], c.Keys...)
	u.kept, u.told, u.copies = u.kept[:0], u.told[:0], u.copies[:0]
	for i := range c.Keys {
		c.Store.Find(c.DB, c.Keys[i], c.Now)
		u.kept, u.told, u.copies = append(u.kept, false), append(u.told, false), append(u.copies, store.Entry{})
	}
}

// endTentative undoes everything, or lets others know of it. The locks are still held.
func (ex scriptHost) endTentative(undo bool) {
	c, u := &ex.Ctx, &ex.scr.undo
	if undo && ex.scr.way == lasting {
		ex.Meter.CloseGroup()
		ex.Meter.Calls.Reset() // there are none but those of the run: see Meter.Publish
	}
	ex.scr.way = noScript
	for i, kept := range u.kept {
		switch {
		case !kept:
		case undo:
			c.Store.PutBack(c.DB, u.keys[i], u.copies[i])
		case u.copies[i].A != 0:
			c.Store.Drop(u.keys[i].Shard, u.copies[i])
		}
	}
	if undo {
		c.Dirty = u.dirty
		ex.uncountScript()
	} else {
		for _, ch := range u.changes {
			ex.Changed(c.DB, u.keys[ch.key], ch.ev)
		}
		ex.countErrors()
	}
	clear(u.keys)
	u.keys, u.changes = u.keys[:0], u.changes[:0]
	if cap(u.changes) > keepKeysEntries {
		u.changes = nil
	}
}

// countErrors counts the errors that were kept for the end of a run.
func (ex scriptHost) countErrors() {
	u := &ex.scr.undo
	if len(u.errors) == 0 {
		return
	}
	ex.Meter.Errors += int64(len(u.errors))
	for _, text := range u.errors {
		ex.Env.Logs.Errors.Add(text)
	}
	u.dropErrors()
}

func (u *undoLog) dropErrors() {
	clear(u.errors)
	if u.errors = u.errors[:0]; cap(u.errors) > keepKeysEntries {
		u.errors = nil
	}
}

// beyond tells whether c's call, one of a tentative run, reaches beyond the keys that are declared,
// or cannot be undone; if not, it has kept what the call may change.
func (ex scriptHost) beyond(c *command.Ctx) leaving {
	spec, u := c.Spec, &ex.scr.undo
	switch {
	case spec.Flags&unkeyed != 0,
		spec.AllShards != nil && spec.AllShards(c.Args),
		spec.Name == "select", spec.Name == "move", spec.Name == "copy": // there are no copies of another database's values
		return reaches
	}
	if len(c.Keys) == 0 {
		if !keyless(spec) {
			return reaches
		}
		return stays
	}
	for i := range c.Keys {
		at := u.find(c.Keys[i].Name)
		if at < 0 {
			return reaches
		}
		c.Keys[i] = u.keys[at] // its name is not the script's, whose memory goes
		if u.kept[at] {
			continue
		}
		if spec.Flags&command.Write == 0 {
			if c.Store.HoldsDue(c.DB, c.Keys[i]) { // what has fallen due in it goes when it is read
				return cannot
			}
			continue
		}
		e, ok := c.Store.Keep(c.DB, c.Keys[i], mostKeptBytes)
		if !ok {
			return cannot
		}
		u.kept[at], u.copies[at] = true, e
	}
	return stays
}

// find returns which of the declared keys has a name, -1: none.
func (u *undoLog) find(name []byte) int {
	for i := range u.keys {
		if bytes.Equal(u.keys[i].Name, name) {
			return i
		}
	}
	return -1
}

// hold keeps a change for the end of a tentative run.
func (ex scriptHost) hold(k store.Key, ev command.Event) {
	u := &ex.scr.undo
	at := u.find(k.Name)
	if at < 0 || u.told[at] && !ex.Ctx.AllChanges { // that a key has changed need be told only once
		return
	}
	u.told[at] = true
	u.changes = append(u.changes, heldChange{at, ev})
}

// full tells whether so much is kept for the end that the run had better have all gates.
func (u *undoLog) full() bool { return len(u.changes)+len(u.errors) > mostHeld }

// performCounted is Perform for a call of a run that cannot be undone: as long as it has done nothing that others see, it may
// begin again nevertheless, and its calls do not count twice then.
func (ex scriptHost) performCounted(c *command.Ctx) {
	if ex.unseen() {
		ex.performUndoable(c)
	} else {
		ex.Perform(c)
	}
	ex.Env.Local.note(ex.Executor, c)
}

// unseen tells whether a run that cannot be undone may begin again, as it has done nothing that others see. One that lasts takes all
// its counts back at once.
func (ex scriptHost) unseen() bool { return !ex.Worker && !ex.scr.seen && ex.scr.saved.alone }

// reject counts a call that is refused.
func (ex scriptHost) reject(spec *command.Spec) {
	ex.Meter.Calls.Reject(spec.ID)
	if ex.scr.way == tentative || ex.unseen() {
		ex.scr.undo.counted = append(ex.scr.undo.counted, countedCall{id: spec.ID, rejected: true})
	}
}

// uncountScript takes back what a run that begins again has counted.
func (ex scriptHost) uncountScript() {
	c, u := &ex.Ctx, &ex.scr.undo
	c.Hits, c.Misses, ex.Meter.Commands = u.hits, u.misses, u.commands
	if ex.scr.together {
		ex.Meter.EndTogether()
		ex.Meter.DropWhole(ex.scr.before)
	}
	for _, n := range u.counted {
		switch {
		case n.rejected:
			ex.Meter.Calls.Unreject(n.id)
		case ex.scr.together:
			ex.Meter.TakeFromWhole(ex.Env.Table.Specs()[n.id], n.failed)
		default:
			ex.Meter.Uncount(n.id, n.nanos, n.failed)
		}
	}
	u.dropErrors()
	if u.counted = u.counted[:0]; cap(u.counted) > keepKeysEntries {
		u.counted = nil
	}
}

// performUndoable is Perform for a call that may have to be taken back.
func (ex scriptHost) performUndoable(c *command.Ctx) {
	id := c.Spec.ID
	nanos, failed := ex.Meter.Counted(id)
	ex.Perform(c)
	if !ex.scr.together {
		ex.Meter.CloseGroup()
	}
	nanosNow, failedNow := ex.Meter.Counted(id)
	ex.scr.undo.counted = append(ex.scr.undo.counted, countedCall{id: id, nanos: nanosNow - nanos, failed: failedNow != failed})
}
