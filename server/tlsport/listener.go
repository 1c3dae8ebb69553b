package tlsport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// Listener is a net.Listener of connections whose handshake is complete.
type Listener struct {
	port   *Port
	inner  net.Listener
	ready  chan net.Conn
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu struct {
		sync.Mutex
		closed  bool
		pending map[net.Conn]struct{} // of this listener, for Close
		err     error                 // why accepting has ended
	}
}

var (
	errLate = errors.New("the handshake was not complete in time")
	errShed = errors.New("too many connections are within their handshake")
)

// Listen begins to accept from inner, which it owns from then on. Use must have been
// called before.
func (p *Port) Listen(inner net.Listener) *Listener {
	l := &Listener{port: p, inner: inner, ready: make(chan net.Conn)}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.mu.pending = map[net.Conn]struct{}{}
	l.wg.Go(l.acceptLoop)
	return l
}

// Accept returns the next connection, a *tls.Conn.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.ready:
		return c, nil
	case <-l.ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.mu.err != nil && !l.mu.closed {
			return nil, l.mu.err
		}
		return nil, net.ErrClosed
	}
}

// Addr is the inner listener's.
func (l *Listener) Addr() net.Addr { return l.inner.Addr() }

// Close ends accepting and all handshakes, and waits for their goroutines. Connections
// that Accept has returned go on.
func (l *Listener) Close() error {
	l.mu.Lock()
	l.mu.closed = true
	for c := range l.mu.pending {
		_ = c.Close()
	}
	l.mu.Unlock()
	err := l.inner.Close()
	l.cancel()
	l.wg.Wait()
	return err
}

// acceptLoop takes connections until the inner listener ends.
func (l *Listener) acceptLoop() {
	for {
		c, err := l.inner.Accept()
		switch {
		case err == nil:
			l.admit(c)
		case isTemporary(err):
			select {
			case <-time.After(acceptRetry):
			case <-l.ctx.Done():
			}
		default:
			l.mu.Lock()
			l.mu.err = err
			l.mu.Unlock()
			l.cancel()
			return
		}
	}
}

// isTemporary tells whether accepting may go on after err, as when descriptors run out.
func isTemporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// admit starts the handshake of a new connection.
func (l *Listener) admit(c net.Conn) {
	p := l.port
	if p.pending.Add(1) > maxPending || p.Room != nil && !p.Room() {
		p.pending.Add(-1)
		p.counts.shed.Add(1)
		p.failed(c, errShed)
		_ = c.Close()
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.closed {
		p.pending.Add(-1)
		_ = c.Close()
		return
	}
	l.mu.pending[c] = struct{}{}
	l.wg.Go(func() { l.serve(c) })
}

// serve does the handshake and hands the connection over.
func (l *Listener) serve(c net.Conn) {
	t, err := l.handshake(c)
	l.port.pending.Add(-1)
	l.mu.Lock()
	delete(l.mu.pending, c)
	l.mu.Unlock()
	if err != nil {
		_ = c.Close()
		if l.ctx.Err() == nil {
			l.port.failed(c, err)
		}
		return
	}
	select {
	case l.ready <- t:
	case <-l.ctx.Done():
		_ = c.Close()
	}
}

func (l *Listener) handshake(c net.Conn) (*tls.Conn, error) {
	p := l.port
	ctx, cancel := context.WithTimeout(l.ctx, handshakeTimeout)
	defer cancel()
	deadline, _ := ctx.Deadline()
	if err := c.SetDeadline(deadline); err != nil {
		return nil, err
	}
	g := &gatedConn{Conn: c, gate: &p.gate, ctx: ctx}
	t := tls.Server(g, p.config.Load())
	err := t.Handshake()
	g.end()
	if err == nil {
		err = c.SetDeadline(time.Time{})
	}
	if err == nil {
		p.counts.done.Add(1)
		if t.ConnectionState().DidResume {
			p.counts.resumed.Add(1)
		}
		return t, nil
	}
	p.counts.failed.Add(1)
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errLate) {
		p.counts.late.Add(1)
		err = errLate
	}
	return nil, err
}

func (p *Port) failed(c net.Conn, err error) {
	if p.Failed != nil {
		p.Failed(c.RemoteAddr(), err)
	}
}

// gatedConn holds the gate whenever the handshake is neither reading nor writing.
type gatedConn struct {
	net.Conn
	gate  *gate
	ctx   context.Context //nolint:containedctx // that of the handshake alone; nil after it
	held  bool
	begun bool // a unit has run
}

func (g *gatedConn) Read(b []byte) (int, error) {
	if g.ctx == nil {
		return g.Conn.Read(b)
	}
	g.release()
	n, err := g.Conn.Read(b)
	if err != nil {
		return n, err
	}
	return n, g.acquire()
}

func (g *gatedConn) Write(b []byte) (int, error) {
	if g.ctx == nil {
		return g.Conn.Write(b)
	}
	g.release()
	n, err := g.Conn.Write(b)
	if err != nil {
		return n, err
	}
	return n, g.acquire()
}

func (g *gatedConn) acquire() error {
	if !g.gate.enter(g.ctx, g.begun) {
		return errLate
	}
	g.held, g.begun = true, true
	return nil
}

func (g *gatedConn) release() {
	if g.held {
		g.held = false
		g.gate.leave()
	}
}

// end makes the connection an ordinary one.
func (g *gatedConn) end() {
	g.release()
	g.ctx = nil
}
