package info

import (
	"time"

	"github.com/kringdb/kring/internal/server/admin"
	"github.com/kringdb/kring/internal/server/follow"
	"github.com/kringdb/kring/internal/server/stats"
	"github.com/kringdb/kring/store/entry"
)

// This file makes from the same facts as INFO what the window and the metrics show.

// windowPercentiles are the percentiles that the window shows.
var windowPercentiles = [...]float64{50, 99, 99.9}

// State is what the window and the metrics show. Any goroutine may ask that the server's end
// waits for.
func (s *Source) State() admin.State {
	busy := s.House.Busy()
	iw := &writer{now: time.Now(), cmds: busy.Calls, sum: s.House.Counted(nil), crowd: s.House.Look(nil)}
	fields := map[string]string{}
	iw.note = func(name, value string) { fields[name] = value }
	for _, sec := range sectionList {
		if !notByDefault[sec.name] && sec.name != "keyspace" && sec.name != "errorstats" {
			sec.write(s, iw)
		}
	}
	st := admin.State{
		UnixMs: iw.now.UnixMilli(), Info: fields, Errors: map[string]int64{},
		Keyspace: s.windowKeyspace(iw.now), Commands: s.windowCommands(iw.cmds), Slow: []admin.SlowCall{}, SlowKept: s.Logs.SlowLogLen(),
		Hot: []admin.HotKey{}, Big: []admin.BigKey{}, Types: []admin.TypeMemory{}, Memory: s.windowMemory(iw.crowd.Bytes), Reactors: busy.Reactors,
	}
	s.windowReplication(&st)
	st.Cluster = s.House.Cluster()
	for _, e := range s.Logs.Errors.All() {
		st.Errors[e.Kind] = e.Count
	}
	for _, c := range s.Logs.SlowLog(admin.SlowCallsShown) {
		st.Slow = append(st.Slow, admin.SlowCall{ID: c.ID, Unix: c.Unix, Micros: c.Micros, Args: c.Args, Addr: c.Addr})
	}
	for _, k := range stats.Busiest(busy.Hot, admin.KeysShown) {
		if surely := k.Count - k.Error; surely > 0 {
			st.Hot = append(st.Hot, admin.HotKey{DB: k.DB, Key: k.Name, Uses: int64(surely)})
		}
	}
	for _, e := range s.Logs.Events() {
		st.Events = append(st.Events, admin.Event{Name: e.Name, Unix: e.Last.Unix, Millis: e.Last.Millis})
	}
	s.windowSurvey(&st)
	sum := uint64(0)
	for i := range s.Keeper.Stats.Late {
		sum += uint64(s.Keeper.Stats.Late[i].Load())
		st.Late = append(st.Late, admin.Step{Micros: 1000 * float64(int64(1)<<i), Calls: sum})
	}
	return st
}

// windowReplication shows who follows, and who is followed.
func (s *Source) windowReplication(st *admin.State) {
	st.Replicas = []admin.Replica{}
	for _, p := range s.House.Replication().Replicas {
		st.Replicas = append(st.Replicas, admin.Replica{IP: p.IP, Port: p.Port, State: p.State.String(), Offset: p.Offset, Behind: p.Behind, Copied: p.Copied, LagSecs: p.Lag})
	}
	l, replica := s.House.Following()
	if !replica {
		return
	}
	st.Primary = &admin.Primary{
		Host: l.Host, Port: l.Port, State: l.State.String(), Up: l.Up, Reason: l.Reason, IdleSecs: int64(l.LastIO.Seconds()), Offset: l.Applied,
		Behind: max(l.Read-l.Applied, 0), Syncing: l.State == follow.Sync, SyncTotal: l.SyncTotal, SyncRead: l.SyncRead,
	}
}

func (s *Source) windowKeyspace(now time.Time) []admin.Database {
	out := []admin.Database{}
	for _, k := range s.Store.Keyspace() {
		out = append(out, admin.Database{DB: k.DB, Keys: k.Keys, Expires: k.Expires, MeanTTLMs: s.meanTTL(&k, now)})
	}
	return out
}

// windowMemory divides the resident set, as far as it is known, into accounts that do
// not overlap; clients is what their buffers take.
func (s *Source) windowMemory(clients int64) []admin.Account {
	st := s.Store.Stats()
	r := s.memoryReport(clients, &st)
	g, _ := s.measured()
	clients = min(clients, g.HeapBytes)
	return []admin.Account{
		{Name: "data", Bytes: r.Dataset},
		{Name: "tables", Bytes: r.Tables},
		{Name: "page slack", Bytes: max(r.Active-r.Allocated, 0)},
		{Name: "free pages", Bytes: max(r.Resident-r.Active, 0)},
		{Name: "clients", Bytes: clients},
		{Name: "Go heap", Bytes: g.HeapBytes - clients},
		{Name: "process", Bytes: max(r.RSS-r.Resident-g.HeapBytes, 0)},
	}
}

// windowSurvey shows what the last survey found.
func (s *Source) windowSurvey(st *admin.State) {
	found := s.Keeper.Surveyed()
	if found == nil {
		return
	}
	for _, k := range found.Big[:min(admin.KeysShown, len(found.Big))] {
		st.Big = append(st.Big, admin.BigKey{DB: k.DB, Key: k.Name, Type: k.Type, Bytes: k.Bytes})
	}
	for i, t := range found.Types {
		if t.Keys > 0 {
			st.Types = append(st.Types, admin.TypeMemory{Type: entry.Type(i).String(), Keys: t.Keys, Bytes: t.Bytes})
		}
	}
}

func (s *Source) windowCommands(cmds *stats.Table) []admin.Command {
	out := []admin.Command{}
	for _, spec := range s.Table.Specs() {
		r := cmds.Row(spec.ID)
		if r.Calls == 0 && r.Rejected == 0 {
			continue
		}
		c := admin.Command{
			Name: spec.FullName, Calls: r.Calls, Micros: float64(r.Nanos) / 1000, Rejected: r.Rejected, Failed: r.Failed, Times: [][2]float64{},
		}
		if r.Times != nil {
			for i, p := range []*float64{&c.P50, &c.P99, &c.P999} {
				*p = r.Times.Percentile(windowPercentiles[i])
			}
			r.Times.Buckets(func(micros float64, n uint64) { c.Times = append(c.Times, [2]float64{micros, float64(n)}) })
			for _, st := range r.Times.Cumulative() {
				c.Steps = append(c.Steps, admin.Step{Micros: float64(st.Micros), Calls: st.Count})
			}
		}
		out = append(out, c)
	}
	return out
}
