package netio

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

var errTest = errors.New("closed by the test")

// TestCloseFromCallbacks closes a connection from each place there is. The session
// hears of it exactly once, with the error of the first Close, and may go on using the
// connection to the end of the callback.
func TestCloseFromCallbacks(t *testing.T) {
	finish := func(c *Conn) {
		c.Close(errTest)
		c.Close(io.ErrUnexpectedEOF)
		_, _ = c.Out().Write([]byte("never sent"))
		c.Flush()
		c.Requeue()
		c.Pause()
		c.Resume()
		c.SetDirect(make([]byte, 10))
		c.CloseAfterFlush()
		if c.FD() < 0 || c.RemoteAddr() == "" || c.LocalAddr() == "" {
			t.Error("the connection is gone before the end of the turn")
		}
	}
	for _, where := range []string{"accept", "data", "drained", "letter", "endTurn", "tick", "other's closed"} {
		t.Run(where, func(t *testing.T) {
			closed := make(chan error, 10)
			var last *Conn
			h := &hooks{}
			at := func(place string, c *Conn) {
				if place == where {
					finish(c)
				}
			}
			h.accept = func(r *Reactor, c *Conn) Session {
				last = c
				at("accept", c)
				if where == "letter" {
					r.Post(func() { finish(c) })
				}
				return &script{
					data: func() {
						view := c.In().Peek()
						at("data", c)
						if !c.closed && where == "drained" {
							_, _ = c.Out().Write(make([]byte, 16<<20))
							c.Flush()
						} else if !c.closed && where == "other's closed" {
							c.Close(errTest)
						}
						if string(view) != "x" {
							t.Errorf("a view changed to %q under the callback", view)
						}
					},
					drained: func() { at("drained", c) },
					closed: func(err error) {
						closed <- err
						if where == "other's closed" {
							r.EachConn(func(o *Conn) bool { finish(o); return true })
						}
					},
				}
			}
			each := func(place string) func(*Reactor) {
				return func(r *Reactor) {
					if place == where && last != nil && !last.closed {
						finish(last)
					}
				}
			}
			h.endTurn, h.tick = each("endTurn"), each("tick")
			g, addr := serve(t, Config{Reactors: 1, TickMs: 5}, h)
			c := dial(t, addr)
			count := 1
			if where == "other's closed" {
				dial(t, addr)
				await(t, g.Reactors()[0], "both are there", func() bool { return len(g.Reactors()[0].slots) == 2 })
				count = 2
			}
			_, _ = c.Write([]byte("x"))
			_, _ = io.Copy(io.Discard, c) // ends by EOF or reset
			for range count {
				if err := receive(t, closed, "Closed"); err != errTest {
					t.Errorf("Closed(%v)", err)
				}
			}
			if n := conns(t, g); n != 0 {
				t.Errorf("%d connections are left", n)
			}
			g.Close()
			if len(closed) != 0 {
				t.Errorf("Closed was called again with %v", <-closed)
			}
			if last.In().nodes()+last.Out().nodes() != 0 || last.FD() != -1 {
				t.Error("a closed connection still holds something")
			}
		})
	}
}

