package netio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// exchange sends p and expects it back.
func exchange(t testing.TB, c net.Conn, p []byte) {
	t.Helper()
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(p)
		sent <- err
	}()
	got := make([]byte, len(p))
	_, err := io.ReadFull(c, got)
	must(t, err)
	must(t, <-sent)
	if !bytes.Equal(got, p) {
		t.Fatalf("%d bytes came back changed", len(p))
	}
}

func TestEcho(t *testing.T) {
	closed := make(chan error, 10)
	g, at4 := serve(t, Config{Reactors: 2, KeepAlive: 300 * time.Second}, echoHooks(closed))
	_, atUnix := serveUnix(t, Config{Reactors: 1}, echoHooks(closed))
	addrs := []net.Addr{at4, atUnix}
	if at6, err := g.Listen("tcp6", "[::1]:0", ListenOptions{}); err == nil {
		addrs = append(addrs, at6)
	} else {
		t.Log("no IPv6 here:", err)
	}
	for _, at := range addrs {
		c := dial(t, at)
		for _, n := range []int{1, 100, NodeBytes, NodeBytes + 1, 200_000, 3 << 20} {
			exchange(t, c, pattern(n, n))
		}
		must(t, c.Close())
		if err := receive(t, closed, "Closed"); err != io.EOF {
			t.Fatalf("Closed(%v), want EOF", err)
		}
	}
}

func TestEchoByteByByte(t *testing.T) {
	_, at := serve(t, Config{Reactors: 1}, echoHooks(nil))
	c := dial(t, at)
	for i := range 2000 {
		exchange(t, c, []byte{byte(i)})
	}
}

// TestSlowReader lets a large reply wait: it must arrive whole, with write interest
// only while something is pending, and Drained once.
func TestSlowReader(t *testing.T) {
	reactorOnly(t)
	const size = 24 << 20
	var conn *Conn
	drained := make(chan int, 10)
	g, at := serve(t, Config{Reactors: 1}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		conn = c
		return &script{
			data: func() {
				c.In().Discard(c.In().Len())
				_, _ = c.Out().Write(pattern(size, 0))
				c.Flush()
			},
			drained: func() { drained <- c.Out().Len() },
		}
	}})
	c := dial(t, at)
	_, err := c.Write([]byte("?"))
	must(t, err)
	r := g.Reactors()[0]
	await(t, r, "the kernel is full", func() bool { return conn != nil && conn.blocked && conn.interest&Writable != 0 })
	got := make([]byte, size)
	for off := 0; off < size; off += size / 64 {
		_, err = io.ReadFull(c, got[off:off+size/64])
		must(t, err)
	}
	if !bytes.Equal(got, pattern(size, 0)) {
		t.Fatal("the reply came out changed")
	}
	if n := receive(t, drained, "Drained"); n != 0 {
		t.Fatalf("Drained with %d bytes pending", n)
	}
	await(t, r, "write interest is gone", func() bool { return conn.interest == Readable && conn.out.nodes() == 0 })
	if len(drained) != 0 {
		t.Fatal("Drained was called twice")
	}
}

// TestHalfClose: a peer that shuts down its write side gets all its replies.
func TestHalfClose(t *testing.T) {
	closed := make(chan error, 1)
	_, at := serve(t, Config{Reactors: 1}, echoHooks(closed))
	c := dial(t, at).(*net.TCPConn)
	p := pattern(8<<20, 5)
	go func() {
		_, _ = c.Write(p)
		_ = c.CloseWrite()
	}()
	got, err := io.ReadAll(c)
	must(t, err)
	if !bytes.Equal(got, p) {
		t.Fatalf("%d of %d bytes came back", len(got), len(p))
	}
	if err := receive(t, closed, "Closed"); err != io.EOF {
		t.Fatalf("Closed(%v), want EOF", err)
	}
}

