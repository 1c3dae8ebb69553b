package server

import (
	"net"
	"time"

	"github.com/kringdb/kring/internal/server/admin"
	"github.com/kringdb/kring/internal/server/stats"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/store/entry"
)

// This file is the server as the admin HTTP server sees it: admin.Source.

// windowPercentiles are the percentiles that the window shows.
var windowPercentiles = [...]float64{50, 99, 99.9}

// openWindow starts the admin HTTP server, if http-address is set, and returns what ends
// it. A failure is logged: the data are served all the same.
func (s *Server) openWindow() (closeIt func()) {
	addr := s.opts.HTTPAddress.Load()
	if addr == "" {
		return func() {}
	}
	if host, port, err := net.SplitHostPort(addr); err == nil && !s.users.PasswordSet() {
		if ip := net.ParseIP(host); host != "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			s.log.Warn("no password is set: http-address listens on the loopback interface only", "asked", addr)
			addr = net.JoinHostPort("127.0.0.1", port)
		}
	}
	a, err := admin.Start(addr, (*window)(s), s.pages, s.log)
	if err != nil {
		s.log.Error("http-address cannot be served", "address", addr, "error", err)
		return func() {}
	}
	s.log.Info("the window is open", "address", "http://"+a.Addr().String()+"/")
	return a.Close
}

// window is the server with the methods of admin.Source.
type window Server

var _ admin.Source = (*window)(nil)

// Ready implements admin.Source.
func (w *window) Ready() bool {
	select {
	case <-w.ready:
		return !w.stopping.Load()
	default:
		return false
	}
}

// Admit implements admin.Source.
func (w *window) Admit(v admin.Visitor) admin.Access { return w.users.Access(v) }

// State implements admin.Source.
func (w *window) State() admin.State {
	s := (*Server)(w)
	hot, reactors := make([][]stats.HotKey, len(s.execs)), make([]admin.Reactor, len(s.execs))
	iw := &infoWriter{now: time.Now()}
	iw.cmds = s.callsByCommand(func(f func(*netio.Reactor, *executor)) {
		s.askUnlocked(func(r *netio.Reactor, ex *executor) {
			f(r, ex)
			ex.show()
			n := ex.netCounts(r)
			hot[r.Index()], reactors[r.Index()] = ex.hot.All(), admin.Reactor{Turns: n.Turns, Reads: n.Reads, Writes: n.Writes}
		})
	})
	iw.sum, iw.crowd = s.counted(), s.lookAtClients(s.askUnlocked)
	fields := map[string]string{}
	iw.note = func(name, value string) { fields[name] = value }
	for _, sec := range infoSections {
		if !notByDefault[sec.name] && sec.name != "keyspace" && sec.name != "errorstats" {
			sec.write(s, iw)
		}
	}
	st := admin.State{
		UnixMs: iw.now.UnixMilli(), Info: fields, Errors: map[string]int64{},
		Keyspace: s.windowKeyspace(iw.now), Commands: s.windowCommands(iw.cmds), Slow: []admin.SlowCall{}, SlowKept: s.logs.SlowLogLen(),
		Hot: []admin.HotKey{}, Big: []admin.BigKey{}, Types: []admin.TypeMemory{}, Memory: s.windowMemory(iw.crowd.bytes), Reactors: reactors,
	}
	for _, e := range s.logs.Errors.All() {
		st.Errors[e.Kind] = e.Count
	}
	for _, c := range s.logs.SlowCalls(admin.SlowCallsShown) {
		st.Slow = append(st.Slow, admin.SlowCall{ID: c.ID, Unix: c.Unix, Micros: c.Micros, Args: c.Args, Addr: c.Addr})
	}
	for _, k := range stats.Busiest(hot, admin.KeysShown) {
		if surely := k.Count - k.Error; surely > 0 {
			st.Hot = append(st.Hot, admin.HotKey{DB: k.DB, Key: k.Name, Uses: int64(surely)})
		}
	}
	for _, e := range s.logs.Events() {
		st.Events = append(st.Events, admin.Event{Name: e.Name, Unix: e.Last.Unix, Millis: e.Last.Millis})
	}
	s.windowSurvey(&st)
	sum := uint64(0)
	for i := range s.keeper.Stats.Late {
		sum += uint64(s.keeper.Stats.Late[i].Load())
		st.Late = append(st.Late, admin.Step{Micros: 1000 * float64(int64(1)<<i), Calls: sum})
	}
	return st
}

func (s *Server) windowKeyspace(now time.Time) []admin.Database {
	out := []admin.Database{}
	for _, k := range s.store.Keyspace() {
		out = append(out, admin.Database{DB: k.DB, Keys: k.Keys, Expires: k.Expires, MeanTTLMs: s.meanTTL(&k, now)})
	}
	return out
}

// windowMemory divides the resident set, as far as it is known, into accounts that do
// not overlap; clients is what their buffers take.
func (s *Server) windowMemory(clients int64) []admin.Account {
	st := s.store.Stats()
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
func (s *Server) windowSurvey(st *admin.State) {
	found := s.keeper.Surveyed()
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

func (s *Server) windowCommands(cmds *stats.Table) []admin.Command {
	out := []admin.Command{}
	for _, spec := range s.table.Specs() {
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
