package observe

import (
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/stats"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/resp"
)

// Meter counts and times the calls of one executor, which alone may call its methods but
// those of Shown, Published and CallsShown.
type Meter struct {
	Counters
	Calls      *stats.Table // calls and times by command
	Shown      Shown        // a reactor's counters for others
	Published  Published    // a worker's
	CallsShown ShownCalls   // a reactor's calls for others
	Hot        HotKeys
	// Spent is what the attempts of a call that waits have taken, nanoseconds. Who runs one
	// again sets it before, and keeps it afterwards if the call waits on.
	Spent int64

	place
	rates                    rates
	callsShown, callsShownMs int64        // Changes of Calls as they were shown last, and when
	netBase                  netio.Counts // what the reactor had done at the last CONFIG RESETSTAT
	mark                     int64        // when the running command began, see nanos
	watchNanos               int64        // calls that take longer concern the slow log or the latency monitor
	timed                    bool         // latency-tracking
	group                    callGroup
	wholes                   wholeGroup // the calls of group, if it is one of transactions
	together                 bool       // the calls of a transaction, all short, are timed together
	ran                      int        // how many of them have run
}

// place is where a meter stands; it does not change.
type place struct {
	logs    *Logs
	ctx     *command.Ctx // of the executor
	who     Who
	exec    int // the id of EXEC
	started time.Time
}

// Who returns the address and the name of a client, for the slow log.
type Who func(c command.Client) (addr, name string)

// Init readies a meter for an executor that runs its calls in ctx. table has all commands.
func (m *Meter) Init(logs *Logs, table *command.Table, ctx *command.Ctx, who Who) {
	m.Calls = stats.NewTable(len(table.Specs()))
	m.place = place{logs, ctx, who, table.Original([]byte("exec")).ID, time.Now()}
}

// nanos is a monotonic clock for durations, in nanoseconds since Init.
func (m *Meter) nanos() int64 { return int64(time.Since(m.started)) }

// Refresh follows the options.
func (m *Meter) Refresh() {
	m.watchNanos, m.timed = m.logs.WatchFrom(), m.logs.opts.LatencyTracking.Load()
}

// Start says that the next call begins now.
func (m *Meter) Start() { m.mark = m.nanos() }

// Mark is when the next call began.
func (m *Meter) Mark() int64 { return m.mark }

// SetMark goes back to what Mark has returned: what has run since is part of the call that begins
// there.
func (m *Meter) SetMark(mark int64) { m.mark = mark }

// Grouping tells whether plain calls are timed together: while nobody wants to know of single
// short ones.
func (m *Meter) Grouping() bool { return m.watchNanos >= groupFromNanos }

// callGroup is a run of plain calls of one command in a batch, which are timed together:
// reading the clock takes an eighth of the time of a pipelined GET.
type callGroup struct {
	spec  *command.Spec
	calls int64
	args  resp.Args // of the last one
}

// Next ends the group if the call that comes is of another command.
func (m *Meter) Next(spec *command.Spec) {
	if m.group.calls != 0 && m.group.spec != spec {
		m.CloseGroup()
	}
}

// Count counts the call that just ended. The time since the end of the previous call
// of the batch is its; plain calls wait for the end of their group.
func (m *Meter) Count(c *command.Ctx, spec *command.Spec, failed bool) {
	grouped := (spec.Grouped(len(c.Args)) || c.Quick) && m.watchNanos >= groupFromNanos
	c.Quick = false
	if grouped || m.group.calls != 0 { // if it is no more, this call ends the group
		if failed {
			m.Calls.Fail(spec.ID)
		}
		if m.together {
			m.ran++
			return
		}
		g := &m.group
		g.spec, g.args = spec, c.Args
		if g.calls++; !grouped {
			m.CloseGroup()
		}
		return
	}
	now := m.nanos()
	took := now - m.mark
	m.mark = now
	if c.Resumed {
		took += m.Spent
	}
	if c.Waiting.On {
		m.Spent = took
		return // it counts when it is done
	}
	m.CountTimed(c.Client, &c.Call, took, failed)
}