// TestHalfCloseWhilePaused: the end of input waits until the worker is done.
func TestHalfCloseWhilePaused(t *testing.T) {
	var conn *Conn
	paused, closed := make(chan struct{}), make(chan error, 1)
	g, at := serve(t, Config{Reactors: 1}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		conn = c
		first := true
		return &script{data: func() {
			if first {
				first = false
				c.Pause()
				close(paused)
				return
			}
			_, _ = c.In().WriteTo(c.Out())
			c.Flush()
		}, closed: func(err error) { closed <- err }}
	}})
	c := dial(t, at).(*net.TCPConn)
	_, err := c.Write([]byte("request"))
	must(t, err)
	receive(t, paused, "Pause")
	must(t, c.CloseWrite())
	r := g.Reactors()[0]
	await(t, r, "the end was seen", func() bool { return conn.eof && conn.interest == 0 })
	on(t, r, func() { conn.Resume() })
	got, err := io.ReadAll(c)
	must(t, err)
	if string(got) != "request" {
		t.Fatalf("got %q", got)
	}
	if err := receive(t, closed, "Closed"); err != io.EOF {
		t.Fatalf("Closed(%v), want EOF", err)
	}
}

func TestReset(t *testing.T) {
	closed := make(chan error, 1)
	g, at := serve(t, Config{Reactors: 1}, echoHooks(closed))
	c := dial(t, at).(*net.TCPConn)
	exchange(t, c, []byte("x"))
	must(t, c.SetLinger(0))
	must(t, c.Close())
	if err := receive(t, closed, "Closed"); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("Closed(%v), want ECONNRESET", err)
	}
	if n := conns(t, g); n != 0 {
		t.Fatalf("%d connections are left", n)
	}
}

// TestWriteToClosedPeer: a reset that arrives while replies are pending ends the
// connection by the error of the write.
func TestWriteToClosedPeer(t *testing.T) {
	reactorOnly(t)
	var conn *Conn
	closed := make(chan error, 1)
	g, at := serve(t, Config{Reactors: 1}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		conn = c
		return &script{data: func() {
			c.In().Discard(c.In().Len())
			c.Pause()
			_, _ = c.Out().Write(make([]byte, 32<<20))
			c.Flush()
		}, closed: func(err error) { closed <- err }}
	}})
	c := dial(t, at).(*net.TCPConn)
	_, err := c.Write([]byte("x"))
	must(t, err)
	await(t, g.Reactors()[0], "output is pending", func() bool { return conn != nil && conn.blocked })
	must(t, c.Close()) // with input unread: a reset
	err = receive(t, closed, "Closed")
	if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		t.Fatalf("Closed(%v), want ECONNRESET or EPIPE", err)
	}
	// Paused at its end: the rings wait for Resume.
	on(t, g.Reactors()[0], func() {
		if conn.Out().Len() == 0 {
			t.Error("the rings of a paused connection are gone")
		}
		conn.Resume()
		if conn.Out().nodes() != 0 || conn.FD() != -1 || conn.LocalAddr() != "" {
			t.Error("a closed connection still holds something")
		}
	})
}

// TestManyConnections checks the even spread, the tables and the cleaning up.
func TestManyConnections(t *testing.T) {
	const count = 600
	closed := make(chan error, count)
	g, at := serve(t, Config{Reactors: 3}, echoHooks(closed))
	cs := make([]net.Conn, count)
	for i := range cs {
		cs[i] = dial(t, at)
	}
	var wg sync.WaitGroup
	for i, c := range cs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			p, q := pattern(3000, i), make([]byte, 3000)
			for range 5 {
				if _, err := c.Write(p); err != nil {
					t.Error(err)
				}
				if _, err := io.ReadFull(c, q); err != nil || !bytes.Equal(p, q) {
					t.Error("changed", err)
				}
			}
		}()
	}
	wg.Wait()
	seen := map[uint64]bool{}
	for _, r := range g.Reactors() {
		// A goroutine lets go of its output a moment after the client has it.
		await(t, r, "no ring has a chain", func() bool {
			chains := 0
			r.EachConn(func(c *Conn) bool {
				if c.in.word.Load()|c.out.word.Load() != 0 {
					chains++
				}
				return true
			})
			return chains == 0
		})
		on(t, r, func() {
			n := 0
			r.EachConn(func(c *Conn) bool {
				n++
				seen[c.ID()] = true
				if goroutines {
					return true // the rings are theirs
				}
				if c.In().nodes()+c.Out().nodes() != 0 || c.in.tail.Load() != nil || c.out.tail.Load() != nil {
					t.Errorf("idle connection %d holds a ring node", c.ID())
				}
				return true
			})
			if n != count/3 {
				t.Errorf("reactor %d has %d connections, want %d", r.Index(), n, count/3)
			}
		})
	}
	if len(seen) != count {
		t.Errorf("%d different IDs, want %d", len(seen), count)
	}
	for _, c := range cs {
		must(t, c.Close())
	}
	for range cs {
		receive(t, closed, "Closed")
	}
	if n := conns(t, g); n != 0 {
		t.Fatalf("%d connections are left", n)
	}
}

