package netio

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/redcon"
)

// streamServer is a listener of the goroutine model: a redcon server accepts its
// connections and gives each a goroutine. With the first thing that a connection says,
// which is our own greeting, it is detached from redcon and served on a stripe.
//
// Why detached: redcon's reader is not Redis's. It drops the commands that stand before
// a protocol error in the same read, refuses "*0" and "*-1", unquotes inline commands by
// other rules, knows no limits, copies each command, and recurses once per read of an
// incomplete one, until the stack of a drip feeder ends the process. So the bytes go
// through the same parser as in the reactor model. docs/adr/0015-goroutine-model.md has
// the whole list, and what it costs and saves.
type streamServer struct {
	g       *Group
	l       *listener
	ln      net.Listener
	at      net.Addr
	prepare func(net.Conn) (net.Conn, error)
	pace    func()
	redcon  *redcon.Server
	once    sync.Once
	ended   chan struct{}
}

// preparing are the connections that ListenOptions.Prepare is at work on: they belong to
// nobody yet, and outlive their listener.
type preparing struct {
	mu struct {
		sync.Mutex
		closed bool
		conns  map[net.Conn]struct{}
	}
}

// add is false when the group is closed.
func (p *preparing) add(nc net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.closed {
		return false
	}
	if p.mu.conns == nil {
		p.mu.conns = map[net.Conn]struct{}{}
	}
	p.mu.conns[nc] = struct{}{}
	return true
}

func (p *preparing) remove(nc net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.mu.conns, nc)
}

// close makes what is being prepared fail.
func (p *preparing) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.closed = true
	for nc := range p.mu.conns {
		_ = nc.Close() // it is given up
	}
}

// ErrNoStripes is what Listen and Serve return when goroutines are to serve and the group
// was made without stripes.
var ErrNoStripes = errors.New("netio: the group has no stripes")

// Serve accepts connections from ln, which may be anything (an in-memory listener, say),
// and serves each by a goroutine, until ln, the group or the address (Unlisten) is closed.
// Connections that have no TCP address count as connections of a unix socket, whose path is
// ln's address.
func (g *Group) Serve(ln net.Listener, opt ListenOptions) (net.Addr, error) {
	l := &listener{fd: -1, at: ln.Addr()}
	if _, tcp := ln.Addr().(*net.TCPAddr); !tcp {
		l.unix, l.path = true, ln.Addr().String()
	}
	return g.serveOn(ln, l, opt)
}

// listenStream is Listen for the goroutine model.
func (g *Group) listenStream(network, addr string, opt ListenOptions) (net.Addr, error) {
	ln, l, err := openStream(network, addr, opt)
	if err != nil {
		return nil, fmt.Errorf("netio: listen %s %s: %w", network, addr, err)
	}
	at, err := g.serveOn(ln, l, opt)
	if err != nil {
		_ = ln.Close() // nobody has seen it
		l.remove()
	}
	return at, err
}

func (g *Group) serveOn(ln net.Listener, l *listener, opt ListenOptions) (net.Addr, error) {
	if g.polled == len(g.reactors) {
		return nil, ErrNoStripes
	}
	l.prepared = opt.Prepare != nil
	s := &streamServer{g: g, l: l, ln: ln, at: l.at, prepare: opt.Prepare, pace: opt.Pace, ended: make(chan struct{})}
	s.redcon = redcon.NewServerNetwork(l.at.Network(), l.at.String(), s.greeted, nil, nil)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mu.closed {
		return nil, ErrGroupClosed
	}
	g.mu.servers = append(g.mu.servers, s)
	if g.mu.started {
		g.startServer(s)
	}
	return l.at, nil
}

// startServer begins to accept.
func (g *Group) startServer(s *streamServer) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		defer close(s.ended)
		if err := s.redcon.Serve(s); err != nil {
			g.log.Error("a listener has failed", "address", s.at, "error", err)
		}
	}()
}

// unlistenStream closes the listener at an address, if it is one of the goroutine model,
// and waits until it is closed.
func (g *Group) unlistenStream(at net.Addr) {
	var found []*streamServer
	g.mu.Lock()
	kept := g.mu.servers[:0]
	for _, s := range g.mu.servers {
		if s.l.is(at) {
			s.close()
			if g.mu.started {
				found = append(found, s)
			}
			continue
		}
		kept = append(kept, s)
	}
	g.mu.servers = kept
	g.mu.Unlock()
	for _, s := range found {
		<-s.ended
	}
}

