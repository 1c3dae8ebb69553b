package tlsport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"
)

// Why a handshake came to nothing, beside what crypto/tls says.
var (
	ErrLate   = errors.New("the handshake was not complete in time")
	ErrShed   = errors.New("too many connections are within their handshake, or connected")
	ErrClosed = errors.New("the port is closed")
)

// Pace waits until another connection may be accepted: accepting has its turn at the gate
// like a unit, so that connections come in no faster than handshakes are done, and a
// connection that says nothing costs no more than its share either.
func (p *Port) Pace() {
	if p.gate.enter(p.ctx, false) {
		p.gate.leave(acceptWork)
	}
}

// Handshake makes an accepted connection a TLS connection. It returns when the handshake
// is complete, or with an error; then closing c is up to the caller. Closing c ends it. When
// too many are in progress the oldest is given up: whoever opens connections and says
// nothing keeps nobody out, and an honest handshake is not among the oldest for long.
func (p *Port) Handshake(c net.Conn) (net.Conn, error) {
	if p.Room != nil && !p.Room() {
		p.counts.shed.Add(1)
		return nil, ErrShed
	}
	at := p.pending.add(c)
	defer p.pending.remove(at)
	ctx, cancel := context.WithTimeout(p.ctx, handshakeTimeout)
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
	if p.pending.wasShed(at) {
		p.counts.shed.Add(1)
		return nil, ErrShed
	}
	p.counts.failed.Add(1)
	switch {
	case p.ctx.Err() != nil:
		err = ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, ErrLate):
		p.counts.late.Add(1)
		err = ErrLate
	}
	return nil, err
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
		return ErrLate
	}
	g.held, g.begun = true, true
	return nil
}

func (g *gatedConn) release() {
	if g.held {
		g.held = false
		g.gate.leave(0)
	}
}

// end makes the connection an ordinary one.
func (g *gatedConn) end() {
	g.release()
	g.ctx = nil
}