func TestConnSize(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); n > 208 {
		t.Errorf("a Conn takes %d bytes, more than the size class of 208", n)
	}
}

// TestPauseBoundsInput: nobody consumes, so reading stops near PausedInputBytes; after
// Resume everything arrives.
func TestPauseBoundsInput(t *testing.T) {
	const size = 16 << 20
	var conn *Conn
	var got bytes.Buffer
	all := make(chan struct{})
	g, at := serve(t, Config{Reactors: 1}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		conn = c
		c.Pause()
		return &script{data: func() {
			_, _ = c.In().WriteTo(&got)
			if got.Len() == size {
				close(all)
			}
		}}
	}})
	c := dial(t, at)
	p := pattern(size, 0)
	go func() { _, _ = c.Write(p) }()
	r := g.Reactors()[0]
	await(t, r, "reading stops", func() bool { return conn != nil && conn.in.Len() >= PausedInputBytes && conn.interest == 0 })
	on(t, r, func() {
		if n := conn.In().Len(); n > PausedInputBytes+defaultTurnReadBytes+NodeBytes {
			t.Errorf("%d bytes are buffered while paused", n)
		}
		conn.Resume()
	})
	receive(t, all, "the input")
	if !bytes.Equal(got.Bytes(), p) {
		t.Fatal("input came out changed")
	}
}

// TestWorkerConsumes lets another goroutine consume the in-ring and produce into the
// out-ring of a paused connection while the reactor fills and flushes.
func TestWorkerConsumes(t *testing.T) {
	const size = 4 << 20
	g, at := serve(t, Config{Reactors: 1}, &hooks{accept: func(r *Reactor, c *Conn) Session {
		c.Pause()
		go func() {
			buf := make([]byte, 10_000)
			for left := size; left > 0; {
				n, _ := c.In().Read(buf[:min(len(buf), left)])
				if n == 0 {
					runtime.Gosched()
					r.Post(c.Flush) // reading had stopped if the ring was full
					continue
				}
				left -= n
				_, _ = c.Out().Write(buf[:n])
				r.Post(c.Flush)
			}
			r.Post(c.Resume)
		}()
		return &echo{c: c}
	}})
	c := dial(t, at)
	exchange(t, c, pattern(size, 3))
	exchange(t, c, pattern(1000, 0))
	// The client may have everything before the flush that has sent it lets go of the nodes.
	r := g.Reactors()[0]
	await(t, r, "the rings hold no nodes", func() bool {
		n := 0
		r.EachConn(func(c *Conn) bool {
			n += c.In().nodes() + c.Out().nodes()
			return true
		})
		return n == 0
	})
}

