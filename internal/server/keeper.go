package server

import (
	"math"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/store"
)

// This file is the server and its executors as package keeper sees them.

// keeperHouse is the server.
type keeperHouse struct{ *Server }

// MayExpire implements keeper.House.
func (h keeperHouse) MayExpire() bool { return h.mayExpire() }

// MayEvict implements keeper.House.
func (h keeperHouse) MayEvict() bool {
	return h.guard.Load()&(guardMemory|guardLoading|guardPaused) == guardMemory
}

// Loading implements keeper.House.
func (h keeperHouse) Loading() bool { return h.guard.Load()&guardLoading != 0 }

// OverLimit implements keeper.House.
func (h keeperHouse) OverLimit() bool { return h.overLimit() }

// NoteOver implements keeper.House.
func (h keeperHouse) NoteOver(over bool) { h.limit.noteOver(over) }

// Wall implements keeper.House.
func (h keeperHouse) Wall(ms int64) int64 { return h.wall(ms) }

// NowMs implements keeper.House.
func (h keeperHouse) NowMs() int64 { return h.nowMs() }

// EndPause implements keeper.House.
func (h keeperHouse) EndPause() { h.endPause() }

// ShedClients implements keeper.House.
func (h keeperHouse) ShedClients() { h.shedClients() }

// NoteLatency implements keeper.House.
func (h keeperHouse) NoteLatency(event string, d time.Duration) { h.logs.NoteLatency(event, d) }

// OwnsProcess implements keeper.House.
func (h keeperHouse) OwnsProcess() bool { return h.ownsProcess }

// keeperHand is an executor.
type keeperHand struct{ ex *executor }

// Lock implements keeper.Hand.
func (h keeperHand) Lock() { h.ex.gate.Lock() }

// Enter implements keeper.Hand.
func (h keeperHand) Enter() bool { return h.ex.gate.enter() }

// Unlock implements keeper.Hand.
func (h keeperHand) Unlock() { h.ex.gate.Unlock() }

// ExpireStep implements keeper.Hand.
func (h keeperHand) ExpireStep(shard uint32, now int64) store.Expiry {
	return h.ex.expireStep(shard, now)
}

// Evict implements keeper.Hand.
func (h keeperHand) Evict(most time.Duration) bool { return h.ex.evict(most) }

// Settle implements keeper.Hand.
func (h keeperHand) Settle() {
	h.ex.end()
	h.ex.meter.Publish()
}

// Kick implements keeper.Hand.
func (h keeperHand) Kick() { h.ex.kick() }

// keyGone tells everybody who has to know that the server deleted a key on its own. The
// shard is locked; key is a view.
func (s *Server) keyGone(shard uint32, db int, key []byte, ev command.Event) {
	s.observedGone(shard, db, key)
	s.notify(-1, db, key, ev)
	s.journalDel(shard, db, key)
}

// keyCreated is the store's hook: a key has come into being. The shard is locked.
func (s *Server) keyCreated(_, db int, key []byte) { s.notify(-1, db, key, command.EventNew) }

// watchEvents has the store tell of new keys while somebody may want to know.
func (s *Server) watchEvents() {
	apply := func() error {
		s.store.SetTelling(s.opts.NotifyKeyspaceEvents.Load()&options.EventNew != 0)
		return nil
	}
	_ = apply() // cannot fail
	s.opts.OnChange("notify-keyspace-events", apply)
}

// keyExpired is the store's hook: the entry named key is being deleted because its
// deadline has come. The shard is locked; key is a view.
func (s *Server) keyExpired(shard, db int, key []byte) {
	s.keyGone(uint32(shard), db, key, command.EventExpired)
}

// keyEvicted is the store's hook: the entry named key is being deleted to make room. The
// shard is locked; key is a view.
func (s *Server) keyEvicted(shard, db int, key []byte) {
	s.keyGone(uint32(shard), db, key, command.EventEvicted)
}

// watchMaxMemory keeps the limit in line with the options.
func (s *Server) watchMaxMemory() {
	s.limit.bytes.Store(math.MaxInt64)
	apply := func() error {
		lim := s.opts.MaxMemory.Load()
		if lim == 0 {
			s.limit.bytes.Store(math.MaxInt64)
			s.setGuard(guardMemory, false)
			return nil
		}
		s.store.SetUsageStep(min(lim/usageStepShare, usageStepMaxBytes))
		s.store.PublishAll()
		s.limit.bytes.Store(lim - startupBytes)
		s.setGuard(guardMemory, true)
		s.keeper.Ring()
		return nil
	}
	_ = apply() // cannot fail
	for _, name := range []string{"maxmemory", "maxmemory-policy"} {
		s.opts.OnChange(name, apply)
	}
}
