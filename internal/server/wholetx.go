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
// usual way. The caller holds ex.gate, and has found nothing to check.
func (s *session) wholeTransaction(b *resp.Batch, i int) (end int) {
	ex := s.ex
	if s.watching != nil || ex.Tracker != nil || ex.watchNanos < groupFromNanos || ex.ctx.DB != ex.ahead {
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
	if !ex.srv.store.LockSetUnlessLong(&set) {
		return 0
	}
	g := &ex.group
	if g.calls != 0 && g.spec != ex.calls[end].spec {
		ex.closeGroup()
	}
	before := g.calls // transactions just before this one
	g.calls = 0
	w := ex.ctx.W
	w.Simple("OK")
	for range len(keys) {
		w.Simple("QUEUED")
	}
	ex.runWhole(b, i, end, &set)
	if ex.unsettled() {
		ex.settle(&set)
	}
	ex.srv.store.UnlockSet(&set)
	ex.afterUnlock()
	ex.stats.Commands += 2 // MULTI and EXEC; handle counts the others
	ex.observeWhole(before, i, end)
	return end
}

// runWhole runs the calls between a MULTI and its EXEC. The shards in keyed,
// those of their keys, are locked.
func (ex *executor) runWhole(b *resp.Batch, multi, exec int, keyed *store.ShardSet) {
	c := &ex.ctx
	c.CanWait, ex.inExec, ex.together = false, true, true
	ex.beginUnit(keyed)
	c.W.Array(exec - multi - 1)
	for i := multi + 1; i < exec; i++ {
		cl := &ex.calls[i]
		if ex.members {
			ex.touchMembers(c.DB, b, i)
		}
		c.Spec, c.Args, c.Keys = cl.spec, b.Cmds[i].Args, ex.keys[cl.from:cl.to]
		ex.srv.store.Hint(c.DB, &ex.keys[cl.from], ex.places[cl.from], ex.stamps[cl.from])
		ex.invoke(c, nil)
	}
	ex.endUnit()
	c.W.Raw(ex.pushes)
	ex.pushes = ex.pushes[:0]
	c.CanWait, ex.inExec, ex.together = true, false, false
	c.Spec, c.Args, c.Keys = ex.calls[exec].spec, b.Cmds[exec].Args, nil
}

// wholeGroup is what callGroup is for transactions in a row: their calls by command. Each
// call gets an equal share of the time, each EXEC that of a whole transaction.
type wholeGroup struct {
	specs [wholeSpecs]*command.Spec
	calls [wholeSpecs]int64
	n     int   // of specs
	total int64 // calls
}

// observeWhole counts the calls from a MULTI to its EXEC. The clock is read when the group
// ends, see closeGroup.
func (ex *executor) observeWhole(before int64, multi, exec int) {
	ex.ran = 0
	g, w := &ex.group, &ex.wholes
	g.spec, g.args, g.calls = ex.ctx.Spec, ex.ctx.Args, before+1
	for i := multi; i < exec; i++ {
		w.add(ex.calls[i].spec)
	}
	if w.n > wholeSpecs-resp.MaxBatch {
		ex.closeGroup()
	}
}

func (w *wholeGroup) add(spec *command.Spec) {
	w.total++
	for i := range w.n {
		if w.specs[i] == spec {
			w.calls[i]++
			return
		}
	}
	w.specs[w.n], w.calls[w.n] = spec, 1
	w.n++
}

// closeWholes counts the calls within transactions that took so long together.
func (ex *executor) closeWholes(took int64) {
	w := &ex.wholes
	for i, spec := range w.specs[:w.n] {
		ex.cmds.Calls(spec.ID, w.calls[i], took*w.calls[i]/w.total, ex.timed)
	}
	w.n, w.total = 0, 0
}
