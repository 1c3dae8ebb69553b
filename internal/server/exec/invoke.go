package exec

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/store"
)

// This file invokes calls: every handler runs here, whoever calls.

// invoke runs the handler of c's call under the locks that the caller holds, records what it
// did, and settles what follows: it blocks the client if the call asked for it, and serves
// those whom it woke, as far as the shards that are held allow; what is left waits for
// afterUnlock. c is the executor's own context, or that of a client which was blocked.
// held nil: the call is one of a unit, and whoever ends that settles.
func (ex *Executor) invoke(c *command.Ctx, held *store.ShardSet) {
	ex.Perform(c)
	ex.Env.Local.note(ex, c)
	if held != nil && ex.unsettled() {
		ex.Wakes.settle(held)
	}
}

// Perform is invoke without what follows: for plain calls, which name the shard that they
// hold only if something does.
func (ex *Executor) Perform(c *command.Ctx) {
	spec := c.Spec
	if !c.Resumed {
		ex.Meter.Commands++
	}
	ex.Meter.Next(spec)
	errs := c.W.Errors()
	if !ex.Env.Journal.Log.On() {
		spec.Handler(c)
	} else {
		ex.Rec.perform(c)
	}
	if ex.Tracker != nil {
		ex.tracked(c, spec)
	}
	if ex.limited && spec.Flags&command.Write != 0 {
		tellUsage(c)
	}
	if ex.Shown.On && !c.Resumed {
		ex.Shown.note(c, spec, spec.Flags&hiddenFromMonitor)
	}
	ex.Meter.Count(c, spec, c.W.Errors() != errs)
}
