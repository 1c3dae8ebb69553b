package netio

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// corked serves one connection that is handed to the test, which acts on it on its
// reactor.
func corked(t *testing.T) (g *Group, conn func() *Conn, at net.Addr, closed chan error) {
	t.Helper()
	got := make(chan *Conn, 1)
	closed = make(chan error, 1)
	g, at = serve(t, Config{Reactors: 1}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		got <- c
		return &script{closed: func(err error) { closed <- err }}
	}})
	return g, func() *Conn { return <-got }, at, closed
}

func TestCork(t *testing.T) {
	g, conn, at, closed := corked(t)
	r := g.Reactors()[0]
	peer := dial(t, at)
	c := conn()
	on(t, r, func() {
		c.Cork()
		_, _ = c.Out().Write([]byte("held"))
		c.Flush()
		c.Pause()
	})
	_ = peer.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	if n, err := peer.Read(make([]byte, 10)); err == nil {
		t.Fatalf("%d bytes left a corked connection", n)
	}
	_ = peer.SetReadDeadline(time.Now().Add(patience))
	on(t, r, func() {
		c.CloseAfterFlush() // waits, too
	})
	select {
	case err := <-closed:
		t.Fatal("closed with output held:", err)
	case <-time.After(20 * time.Millisecond):
	}
	on(t, r, func() {
		c.Uncork()
		c.Resume()
	})
	if b, err := io.ReadAll(peer); err != nil || string(b) != "held" {
		t.Fatalf("%q %v", b, err)
	}
	if err := receive(t, closed, "the end"); err != nil {
		t.Fatal(err)
	}
}

// TestCorkBlocked corks a connection whose output already waits for the kernel.
func TestCorkBlocked(t *testing.T) {
	reactorOnly(t)
	const size = 32 << 20
	g, conn, at, _ := corked(t)
	r := g.Reactors()[0]
	peer := dial(t, at)
	c := conn()
	p := pattern(size, 0)
	held := 0
	on(t, r, func() {
		_, _ = c.Out().Write(p)
		c.Flush()
		if !c.blocked {
			t.Error("the kernel took everything")
		}
		c.Cork()
		held = c.Out().Len()
	})
	got := make([]byte, size)
	if _, err := io.ReadFull(peer, got[:size-held]); err != nil {
		t.Fatal(err)
	}
	_ = peer.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	if n, err := peer.Read(make([]byte, 10)); err == nil {
		t.Fatalf("%d bytes left a corked connection", n)
	}
	_ = peer.SetReadDeadline(time.Now().Add(patience))
	on(t, r, func() { c.Uncork() })
	if _, err := io.ReadFull(peer, got[size-held:]); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, p) {
		t.Fatal("output came out changed")
	}
}

// TestCorkedPeerGone: what is corked does not outlive its connection.
func TestCorkedPeerGone(t *testing.T) {
	g, conn, at, closed := corked(t)
	r := g.Reactors()[0]
	peer := dial(t, at)
	c := conn()
	on(t, r, func() {
		c.Cork()
		_, _ = c.Out().Write([]byte("held"))
	})
	_ = peer.Close()
	on(t, r, func() { c.Uncork() })
	receive(t, closed, "the end")
	on(t, r, func() {
		c.Cork()
		c.Uncork()
	})
}
