package server

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/stats"
	"github.com/kringdb/kring/resp"
)

// This file counts and times commands (package stats) and shows the result.

// nanos is a monotonic clock for durations, in nanoseconds since the server started.
func (ex *executor) nanos() int64 { return int64(time.Since(ex.srv.started)) }

// watchFrom returns the time in nanoseconds from which a call concerns the slow log or
// the latency monitor.
func (s *Server) watchFrom() int64 {
	from := int64(math.MaxInt64)
	if slow := s.opts.SlowlogLogSlowerThan.Load(); slow >= 0 && slow < from/1000 {
		from = slow * 1000
	}
	if lat := s.opts.LatencyThreshold.Load(); lat > 0 && lat < from/1e6 {
		from = lat * 1e6
	}
	return from
}

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
		ex.noteCall(c, spec)
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
	srv, spec := ex.srv, call.Spec
	if most := srv.opts.SlowlogLogSlowerThan.Load(); most >= 0 && micros >= most && spec.Flags&command.SkipSlowlog == 0 {
		ex.logSlow(client, call, micros)
	}
	if most := srv.opts.LatencyThreshold.Load(); most > 0 && micros/1000 >= most {
		event := "command"
		if spec.Flags&command.Fast != 0 {
			event = "fast-command"
		}
		srv.latency.Add(event, time.Now().Unix(), micros/1000)
	}
}

// noteLatency notes an event that is no command, if it took as long as the latency monitor
// wants to know of.
func (s *Server) noteLatency(event string, d time.Duration) {
	if most := s.opts.LatencyThreshold.Load(); most > 0 && d.Milliseconds() >= most {
		s.latency.Add(event, time.Now().Unix(), d.Milliseconds())
	}
}

func (ex *executor) logSlow(client command.Client, call *command.Call, micros int64) {
	slow := stats.SlowCall{Unix: time.Now().Unix(), Micros: micros}
	if se := sessionOf(client); se != nil {
		slow.Addr, slow.Name = se.conn.RemoteAddr(), client.Name()
	}
	ex.srv.slowLog.Add(slow, call.Spec.Shown(call.Args, options.IsSensitive), int(ex.srv.opts.SlowlogMaxLen.Load()))
}

// SlowLog implements command.StatsHost.
func (h statsHost) SlowLog(n int) []command.SlowCall {
	var out []command.SlowCall
	for _, c := range h.srv.slowLog.Latest(n) {
		out = append(out, command.SlowCall(c))
	}
	return out
}

// SlowLogLen implements command.StatsHost.
func (h statsHost) SlowLogLen() int { return h.srv.slowLog.Len() }

// SlowLogReset implements command.StatsHost.
func (h statsHost) SlowLogReset() { h.srv.slowLog.Reset() }

// LatencyLatest implements command.StatsHost.
func (h statsHost) LatencyLatest() []command.LatencyEvent {
	var out []command.LatencyEvent
	for _, e := range h.srv.latency.Latest() {
		ev := command.LatencyEvent{Name: e.Name, WorstMillis: e.WorstMillis}
		for _, sm := range e.Samples {
			ev.Samples = append(ev.Samples, command.LatencySample(sm))
		}
		out = append(out, ev)
	}
	return out
}

// LatencyReset implements command.StatsHost.
func (h statsHost) LatencyReset(names []string) int { return h.srv.latency.Reset(names...) }

// LatencyThresholdMs implements command.StatsHost.
func (h statsHost) LatencyThresholdMs() int64 { return h.srv.opts.LatencyThreshold.Load() }

// LatencyHistograms implements command.StatsHost.
func (h statsHost) LatencyHistograms(c *command.Ctx, names [][]byte) []command.LatencyHistogram {
	cmds := h.srv.callsFor(c)
	var out []command.LatencyHistogram
	add := func(s *command.Spec) {
		if r := cmds.Row(s.ID); r.Times != nil && r.Times.Count() > 0 {
			lh := command.LatencyHistogram{Name: s.FullName, Calls: int64(r.Times.Count())}
			for _, st := range r.Times.Cumulative() {
				lh.Steps = append(lh.Steps, command.LatencyStep{Micros: st.Micros, Calls: int64(st.Count)})
			}
			out = append(out, lh)
		}
	}
	if names == nil {
		for _, s := range h.srv.table.Specs() {
			add(s)
		}
	}
	for _, n := range names {
		s := h.srv.table.LookupFull(n)
		if s == nil {
			continue
		}
		add(s)
		for _, sub := range s.Subs {
			add(sub)
		}
	}
	return out
}

func infoCommandStats(s *Server, w *infoWriter) {
	for _, spec := range s.table.Specs() {
		r := w.cmds.Row(spec.ID)
		if r.Calls == 0 && r.Rejected == 0 {
			continue
		}
		us, per := r.Nanos/1000, 0.0
		if r.Calls > 0 {
			per = float64(r.Nanos) / 1000 / float64(r.Calls)
		}
		w.str("cmdstat_"+spec.FullName, fmt.Sprintf("calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d",
			r.Calls, us, per, r.Rejected, r.Failed))
	}
}

func infoErrorStats(s *Server, w *infoWriter) {
	for _, e := range s.errorsBy.All() {
		w.str("errorstat_"+e.Kind, "count="+strconv.FormatInt(e.Count, 10))
	}
}

func infoLatencyStats(s *Server, w *infoWriter) {
	percentiles := s.opts.LatencyPercentiles.Load()
	for _, spec := range s.table.Specs() {
		r := w.cmds.Row(spec.ID)
		if r.Times == nil || r.Times.Count() == 0 || len(percentiles) == 0 {
			continue
		}
		text := ""
		for _, p := range percentiles {
			text += fmt.Sprintf(",p%s=%.3f", strconv.FormatFloat(p, 'f', -1, 64), r.Times.Percentile(p))
		}
		w.str("latency_percentiles_usec_"+spec.FullName, text[1:])
	}
}
