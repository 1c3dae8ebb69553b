package exec

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// WholeTransaction runs a transaction that has come whole in one batch, as client libraries
// send it: call i of b, a MULTI, the plain calls that follow, and EXEC. Such a one need not
// be queued, so nothing of it is copied; everything else about it is as in multi.go. It
// returns the index of the EXEC, or 0, having done nothing, when the calls have to go the
// usual way. The caller holds ex.Gate, and has found nothing to check; the client watches nothing.
func (ex *Executor) WholeTransaction(b *resp.Batch, i int) (end int) {
	if ex.Tracker != nil || !ex.Meter.Grouping() || ex.Ctx.DB != ex.ahead {
		return 0
	}
	for end = i + 1; end < b.N && ex.Calls[end].Plain; end++ {
	}
	if end == b.N || ex.Calls[end].Spec == nil || ex.Calls[end].Spec.Flags&command.Exec == 0 || ex.Calls[end].Fault != admit.NoFault {
		return 0
	}
	keys := ex.Keys[ex.Calls[i].To:ex.Calls[end].From]
	set := shardsOf(keys)
	ex.TouchAhead(ex.Calls[end].From)
	if !ex.Env.Store.LockSetUnlessLong(&set) {
		return 0
	}
	before := ex.Meter.BeginWhole(ex.Calls[end].Spec)
	w := ex.Ctx.W
	w.Simple("OK")
	for range len(keys) {
		w.Simple("QUEUED")
	}
	ex.runWhole(b, i, end, &set)
	if ex.unsettled() {
		ex.settle(&set)
	}
	ex.Env.Store.UnlockSet(&set)
	ex.afterUnlock()
	ex.Meter.Commands += 2 // MULTI and EXEC; handle counts the others
	for _, cl := range ex.Calls[i:end] {
		ex.Meter.AddToWhole(cl.Spec)
	}
	ex.Meter.EndWhole(before)
	return end
}

// runWhole runs the calls between a MULTI and its EXEC. The shards in keyed,
// those of their keys, are locked.
func (ex *Executor) runWhole(b *resp.Batch, multi, exec int, keyed *store.ShardSet) {
	c := &ex.Ctx
	c.CanWait, ex.inExec = false, true
	ex.Meter.BeginTogether(true)
	ex.beginUnit(keyed)
	c.W.Array(exec - multi - 1)
	for i := multi + 1; i < exec; i++ {
		cl := &ex.Calls[i]
		if ex.Members {
			ex.TouchMembers(c.DB, b, i)
		}
		c.Spec, c.Args, c.Keys = cl.Spec, b.Cmds[i].Args, ex.Keys[cl.From:cl.To]
		ex.Env.Store.Hint(c.DB, &ex.Keys[cl.From], ex.places[cl.From], ex.stamps[cl.From])
		ex.invoke(c, nil)
	}
	ex.endUnit()
	c.W.Raw(ex.pushes)
	ex.pushes = ex.pushes[:0]
	c.CanWait, ex.inExec = true, false
	ex.Meter.EndTogether()
	c.Spec, c.Args, c.Keys = ex.Calls[exec].Spec, b.Cmds[exec].Args, nil
}
