package netio

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// movers are hooks whose connections may move.
type movers struct {
	*hooks
	arrived atomic.Int64
}

func (*movers) Leave(*Conn) bool { return true }

func (m *movers) Arrive(r *Reactor, c *Conn) {
	if c.Reactor() != r {
		panic("a connection arrives at a reactor that is not its own")
	}
	m.arrived.Add(1)
}

// TestConnectionsGather: connections of a group that has little to do come to be served by one
// reactor, and lose nothing on the way.
func TestConnectionsGather(t *testing.T) {
	reactorOnly(t)
	m := &movers{hooks: echoHooks(nil)}
	g, at := serve(t, Config{Reactors: 3}, m)
	var wg sync.WaitGroup
	var gathered atomic.Bool
	for i := range 12 {
		c := dial(t, at)
		wg.Go(func() {
			for n := 0; !gathered.Load(); n++ {
				exchange(t, c, bytes.Repeat([]byte{byte('a' + i)}, 1+n%100))
				time.Sleep(time.Millisecond)
			}
		})
	}
	count := func(r *Reactor) (n int) {
		on(t, r, func() { r.EachConn(func(*Conn) bool { n++; return true }) })
		return n
	}
	for end := time.Now().Add(time.Minute); count(g.Reactors()[0]) < 12; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("%d of 12 connections are on the first reactor", count(g.Reactors()[0]))
			break
		}
	}
	gathered.Store(true)
	wg.Wait()
	if m.arrived.Load() < 8 {
		t.Errorf("%d arrived", m.arrived.Load())
	}
}

// TestSweepsMeetAll: whoever asks all reactors while connections move meets each once.
func TestSweepsMeetAll(t *testing.T) {
	reactorOnly(t)
	m := &movers{hooks: echoHooks(nil)}
	g, at := serve(t, Config{Reactors: 2}, m)
	var stop atomic.Bool
	var wg sync.WaitGroup
	conns := 8
	for range conns {
		c := dial(t, at)
		exchange(t, c, []byte("x"))
		wg.Go(func() {
			for !stop.Load() {
				exchange(t, c, []byte("hello"))
			}
		})
	}
	shake := func(r *Reactor) { // gives what it has to the other one
		r.Post(func() {
			for _, c := range append([]*Conn(nil), r.slots...) {
				if c != nil && c.Reactor() == r {
					c.give(g.Reactors()[1-r.Index()])
				}
			}
		})
	}
	for range 300 {
		shake(g.Reactors()[0])
		shake(g.Reactors()[1])
		end := g.Sweep()
		seen := map[uint64]int{}
		for _, r := range g.Reactors() {
			on(t, r, func() { r.EachConn(func(c *Conn) bool { seen[c.ID()]++; return true }) })
		}
		end()
		if len(seen) != conns {
			t.Fatalf("%d connections met, not %d", len(seen), conns)
		}
		for id, n := range seen {
			if n != 1 {
				t.Fatalf("connection %d met %d times", id, n)
			}
		}
	}
	stop.Store(true)
	wg.Wait()
	if m.arrived.Load() == 0 {
		t.Error("nothing has moved")
	}
}

// TestPostFollows: what is posted to a connection runs on the reactor that it has gone to.
func TestPostFollows(t *testing.T) {
	conns := make(chan *Conn, 1)
	reactorOnly(t)
	m := &movers{hooks: echoHooks(nil)}
	accept := m.accept
	m.accept = func(r *Reactor, c *Conn) Session {
		conns <- c
		return accept(r, c)
	}
	g, at := serve(t, Config{Reactors: 2}, m)
	exchange(t, dial(t, at), []byte("x"))
	c := receive(t, conns, "a connection")
	r := c.Reactor()
	other := g.Reactors()[1-r.Index()]
	ran := make(chan bool, 1)
	on(t, r, func() {
		if c.Reactor() != r {
			ran <- true // it has moved by itself
			return
		}
		c.Post(func() { ran <- c.Reactor() == other })
		if !c.give(other) {
			t.Error("it does not move")
		}
	})
	if !receive(t, ran, "what was posted") {
		t.Error("it ran on another reactor than the connection's")
	}
}
