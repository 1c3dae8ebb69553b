package session

import (
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/pubsub"
	"github.com/kringdb/kring/internal/server/stats"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/resp"
)

// Station is a reactor's executor with what belongs to the sessions that it serves. Only the reactor
// uses it.
type Station struct {
	exec.Executor
	clients *Clients
	outlet  *pubsub.Outlet[*Session]

	Crowd       ShownCrowd   // all of its clients, for others
	Unflushed   []*Session   // have output that was not flushed
	swollen     []*Session   // those with a softSince
	stalled     stalled      // those that wait for the journal
	postponed   []*Session   // those that wait for the end of a pause, see pause.go
	pausedUntil int64        // which is then, milliseconds since 1970
	timers      timerHeap    // deadlines of those that are blocked
	lent        []*lentCall  // calls that workers have
	busyNanos   int64        // its reactor's, in the last tick
	clientBytes atomic.Int64 // what their buffers take, for weighClients
}

// newStation makes the station of reactor i, whose gate is g.
func newStation(clients *Clients, i int, g *exec.Gate) *Station {
	st := &Station{clients: clients}
	st.Init(clients.Env, g)
	st.Reactor = i
	st.stalled.wake = st.release
	st.outlet = clients.Channels.Open(reactorHome{st, clients.Group.Reactors()[i]})
	return st
}

// endTurn gives the reactor's own clients what its commands had for them.
func (st *Station) endTurn() {
	for w := st.Wakes.NextArrival(); w != nil; w = st.Wakes.NextArrival() {
		w.Peer.Arrived(w)
	}
	st.outlet.EndTurn()
	if st.FlushEnd {
		st.FlushEnd = false
		st.flushPushed()
	}
}

// stationOf is the station of a reactor.
func stationOf(r *netio.Reactor) *Station { return r.Local.(*Station) }

// checkSwollen closes those of a reactor's clients whose output has been above the soft limit for
// too long, also while nothing more is sent to them. The reactor's tick calls it.
func (st *Station) checkSwollen() {
	kept := st.swollen[:0]
	for _, s := range st.swollen {
		if !s.closed && s.softSince != 0 {
			s.checkOutput()
		}
		if s.swollen = !s.closed && s.softSince != 0; s.swollen {
			kept = append(kept, s)
		}
	}
	clear(st.swollen[len(kept):])
	st.swollen = kept
}

// HotKeys are the reactor's busiest keys at this moment: while it rests, nobody ages them.
func (st *Station) HotKeys(r *netio.Reactor) []stats.HotKey {
	st.Meter.Hot.Age(r.Now())
	return st.Meter.Hot.All()
}

// flushPushed sends what was pushed, outside of batches.
func (st *Station) flushPushed() {
	for i, s := range st.Unflushed {
		st.Unflushed[i] = nil
		s.unflushed = false
		if !s.closed {
			s.Conn.Flush()
			s.checkOutput()
		}
	}
	st.Unflushed = st.Unflushed[:0]
}

// leaveChannels is for a connection that ends, and hears nothing any more.
func (st *Station) leaveChannels(s *Session) {
	if s.subCount > 0 {
		st.outlet.Leave(s, &s.more.subs)
		s.subCount = 0
	}
}

// unsubscribeAll is for RESET.
func (st *Station) unsubscribeAll(s *Session) {
	if s.subCount > 0 {
		st.outlet.UnsubscribeAll(s, &s.more.subs)
		s.subCount = 0
	}
}

// endStrayedChannels is that for a session of the reactor that is not busy.
func (st *Station) endStrayedChannels(s *Session) {
	slots := st.clients.Slots.Load()
	if slots == nil {
		return
	}
	kind := byte('*')
	if s.proto == resp.RESP3 {
		kind = '>'
	}
	c := client{s}
	for _, name := range c.Subscribed(command.SubShard) {
		if place := slots.Places[cluster.KeySlot(name)]; place != admit.Nobodys && place != admit.Elsewhere {
			continue
		}
		c.Unsubscribe(command.SubShard, name)
		b := resp.AppendBulkString(resp.AppendHeader(nil, kind, 3), "sunsubscribe")
		s.push(append(resp.AppendInt(append(resp.AppendBulk(b, name), ':'), int64(c.Subscriptions(command.SubShard))), "\r\n"...))
	}
}