// TestDescriptorsAreNotConfused opens and closes many connections at once, each of
// which says its own name: a recycled descriptor or a stale event would mix them up.
func TestDescriptorsAreNotConfused(t *testing.T) {
	g, at := serve(t, Config{Reactors: 2}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		return &script{data: func() {
			_, _ = c.In().WriteTo(c.Out())
			c.Flush()
			if c.ID()%3 == 0 && !goroutines { // whose Flush sends after the turn
				c.Close(nil)
			} else {
				c.CloseAfterFlush()
			}
		}}
	}})
	done := make(chan error, 8)
	for w := range cap(done) {
		go func() {
			for i := range 150 {
				c, err := net.Dial(at.Network(), at.String())
				if err != nil {
					done <- err
					return
				}
				_ = c.SetDeadline(time.Now().Add(patience))
				p := pattern(100, w*1000+i)
				_, err = c.Write(p)
				if err == nil {
					var got []byte
					if got, err = io.ReadAll(c); err == nil && !bytes.Equal(got, p) {
						err = errors.New("another connection's bytes")
					}
				}
				_ = c.Close()
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range cap(done) {
		must(t, receive(t, done, "a client"))
	}
	for _, r := range g.Reactors() {
		await(t, r, "all are closed", func() bool {
			n := 0
			r.EachConn(func(*Conn) bool { n++; return true })
			return n == 0
		})
	}
}

// TestStaleEvents hands the reactor events for what is not there any more.
func TestStaleEvents(t *testing.T) {
	reactorOnly(t)
	closed := make(chan error, 2)
	g, at := serve(t, Config{Reactors: 1}, echoHooks(closed))
	c := dial(t, at)
	exchange(t, c, []byte("x"))
	r := g.Reactors()[0]
	var old Token
	on(t, r, func() { r.EachConn(func(c *Conn) bool { old = c.token(); return true }) })
	must(t, c.Close())
	receive(t, closed, "Closed")
	c = dial(t, at)
	exchange(t, c, []byte("y"))
	on(t, r, func() {
		if r.slots[uint32(old)] == nil || r.slots[uint32(old)].token() == old {
			t.Error("the slot was not reused with a new token")
		}
		for _, token := range []Token{old, old + 1, 1 << 40, 12345} {
			r.serve(&Event{Token: token, Ready: Readable | Writable})
		}
	})
	exchange(t, c, []byte("z"))
}

// TestCloseAfterFlush: a large last reply arrives whole although the client's input
// was never read to its end.
func TestCloseAfterFlush(t *testing.T) {
	const size = 8 << 20
	closed := make(chan error, 1)
	_, at := serve(t, Config{Reactors: 1}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		return &script{data: func() {
			_, _ = c.Out().Write(pattern(size, 1))
			c.CloseAfterFlush()
			c.CloseAfterFlush()
		}, closed: func(err error) { closed <- err }}
	}})
	c := dial(t, at)
	_, err := c.Write(make([]byte, 100_000))
	must(t, err)
	got := make([]byte, size)
	_, err = io.ReadFull(c, got)
	must(t, err)
	if !bytes.Equal(got, pattern(size, 1)) {
		t.Fatal("the reply came out changed")
	}
	if n, err := c.Read(got); n != 0 || err == nil {
		t.Fatalf("after the reply: %d bytes, %v", n, err)
	}
	if err := receive(t, closed, "Closed"); err != nil {
		t.Fatalf("Closed(%v), want nil", err)
	}
}

func TestRefuse(t *testing.T) {
	g, at := serve(t, Config{Reactors: 1}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		_, _ = c.Out().Write([]byte("-ERR no\r\n"))
		return nil
	}})
	c := dial(t, at)
	got, err := io.ReadAll(c)
	must(t, err)
	if string(got) != "-ERR no\r\n" {
		t.Fatalf("got %q", got)
	}
	if n := conns(t, g); n != 0 {
		t.Fatalf("%d connections are left", n)
	}
}

func TestGroupClose(t *testing.T) {
	before := openFiles(t)
	closed := make(chan error, 10)
	g, err := NewGroup(Config{Reactors: 2})
	must(t, err)
	at, err := g.Listen("tcp", "127.0.0.1:0", ListenOptions{})
	must(t, err)
	g.Start(echoHooks(closed))
	g.Start(echoHooks(closed)) // a second start does nothing
	var cs []net.Conn
	for range 4 {
		c := dial(t, at)
		exchange(t, c, []byte("x"))
		cs = append(cs, c)
	}
	g.Close()
	g.Close()
	for range cs {
		if err := receive(t, closed, "Closed"); err != ErrGroupClosed {
			t.Errorf("Closed(%v)", err)
		}
	}
	for _, c := range cs {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a connection is still open")
		}
		_ = c.Close()
	}
	if _, err = g.Listen("tcp", "127.0.0.1:0", ListenOptions{}); err != ErrGroupClosed {
		t.Errorf("Listen after Close: %v", err)
	}
	if _, err = net.Dial(at.Network(), at.String()); err == nil {
		t.Error("the listener is still open")
	}
	unstarted, err := NewGroup(Config{Reactors: 2})
	must(t, err)
	_, err = unstarted.Listen("tcp", "127.0.0.1:0", ListenOptions{})
	must(t, err)
	unstarted.Close()
	unstarted.Start(echoHooks(nil))
	if after := openFiles(t); after != before {
		t.Errorf("%d descriptors are open, %d were before", after, before)
	}
}

// openFiles counts this process's descriptors.
func openFiles(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(names)
}
