package memnet

import (
	"context"
	"net"
	"sync"
)

// Listener implements net.Listener for connections made by Dial.
type Listener struct {
	name   string
	conns  chan *Conn
	closed chan struct{}
	once   sync.Once
}

// Addr is the address of a Listener and its connections: network "memory" and a name.
type Addr string

// Network implements net.Addr.
func (Addr) Network() string { return "memory" }

// String implements net.Addr.
func (a Addr) String() string { return string(a) }

// Listen makes a listener, whose name says nothing but what Addr returns.
func Listen(name string) *Listener {
	return &Listener{name: name, conns: make(chan *Conn), closed: make(chan struct{})}
}

// Dial connects, once there is an Accept; net.ErrClosed when the listener is closed.
func (l *Listener) Dial(ctx context.Context) (*Conn, error) {
	client, server := Pipe(l.name)
	select {
	case <-l.closed: // before luck decides
		return nil, l.failed("dial", net.ErrClosed)
	default:
	}
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, l.failed("dial", net.ErrClosed)
	case <-ctx.Done():
		return nil, l.failed("dial", context.Cause(ctx))
	}
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, l.failed("accept", net.ErrClosed)
	}
}

// Close implements net.Listener; connections that were accepted stay.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return Addr(l.name) }

func (l *Listener) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: Addr("").Network(), Addr: l.Addr(), Err: err}
}
