package netio

import (
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for something that must come.
const patience = time.Minute

// hooks is a Handler made of functions; a nil one does nothing.
type hooks struct {
	start    func(*Reactor)
	accept   func(*Reactor, *Conn) Session
	endTurn  func(*Reactor)
	tick     func(*Reactor)
	tickOnce bool // ticks are wanted after something has happened only
	alarm    func(*Reactor)
}

func (h *hooks) Start(r *Reactor) {
	if h.start != nil {
		h.start(r)
	}
}

func (h *hooks) Accept(r *Reactor, c *Conn) Session { return h.accept(r, c) }

func (h *hooks) EndTurn(r *Reactor) {
	if h.endTurn != nil {
		h.endTurn(r)
	}
}

func (h *hooks) Tick(r *Reactor) (again bool) {
	if h.tick != nil {
		h.tick(r)
	}
	return h.tick != nil && !h.tickOnce
}

func (h *hooks) Alarm(r *Reactor) {
	if h.alarm != nil {
		h.alarm(r)
	}
}

// script is a Session made of functions; a nil one does nothing.
type script struct {
	data, drained func()
	closed        func(error)
}

func (s *script) Data() {
	if s.data != nil {
		s.data()
	}
}

func (s *script) Drained() {
	if s.drained != nil {
		s.drained()
	}
}

func (s *script) Closed(err error) {
	if s.closed != nil {
		s.closed(err)
	}
}

// echo sends back what comes.
type echo struct {
	c      *Conn
	closed chan<- error
}

func (e *echo) Data() {
	in, out := e.c.In(), e.c.Out()
	for b := in.Peek(); len(b) > 0; b = in.Peek() {
		_, _ = out.Write(b)
		in.Discard(len(b))
	}
	e.c.Flush()
}

func (e *echo) Drained() {}

func (e *echo) Closed(err error) {
	if e.closed != nil {
		e.closed <- err
	}
}

func echoHooks(closed chan<- error) *hooks {
	return &hooks{accept: func(_ *Reactor, c *Conn) Session { return &echo{c, closed} }}
}

// serve starts a group with h and a TCP listener, and ends it with the test.
func serve(t testing.TB, cfg Config, h Handler) (*Group, net.Addr) {
	t.Helper()
	cfg = inModel(cfg)
	g, err := NewGroup(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	at, err := g.Listen("tcp", "127.0.0.1:0", ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	g.Start(h)
	return g, at
}

// serveUnix is serve for a unix socket.
func serveUnix(t testing.TB, cfg Config, h Handler) (*Group, net.Addr) {
	t.Helper()
	cfg = inModel(cfg)
	g, err := NewGroup(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	at, err := g.Listen("unix", filepath.Join(t.TempDir(), "s"), ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	g.Start(h)
	return g, at
}

func dial(t testing.TB, at net.Addr) net.Conn {
	t.Helper()
	c, err := net.DialTimeout(at.Network(), at.String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err = c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// receive waits for a value.
func receive[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// on runs f on the reactor and waits for it.
func on(t testing.TB, r *Reactor, f func()) {
	t.Helper()
	done := make(chan struct{})
	if !r.Post(func() { defer close(done); f() }) {
		t.Fatal("Post: the mailbox is closed")
	}
	receive(t, done, "a letter to run")
}

// await polls a condition on the reactor until it holds.
func await(t testing.TB, r *Reactor, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		ok := false
		on(t, r, func() { ok = cond() })
		if ok {
			return
		}
	}
	t.Fatalf("waited in vain until %s", what)
}

// conns counts a group's connections.
func conns(t testing.TB, g *Group) int {
	t.Helper()
	n := 0
	for _, r := range g.Reactors() {
		on(t, r, func() { r.EachConn(func(*Conn) bool { n++; return true }) })
	}
	return n
}

// must fails the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// once makes a function that runs only the first time.
func once(f func()) func() {
	var o sync.Once
	return func() { o.Do(f) }
}

// goroutines says that the tests which any model must pass run in the goroutine model.
var goroutines = os.Getenv("KRING_IO_MODEL") == "goroutine"

// inModel turns the reactors of a configuration into stripes, if goroutines is set.
func inModel(cfg Config) Config {
	if goroutines {
		cfg.Reactors, cfg.Stripes = NoReactors, max(cfg.Reactors, 1)
	}
	return cfg
}

// reactorOnly skips a test of what only a reactor with a poller has.
func reactorOnly(t testing.TB) {
	t.Helper()
	if goroutines {
		t.Skip("the goroutine model has none of this")
	}
}
