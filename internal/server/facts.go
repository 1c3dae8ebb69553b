package server

import (
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admin"
	"github.com/kringdb/kring/internal/server/durable"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/info"
	"github.com/kringdb/kring/internal/server/observe"
	"github.com/kringdb/kring/internal/server/session"
	"github.com/kringdb/kring/internal/server/stats"
	"github.com/kringdb/kring/internal/server/tracking"
	"github.com/kringdb/kring/netio"
)

// This file is the server as package info sees it.

// KringVersion is the version of this server; RedisVersion is the one of Redis that it follows.
const (
	KringVersion = "0.1.0"
	RedisVersion = command.Version
)

// partsOf is what INFO is made from. Reactors and stripes do not run yet.
func partsOf(s *Server) info.Parts {
	return info.Parts{
		Options: s.Opts, Table: s.Table, Store: s.Store, Users: s.Users, Listeners: s.listeners, Keeper: s.keeper, Logs: s.Logs,
		House: infoHouse{s}, Version: KringVersion, RunID: newRunID(), Poller: s.pollerName(), Started: s.started,
		Scripts: s.Scripts.Engine.Stats, TickMs: tickMs, StartupBytes: startupBytes,
	}
}

// infoHouse is the server.
type infoHouse struct{ *Server }

// Counted implements info.House: it adds up what all executors have shown of their counters.
func (h infoHouse) Counted(c *command.Ctx) observe.Counters {
	var sum observe.Counters
	if c != nil && exec.Of(c).Reactor >= 0 {
		exec.Of(c).Show()
		sum.Commands-- // the call itself, which has not ended: workers, too, count theirs behind it
	}
	for _, ex := range h.clients.Stations {
		ex.Meter.Shown.AddTo(&sum)
	}
	for _, ex := range h.extra {
		ex.Meter.Published.AddTo(&sum)
	}
	return sum
}

// ask runs f on every reactor: for a call on a worker, or (c is nil) for whoever holds
// nothing. A reactor, within EXEC, can ask itself only.
func (h infoHouse) ask(c *command.Ctx, f func(*netio.Reactor, *session.Station)) {
	switch {
	case c == nil:
		h.clients.AskAll(f)
	case exec.Of(c).Reactor >= 0:
		f(h.Group.Reactors()[exec.Of(c).Reactor], h.clients.Stations[exec.Of(c).Reactor])
	default:
		h.clients.Ask(c, f)
	}
}

// Calls implements info.House.
func (h infoHouse) Calls(c *command.Ctx, times bool) *stats.Table {
	sum := stats.NewSum(len(h.Table.Specs()), times)
	h.ask(c, func(_ *netio.Reactor, ex *session.Station) { sum.Add(ex.Meter.Calls) })
	return h.sumCalls(sum)
}

// AddCalls implements info.House.
func (h infoHouse) AddCalls(c *command.Ctx, sum *stats.Sum) {
	own := exec.Of(c).Reactor
	if own < 0 { // the client's reactor has counted what the client did before
		now := time.Now().UnixMilli()
		h.ask(c, func(_ *netio.Reactor, ex *session.Station) { ex.Meter.ShowCalls(now) })
	}
	for i, ex := range h.clients.Stations {
		if i == own {
			sum.Add(ex.Meter.Calls)
		} else {
			ex.Meter.CallsShown.AddTo(sum)
		}
	}
	h.sumCalls(sum)
}

// CallsAreShown implements info.House.
func (h infoHouse) CallsAreShown(c *command.Ctx) bool {
	now, own := time.Now().UnixMilli(), exec.Of(c).Reactor
	h.clients.CallsWanted.Ask(now)
	for i, ex := range h.clients.Stations {
		if i != own && !ex.Meter.CallsAreShown(now) {
			return false
		}
	}
	return true
}

// sumCalls adds the calls of those that are not reactors to a sum that has those of the reactors.
func (h infoHouse) sumCalls(sum *stats.Sum) *stats.Table {
	for _, ex := range h.extra {
		ex.Meter.Published.AddCalls(sum)
	}
	return sum.Table()
}

// CrowdIsShown implements info.House.
func (h infoHouse) CrowdIsShown() bool {
	now := time.Now().UnixMilli()
	h.clients.CrowdWanted.Ask(now)
	for _, ex := range h.clients.Stations {
		if !ex.Crowd.IsOf(ex.Meter.ShownTurn(), now) {
			return false
		}
	}
	return true
}

