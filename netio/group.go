package netio

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a Group is made from; the zero value has sensible defaults.
type Config struct {
	// Reactors is how many there are, 0 for one per CPU that Go may use, NoReactors for
	// none.
	Reactors int

	// Stripes is how many stripes there are, for connections that goroutines serve; 0 is
	// none, and with reactors only needed for listeners that want goroutines. See
	// DefaultStripes.
	Stripes int

	// TurnReadBytes bounds what is read from one connection in one turn of the loop;
	// 0 stands for 64 KB.
	TurnReadBytes int

	// KeepAlive is the idle time after which the kernel begins to probe a TCP
	// connection, in whole seconds, at most MaxKeepAlive; 0 switches it off.
	KeepAlive time.Duration

	// TickMs is the distance of calls to Ticker.Tick in milliseconds; 0: none. A reactor that has
	// nothing to do blocks for as long as nothing happens, once Tick has told that it need not
	// be called.
	TickMs int

	// Logger gets what goes wrong without being any caller's error; nil: nobody does.
	Logger *slog.Logger
}

// Handler is what a Group serves. All methods run on a reactor's goroutine, and for
// one reactor never two at once.
type Handler interface {
	// Start is the first call of a reactor; it may set r.Local.
	Start(r *Reactor)

	// Accept makes the session of a new connection. With nil the connection is
	// refused: netio sends what was written to c.Out() and closes.
	Accept(r *Reactor, c *Conn) Session

	// EndTurn is called after all ready connections of one turn were served.
	EndTurn(r *Reactor)
}

// Ticker is implemented by a Handler that wants Config.TickMs.
type Ticker interface {
	// Tick is called on the reactor's goroutine, at most every Config.TickMs milliseconds, and
	// soon after whatever has happened on the reactor. If it returns true, it is called again
	// after the next TickMs also if nothing happens.
	Tick(r *Reactor) (again bool)
}

// Alarmer is implemented by a Handler that wants Reactor.SetAlarm.
type Alarmer interface {
	// Alarm is called on the reactor's goroutine when the time set has come.
	Alarm(r *Reactor)
}

// Overseer is implemented by a Handler that wants to know when reactors do not come back from
// what may block (Reactor.BeginBlocking).
type Overseer interface {
	// Blocked is called on a goroutine of netio when some have been there for 5 to 10 ms; it
	// does not wait.
	Blocked()
}

// Session is the user's side of a connection. All methods run on its reactor.
type Session interface {
	// Data says that there is new input, or that the session asked to be called again
	// (Conn.Requeue, Conn.Resume).
	Data()

	// Drained says that the out-ring has become empty after the kernel had not taken
	// all of it at once.
	Drained()

	// Closed is the last call, made exactly once. The error is io.EOF when the peer
	// has shut down, an errno such as ECONNRESET or EPIPE when the connection broke,
	// ErrGroupClosed, or what was given to Conn.Close; it is nil after
	// CloseAfterFlush. The rings are still there, and given back afterwards.
	Closed(err error)
}

// ListenOptions are the options of one listener.
type ListenOptions struct {
	Backlog  int         // waiting connections, 0 for 511; the kernel has a limit of its own
	UnixPerm os.FileMode // permissions of a unix socket; 0 leaves them to the umask

	// Goroutines: connections are served by goroutines, on the group's stripes, even if
	// it has reactors.
	Goroutines bool

	// Prepare, if set, is called with each accepted connection of the goroutine model, on
	// its own goroutine, and returns what is served instead (a TLS connection, say, after
	// the handshake). With an error the connection is closed.
	Prepare func(net.Conn) (net.Conn, error)

	// Pace, if set, is called before each connection of the goroutine model is accepted,
	// by the goroutine that accepts, and may wait: connections that cost much are not
	// taken faster than they can be prepared.
	Pace func()
}

// NoReactors is the value of Config.Reactors for stripes alone.
const NoReactors = -1

