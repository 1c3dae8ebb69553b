package exec

import (
	"log/slog"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/clock"
	"github.com/kringdb/kring/internal/server/keeper"
	"github.com/kringdb/kring/internal/server/observe"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/pubsub"
	"github.com/kringdb/kring/internal/server/script"
	"github.com/kringdb/kring/internal/server/tracking"
	"github.com/kringdb/kring/internal/server/users"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/store"
)

// The bits of Env.Guard.
const (
	GuardLoading   uint32 = 1 << iota // data is being loaded: LOADING
	GuardBroken                       // the AOF has failed: MISCONF
	GuardMemory                       // maxmemory is set: OOM
	GuardPaused                       // CLIENT PAUSE
	GuardMonitored                    // somebody has sent MONITOR
	GuardUnsaved                      // the last snapshot has failed: MISCONF
	GuardBusy                         // a script is busy: BUSY
	GuardReplica                      // the server follows a primary: READONLY, and expired keys stay
	GuardStale                        // and what it has may be old, which it must not show: MASTERDOWN
	GuardFew                          // fewer replicas than min-replicas-to-write: NOREPLICAS
	GuardBeside                       // a full copy is loaded beside the data: LOADING, for some calls
	GuardCluster                      // the server is a node of a cluster: MOVED
)

// Env is what all executors of a server have in common: what calls work on, and what decides
// about them. Executors know nothing else of the server; what they need of those above them, and
// never for an ordinary call, they ask the house.
type Env struct {
	Opts     *options.Options
	Table    *command.Table
	Store    *store.Store
	Host     *command.Host
	Log      *slog.Logger
	Logs     *observe.Logs
	Users    *users.Users
	Tracking *tracking.Tracking
	House    House
	wallClock

	Group    *netio.Group
	Gates    Gates
	meetings meetings
	Slow     SlowLane
	Scripts  Scripting

	Guard         atomic.Uint32               // Guard... bits: what makes every call take the checked path
	Slots         atomic.Pointer[admit.Slots] // of a node of a cluster, nil: the server is none; changed with all gates held
	Limits        atomic.Pointer[command.Limits]
	Limit         keeper.Limit
	ActiveExpire  atomic.Bool
	ExpiredFields atomic.Int64
	Late          atomic.Bool // the server ends, and what only reads is to end early, its client is closed
	Abandoned     atomic.Bool // the server has ended without what still runs, nothing of which anybody will see
	Flushed       atomic.Bool // FLUSHALL has emptied everything since saveIfDue looked

	Journal   Journaling
	Observers Observers
	Waiting   Waiting
	Kept      KeptWakes
	Local     LocalKeys // of a replica
}

// Waiting counts the clients that wait for a key, or for the end of a pause.
type Waiting struct {
	Blocked atomic.Int64
	Timed   atomic.Int64 // those with a timeout
}

// House is the server as executors see it.
type House interface {
	pubsub.Publisher
	// ShowCalls gives lines of MONITOR, which are the house's from now on, to those who watch.
	ShowCalls(lines []byte)
	// Pauses tells whether there is a CLIENT PAUSE, until when, in milliseconds since 1970, and
	// whether all calls wait or those that may write.
	Pauses() (untilMs int64, on, all bool)
	// EndPause ends the pause if its time has come.
	EndPause()
	// ResumeAll has all reactors look at the sessions that wait there for a pause or a script.
	ResumeAll()
	// RingKeeper has the keeper look whether there is something to do.
	RingKeeper()
	// Crowded are the flags of the commands that must wait, because so much waits to be written, or to be delivered to those who listen.
	Crowded() command.Flag
	// Ending tells whether the server ends.
	Ending() bool
	// Forward sends calls to replicas that change no data and are recorded nowhere. Forwards tells whether
	// there may be any.
	Forward(calls []byte)
	Forwards() bool
	// Recorded tells that there is something in the journal of which nobody but the caller knows, who holds
	// no lock but his gate.
	Recorded()
	// WhyBroken tells why the AOF cannot be written.
	WhyBroken() string
	// Redirection is the error that sends a client to the node that serves a hash slot, or with ask to
	// that where its keys go.
	Redirection(c command.Client, slot cluster.Slot, ask bool) string
}

