package server

import (
	"math"
	"time"

	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/options"
)

// This file is the server as package keeper sees it.

// keeperHouse is the server.
type keeperHouse struct{ *Server }

// MayExpire implements keeper.House.
func (h keeperHouse) MayExpire() bool { return h.Env.MayExpire() }

// MayEvict implements keeper.House.
func (h keeperHouse) MayEvict() bool {
	return h.Guard.Load()&(exec.GuardMemory|exec.GuardLoading|exec.GuardPaused) == exec.GuardMemory
}

// Loading implements keeper.House.
func (h keeperHouse) Loading() bool { return h.Guard.Load()&exec.GuardLoading != 0 }

// OverLimit implements keeper.House.
func (h keeperHouse) OverLimit() bool { return h.Env.OverLimit() }

// NoteOver implements keeper.House.
func (h keeperHouse) NoteOver(over bool) { h.Limit.NoteOver(over) }

// Wall implements keeper.House.
func (h keeperHouse) Wall(ms int64) int64 { return h.Env.Wall(ms) }

// NowMs implements keeper.House.
func (h keeperHouse) NowMs() int64 { return h.Env.NowMs() }

// EndPause implements keeper.House.
func (h keeperHouse) EndPause() (on bool) { return h.clients.Pauses.End() }

// ShedClients implements keeper.House.
func (h keeperHouse) ShedClients() { h.clients.Shed() }

// NoteLatency implements keeper.House.
func (h keeperHouse) NoteLatency(event string, d time.Duration) { h.Logs.NoteLatency(event, d) }

// LookAtMemory implements keeper.House.
func (h keeperHouse) LookAtMemory() { h.source.LookAtMemory() }

// OwnsProcess implements keeper.House.
func (h keeperHouse) OwnsProcess() bool { return h.ownsProcess }

// watchEvents has the store tell of new keys while somebody may want to know.
func (s *Server) watchEvents() {
	apply := func() error {
		s.Store.SetTelling(s.Opts.NotifyKeyspaceEvents.Load()&options.EventNew != 0)
		return nil
	}
	_ = apply() // cannot fail
	s.Opts.OnChange("notify-keyspace-events", apply)
}

// watchMaxMemory keeps the limit in line with the options.
func (s *Server) watchMaxMemory() {
	s.Limit.Bytes.Store(math.MaxInt64)
	_ = s.limitMemory() // cannot fail
	for _, name := range []string{"maxmemory", "maxmemory-policy"} {
		s.Opts.OnChange(name, s.limitMemory)
	}
}

// limitMemory brings the limit in line with the options and the role. It returns nil.
func (s *Server) limitMemory() error {
	lim := s.Opts.MaxMemory.Load()
	if lim == 0 || s.IsReplica() && s.Opts.IgnoreMaxMemory.Load() {
		s.Limit.Bytes.Store(math.MaxInt64)
		s.SetGuard(exec.GuardMemory, false)
		return nil
	}
	s.Store.SetUsageStep(min(lim/usageStepShare, usageStepMaxBytes))
	s.Store.PublishAll()
	s.Limit.Bytes.Store(lim - startupBytes)
	s.SetGuard(exec.GuardMemory, true)
	s.keeper.Ring()
	return nil
}
