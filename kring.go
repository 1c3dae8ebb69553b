package kring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"strconv"
	"strings"

	"github.com/kringdb/kring/internal/door"
	"github.com/kringdb/kring/internal/memnet"
	"github.com/kringdb/kring/internal/server"
	"github.com/kringdb/kring/internal/server/admin"
	"github.com/kringdb/kring/internal/server/options"
)

// Options are what Start makes a server from. The zero value listens on a free port of the
// loopback interface and keeps nothing on disk.
type Options struct {
	// Config has further directives as in redis.conf, a line each, and decides before all
	// that is said here: "maxmemory 100mb\nappendonly yes\ndir /var/lib/app". What concerns
	// a process as a whole (logfile, pidfile, daemonize, oom-score-adj...) is refused.
	Config string

	// Addr is the host:port to listen on; "" stands for 127.0.0.1:0, a free port. Without a
	// host it is all addresses, of which only the loopback one is served as long as no
	// password is set (protected-mode).
	Addr string

	// InMemory says that there is no Addr: Dial is the only way in, unless Config has a
	// unixsocket.
	InMemory bool

	// Logger gets the log; nil: nobody does. Its level counts, not loglevel.
	Logger *slog.Logger

	// Clock, for tests, is the time by which keys expire; nil: the real one.
	Clock *Clock
}

// Server is a server that runs within the program. All methods are safe for any goroutine.
type Server struct {
	srv    *server.Server
	memory *memnet.Listener // of Dial
	addr   string
	stop   context.CancelCauseFunc
	done   chan struct{}
	err    error // of Serve; set before done is closed
	own    ownClient
}

func init() { door.Source = func(srv any) admin.Source { return srv.(*Server).srv.Source() } }

var (
	errClosed    = errors.New("the server was closed")
	errNoCommand = errors.New("kring: Do needs a command")
)

// Start runs a server until ctx ends, Close is called or a client sends SHUTDOWN. It
// returns when clients are served: an append only file has been loaded by then. When it
// returns an error, nothing is left open.
func Start(ctx context.Context, o Options) (*Server, error) {
	opts, err := o.options()
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("kring: %w", err)
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	for _, w := range opts.Warnings() {
		log.Warn(w)
	}
	in := server.Embedding{Memory: memnet.Listen("memory"), Deaf: o.InMemory, Fresh: keepsNothing(opts)}
	if o.Clock != nil {
		in.Clock = o.Clock.data
	}
	srv, err := server.NewEmbedded(opts, log, in)
	if err != nil {
		return nil, fmt.Errorf("kring: %w", err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	s := &Server{srv: srv, memory: in.Memory, stop: stop, done: make(chan struct{}), own: newOwnClient()}
	if at := srv.Addrs(); len(at) > 0 {
		s.addr = at[0].String()
	}
	go s.serve(ctx)
	select {
	case <-srv.Ready():
		return s, nil
	case <-s.done:
		return nil, fmt.Errorf("kring: %w", cmpErr(s.err, context.Cause(ctx)))
	}
}

// cmpErr returns the first error that is one.
func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return errClosed
}

func (s *Server) serve(ctx context.Context) {
	defer close(s.done)
	s.err = s.srv.Serve(ctx)
	s.own.close()
	s.stop(errClosed) // lets go of the parent context
}

// Addr returns the address that the server listens on, as a client wants it: host:port, or
// the path of a unix socket; "" if there is none.
func (s *Server) Addr() string { return s.addr }

// Dial opens a connection in memory, without a socket, which a goroutine of the server
// serves. A client library takes it for its own dialer:
//
//	redis.Options{Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) { return srv.Dial(ctx) }}
//
// To the server it looks like one of a unix socket: protected-mode lets it in.
func (s *Server) Dial(ctx context.Context) (net.Conn, error) {
	c, err := s.memory.Dial(ctx)
	if err != nil {
		return nil, err // not a nil *memnet.Conn that is no nil net.Conn
	}
	return c, nil
}

// Close ends the server and waits until all that it had opened is closed: connections,
// files, goroutines, memory. It returns what could not be written to disk, the same at
// every call.
func (s *Server) Close() error {
	s.stop(errClosed)
	<-s.done
	return s.err
}

// Done is closed when the server has ended, whatever ended it.
func (s *Server) Done() <-chan struct{} { return s.done }

// TB is what StartT needs of a *testing.T, *testing.B or *testing.F.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Cleanup(func())
}

// StartT is Start for a test: the server ends with it, and what goes wrong fails it.
func StartT(t TB, o Options) *Server {
	t.Helper()
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("kring: %v", err)
		}
	})
	return s
}

// embeddedReactors is how many reactors there are at most, unless Config asks for more: the
// program around has work of its own for the processors.
const embeddedReactors = 2

// ofProcess are the options that only make sense where the server owns the process.
var ofProcess = []string{"logfile", "pidfile", "daemonize", "supervised", "pprof-address", "oom-score-adj", "syslog-enabled"}

// keepsNothing tells whether Config says nothing of snapshots: one that lies around is none of
// the server's then.
func keepsNothing(opts *options.Options) bool {
	name := "dbfilename"
	return opts.String("save") == "" && opts.String(name) == options.New().String(name)
}

// options makes the options of the server.
func (o *Options) options() (*options.Options, error) {
	opts := options.New()
	host, port := "127.0.0.1", "0"
	if o.Addr != "" {
		var err error
		if host, port, err = net.SplitHostPort(o.Addr); err != nil {
			return nil, err
		}
	}
	if host == "" {
		host = "* -::*" // as everywhere in Go, all addresses
	}
	for _, d := range [][2]string{
		{"bind", host}, {"port", port}, {"save", ""}, {"huge-pages", "no"},
		{"reactors", strconv.Itoa(min(runtime.GOMAXPROCS(0), embeddedReactors))},
	} {
		if err := opts.Assign(d[0], d[1]); err != nil {
			return nil, fmt.Errorf("%s %s: %w", d[0], d[1], err)
		}
	}
	normal := options.New()
	if err := opts.Read(strings.NewReader(o.Config), "Config"); err != nil {
		return nil, err
	}
	for _, name := range ofProcess {
		if opts.String(name) != normal.String(name) {
			return nil, fmt.Errorf("Config: %s is for the program around the server to decide", name)
		}
	}
	return opts, nil
}