func (s *streamServer) close() {
	s.once.Do(func() {
		_ = s.ln.Close() // Accept returns net.ErrClosed, with which redcon ends
		s.l.remove()
	})
}

// Accept implements net.Listener for redcon, which would try again at once whatever the
// error: here it rests while descriptors have run out.
func (s *streamServer) Accept() (net.Conn, error) {
	logged := time.Time{}
	for {
		if s.pace != nil {
			s.pace()
		}
		nc, err := s.ln.Accept()
		if err == nil {
			return &greeter{Conn: nc}, nil
		}
		if t := net.Error(nil); !errors.As(err, &t) || errors.Is(err, net.ErrClosed) {
			return nil, net.ErrClosed // which redcon takes for the end
		}
		if time.Since(logged) > acceptLogMs*time.Millisecond {
			logged = time.Now()
			s.g.log.Warn("no connection can be accepted", "address", s.at, "error", err)
		}
		time.Sleep(acceptRetryMs * time.Millisecond)
	}
}

// Close implements net.Listener.
func (s *streamServer) Close() error {
	s.close()
	return nil
}

// Addr implements net.Listener.
func (s *streamServer) Addr() net.Addr { return s.at }

// greeter is an accepted connection as redcon sees it. Its only input is the greeting; once
// that was taken, it is ours, and redcon cannot close it any more.
type greeter struct {
	net.Conn
	said, taken atomic.Bool
}

// greeting is a command, so that redcon's handler is called.
const greeting = "*1\r\n$5\r\nGREET\r\n"

// Read implements io.Reader for redcon.
func (c *greeter) Read(p []byte) (int, error) {
	if c.said.Swap(true) {
		return 0, net.ErrClosed
	}
	return copy(p, greeting), nil
}

// Close implements io.Closer for redcon.
func (c *greeter) Close() error {
	if c.taken.Swap(true) {
		return nil
	}
	return c.Conn.Close()
}

// greeted is redcon's handler. It runs on the goroutine that redcon made, and ends with
// it: redcon's buffers, 12 KB for each connection, go, and a goroutine with a fresh stack
// serves.
func (s *streamServer) greeted(rc redcon.Conn, _ redcon.Command) {
	gc := rc.NetConn().(*greeter)
	rc.Detach()
	if !gc.taken.Swap(true) {
		go s.serve(gc.Conn)
	}
}

// serve is a connection's goroutine.
func (s *streamServer) serve(nc net.Conn) {
	if t, ok := nc.(*net.TCPConn); ok {
		idle := time.Duration(s.g.keepAlive.Load())
		err := t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: idle > 0, Idle: idle, Interval: max(idle/keepAliveProbes, time.Second), Count: keepAliveProbes})
		if err != nil {
			s.g.noteTuning(err)
		}
	}
	if s.prepare != nil {
		ready, err := s.prepared(nc)
		if err != nil {
			s.g.log.Debug("a connection could not be prepared", "client", nc.RemoteAddr(), "error", err)
			_ = nc.Close() // it is given up
			return
		}
		nc = ready
	}
	if st := s.g.admitStream(s.l, nc); st != nil {
		st.serve()
	}
}

// prepared calls prepare, with a connection that closing the group closes.
func (s *streamServer) prepared(nc net.Conn) (net.Conn, error) {
	if !s.g.preparing.add(nc) {
		return nil, ErrGroupClosed
	}
	defer s.g.preparing.remove(nc)
	return s.prepare(nc)
}

// admitStream gives a new connection to a stripe; nil when the group is closed.
func (g *Group) admitStream(l *listener, nc net.Conn) *stream {
	r := g.nextStripe()
	s := newStream(r, l, nc)
	r.enter()
	if r.stopping {
		r.stripe.mu.Unlock()
		_ = nc.Close() // it is given up
		return nil
	}
	g.wg.Add(1)
	r.place(s.c)
	r.admit(s.c)
	r.leave(nil)
	return s
}