// Peer is the client behind a call that somebody else than its reactor runs: on a worker, or because it
// was blocked. Any goroutine may call its methods, but for those that belong to its reactor.
type Peer interface {
	ID() int64
	// Addr is the client's address; unix tells that it is the name of a socket.
	Addr() (addr string, unix bool)
	// Reactor is the index of its reactor.
	Reactor() int
	// Post has its reactor run f.
	Post(f func())
	// Arrived is called on its reactor: w has got a reply.
	Arrived(w *Waiter)
}

// PeerOf is the client that a handler's client stands for, nil for nobody's.
func PeerOf(c command.Client) Peer {
	if c, ok := c.(interface{ Peer() Peer }); ok {
		return c.Peer()
	}
	return nil
}

// Identity is as whom a client calls.
type Identity struct {
	Client  command.Client
	User    *acl.User         // nil: one who may do everything
	Track   *tracking.Tracker // nil: it never had client-side caching
	DB      int32
	NoTouch bool
}

// wallClock is the time of the data.
type wallClock struct {
	Clock *clock.Clock // nil: it is the real time
}

// Wall returns the time of the data in milliseconds since 1970, when the real one is realMs.
func (t wallClock) Wall(realMs int64) int64 { return t.Clock.Wall(realMs) }

// NowMs is the time of the data at this moment.
func (t wallClock) NowMs() int64 { return t.Clock.NowMs() }

// State is what admit is told of the server.
func (e *Env) State() (state admit.State) {
	on := e.Guard.Load()
	if on&GuardLoading != 0 {
		state |= admit.Loading
	}
	if on&GuardBeside != 0 {
		state |= admit.AsyncLoading
	}
	if on&GuardBroken != 0 {
		state |= admit.Broken
	}
	if on&GuardUnsaved != 0 {
		state |= admit.Unsaved
	}
	if on&GuardBusy != 0 {
		state |= admit.Busy
	}
	if on&GuardReplica != 0 && e.Opts.ReplicaReadOnly.Load() {
		state |= admit.ReadOnly
	}
	if on&GuardStale != 0 {
		state |= admit.MasterDown
	}
	if on&GuardFew != 0 {
		state |= admit.FewReplicas
	}
	if on&GuardMemory != 0 && e.OverLimit() {
		state |= admit.OverMemory
	}
	if on&GuardPaused != 0 {
		switch _, paused, all := e.House.Pauses(); {
		case !paused:
			e.House.EndPause()
		case all:
			state |= admit.PausedAll
		default:
			state |= admit.PausedWrites
		}
	}
	return state
}

// flagsOf is the flags of a client's call: its command's, or those of the script that it runs, if that
// declares what it does.
func (e *Env) flagsOf(call *command.Call) command.Flag {
	flags := call.Spec.Flags
	if flags&command.Script == 0 || flags&command.Write != 0 || len(call.Args) < 2 { // FUNCTION LOAD runs none
		return flags
	}
	var declared script.Flags
	switch name := call.Args[1]; {
	case flags&command.ByText != 0:
		declared = e.Scripts.Engine.FlagsOfText(name)
	case flags&command.BySHA != 0:
		declared = e.Scripts.Engine.FlagsOfSHA(name)
	default:
		declared = e.Scripts.Engine.FlagsOfFunction(name)
	}
	if declared&script.Undeclared != 0 {
		return flags
	}
	flags &^= command.Stale | command.MayWrite
	if declared&script.AllowStale != 0 {
		flags |= command.Stale
	}
	if declared&script.NoWrites == 0 {
		flags |= command.Write
		if declared&script.AllowOOM == 0 {
			flags |= command.DenyOOM
		}
	}
	return flags
}

// OverLimit tells whether the store holds more than it may.
func (e *Env) OverLimit() bool { return e.Store.Usage() > e.Limit.Bytes.Load() }

// MayExpire tells whether keys are to be deleted at their deadlines at all.
func (e *Env) MayExpire() bool {
	return e.ActiveExpire.Load() && e.Guard.Load()&(GuardLoading|GuardPaused|GuardReplica) == 0
}

// IsReplica tells whether the server follows a primary.
func (e *Env) IsReplica() bool { return e.Guard.Load()&GuardReplica != 0 }

// SetGuard switches a bit of guard.
func (e *Env) SetGuard(bit uint32, on bool) {
	if on {
		e.Guard.Or(bit)
	} else {
		e.Guard.And(^bit)
	}
}