// TestDirect reads a large argument straight into its destination: a header byte, the
// argument, and a tail that must come out of the ring.
func TestDirect(t *testing.T) {
	const size = 3<<20 + 77
	type result struct {
		arg, tail []byte
		viaRing   int
	}
	done := make(chan result, 1)
	_, at := serve(t, Config{Reactors: 1}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		var res result
		arg, has, header := make([]byte, size), 0, false
		return &script{data: func() {
			has += c.TakeDirect()
			in := c.In()
			if !header && in.Len() > 0 {
				in.Discard(1)
				header = true
			}
			if header && has < size {
				n, _ := in.Read(arg[has:])
				has += n
				res.viaRing += n
				if has < size {
					c.SetDirect(arg[has:])
					return
				}
			}
			rest, _ := io.ReadAll(in)
			res.tail = append(res.tail, rest...)
			if len(res.tail) == 5 {
				res.arg = arg
				done <- res
			}
		}}
	}})
	c := dial(t, at)
	p := pattern(size, 2)
	_, err := c.Write([]byte("#"))
	must(t, err)
	_, err = c.Write(append(bytes.Clone(p), "tail!"...))
	must(t, err)
	res := receive(t, done, "the argument")
	if !bytes.Equal(res.arg, p) || string(res.tail) != "tail!" {
		t.Fatalf("the argument or its tail (%q) came out changed", res.tail)
	}
	if res.viaRing > 2*defaultTurnReadBytes {
		t.Fatalf("%d bytes went through the ring", res.viaRing)
	}
}

// TestRequeueIsFair: a session with much to do works in steps; another connection is
// served in between, and no more than a turn's input is buffered meanwhile.
func TestRequeueIsFair(t *testing.T) {
	const size = 1 << 20
	var steps, most atomic.Int64
	busy := make(chan struct{})
	start := once(func() { close(busy) })
	var hold atomic.Bool
	hold.Store(true)
	done := make(chan struct{})
	_, at := serve(t, Config{Reactors: 1}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		if c.ID() != 1 {
			return &echo{c: c}
		}
		left := size
		return &script{data: func() {
			start()
			n := c.In().Len()
			most.Store(max(most.Load(), int64(n)))
			steps.Add(1)
			if !hold.Load() {
				n = min(n, 1000)
				c.In().Discard(n)
				if left -= n; left == 0 {
					close(done)
				}
			}
			if c.In().Len() > 0 {
				c.Requeue()
				c.Requeue()
			}
		}}
	}})
	a := dial(t, at)
	go func() { _, _ = a.Write(make([]byte, size)) }()
	receive(t, busy, "the busy session")
	b := dial(t, at)
	for i := range 10 {
		exchange(t, b, pattern(5000, i))
	}
	hold.Store(false)
	receive(t, done, "the busy session's end")
	if n := steps.Load(); n < size/1000 {
		t.Errorf("%d steps", n)
	}
	if n := most.Load(); n > 2*defaultTurnReadBytes+4*NodeBytes {
		t.Errorf("%d bytes were buffered for a session that is behind", n)
	}
}

func TestMailbox(t *testing.T) {
	const posters, letters = 8, 3000
	g, _ := serve(t, Config{Reactors: 1}, echoHooks(nil))
	r := g.Reactors()[0]
	last := make([]int, posters) // the reactor's
	var wg sync.WaitGroup
	for p := range posters {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range letters {
				if !r.Post(func() {
					if last[p] != i {
						t.Errorf("poster %d: letter %d came after %d", p, i, last[p])
					}
					last[p] = i + 1
				}) {
					t.Error("a letter was refused")
				}
			}
		}()
	}
	wg.Wait()
	on(t, r, func() {
		for p, n := range last {
			if n != letters {
				t.Errorf("poster %d: %d letters ran", p, n)
			}
		}
	})
	// A letter that posts: it runs in a later turn, though the reactor was awake.
	again := make(chan struct{})
	r.Post(func() { r.Post(func() { close(again) }) })
	receive(t, again, "a letter from the reactor itself")
	g.Close()
	if r.Post(func() { t.Error("ran after Close") }) {
		t.Error("Post was accepted after Close")
	}
}