// Group is a set of reactors and their listeners.
type Group struct {
	cfg         Config
	log         *slog.Logger
	reactors    []*Reactor    // those with pollers, then the stripes
	polled      int           // how many have pollers
	place       atomic.Uint32 // round-robin of new connections
	stripePlace atomic.Uint32 // and of those that goroutines serve
	nextID      atomic.Uint64
	keepAlive   atomic.Int64 // Config.KeepAlive, which SetKeepAlive changes
	tuningAt    atomic.Int64 // when noteTuning logged, in milliseconds since 1970
	wg          sync.WaitGroup
	preparing   preparing
	relief      relief
	lookout     chan struct{} // what rouses the goroutine of keepLookout
	overseer    Overseer      // nil: none
	keeping     atomic.Bool   // Keep, until Release; it is cleared under mu
	mu          struct {
		sync.Mutex
		kept      []func() // each closes a socket, at Release
		listeners int      // of reactors
		early     []early  // those of before Start
		servers   []*streamServer
		started   bool
		closed    bool
	}
}

// early is a listener that waits for its reactor to run. It is closed without asking the
// reactor: a start that fails must not wait for what never begins.
type early struct {
	l *listener
	r *Reactor
}

// NewGroup makes the reactors; nothing runs before Start. It returns ErrNoPoller on a
// platform without a Poller, and the error of the system when that has no more
// descriptors.
func NewGroup(cfg Config) (*Group, error) {
	if cfg.Reactors == 0 {
		cfg.Reactors = runtime.GOMAXPROCS(0)
	}
	if cfg.Reactors == NoReactors && cfg.Stripes > 0 {
		cfg.Reactors = 0
	}
	if cfg.Reactors < 0 || cfg.Reactors > maxReactors || cfg.Stripes < 0 || cfg.Stripes > maxReactors {
		return nil, fmt.Errorf("netio: %d reactors, %d stripes: not within 1..%d", cfg.Reactors, cfg.Stripes, maxReactors)
	}
	if cfg.TurnReadBytes <= 0 {
		cfg.TurnReadBytes = defaultTurnReadBytes
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Group{cfg: cfg, log: cfg.Logger, polled: cfg.Reactors}
	g.SetKeepAlive(cfg.KeepAlive)
	g.relief.wake, g.relief.quit = make(chan struct{}, 1), make(chan struct{})
	g.lookout = make(chan struct{}, 1)
	for i := range cfg.Reactors {
		r, err := newReactor(g, i)
		if err != nil {
			g.Close()
			return nil, err
		}
		g.reactors = append(g.reactors, r)
	}
	for i := range cfg.Stripes {
		g.reactors = append(g.reactors, newStripe(g, cfg.Reactors+i))
	}
	return g, nil
}

// Reactors returns the reactors, by index: those with pollers, then the stripes.
func (g *Group) Reactors() []*Reactor { return g.reactors }

// Listen opens a listening socket and returns its address. The network is "tcp",
// "tcp4", "tcp6" or "unix". A TCP address is host:port, with port 0 for a free one;
// without a host it is every address of the network, and an IPv6 address takes IPv6
// connections only. A unix socket that nobody listens on is replaced; its file goes
// with the listener. Listen may be called several times, before and after Start.
func (g *Group) Listen(network, addr string, opt ListenOptions) (net.Addr, error) {
	if opt.Backlog <= 0 {
		opt.Backlog = defaultBacklog
	}
	if opt.Goroutines || g.polled == 0 {
		return g.listenStream(network, addr, opt)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.closed {
		return nil, ErrGroupClosed
	}
	l, at, err := listen(network, addr, opt)
	if err != nil {
		return nil, fmt.Errorf("netio: listen %s %s: %w", network, addr, err)
	}
	r := g.reactors[g.mu.listeners%g.polled]
	if !g.mu.started {
		g.mu.early = append(g.mu.early, early{l, r})
	} else if !r.Post(func() { r.openListener(l) }) {
		l.close()
		return nil, ErrGroupClosed
	}
	g.mu.listeners++
	return at, nil
}

// Unlisten closes the listener at an address that Listen returned, and waits until it
// is closed; connections that it accepted stay. It may be called at any time, on any
// goroutine but a reactor's.
func (g *Group) Unlisten(at net.Addr) {
	g.unlistenStream(at)
	if g.unlistenEarly(at) {
		return
	}
	var wg sync.WaitGroup
	for _, r := range g.reactors[:g.polled] {
		wg.Add(1)
		if !r.Post(func() {
			defer wg.Done()
			r.closeListener(at)
		}) {
			wg.Done()
		}
	}
	wg.Wait()
}

// unlistenEarly is Unlisten for a group that is not started; false if it is.
func (g *Group) unlistenEarly(at net.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.started {
		return false
	}
	g.mu.early = slices.DeleteFunc(g.mu.early, func(e early) bool {
		found := e.l.is(at)
		if found {
			e.l.close()
		}
		return found
	})
	return true
}

// SetKeepAlive changes Config.KeepAlive for connections accepted from now on.
func (g *Group) SetKeepAlive(idle time.Duration) { g.keepAlive.Store(int64(min(idle, MaxKeepAlive))) }

// noteTuning logs, at most once in acceptLogMs, that a socket option of a connection could
// not be set. The connection works without: it is no reason to lose it.
func (g *Group) noteTuning(err error) {
	now := time.Now().UnixMilli()
	if last := g.tuningAt.Load(); now-last >= acceptLogMs && g.tuningAt.CompareAndSwap(last, now) {
		g.log.Warn("a socket option of a connection cannot be set", "error", err)
	}
}

// Start runs the reactors, each on a goroutine of its own, with h. It is called once.
func (g *Group) Start(h Handler) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.started || g.mu.closed {
		return
	}
	g.mu.started = true
	for _, e := range g.mu.early {
		e.r.Post(func() { e.r.openListener(e.l) }) // it is not closed yet, so it takes the letter
	}
	g.mu.early = nil
	for _, r := range g.reactors {
		r.handler = h
		r.ticker, _ = h.(Ticker)
		r.alarmer, _ = h.(Alarmer)
		run := r.run
		if r.stripe != nil {
			h.Start(r) // before any connection
			run = r.runStripe
		}
		g.wg.Add(1)
		go func() {
			defer g.wg.Done()
			run()
		}()
	}
	g.overseer, _ = h.(Overseer)
	g.wg.Add(1)
	go g.relieve()
	if g.polled < len(g.reactors) {
		g.wg.Add(1)
		go g.keepLookout()
	}
	for _, s := range g.mu.servers {
		g.startServer(s)
	}
}

// Close stops accepting, closes all connections (their sessions get ErrGroupClosed)
// and waits until all reactors have ended. It must not be called on a reactor. A
// second call only waits.
func (g *Group) Close() {
	g.mu.Lock()
	first, started := !g.mu.closed, g.mu.started
	g.mu.closed = true
	for _, s := range g.mu.servers {
		s.close()
	}
	g.mu.servers = nil
	for _, e := range g.mu.early {
		e.l.close()
	}
	g.mu.early = nil
	g.mu.Unlock()
	g.preparing.close()
	if first {
		for _, r := range g.reactors {
			if !started {
				r.shutdown()
				continue
			}
			r.Post(func() { r.stopping = true })
		}
		close(g.relief.quit)
	}
	g.wg.Wait()
}

// Keep has the sockets of connections that end from now on stay open, silent, until Release. Safe from any goroutine.
func (g *Group) Keep() { g.keeping.Store(true) }

// Release closes the sockets that Keep has left open, and ends Keep. Safe from any goroutine.
func (g *Group) Release() {
	g.mu.Lock()
	g.keeping.Store(false)
	kept := g.mu.kept
	g.mu.kept = nil
	g.mu.Unlock()
	var wg sync.WaitGroup
	for _, end := range kept {
		wg.Go(end) // each may wait for its peer
	}
	wg.Wait()
}

// next picks the reactor of a new connection.
func (g *Group) next() *Reactor {
	return g.reactors[(g.place.Add(1)-1)%uint32(g.polled)]
}

// nextStripe picks the stripe of a new connection.
func (g *Group) nextStripe() *Reactor {
	stripes := g.reactors[g.polled:]
	return stripes[(g.stripePlace.Add(1)-1)%uint32(len(stripes))]
}
