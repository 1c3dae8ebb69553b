package server

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// wholeTransaction runs a transaction that has come whole in one batch, as client libraries
// send it: call i of b, a MULTI, the plain calls that follow, and EXEC. Such a one need not
// be queued, so nothing of it is copied; everything else about it is as in multi.go. It
// returns the index of the EXEC, or 0, having done nothing, when the calls have to go the
// usual way. The caller holds ex.gate, and has found nothing to check; the client watches nothing.
func (ex *executor) wholeTransaction(b *resp.Batch, i int) (end int) {
	if ex.Tracker != nil || !ex.meter.Grouping() || ex.ctx.DB != ex.ahead {
		return 0
	}
	for end = i + 1; end < b.N && ex.calls[end].plain; end++ {
	}
	if end == b.N || ex.calls[end].spec == nil || ex.calls[end].spec.Flags&command.Exec == 0 || ex.calls[end].fault != admit.NoFault {
		return 0
	}
	keys := ex.keys[ex.calls[i].to:ex.calls[end].from]
	set := shardsOf(keys)
	ex.touchAhead(ex.calls[end].from)
	if !ex.env.store.LockSetUnlessLong(&set) {
		return 0
	}
	before := ex.meter.BeginWhole(ex.calls[end].spec)
	w := ex.ctx.W
	w.Simple("OK")
	for range len(keys) {
		w.Simple("QUEUED")
	}
	ex.runWhole(b, i, end, &set)
	if ex.unsettled() {
		ex.settle(&set)
	}
	ex.env.store.UnlockSet(&set)
	ex.afterUnlock()
	ex.meter.Commands += 2 // MULTI and EXEC; handle counts the others
	for _, cl := range ex.calls[i:end] {
		ex.meter.AddToWhole(cl.spec)
	}
	ex.meter.EndWhole(before)
	return end
}

// runWhole runs the calls between a MULTI and its EXEC. The shards in keyed,
// those of their keys, are locked.
func (ex *executor) runWhole(b *resp.Batch, multi, exec int, keyed *store.ShardSet) {
	c := &ex.ctx
	c.CanWait, ex.inExec = false, true
	ex.meter.BeginTogether(true)
	ex.beginUnit(keyed)
	c.W.Array(exec - multi - 1)
	for i := multi + 1; i < exec; i++ {
		cl := &ex.calls[i]
		if ex.members {
			ex.touchMembers(c.DB, b, i)
		}
		c.Spec, c.Args, c.Keys = cl.spec, b.Cmds[i].Args, ex.keys[cl.from:cl.to]
		ex.env.store.Hint(c.DB, &ex.keys[cl.from], ex.places[cl.from], ex.stamps[cl.from])
		ex.invoke(c, nil)
	}
	ex.endUnit()
	c.W.Raw(ex.pushes)
	ex.pushes = ex.pushes[:0]
	c.CanWait, ex.inExec = true, false
	ex.meter.EndTogether()
	c.Spec, c.Args, c.Keys = ex.calls[exec].spec, b.Cmds[exec].Args, nil
}
