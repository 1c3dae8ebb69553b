package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admin"
	"github.com/kringdb/kring/internal/server/cluster"
	"github.com/kringdb/kring/internal/server/durable"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/info"
	"github.com/kringdb/kring/internal/server/keeper"
	"github.com/kringdb/kring/internal/server/listen"
	"github.com/kringdb/kring/internal/server/migrate"
	"github.com/kringdb/kring/internal/server/observe"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/script"
	"github.com/kringdb/kring/internal/server/session"
	"github.com/kringdb/kring/internal/server/users"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/arena"
)

// Server is a Kring server. Make one with New, run it with Serve.
type Server struct {
	exec.Env
	stripes     int              // how many of its reactors are stripes: the last ones
	clients     *session.Clients // and the executors of the reactors
	extra       []*exec.Executor // of the workers, then the keeper's and the stream's, and the mover's
	keeper      *keeper.Keeper
	disk        *durable.Disk
	peers       migrate.Links // the connections of MIGRATE
	role        role
	node        *cluster.Node // nil: of no cluster
	mover       mover         // of a node
	lookers     lookers
	embedded    Embedding   // in another program; zero if the server has a process to itself
	ownsProcess bool        // see OwnProcess
	pages       admin.Pages // of the window, which the program brings
	started     time.Time
	stopping    atomic.Bool
	stop        chan struct{} // closed when the server is asked to end
	stopOnce    sync.Once
	ready       chan struct{} // closed when connections are served
	listeners   *listen.Listeners
	source      *info.Source
}

// New builds a server from its options: command table, store, reactors and
// listeners. Nothing is served before Serve.
func New(opts *options.Options, log *slog.Logger) (*Server, error) {
	return NewEmbedded(opts, log, Embedding{})
}

// NewEmbedded is New for a server that runs within another program.
func NewEmbedded(opts *options.Options, log *slog.Logger, in Embedding) (*Server, error) {
	s := &Server{embedded: in, started: time.Now(), stop: make(chan struct{}), ready: make(chan struct{})}
	s.Opts, s.Log, s.Clock = opts, log, in.Clock
	var err error
	if s.Table, err = command.Build(command.All()); err != nil {
		return nil, err
	}
	if err = renameCommands(s.Table, s.Opts); err != nil {
		return nil, err
	}
	if opts.HugePages.Load() {
		arena.SetHugePages(true) // the arena is the process's: another server may want them
	}
	s.Logs = observe.NewLogs(opts)
	s.keeper = keeper.New(keeperHouse{s}, opts, s.embedded.Clock != nil)
	s.clients = session.New(&s.Env, s.keeper)
	s.House = execHouse{s}
	s.ActiveExpire.Store(true)
	s.Store, err = store.Open(store.Options{
		Shards: int(opts.Shards.Load()), Databases: databasesOf(opts), BySlots: opts.ClusterEnabled.Load(),
		Hooks: store.Hooks{Expired: s.KeyExpired, Evicted: s.KeyEvicted, Created: s.KeyCreated, Alarm: s.keeper.Alarm},
	})
	if err != nil {
		return nil, err
	}
	s.Observers = exec.NewObservers(s.Store.Shards())
	s.Journal.Init(s.Store.Shards())
	s.listeners = listen.New(listen.Config{Options: opts, Log: log, Room: s.clients.HasRoom, Deaf: in.Deaf, MayBeOff: in.Memory != nil})
	s.watchOptions()
	s.watchEvents()
	s.watchMaxMemory()
	s.disk = durable.New(durable.Config{Env: &s.Env, House: diskHouse{s}, Clients: s.clients, Keeper: s.keeper, Started: s.started, Fresh: in.Fresh})
	if s.Users, err = users.Open(s.Table, opts, log); err != nil {
		s.Store.Close()
		return nil, err
	}
	s.Scripts.Engine = script.New(script.Options{
		Version:     command.Version,
		MemoryLimit: func() int64 { return s.Opts.LuaMemoryLimit.Load() },
		KeyOf:       func(name string, args int) script.KeyUse { return exec.KeyOf(s.Table, name, args) },
		Log: func(level int, text string) {
			levels := [...]slog.Level{slog.LevelDebug, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn}
			s.Log.Log(nil, levels[level], strings.Clone(text))
		},
	})
	s.peers.Dial = func(addr string, timeout time.Duration) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		return connectTo(ctx, s.listeners, addr, nil, s.Opts.TLSCluster.Load())
	}
	s.Opts.OnChange("tls-cluster", func() error {
		s.peers.Renew()
		return nil
	})
	s.source = info.New(partsOf(s))
	s.Host = newHost(s)
	if err = errors.Join(openNode(s), s.openReactors()); err != nil {
		s.Store.Close()
		return nil, err
	}
	return s, nil
}