// TestNoLetterIsLost posts from many goroutines while the group closes: what was
// accepted must run.
func TestNoLetterIsLost(t *testing.T) {
	for range 20 {
		g, err := NewGroup(Config{Reactors: 2})
		must(t, err)
		g.Start(echoHooks(nil))
		var accepted, ran atomic.Int64
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for g.Reactors()[i%2].Post(func() { ran.Add(1) }) {
					accepted.Add(1)
				}
			}()
		}
		g.Close()
		wg.Wait()
		if accepted.Load() != ran.Load() {
			t.Fatalf("%d letters accepted, %d ran", accepted.Load(), ran.Load())
		}
	}
}

func TestTick(t *testing.T) {
	ticks := make(chan int64, 100)
	_, _ = serve(t, Config{Reactors: 1, TickMs: 5}, &hooks{tick: func(r *Reactor) {
		select {
		case ticks <- r.Now():
		default:
		}
	}})
	before := time.Now().UnixMilli() - 100
	for range 5 {
		now := receive(t, ticks, "a tick")
		if now < before || now > time.Now().UnixMilli()+100 {
			t.Fatalf("Now = %d", now)
		}
		before = now
	}
}

// TestRest: whoever needs no ticks gets one after something has happened, and none when nothing has.
func TestRest(t *testing.T) {
	for _, cfg := range []Config{{Reactors: 1, TickMs: 5}, {Reactors: NoReactors, Stripes: 1, TickMs: 5}} {
		ticks := make(chan int64, 100)
		h := echoHooks(nil)
		h.tickOnce, h.tick = true, func(r *Reactor) { ticks <- r.Counts().Turns }
		g, at := serve(t, cfg, h)
		c := dial(t, at)
		receive(t, ticks, "the tick after the start")
		turns := func() (n int64) {
			on(t, g.Reactors()[0], func() { n = g.Reactors()[0].Counts().Turns })
			return n
		}
		exchange(t, c, []byte("x"))
		receive(t, ticks, "the tick after a request")
		for { // until nothing of what was before is followed by a tick
			select {
			case <-ticks:
				continue
			case <-time.After(50 * time.Millisecond):
			}
			break
		}
		before := turns()
		receive(t, ticks, "the tick after a letter")
		time.Sleep(100 * time.Millisecond)
		if after := turns(); after-before > 5 {
			t.Errorf("%d turns of %+v while nothing happened", after-before, cfg)
		}
	}
}

// TestRestIsNotWork: a reactor that waits for ever, because nothing is due, counts none of that as work.
func TestRestIsNotWork(t *testing.T) {
	g, err := NewGroup(Config{Reactors: 1})
	if err != nil {
		t.Fatal(err)
	}
	r := g.Reactors()[0]
	defer r.poller.Close()
	r.tellTime()
	r.turnAt = r.clock
	if d := r.delta(); d >= 0 {
		t.Fatalf("it waits for %d ns", d)
	}
	began := r.clock
	time.Sleep(time.Millisecond)
	r.tellTime()
	worked := int64(time.Since(r.started)) - began
	r.clock += int64(time.Hour)
	r.countBusy()
	if busy := r.Counts().BusyNanos; busy < 0 || busy > worked {
		t.Errorf("%v of work", time.Duration(busy))
	}
}

// TestTurns: Start comes first and on the reactor, EndTurn follows each turn.
func TestTurns(t *testing.T) {
	var ends atomic.Int64
	h := echoHooks(nil)
	h.start = func(r *Reactor) { r.Local = fmt.Sprint("reactor ", r.Index()) }
	h.endTurn = func(r *Reactor) {
		if r.Local != fmt.Sprint("reactor ", r.Index()) {
			t.Errorf("Local = %v", r.Local)
		}
		ends.Add(1)
	}
	g, at := serve(t, Config{Reactors: 2}, h)
	exchange(t, dial(t, at), []byte("x"))
	if ends.Load() == 0 {
		t.Error("no EndTurn")
	}
	// Without ticks and events an idle reactor blocks.
	for _, r := range g.Reactors() {
		on(t, r, func() {})
	}
	if d := g.Reactors()[0]; d.ticker == nil {
		t.Error("the ticker was not found")
	}
}
