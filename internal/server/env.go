package server

import (
	"log/slog"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/clock"
	"github.com/kringdb/kring/internal/server/observe"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/tracking"
	"github.com/kringdb/kring/internal/server/users"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/store"
)

// The bits of env.guard.
const (
	guardLoading   uint32 = 1 << iota // data is being loaded: LOADING
	guardBroken                       // the AOF has failed: MISCONF
	guardMemory                       // maxmemory is set: OOM
	guardPaused                       // CLIENT PAUSE
	guardMonitored                    // somebody has sent MONITOR
	guardUnsaved                      // the last snapshot has failed: MISCONF
	guardBusy                         // a script is busy: BUSY
)

// env is what all executors of a server have in common: what calls work on, and what decides
// about them. Executors know nothing else of the server; what they need of those above them, and
// never for an ordinary call, they ask the house.
type env struct {
	opts     *options.Options
	table    *command.Table
	store    *store.Store
	host     *command.Host
	log      *slog.Logger
	logs     *observe.Logs
	users    *users.Users
	tracking *tracking.Tracking
	house    house
	wallClock

	group    *netio.Group
	gates    gates
	meetings meetings
	slow     slowLane
	scripts  scripting

	guard         atomic.Uint32 // guard... bits: what makes every call take the checked path
	limits        atomic.Pointer[command.Limits]
	limit         memoryLimit
	activeExpire  atomic.Bool
	expiredFields atomic.Int64
	flushed       atomic.Bool // FLUSHALL has emptied everything since saveIfDue looked

	journal   journaling
	observers observers
	waiting   waiting
	kept      keptWakes
}

// waiting counts the clients that wait for a key, or for the end of a pause.
type waiting struct {
	blocked atomic.Int64
	timed   atomic.Int64 // those with a timeout
}

// house is the server as executors see it.
type house interface {
	// Publish sends a message and returns how many will hear it. Any goroutine may call it, under any
	// lock; reactor is the index of the one that runs on it, -1: none does.
	Publish(reactor int, kind command.SubKind, channel, text []byte) int
	// Topics is how many channels and patterns somebody listens to.
	Topics() int64
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
	// Crowded tells whether so much waits to be written that those who write must wait.
	Crowded() bool
	// Ending tells whether the server ends.
	Ending() bool
	// WhyBroken tells why the AOF cannot be written.
	WhyBroken() string
}

// peer is the client behind a call that somebody else than its reactor runs: on a worker, or because it
// was blocked. Any goroutine may call its methods, but for those that belong to its reactor.
type peer interface {
	ID() int64
	// Addr is the client's address; unix tells that it is the name of a socket.
	Addr() (addr string, unix bool)
	// Reactor is the index of its reactor.
	Reactor() int
	// Post has its reactor run f.
	Post(f func())
	// Arrived is called on its reactor: w has got a reply.
	Arrived(w *waiter)
}

// peerOf is the client that a handler's client stands for, nil for nobody's.
func peerOf(c command.Client) peer {
	if c, ok := c.(interface{ Peer() peer }); ok {
		return c.Peer()
	}
	return nil
}

// identity is as whom a client calls.
type identity struct {
	client  command.Client
	user    *acl.User         // nil: one who may do everything
	track   *tracking.Tracker // nil: it never had client-side caching
	db      int32
	noTouch bool
}

// wallClock is the time of the data.
type wallClock struct {
	clock *clock.Clock // nil: it is the real time
}

// wall returns the time of the data in milliseconds since 1970, when the real one is realMs.
func (t wallClock) wall(realMs int64) int64 { return t.clock.Wall(realMs) }

// nowMs is the time of the data at this moment.
func (t wallClock) nowMs() int64 { return t.clock.NowMs() }

// state is what admit is told of the server.
func (e *env) state() (state admit.State) {
	on := e.guard.Load()
	if on&guardLoading != 0 {
		state |= admit.Loading
	}
	if on&guardBroken != 0 {
		state |= admit.Broken
	}
	if on&guardUnsaved != 0 {
		state |= admit.Unsaved
	}
	if on&guardBusy != 0 {
		state |= admit.Busy
	}
	if on&guardMemory != 0 && e.overLimit() {
		state |= admit.OverMemory
	}
	if on&guardPaused != 0 {
		switch _, paused, all := e.house.Pauses(); {
		case !paused:
			e.house.EndPause()
		case all:
			state |= admit.PausedAll
		default:
			state |= admit.PausedWrites
		}
	}
	return state
}

// overLimit tells whether the store holds more than it may.
func (e *env) overLimit() bool { return e.store.Usage() > e.limit.bytes.Load() }

// mayExpire tells whether keys are to be deleted at their deadlines at all.
func (e *env) mayExpire() bool {
	return e.activeExpire.Load() && e.guard.Load()&(guardLoading|guardPaused) == 0
}

// setGuard switches a bit of guard.
func (e *env) setGuard(bit uint32, on bool) {
	if on {
		e.guard.Or(bit)
	} else {
		e.guard.And(^bit)
	}
}
