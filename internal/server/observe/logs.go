package observe

import (
	"math"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/stats"
)

// Logs are what the server remembers of single calls and events: the slow log, the latency
// monitor, the errors by their first word. Any goroutine may use them, under any lock. They
// are also a part of command.StatsHost.
type Logs struct {
	Errors  stats.Errors
	opts    *options.Options
	slow    stats.SlowLog
	latency stats.Latency
}

// NewLogs returns empty logs; opts says what they take.
func NewLogs(opts *options.Options) *Logs { return &Logs{opts: opts} }

// WatchFrom returns the time in nanoseconds from which a call concerns the slow log or
// the latency monitor.
func (l *Logs) WatchFrom() int64 {
	from := int64(math.MaxInt64)
	if slow := l.opts.SlowlogLogSlowerThan.Load(); slow >= 0 && slow < from/1000 {
		from = slow * 1000
	}
	if lat := l.opts.LatencyThreshold.Load(); lat > 0 && lat < from/1e6 {
		from = lat * 1e6
	}
	return from
}

// NoteLong looks whether a call of some length is for the slow log or the latency monitor. who
// returns the client's address and name; it is asked when they are needed.
func (l *Logs) NoteLong(call *command.Call, micros int64, who func() (addr, name string)) {
	spec := call.Spec
	if most := l.opts.SlowlogLogSlowerThan.Load(); most >= 0 && micros >= most && spec.Flags&command.SkipSlowlog == 0 {
		slow := command.SlowCall{Unix: time.Now().Unix(), Micros: micros}
		slow.Addr, slow.Name = who()
		l.slow.Add(slow, spec.Shown(call.Args, options.IsSensitive), int(l.opts.SlowlogMaxLen.Load()))
	}
	if most := l.opts.LatencyThreshold.Load(); most > 0 && micros/1000 >= most {
		event := "command"
		if spec.Flags&command.Fast != 0 {
			event = "fast-command"
		}
		l.latency.Add(event, time.Now().Unix(), micros/1000)
	}
}

// NoteLatency notes an event that is no command, if it took as long as the latency monitor
// wants to know of.
func (l *Logs) NoteLatency(event string, d time.Duration) {
	if most := l.opts.LatencyThreshold.Load(); most > 0 && d.Milliseconds() >= most {
		l.latency.Add(event, time.Now().Unix(), d.Milliseconds())
	}
}

// Events returns the sources of latency in order of name.
func (l *Logs) Events() []stats.Event { return l.latency.Latest() }

// SlowLog implements command.StatsHost: the latest entries, the newest first.
func (l *Logs) SlowLog(n int) []command.SlowCall { return l.slow.Latest(n) }

// SlowLogLen implements command.StatsHost.
func (l *Logs) SlowLogLen() int { return l.slow.Len() }

// SlowLogReset implements command.StatsHost.
func (l *Logs) SlowLogReset() { l.slow.Reset() }

// LatencyLatest implements command.StatsHost.
func (l *Logs) LatencyLatest() []command.LatencyEvent {
	var out []command.LatencyEvent
	for _, e := range l.latency.Latest() {
		ev := command.LatencyEvent{Name: e.Name, WorstMillis: e.WorstMillis}
		for _, sm := range e.Samples {
			ev.Samples = append(ev.Samples, command.LatencySample(sm))
		}
		out = append(out, ev)
	}
	return out
}

// LatencyReset implements command.StatsHost.
func (l *Logs) LatencyReset(names []string) int { return l.latency.Reset(names...) }

// LatencyThresholdMs implements command.StatsHost.
func (l *Logs) LatencyThresholdMs() int64 { return l.opts.LatencyThreshold.Load() }
