package server

import (
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

// This file counts and times commands (package stats) and shows the result.

// nanos is a monotonic clock for durations, in nanoseconds since the server started.
func (ex *executor) nanos() int64 { return int64(time.Since(ex.srv.started)) }

// callGroup is a run of plain calls of one command in a batch, which are timed together:
// reading the clock takes an eighth of the time of a pipelined GET.
type callGroup struct {
	spec  *command.Spec
	calls int64
	args  resp.Args // of the last one
}

// observe counts the call that just ended. The time since the end of the previous call
// of the batch is its; plain calls wait for the end of their group.
func (ex *executor) observe(c *command.Ctx, spec *command.Spec, failed bool) {
	if ex.monitored && !c.Resumed {
		ex.noteCall(c, spec, spec.Flags&hiddenFromMonitor)
	}
	grouped := (spec.Grouped(len(c.Args)) || c.Quick) && ex.watchNanos >= groupFromNanos
	c.Quick = false
	if grouped || ex.group.calls != 0 { // if it is no more, this call ends the group
		if failed {
			ex.cmds.Fail(spec.ID)
		}
		if ex.together {
			ex.ran++
			return
		}
		g := &ex.group
		g.spec, g.args = spec, c.Args
		if g.calls++; !grouped {
			ex.closeGroup()
		}
		return
	}
	now := ex.nanos()
	took := now - ex.mark
	ex.mark = now
	if c.Resumed {
		took += ex.spent
	}
	if c.Waiting.On {
		ex.spent = took
		return // it counts when it is done
	}
	ex.count(c.Client, &c.Call, took, failed)
}

// count counts a call that took so many nanoseconds by itself.
func (ex *executor) count(client command.Client, call *command.Call, took int64, failed bool) {
	ex.cmds.Call(call.Spec.ID, took, failed, ex.timed)
	if took >= ex.watchNanos {
		ex.observeLong(client, call, took/1000)
	}
}

// observeExec counts an EXEC, whose time is that of all its calls since from, and those of
// its calls that were not timed by themselves, each with an equal share.
func (ex *executor) observeExec(from int64, failed bool) {
	ex.mark = from
	ex.observe(&ex.ctx, ex.ctx.Spec, failed)
	if ex.ran > 0 {
		share := (ex.mark - from) / int64(ex.ran)
		for _, spec := range ex.queued.specs[:ex.ran] {
			ex.cmds.Call(spec.ID, share, false, ex.timed)
		}
	}
	ex.together, ex.ran = false, 0
}

// closeGroup counts the calls of the group that has ended, each with its share of the
// time. Should they have taken so long that it concerns the slow log, the last one
// stands there for all.
func (ex *executor) closeGroup() {
	g := &ex.group
	if g.calls == 0 {
		return
	}
	now := ex.nanos()
	took := now - ex.mark
	ex.mark = now
	ex.cmds.Calls(g.spec.ID, g.calls, took, ex.timed)
	if ex.wholes.n > 0 {
		ex.closeWholes(took)
	}
	if took >= ex.watchNanos {
		ex.observeLong(ex.ctx.Client, &command.Call{Spec: g.spec, Args: g.args}, took/1000)
	}
	*g = callGroup{}
}

// observeLong looks whether a call of some length is for the slow log or the latency
// monitor.
func (ex *executor) observeLong(client command.Client, call *command.Call, micros int64) {
	ex.srv.logs.NoteLong(call, micros, func() (addr, name string) {
		if se := sessionOf(client); se != nil {
			return se.conn.RemoteAddr(), client.Name()
		}
		return "", ""
	})
}