// CountTimed counts a call that took so many nanoseconds by itself.
func (m *Meter) CountTimed(client command.Client, call *command.Call, took int64, failed bool) {
	m.Calls.Call(call.Spec.ID, took, failed, m.timed)
	if took >= m.watchNanos {
		m.countLong(client, call, took/1000)
	}
}

// Counted returns the time that a command's calls have taken, and how many of them failed.
func (m *Meter) Counted(id int) (nanos, failed int64) {
	r := m.Calls.Row(id)
	return r.Nanos, r.Failed
}

// Uncount takes a call back that has been counted, by itself or as a group.
func (m *Meter) Uncount(id int, nanos int64, failed bool) { m.Calls.Uncall(id, nanos, failed, m.timed) }

// countLong looks whether a call of some length is for the slow log or the latency monitor.
func (m *Meter) countLong(client command.Client, call *command.Call, micros int64) {
	m.logs.NoteLong(call, micros, func() (addr, name string) { return m.who(client) })
}

// CloseGroup counts the calls of the group that has ended, each with its share of the
// time. Should they have taken so long that it concerns the slow log, the last one
// stands there for all.
func (m *Meter) CloseGroup() {
	g := &m.group
	if g.calls == 0 {
		return
	}
	now := m.nanos()
	took := now - m.mark
	m.mark = now
	m.Calls.Calls(g.spec.ID, g.calls, took, m.timed)
	if m.wholes.n > 0 {
		m.closeWholes(took)
	}
	if took >= m.watchNanos {
		m.countLong(m.ctx.Client, &command.Call{Spec: g.spec, Args: g.args}, took/1000)
	}
	*g = callGroup{}
}

// Show shows the counters of a reactor, on that reactor; net is what it has done.
func (m *Meter) Show(net netio.Counts) {
	m.Net = m.SinceReset(net)
	m.CallNanos = m.Calls.Nanos() - m.Calls.Row(m.exec).Nanos // EXEC's time is that of its calls
	m.calls, m.turn = m.Calls.Changes(), net.Turns
	m.Shown.show(&m.Counters)
}

// ShowCalls shows the calls by command of a reactor, on that reactor, unless nothing has changed
// since the last time.
func (m *Meter) ShowCalls(nowMs int64) {
	if m.Calls.Changes() != m.callsShown {
		m.callsShown, m.callsShownMs = m.Calls.Changes(), nowMs
		m.CallsShown.show(m.Calls, nowMs)
	}
}

// ShowCallsAgain is ShowCalls at the end of a turn, when somebody has asked for them lately: it does so
// from time to time.
func (m *Meter) ShowCallsAgain(nowMs int64) {
	if !Within(nowMs-m.callsShownMs, AgainMs-1) {
		m.ShowCalls(nowMs)
	}
}

// CallsAreShown tells whether a reactor has shown its calls lately, or all of them. Anybody may ask.
func (m *Meter) CallsAreShown(nowMs int64) bool {
	return m.CallsShown.isOf(m.Shown.callChanges(), nowMs)
}

// ShownTurn is the turn after which a reactor has shown its counters last. Anybody may ask.
func (m *Meter) ShownTurn() int64 { return m.Shown.turn() }

// SinceReset is what a reactor has done since the last CONFIG RESETSTAT.
func (m *Meter) SinceReset(net netio.Counts) netio.Counts {
	net.Turns -= m.netBase.Turns
	net.Reads -= m.netBase.Reads
	net.Writes -= m.netBase.Writes
	net.BusyNanos -= m.netBase.BusyNanos
	return net
}

// Publish moves the counters and calls to where others may read them.
func (m *Meter) Publish() {
	m.Published.publish(&m.Counters, m.Calls)
	m.Calls.Reset()
	m.Counters = Counters{}
}

// Reset is CONFIG RESETSTAT on a reactor, which has done net.
func (m *Meter) Reset(net netio.Counts) {
	m.Counters = Counters{}
	m.rates, m.netBase = rates{}, net
	m.Calls.Reset()
	m.Show(net)
	m.ShowCalls(m.callsShownMs)
}

// Sample measures the rates since the last sample, about once a second. now is in
// milliseconds, net what the reactor has done. It tells whether it is to be called again though
// nothing happens.
func (m *Meter) Sample(now int64, net netio.Counts) (again bool) {
	return m.rates.sample(&m.Counters, now, net)
}
