package netio

import (
	"io"
	"net"
	"testing"
)

// gatedConn tells of each write before it is made, and waits.
type gatedConn struct {
	net.Conn
	begun, gate chan struct{}
}

func (c *gatedConn) Write(p []byte) (int, error) {
	c.begun <- struct{}{}
	<-c.gate
	return c.Conn.Write(p)
}

// TestCloseAfterFlushWhileSending has somebody else end a connection whose own goroutine is sending: it closes when all is out.
func TestCloseAfterFlushWhileSending(t *testing.T) {
	begun, gate := make(chan struct{}), make(chan struct{})
	conns := make(chan *Conn, 1)
	g, err := NewGroup(Config{Reactors: NoReactors, Stripes: 1, TickMs: 60_000})
	must(t, err)
	t.Cleanup(g.Close)
	at, err := g.Listen("tcp", "127.0.0.1:0", ListenOptions{Prepare: func(nc net.Conn) (net.Conn, error) { return &gatedConn{nc, begun, gate}, nil }})
	must(t, err)
	g.Start(&hooks{accept: func(_ *Reactor, c *Conn) Session {
		return &script{data: func() {
			c.In().Discard(c.In().Len())
			_, _ = c.Out().Write([]byte("reply"))
			c.Flush()
			conns <- c
		}}
	}})
	client := dial(t, at)
	_, err = io.WriteString(client, "x")
	must(t, err)
	c := receive(t, conns, "a request")
	receive(t, begun, "its reply to be sent")
	on(t, g.Reactors()[0], func() {
		_, _ = c.Out().Write([]byte(", end"))
		c.Flush()
		c.CloseAfterFlush()
	})
	gate <- struct{}{}
	receive(t, begun, "the last reply to be sent")
	gate <- struct{}{}
	all, err := io.ReadAll(client)
	if must(t, err); string(all) != "reply, end" {
		t.Errorf("%q came", all)
	}
}