// Look implements info.House.
func (h infoHouse) Look(c *command.Ctx) (sum info.Crowd) {
	if c == nil || exec.Of(c).Reactor < 0 {
		now := time.Now().UnixMilli()
		h.ask(c, func(r *netio.Reactor, ex *session.Station) { ex.Crowd.Show(r, now, observe.FreshMs) })
	}
	return h.Crowd()
}

// Crowd implements info.House.
func (h infoHouse) Crowd() (sum info.Crowd) {
	for _, ex := range h.clients.Stations {
		ex.Crowd.AddTo(&sum)
	}
	return sum
}

// HotKeys implements info.House.
func (h infoHouse) HotKeys(c *command.Ctx) [][]stats.HotKey {
	parts := make([][]stats.HotKey, len(h.clients.Stations))
	h.ask(c, func(r *netio.Reactor, ex *session.Station) { parts[r.Index()] = ex.HotKeys(r) })
	return parts
}

// Busy implements info.House.
func (h infoHouse) Busy() info.Busy {
	b := info.Busy{Hot: make([][]stats.HotKey, len(h.clients.Stations)), Reactors: make([]admin.Reactor, len(h.clients.Stations))}
	sum := stats.NewSum(len(h.Table.Specs()), true)
	h.ask(nil, func(r *netio.Reactor, ex *session.Station) {
		i := r.Index()
		sum.Add(ex.Meter.Calls)
		ex.Show()
		n := ex.Meter.SinceReset(r.Counts())
		b.Hot[i], b.Reactors[i] = ex.HotKeys(r), admin.Reactor{Turns: n.Turns, Reads: n.Reads, Writes: n.Writes}
	})
	b.Calls = h.sumCalls(sum)
	return b
}

// Reactors implements info.House.
func (h infoHouse) Reactors() (reactors, stripes int) {
	return len(h.clients.Stations) - h.stripes, h.stripes
}

// Gauges implements info.House.
func (h infoHouse) Gauges() info.Gauges {
	n := &h.clients.Counts
	clients := n.Clients.Load() - int64(h.role.feed.Count())
	if _, up := h.role.link.Peer(); up {
		clients++ // its primary counts as one, as in Redis
	}
	return info.Gauges{
		Clients: clients, Blocked: h.Waiting.Blocked.Load(), Timed: h.Waiting.Timed.Load(),
		Connections: n.Connections.Load(), Rejected: n.Rejected.Load(), ExpiredFields: h.ExpiredFields.Load(),
		EvictedClients: n.EvictedClients.Load(), OutputLimitCloses: n.OutputLimitCloses.Load(), QueryLimitCloses: n.QueryLimitCloses.Load(),
		StreamErrors: h.role.stream.Errors.Load(),
	}
}

// BlockingKeys implements info.House.
func (h infoHouse) BlockingKeys() (all, deletions int64) {
	n := h.Observers.Count()
	return n.Blocking, n.Deletions
}

// OverLimitMs implements info.House.
func (h infoHouse) OverLimitMs() (total, current int64) { return h.Limit.OverMillis() }

// Channels implements info.House.
func (h infoHouse) Channels(kind command.SubKind) int { return h.clients.Channels.CountChannels(kind) }

// Tracking implements info.House.
func (h infoHouse) Tracking() tracking.Stats { return h.Env.Tracking.Stats() }

// AOFBuffer implements info.House.
func (h infoHouse) AOFBuffer() int64 {
	if a := h.disk.AOF.Current(); a != nil {
		return a.Pending()
	}
	return 0
}

// Persistence implements info.House.
func (h infoHouse) Persistence() info.Persistence {
	a, load := h.disk.AOF.Current(), h.disk.Loading.Load()
	if load == nil && a != nil {
		load = a.Progress()
	}
	return info.Persistence{
		AOF: a, Load: load, Saves: h.disk.Saves(), Loading: h.Guard.Load()&exec.GuardLoading != 0, Beside: h.Guard.Load()&exec.GuardBeside != 0, Rewriting: h.disk.Jobs.Runs(durable.RewriteAOF),
		RewriteWaits: h.disk.Jobs.Waits(durable.RewriteAOF), Rewrites: h.disk.AOF.Rewrites.Load(), RewriteFailures: h.disk.AOF.Failures.Load(),
	}
}
