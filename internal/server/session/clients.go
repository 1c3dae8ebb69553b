package session

import (
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/feed"
	"github.com/kringdb/kring/internal/server/keeper"
	"github.com/kringdb/kring/internal/server/observe"
	"github.com/kringdb/kring/internal/server/pubsub"
	"github.com/kringdb/kring/internal/server/tracking"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/resp"
)

// Clients is all clients of a server. It is the netio.Handler of its reactors.
type Clients struct {
	*exec.Env
	Stations    []*Station // of the reactors, by index
	Counts      Counters
	CallsWanted observe.Wanted              // INFO has shown calls by command lately
	CrowdWanted observe.Wanted              // and what is told of all clients
	ParseLimits atomic.Pointer[resp.Limits] // of those who may call everything

	Feed     *feed.Feed // of those who are replicas
	Link     Link       // to the primary
	Channels Channels
	Pauses   Pauses
	Monitors Monitors

	// Pulse gets something every 100 ms or so while the server works hard, every second while it hardly does.
	Pulse chan struct{}

	keeper   *keeper.Keeper
	byID     table
	multi    *command.Spec // MULTI
	pulsedAt atomic.Int64  // milliseconds since 1970
	toldAt   atomic.Int64  // the same of what Pulse got last
}

// Counters are the server-wide numbers that several goroutines change.
type Counters struct {
	Clients           atomic.Int64
	Connections       atomic.Int64
	Rejected          atomic.Int64
	EvictedClients    atomic.Int64
	OutputLimitCloses atomic.Int64
	QueryLimitCloses  atomic.Int64
	lastID            atomic.Int64 // of the client that came last
}

// Reset is CONFIG RESETSTAT for them.
func (n *Counters) Reset() {
	n.EvictedClients.Store(0)
	n.OutputLimitCloses.Store(0)
	n.QueryLimitCloses.Store(0)
}

var preAuthLimits = resp.PreAuthLimits()

// New makes them for executors that have e in common; its table is there.
func New(e *exec.Env, k *keeper.Keeper) *Clients {
	cs := &Clients{Env: e, keeper: k, Pulse: make(chan struct{}, 1), multi: e.Table.Original([]byte("multi"))}
	cs.Channels = Channels{pubsub.New[*Session](cs.WakeStalled), &cs.Stations}
	cs.Pauses.clients = cs
	cs.Monitors.env = e
	return cs
}

// Open makes the stations of the reactors, which do not run yet, and their tracking. gates are those
// of the reactors.
func (cs *Clients) Open(gates exec.Gates) {
	cs.Tracking = tracking.New(trackingHouse{cs}, cs.Store, len(gates))
	for i := range gates {
		cs.Stations = append(cs.Stations, newStation(cs, i, &gates[i]))
	}
}

// NewID numbers a connection among the clients.
func (cs *Clients) NewID() int64 { return cs.Counts.lastID.Add(1) }

// Host is what handlers get of clients.
func (cs *Clients) Host() command.ClientsHost { return clientsHost{cs} }

// ReplicasHost is what handlers get of clients that are replicas.
func (cs *Clients) ReplicasHost() ReplicasHost { return ReplicasHost{cs} }

// Ask has every reactor run f, for c's call: see Executor.AskReactors.
func (cs *Clients) Ask(c *command.Ctx, f func(r *netio.Reactor, ex *Station)) {
	exec.Of(c).AskReactors(func(r *netio.Reactor) { f(r, stationOf(r)) })
}

// AskAll is Ask for somebody who holds nothing.
func (cs *Clients) AskAll(f func(r *netio.Reactor, ex *Station)) {
	cs.Env.AskReactors(func(r *netio.Reactor) { f(r, stationOf(r)) })
}

// EndBlocked ends the waiting of all blocked clients, with an error, and closes them. The caller holds
// nothing.
func (cs *Clients) EndBlocked(errText string) {
	cs.AskAll(func(r *netio.Reactor, _ *Station) {
		eachSession(r, func(s *Session) {
			if s.blocked != nil && s.wakeWith(s.blocked, errText) {
				s.closeAfterReply()
			}
		})
	})
}

// EndStrayed ends the waiting of blocked clients whose keys this node of a cluster does not serve any
// more, and the listening to shard channels that are not of its shard. The caller holds nothing.
func (cs *Clients) EndStrayed() {
	cs.endStrayedChannels()
	if cs.Waiting.Blocked.Load() == 0 {
		return
	}
	cs.AskAll(func(r *netio.Reactor, st *Station) {
		eachSession(r, func(s *Session) {
			if s.blocked == nil {
				return
			}
			caller := admit.Caller{Slots: cs.Slots.Load(), Is: s.modes.standing()}
			if v := admit.JudgeSlots(&caller, &s.blocked.Call); v.Refused() {
				s.wakeWith(s.blocked, v.Text(&caller, &s.blocked.Call, st.Why(v, client{s})))
			}
		})
	})
}

// endStrayedChannels has nobody listen any more to shard channels whose slots are not those of this node's shard, and tells
// who did. The caller holds nothing.
func (cs *Clients) endStrayedChannels() {
	if cs.Channels.CountChannels(command.SubShard) == 0 {
		return
	}
	cs.AskAll(func(r *netio.Reactor, st *Station) {
		eachSession(r, func(s *Session) {
			switch {
			case !s.Listening():
			case s.busy: // a worker has it
				s.more.strays = true
			default:
				st.endStrayedChannels(s)
			}
		})
		st.flushPushed()
	})
}

// eachSession calls f for every open session of one reactor, on that reactor.
func eachSession(r *netio.Reactor, f func(se *Session)) {
	r.EachConn(func(c *netio.Conn) bool {
		if se, ok := c.Session().(*Session); ok && !se.closed {
			f(se)
		}
		return true
	})
}
