package command

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kringdb/kring/resp"
)

const latencyFlags = Admin | NoScript | Loading | Stale

var latencyTips = []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"}

var latencySpecs = []*Spec{{
	Name: "latency", Arity: -2, Group: GroupServer, Since: "2.8.13", Complexity: "Depends on subcommand.",
	Summary: "Commands about latencies.",
	Subs: []*Spec{
		{
			Name: "doctor", Arity: 2, Flags: latencyFlags, Group: GroupServer, Handler: latencyDoctor, Since: "2.8.13", Complexity: "O(1)",
			Summary: "Reports on the latencies seen, for people.", Tips: latencyTips,
		},
		{
			Name: "graph", Arity: 3, Flags: latencyFlags, Group: GroupServer, Handler: latencyGraph, Since: "2.8.13", Complexity: "O(1)",
			Summary: "Draws the samples of an event.", Syntax: "event", Tips: latencyTips,
		},
		{
			Name: "histogram", Arity: -2, Flags: latencyFlags | Slow, Group: GroupServer, Handler: latencyHistogram, Since: "7.0.0",
			Complexity: "O(N) where N is the number of commands with latency information being retrieved.",
			Summary:    "Returns the cumulative distribution of the times of commands.", Syntax: "[command...]", Tips: latencyTips,
		},
		{
			Name: "history", Arity: 3, Flags: latencyFlags, Group: GroupServer, Handler: latencyHistory, Since: "2.8.13", Complexity: "O(1)",
			Summary: "Returns the samples of an event.", Syntax: "event", Tips: latencyTips,
		},
		{
			Name: "latest", Arity: 2, Flags: latencyFlags, Group: GroupServer, Handler: latencyLatest, Since: "2.8.13", Complexity: "O(1)",
			Summary: "Returns the latest sample of every event.", Tips: latencyTips,
		},
		{
			Name: "reset", Arity: -2, Flags: latencyFlags, Group: GroupServer, Handler: latencyReset, Since: "2.8.13", Complexity: "O(1)",
			Summary: "Forgets the samples of some or all events.", Syntax: "[event...]",
			Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		},
		helpSpec(GroupServer, "2.8.13"),
	},
}}

// parseAtLeast parses a number that is not below least.
func parseAtLeast(b []byte, least int64) (int64, bool) {
	n, ok := resp.ParseInt(b)
	return n, ok && n >= least
}

// findEvent returns the named event, without samples if there is none.
func findEvent(c *Ctx, name []byte) LatencyEvent {
	events := c.Host.Stats.LatencyLatest()
	if i := slices.IndexFunc(events, func(e LatencyEvent) bool { return e.Name == string(name) }); i >= 0 {
		return events[i]
	}
	return LatencyEvent{}
}

func latencyLatest(c *Ctx) {
	events := c.Host.Stats.LatencyLatest()
	c.W.Array(len(events))
	for i := range events {
		e := &events[i]
		last := e.Samples[len(e.Samples)-1]
		c.W.Array(4)
		c.W.BulkString(e.Name)
		c.W.Int(last.Unix)
		c.W.Int(last.Millis)
		c.W.Int(e.WorstMillis)
	}
}

func latencyHistory(c *Ctx) {
	e := findEvent(c, c.Args[2])
	c.W.Array(len(e.Samples))
	for _, s := range e.Samples {
		c.W.Array(2)
		c.W.Int(s.Unix)
		c.W.Int(s.Millis)
	}
}

func latencyReset(c *Ctx) { c.W.Int(int64(c.Host.Stats.LatencyReset(argStrings(c.Args[2:])))) }

func latencyHistogram(c *Ctx) {
	var names [][]byte
	if len(c.Args) > 2 {
		names = c.Args[2:]
	}
	list := c.Host.Stats.LatencyHistograms(c, names)
	w := c.W
	w.Map(len(list))
	for i := range list {
		h := &list[i]
		w.BulkString(h.Name)
		w.Map(2)
		w.BulkString("calls")
		w.Int(h.Calls)
		w.BulkString("histogram_usec")
		w.Map(len(h.Steps))
		for _, s := range h.Steps {
			w.Int(s.Micros)
			w.Int(s.Calls)
		}
	}
}