// openReactors creates the reactors, the executors of reactors and workers with
// their gates, and the listeners.
func (s *Server) openReactors() error {
	reactors, stripes := s.ioModel()
	if s.embedded.Memory != nil {
		stripes = max(stripes, embeddedStripes)
	}
	group, err := netio.NewGroup(netio.Config{
		Reactors:  reactors,
		Stripes:   stripes,
		Logger:    s.Log,
		KeepAlive: s.listeners.KeepAlive(),
		TickMs:    tickMs,
	})
	if err != nil {
		return err
	}
	s.Group, s.stripes = group, stripes
	n := len(group.Reactors())
	s.Gates = make(exec.Gates, exec.LastingScripts+workerCount+n+3)
	if s.node == nil {
		s.Gates = s.Gates[:exec.LastingScripts+workerCount+n+2]
	}
	gates := s.Gates[exec.LastingScripts:]
	for i := range workerCount {
		ex := exec.New(&s.Env, &gates[i])
		ex.Worker = true
		s.extra = append(s.extra, ex)
	}
	s.extra = append(s.extra, exec.New(&s.Env, &gates[workerCount+n])) // behind the workers: the slow lane takes the first
	follower := exec.New(&s.Env, &gates[workerCount+n+1])
	s.extra = append(s.extra, follower)
	for i := range exec.LastingScripts {
		s.extra = append(s.extra, exec.New(&s.Env, &s.Gates[i]))
	}
	s.Scripts.OpenLasting(s.extra[len(s.extra)-exec.LastingScripts:])
	s.role.init(s, follower)
	if s.node != nil {
		moves := exec.New(&s.Env, &gates[workerCount+n+2])
		s.extra = append(s.extra, moves)
		s.mover.init(moves)
	}
	s.clients.Feed, s.clients.Link = s.role.feed, roleLink{&s.role}
	s.clients.Open(gates[workerCount : workerCount+n])
	if s.embedded.Memory != nil {
		_, err = group.Serve(s.embedded.Memory, netio.ListenOptions{})
	}
	if err == nil {
		err = s.listeners.Open(group)
	}
	if err != nil {
		group.Close()
	}
	return err
}

// ioModel says how many reactors and stripes there are. In the goroutine model all are stripes;
// TLS needs some in either.
func (s *Server) ioModel() (reactors, stripes int) {
	if s.Opts.IOModel.Load() == options.ModelGoroutine {
		return netio.NoReactors, netio.DefaultStripes()
	}
	return int(s.Opts.Reactors.Load()), s.listeners.TLSStripes()
}

// pollerName is what waits for the clients' sockets.
func (s *Server) pollerName() string {
	if s.Opts.IOModel.Load() == options.ModelGoroutine {
		return "Go netpoller"
	}
	return netio.PollerName
}

// Serve runs the server until ctx ends or a client asks for SHUTDOWN; it returns nil
// after a clean end.
func (s *Server) Serve(ctx context.Context) error {
	s.Slow.Start(s.extra[:workerCount])
	s.disk.Prepare()
	s.keeper.Start(s.Store, s.extra[workerCount].Hand())
	s.listeners.Watch() // before a client can set anything
	s.Group.Start(s.clients)
	if s.embedded.Clock != nil {
		s.embedded.Clock.Follow(s.clients)
		defer s.embedded.Clock.Unfollow(s.clients)
	}
	var unjoined error
	if s.node != nil {
		unjoined = s.node.Begin()
	}
	closeWindow := openWindow(s)
	err := unjoined
	if err == nil {
		err = s.disk.Open(ctx)
	}
	if errors.Is(err, persistence.ErrInterrupted) {
		s.Log.Info(err.Error())
		err = nil
	} else if err == nil {
		s.role.begin()
		s.role.feed.Open()
		if s.node != nil {
			s.node.Attend()
		}
		close(s.ready)
		s.Log.Info("ready to accept connections", "reactors", len(s.clients.Stations)-s.stripes, "stripes", s.stripes, "addresses", s.Addrs())
		select {
		case <-ctx.Done():
			s.Log.Info("asked to end", "reason", context.Cause(ctx))
			s.role.awaitReplicas(nil)
			err = errors.Join(err, s.disk.SaveAtSignal())
		case <-s.stop:
		}
	}
	s.stopping.Store(true)
	if s.node != nil {
		s.node.Close()
	}
	s.role.feed.Close()
	s.role.end()
	s.Late.Store(true)
	s.Slow.Halt()
	closeWindow()
	s.lookers.end()
	s.peers.Close()
	s.listeners.CloseTLS()
	s.Group.Keep() // a client that sees its connection end may start the next server at once
	ended := s.endRunning()
	err = errors.Join(err, s.disk.Close(!isClosed(ended)))
	s.Group.Release()
	s.Abandoned.Store(true)
	if s.Scripts.Unyielding() {
		waitFor(ended, s.disk.Grace)
	}
	if isClosed(ended) {
		s.Store.Close()
	} else {
		s.Log.Error("a command does not end: leaving it behind")
	}
	s.Log.Info("bye")
	return err
}

// endRunning ends all who run commands: the channel is closed when they have ended. It does not wait for it longer than
// for a command that does not end in time, or for a script that will not end before its changes can be seen by nobody: then its goroutine,
// and what waits for it, are left behind with the store that they use. What
// such a command does was acknowledged to nobody, and is not recorded any more.
func (s *Server) endRunning() (ended <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		s.Group.Close()
		s.Slow.Close()
		s.keeper.Stop()
		close(done)
	}()
	for begun := time.Now(); time.Since(begun) < s.disk.Grace && !waitFor(done, endPoll) && !s.Scripts.Unyielding(); {
	}
	return done
}

// waitFor waits for a channel to be closed, but not longer than that, and tells whether it is.
func waitFor(ch <-chan struct{}, most time.Duration) bool {
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-ch:
	case <-late.C:
	}
	return isClosed(ch)
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// Ready is closed when the data are loaded and connections are served.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// requestStop ends Serve; safe from any goroutine, any number of times.
func (s *Server) requestStop() { s.stopOnce.Do(func() { close(s.stop) }) }

// Addrs returns the addresses the server listens on: TCP, the unix socket, TLS.
func (s *Server) Addrs() []net.Addr { return s.listeners.Addrs() }

// Port returns the TCP port, that of TLS when there is no other; 0 when there is none.
func (s *Server) Port() int { return s.listeners.Port() }
