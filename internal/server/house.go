package server

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/persistence/rdb"
)

// execHouse is the server as executors see it.
type execHouse struct{ *Server }

// Publish implements exec.House.
func (h execHouse) Publish(reactor int, kind command.SubKind, channel, text []byte) int {
	return h.clients.Channels.Publish(reactor, kind, channel, text)
}

// Topics implements exec.House.
func (h execHouse) Topics() int64 { return h.clients.Channels.Topics() }

// ShowCalls implements exec.House.
func (h execHouse) ShowCalls(lines []byte) { h.clients.Monitors.Show(lines) }

// Pauses implements exec.House.
func (h execHouse) Pauses() (untilMs int64, on, all bool) { return h.clients.Pauses.Now() }

// EndPause implements exec.House.
func (h execHouse) EndPause() { h.clients.Pauses.End() }

// ResumeAll implements exec.House.
func (h execHouse) ResumeAll() { h.clients.Pauses.Resume() }

// Crowded implements exec.House.
func (h execHouse) Crowded() command.Flag { return h.clients.Crowded() }

// Ending implements exec.House.
func (h execHouse) Ending() bool { return h.disk.Asked() || h.stopping.Load() }

// RingKeeper implements exec.House.
func (h execHouse) RingKeeper() { h.keeper.Ring() }

// Forward implements exec.House.
func (h execHouse) Forward(calls []byte) { h.role.feed.Forward(calls) }

// Forwards implements exec.House.
func (h execHouse) Forwards() bool { return h.role.feed.Forwards() }

// Recorded implements exec.House.
func (h execHouse) Recorded() { h.role.feed.Flush() }

// WhyBroken implements exec.House.
func (h execHouse) WhyBroken() string { return h.disk.AOF.Reason() }

// diskHouse is the server as its disk sees it.
type diskHouse struct{ *Server }

// Changes implements durable.House.
func (h diskHouse) Changes() (n int64) {
	for _, ex := range h.clients.Stations {
		n += ex.Changes.Load()
	}
	for _, ex := range h.extra {
		n += ex.Changes.Load()
	}
	return n
}

// Stop implements durable.House.
func (h diskHouse) Stop() <-chan struct{} { return h.stop }

// AboutHistory implements durable.House.
func (h diskHouse) AboutHistory(a *rdb.About) { h.role.aboutHistory(a) }

// Follows implements durable.House.
func (h diskHouse) Follows() bool { return h.role.history.Primary() != nil }

// ResumeHistory implements durable.House.
func (h diskHouse) ResumeHistory(m persistence.Mark) { h.role.resumeHistory(m) }

// Mark implements durable.House.
func (h diskHouse) Mark(pos uint64) (m persistence.Mark, ok bool) { return h.role.mark(pos) }

// Replacing implements durable.House.
func (h diskHouse) Replacing(f func() error) error { return h.role.replacing(f) }

// OwnsProcess implements durable.House.
func (h diskHouse) OwnsProcess() bool { return h.ownsProcess }
