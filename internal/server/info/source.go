package info

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admin"
	"github.com/kringdb/kring/internal/server/feed"
	"github.com/kringdb/kring/internal/server/follow"
	"github.com/kringdb/kring/internal/server/keeper"
	"github.com/kringdb/kring/internal/server/listen"
	"github.com/kringdb/kring/internal/server/observe"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/internal/server/stats"
	"github.com/kringdb/kring/internal/server/tracking"
	"github.com/kringdb/kring/internal/server/users"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/store"
)

// Source is what INFO, MEMORY, LATENCY HISTOGRAM, the window and the metrics read. It is a part
// of command.StatsHost and of command.MemoryHost.
type Source struct {
	Parts
	base    base
	peak    atomic.Int64 // the highest use of memory seen, bytes
	sums    sync.Pool    // of *stats.Sum, for the calls by command
	writers sync.Pool    // of *writer, for INFO
	names   []rowName    // of the commands, by Spec.ID
	ttls    meanTTLs
	processMemory
}

// Parts are what a Source reads: rooms that know their own numbers, the House for those of the
// others, and what does not change while the server runs.
type Parts struct {
	Options   *options.Options
	Table     *command.Table
	Store     *store.Store
	Users     *users.Users
	Listeners *listen.Listeners
	Keeper    *keeper.Keeper
	Logs      *observe.Logs
	House     House
	Scripts   func() command.ScriptStats

	Version, RunID, Poller string // Poller: what waits for the clients' sockets
	Started                time.Time
	TickMs                 int64
	StartupBytes           int64 // what the server itself counts for against maxmemory
}

// New returns the source that reads these parts.
func New(p Parts) *Source {
	s := &Source{Parts: p}
	s.sums.New = func() any { return stats.NewSum(len(p.Table.Specs()), false) }
	s.writers.New = func() any {
		w := new(writer)
		w.Grow(infoBytes)
		return w
	}
	for _, spec := range p.Table.Specs() {
		s.names = append(s.names, rowName{"cmdstat_" + spec.FullName + ":calls=", "latency_percentiles_usec_" + spec.FullName + ":"})
	}
	return s
}

// rowName is what stands before the numbers of a command in INFO.
type rowName struct{ calls, times string }

// House is those who run calls, as INFO sees them. A call given is the one that asks, which holds
// no shard lock; nil stands for anybody outside of the server, who holds nothing.
type House interface {
	// Counted adds up what all executors have shown of their counters, that of the call's
	// reactor right before.
	Counted(c *command.Ctx) observe.Counters
	// Calls adds up the calls by command, and with times the histograms of how long they took, as
	// they are now: the reactors are asked.
	Calls(c *command.Ctx, times bool) *stats.Table
	// AddCalls adds them to sum as they are, for a call that may ask; else as the reactors have shown
	// them, which may be some time ago, but for those of the call's own reactor.
	AddCalls(c *command.Ctx, sum *stats.Sum)
	// CallsAreShown tells whether all have shown them lately, or do not need to. They go on showing
	// for a while.
	CallsAreShown(c *command.Ctx) bool
	// Look is a look at all clients: the reactors are asked, if the call may ask them; else it is Crowd.
	Look(c *command.Ctx) Crowd
	// CrowdIsShown tells whether all have shown their clients lately, or have had nothing to do since.
	// They go on showing for a while.
	CrowdIsShown() bool
	// Crowd is what all have shown last of their clients.
	Crowd() Crowd
	// HotKeys is what each reactor has found busy.
	HotKeys(c *command.Ctx) [][]stats.HotKey
	// Busy asks all reactors at once, for the window.
	Busy() Busy

	Reactors() (reactors, stripes int)
	Gauges() Gauges
	BlockingKeys() (all, deletions int64) // keys that clients wait for, and whose deletion ends it
	OverLimitMs() (total, current int64)  // above maxmemory
	Channels(kind command.SubKind) int    // with listeners
	Tracking() tracking.Stats             // of client-side caching
	AOFBuffer() int64                     // bytes that have yet to be written
	Persistence() Persistence
	Following() (follow.Status, bool) // false: the server is a primary
	Cluster() *admin.Cluster          // nil: it is no node of one
	Replication() Replication
}

// Replication is what is known of those who follow the server.
type Replication struct {
	feed.Numbers
	replication.IDs
	Backlog  replication.Numbers
	In       int64  // bytes that primaries have sent
	Failover string // how far it is
}

// Busy is what the reactors have done, by index.
type Busy struct {
	Calls    *stats.Table // of the workers, too
	Hot      [][]stats.HotKey
	Reactors []admin.Reactor
}

// Gauges are numbers of the whole server: of clients that there are, and of what has happened
// since the start.
type Gauges struct {
	Clients, Blocked, Timed             int64 // connected; that wait; and for a time
	Connections, Rejected               int64 // accepted, and turned away
	ExpiredFields                       int64 // of hashes
	EvictedClients                      int64
	StreamErrors                        int64 // calls of a primary's stream that have failed here
	OutputLimitCloses, QueryLimitCloses int64 // connections that were closed above a limit
}

// Persistence is what is on the disk, and what is done about it.
type Persistence struct {
	AOF                     *persistence.AOF      // nil: there is none
	Loading, Beside         bool                  // data are loaded: instead of what is served, and beside it
	Load                    *persistence.Progress // of what is being loaded, nil: nothing
	Rewriting, RewriteWaits bool                  // the AOF
	Rewrites                int64
	RewriteFailures         int64 // in a row
	Saves                   Saves
}

// Saves is what is known of snapshots.
type Saves struct {
	Last, Begun      int64 // seconds since 1970: of the last that succeeded, or of the start; of the one that runs, 0: none
	LastSecs         int64 // how long the last one took, -1: there was none
	Failed           bool  // the last one
	Saves            int64 // that succeeded
	Changes          int64 // since the last
	Processed, Total int64 // keys of the one that runs
	Loaded, Expired  int64 // keys of the last file loaded, and left out there
}

// base is what CONFIG RESETSTAT subtracts from counters that never go back.
type base struct {
	connections, rejected, expired, evicted, freed atomic.Int64
}

// ResetBase is CONFIG RESETSTAT for the counters that never go back.
func (s *Source) ResetBase() {
	g, st := s.House.Gauges(), s.Store.Stats()
	s.base.connections.Store(g.Connections)
	s.base.rejected.Store(g.Rejected)
	s.base.expired.Store(int64(st.Expired))
	s.base.evicted.Store(int64(st.Evicted))
	s.base.freed.Store(int64(st.Freed))
}
