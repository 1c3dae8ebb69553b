package exec

import (
	"strings"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// Begun returns which call of the batch, not the first, is a multi behind which only plain calls come; 0: none is.
func (la *lookAhead) Begun(multi *command.Spec) int {
	if la.Calls[la.last].Spec == multi {
		return la.last
	}
	return 0
}

// queuedReplies are the replies to a MULTI and to what is queued behind it.
var queuedReplies = []byte(multiReply + strings.Repeat(queuedReply, resp.MaxBatch))

const (
	multiReply  = "+OK\r\n"
	queuedReply = "+QUEUED\r\n"
)

// WholeTransaction runs a transaction that has come whole in one batch, as client libraries
// send it: call i of b, a MULTI, the plain calls that follow, and EXEC. Such a one need not
// be queued, so nothing of it is copied; everything else about it is as in multi.go. It
// returns the index of the EXEC, or 0, having done nothing, when the calls have to go the
// usual way. The caller holds ex.Gate, and has found nothing to check; the client watches nothing.
func (u *units) WholeTransaction(b *resp.Batch, i int) (end int) {
	ex := u.ex
	if ex.Tracker != nil || !ex.Meter.Grouping() || ex.Ctx.DB != ex.ahead {
		return 0
	}
	for end = i + 1; end < b.N && ex.Calls[end].Plain; end++ {
	}
	if end == b.N || ex.Calls[end].Spec == nil || ex.Calls[end].Spec.Flags&command.Exec == 0 || ex.Calls[end].Fault != admit.NoFault {
		return 0
	}
	keys := ex.Keys[ex.Calls[i].To:ex.Calls[end].From]
	var set store.ShardSet
	for j := range keys {
		set.Add(keys[j].Shard)
	}
	ex.TouchAhead(ex.Calls[end].From)
	if !ex.Env.Store.LockSetUnlessLong(&set) {
		return 0
	}
	before := ex.Meter.BeginWhole(ex.Calls[end].Spec)
	ex.Ctx.W.Raw(queuedReplies[:len(multiReply)+len(keys)*len(queuedReply)])
	u.runWhole(b, i, end, &set)
	if ex.unsettled() {
		ex.Wakes.settle(&set)
	}
	ex.Env.Store.UnlockSet(&set)
	ex.Wakes.afterUnlock()
	ex.Meter.Commands += 2 // MULTI and EXEC; handle counts the others
	for j := i; j < end; j++ {
		ex.Meter.AddToWhole(ex.Calls[j].Spec)
	}
	ex.Meter.EndWhole(before)
	return end
}

// runWhole runs the calls between a MULTI and its EXEC. The shards in keyed,
// those of their keys, are locked.
func (u *units) runWhole(b *resp.Batch, multi, exec int, keyed *store.ShardSet) {
	ex := u.ex
	c := &ex.Ctx
	c.CanWait, u.inExec = false, true
	ex.Meter.BeginTogether(true)
	ex.Rec.beginUnit(keyed)
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
	ex.Rec.endUnit()
	c.W.Raw(u.pushes)
	u.pushes = u.pushes[:0]
	c.CanWait, u.inExec = true, false
	ex.Meter.EndTogether()
	c.Spec, c.Args, c.Keys = ex.Calls[exec].Spec, b.Cmds[exec].Args, nil
}
