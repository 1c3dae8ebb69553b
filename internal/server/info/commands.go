package info

import (
	"strconv"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/stats"
)

// LatencyHistograms implements command.StatsHost.
func (src *Source) LatencyHistograms(c *command.Ctx, names [][]byte) []command.LatencyHistogram {
	cmds := src.House.Calls(c, true)
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
		for _, s := range src.Table.Specs() {
			add(s)
		}
	}
	for _, n := range names {
		s := src.Table.LookupFull(n)
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

func writeCommandStats(s *Source, w *writer) {
	for _, id := range w.cmds.Used() {
		r := w.cmds.Row(int(id))
		per := 0.0
		if r.Calls > 0 {
			per = float64(r.Nanos) / 1000 / float64(r.Calls)
		}
		line := strconv.AppendInt(append(w.AvailableBuffer(), s.names[id].calls...), r.Calls, 10)
		line = strconv.AppendInt(append(line, ",usec="...), r.Nanos/1000, 10)
		line = strconv.AppendFloat(append(line, ",usec_per_call="...), per, 'f', 2, 64)
		line = strconv.AppendInt(append(line, ",rejected_calls="...), r.Rejected, 10)
		line = strconv.AppendInt(append(line, ",failed_calls="...), r.Failed, 10)
		w.Write(append(line, "\r\n"...))
	}
}

func writeErrorStats(s *Source, w *writer) {
	for _, e := range s.Logs.Errors.All() {
		w.str("errorstat_"+e.Kind, "count="+strconv.FormatInt(e.Count, 10))
	}
}

func writeLatencyStats(s *Source, w *writer) {
	percentiles := s.Options.LatencyPercentiles.Load()
	if len(percentiles) == 0 {
		return
	}
	names := make([]string, len(percentiles))
	for i, p := range percentiles {
		names[i] = "p" + strconv.FormatFloat(p, 'f', -1, 64) + "="
	}
	for _, id := range w.cmds.Used() {
		r := w.cmds.Row(int(id))
		if r.Times == nil || r.Times.Count() == 0 {
			continue
		}
		line := append(w.AvailableBuffer(), s.names[id].times...)
		for i, p := range percentiles {
			line = strconv.AppendFloat(append(line, names[i]...), r.Times.Percentile(p), 'f', 3, 64)
			line = append(line, ',')
		}
		w.Write(append(line[:len(line)-1], "\r\n"...))
	}
}

// HotKeys implements command.StatsHost.
func (s *Source) HotKeys(c *command.Ctx, n int) []command.HotKey {
	var out []command.HotKey
	for _, k := range stats.Busiest(s.House.HotKeys(c), n) {
		out = append(out, command.HotKey{DB: k.DB, Name: k.Name, Uses: int64(k.Count), Surely: int64(k.Count - k.Error)})
	}
	return out
}

// BigKeys implements command.StatsHost.
func (s *Source) BigKeys(n int) []command.BigKey {
	found := s.Keeper.Surveyed()
	if found == nil {
		return nil
	}
	return found.Big[:min(n, len(found.Big))]
}