// sparks are the heights of LATENCY GRAPH, lowest first.
const sparks = "_-'#"

// latencyGraph draws one column a sample, with its age below.
func latencyGraph(c *Ctx) {
	e := findEvent(c, c.Args[2])
	if len(e.Samples) == 0 {
		c.W.Error("ERR No samples available for event '" + CText(c.Args[2], len(c.Args[2])) + "'")
		return
	}
	low, high := int64(math.MaxInt64), int64(0)
	for _, s := range e.Samples {
		low, high = min(low, s.Millis), max(high, s.Millis)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s - high %d ms, low %d ms (all time high %d ms)\n%s\n", e.Name, high, low, e.WorstMillis, strings.Repeat("-", 80))
	drawSparks(&b, e.Samples, low, high, c.Now/1000)
	c.W.Verbatim("txt", []byte(b.String()))
}

func drawSparks(b *strings.Builder, samples []LatencySample, low, high, now int64) {
	const rows = 4
	height := func(s LatencySample) int {
		return int((s.Millis - low) * (rows*int64(len(sparks)) - 1) / max(high-low, 1))
	}
	for row := rows - 1; row >= 0; row-- {
		for _, s := range samples {
			switch h := height(s) - row*len(sparks); {
			case h < 0:
				b.WriteByte(' ')
			case h >= len(sparks):
				b.WriteByte('|')
			default:
				b.WriteByte(sparks[h])
			}
		}
		b.WriteByte('\n')
	}
	b.WriteString(strings.Repeat(" ", len(samples)) + "\n")
	labels, longest := make([]string, len(samples)), 0
	for i, s := range samples {
		labels[i] = age(time.Duration(now-s.Unix) * time.Second)
		longest = max(longest, len(labels[i]))
	}
	for at := range longest {
		for _, l := range labels {
			if at < len(l) {
				b.WriteByte(l[at])
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
}

// age writes a duration in its largest whole unit.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// advice says what to do about an event, by the beginning of its name.
var advice = []struct{ event, text string }{
	{"command", "Look at SLOWLOG GET for the slow calls. Kring runs long reads beside the others, so look for writes of huge values."},
	{"aof", "The disk is slow to sync: consider 'appendfsync everysec', a faster disk, or fewer neighbours on it."},
	{"expire", "Many keys share one deadline: spread them."},
	{"eviction", "Memory is at its limit: raise maxmemory or write less at once."},
}

func latencyDoctor(c *Ctx) {
	if c.Host.Stats.LatencyThresholdMs() == 0 {
		c.W.Verbatim("txt", []byte("Latency is not being watched. CONFIG SET latency-monitor-threshold <milliseconds> makes the server keep what takes longer.\n"))
		return
	}
	events := c.Host.Stats.LatencyLatest()
	if len(events) == 0 {
		c.W.Verbatim("txt", []byte("No latency above the threshold was seen.\n"))
		return
	}
	var b strings.Builder
	b.WriteString("Latencies above the threshold of " + fmt.Sprint(c.Host.Stats.LatencyThresholdMs()) + " ms:\n\n")
	for i := range events {
		e := &events[i]
		sum := int64(0)
		for _, s := range e.Samples {
			sum += s.Millis
		}
		fmt.Fprintf(&b, "%d. %s: %d samples, %d ms on average, worst %d ms.\n", i+1, e.Name, len(e.Samples), sum/int64(len(e.Samples)), e.WorstMillis)
		for _, a := range advice {
			if strings.HasPrefix(e.Name, a.event) {
				b.WriteString("   " + a.text + "\n")
			}
		}
	}
	c.W.Verbatim("txt", []byte(b.String()))
}
