package netio

import (
	"io"
	"testing"
)

// bothModels runs a test with a reactor and with a stripe.
func bothModels(t *testing.T, test func(t *testing.T, cfg Config)) {
	t.Run("reactor", func(t *testing.T) { test(t, Config{Reactors: 1}) })
	t.Run("goroutine", func(t *testing.T) { test(t, Config{Reactors: NoReactors, Stripes: 1}) })
}

// noNodes fails the test if a connection of a group that has ended still has nodes: they would be counted as held for ever.
func noNodes(t *testing.T, all []*Conn) {
	t.Helper()
	for i, c := range all {
		if in, out := c.in.nodes(), c.out.nodes(); in+out != 0 {
			t.Errorf("connection %d: %d nodes of input and %d of output are held", i, in, out)
		}
	}
}

// TestRingsOfUnreadReplies closes connections whose clients do not read what is sent to them.
func TestRingsOfUnreadReplies(t *testing.T) {
	bothModels(t, func(t *testing.T, cfg Config) {
		accepted := make(chan *Conn, 1)
		g, at := serve(t, cfg, &hooks{accept: func(_ *Reactor, c *Conn) Session { accepted <- c; return &script{} }})
		r := g.Reactors()[0]
		var all []*Conn
		for range 40 {
			dial(t, at)
			c := receive(t, accepted, "a connection")
			all = append(all, c)
			on(t, r, func() {
				_, _ = c.Out().Write(make([]byte, 16<<20))
				c.Flush()
			})
			await(t, r, "the client is waited for", func() bool {
				s := c.stream()
				return s == nil || len(r.stripe.unsent) == 0 && s.sending.Load() == sendMore
			})
			on(t, r, func() { c.Close(errTest) })
		}
		g.Close()
		noNodes(t, all)
	})
}

// TestRingsOfThePaused closes connections while others may use their rings, who say later that they do not any more.
func TestRingsOfThePaused(t *testing.T) {
	bothModels(t, func(t *testing.T, cfg Config) {
		asked, closed := make(chan *Conn, 1), make(chan error, 1)
		g, at := serve(t, cfg, &hooks{accept: func(_ *Reactor, c *Conn) Session {
			return &script{data: func() { c.Pause(); asked <- c }, closed: func(err error) { closed <- err }}
		}})
		r := g.Reactors()[0]
		var all []*Conn
		for late := range 2 {
			client := dial(t, at)
			_, err := io.WriteString(client, "x")
			must(t, err)
			c := receive(t, asked, "a request")
			all = append(all, c)
			on(t, r, func() { c.Close(errTest) })
			receive(t, closed, "its end")
			if late == 1 { // the client hears of it when the connection's goroutine has ended
				_, _ = io.Copy(io.Discard, client)
			}
			on(t, r, func() {
				if c.in.nodes() == 0 {
					t.Error("the rings were taken from who used them")
				}
				c.Resume()
			})
		}
		g.Close()
		noNodes(t, all)
	})
}
