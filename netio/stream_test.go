package netio

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/redcon"
)

// The tests of this file are about what only the goroutine model has. Whatever it shares
// with the reactor is tested by running all other tests with KRING_IO_MODEL=goroutine.

// memListener is an in-memory listener.
type memListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newMemListener() *memListener {
	return &memListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *memListener) Addr() net.Addr { return memAddr{} }

type memAddr struct{}

func (memAddr) Network() string { return "memory" }
func (memAddr) String() string  { return "mem" }

func (l *memListener) dial(t testing.TB) net.Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { _ = ours.Close() })
	must(t, ours.SetDeadline(time.Now().Add(patience)))
	select {
	case l.conns <- theirs:
	case <-time.After(patience):
		t.Fatal("nobody accepts")
	}
	return ours
}

// opaque hides what a net.Conn is beyond that.
type opaque struct{ net.Conn }

func plain(c net.Conn) (net.Conn, error) { return opaque{c}, nil }

// serveStreams starts a group of stripes, and reactors if any.
func serveStreams(t testing.TB, cfg Config, opt ListenOptions, h Handler) (*Group, net.Addr) {
	t.Helper()
	if cfg.Reactors == 0 {
		cfg.Reactors = NoReactors
	}
	cfg.Stripes = max(cfg.Stripes, 1)
	g, err := NewGroup(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	opt.Goroutines = true
	at, err := g.Listen("tcp", "127.0.0.1:0", opt)
	if err != nil {
		t.Fatal(err)
	}
	g.Start(h)
	return g, at
}

// TestStreamEcho sends small and large messages over sockets, over a connection of
// which nothing is known, and over memory.
func TestStreamEcho(t *testing.T) {
	mem := newMemListener()
	g, socket := serveStreams(t, Config{Stripes: 2}, ListenOptions{}, echoHooks(nil))
	hidden, err := g.Listen("tcp", "127.0.0.1:0", ListenOptions{Goroutines: true, Prepare: plain})
	must(t, err)
	_, err = g.Serve(mem, ListenOptions{})
	must(t, err)
	for name, c := range map[string]net.Conn{"socket": dial(t, socket), "hidden": dial(t, hidden), "memory": mem.dial(t)} {
		for _, n := range []int{1, smallReadBytes - 1, smallReadBytes, smallReadBytes + 1, 3 * NodeBytes, 1, 2 << 20, smallReadBytes} {
			t.Log(name, n)
			exchange(t, c, pattern(n, n))
		}
	}
	if n := conns(t, g); n != 3 {
		t.Error(n, "connections")
	}
}

// TestStreamsBesideReactors: both models in one group, each with its own listener.
func TestStreamsBesideReactors(t *testing.T) {
	g, streams := serveStreams(t, Config{Reactors: 1, Stripes: 2}, ListenOptions{}, echoHooks(nil))
	polled, err := g.Listen("tcp", "127.0.0.1:0", ListenOptions{})
	must(t, err)
	for _, at := range []net.Addr{streams, polled} {
		for range 2 {
			exchange(t, dial(t, at), []byte("hello"))
		}
	}
	for i, want := range []int{2, 1, 1} {
		n := 0
		r := g.Reactors()[i]
		on(t, r, func() { r.EachConn(func(*Conn) bool { n++; return true }) })
		if n != want {
			t.Errorf("reactor %d has %d connections, want %d", i, n, want)
		}
	}
	g.Unlisten(streams)
	if c, err := net.Dial("tcp", streams.String()); err == nil {
		t.Error("a closed listener accepts", c.RemoteAddr())
	}
	exchange(t, dial(t, polled), []byte("hello"))
	if _, err = g.Listen("tcp", streams.String(), ListenOptions{Goroutines: true}); err != nil {
		t.Error(err)
	}
}

// TestSendBeforeReading: a client that sends everything before it reads anything is
// served, though the goroutine that serves it cannot write any more.
func TestSendBeforeReading(t *testing.T) {
	const size = 24 << 20
	for name, opt := range map[string]ListenOptions{"socket": {}, "hidden": {Prepare: plain}} {
		t.Run(name, func(t *testing.T) {
			_, at := serveStreams(t, Config{}, opt, echoHooks(nil))
			c := dial(t, at)
			p := pattern(size, 0)
			if _, err := c.Write(p); err != nil {
				t.Fatal("the server does not read on: ", err)
			}
			must(t, c.(*net.TCPConn).CloseWrite())
			got, err := io.ReadAll(c)
			must(t, err)
			if !bytes.Equal(got, p) {
				t.Fatalf("%d bytes came back changed", len(got))
			}
		})
	}
}

// writeGate is a connection whose writes wait.
type writeGate struct {
	net.Conn
	reached, open chan struct{}
}

func (w *writeGate) Write(p []byte) (int, error) {
	select {
	case w.reached <- struct{}{}:
	default:
	}
	<-w.open
	return w.Conn.Write(p)
}

// TestCorkBehindWriter: what is corked does not leave with output that a writer has under
// way already.
func TestCorkBehindWriter(t *testing.T) {
	var conn *Conn
	reached, gate := make(chan struct{}, 1), make(chan struct{})
	ready := make(chan struct{})
	g, at := serveStreams(t, Config{}, ListenOptions{Prepare: func(c net.Conn) (net.Conn, error) { return &writeGate{c, reached, gate}, nil }},
		&hooks{accept: func(_ *Reactor, c *Conn) Session {
			conn = c
			close(ready)
			return &echo{c, nil}
		}})
	r := g.Reactors()[0]
	peer := dial(t, at)
	receive(t, ready, "the connection")
	on(t, r, func() {
		_, _ = conn.Out().Write([]byte("free "))
		conn.Flush()
	})
	receive(t, reached, "a write")
	on(t, r, func() {
		_, _ = conn.Out().Write([]byte("held"))
		conn.Cork()
		conn.Flush()
	})
	close(gate)
	got := make([]byte, 5)
	if _, err := io.ReadFull(peer, got); err != nil || string(got) != "free " {
		t.Fatalf("%q %v", got, err)
	}
	_ = peer.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	if n, err := peer.Read(got); err == nil {
		t.Fatalf("%q left a corked connection", got[:n])
	}
	_ = peer.SetReadDeadline(time.Now().Add(patience))
	on(t, r, func() {
		conn.Uncork()
		conn.CloseAfterFlush()
	})
	if rest, err := io.ReadAll(peer); err != nil || string(rest) != "held" {
		t.Fatalf("%q %v", rest, err)
	}
}

// TestCloseWhileReadingDirect: the session hears of its end only when nobody reads into
// its buffer any more.
func TestCloseWhileReadingDirect(t *testing.T) {
	var conn *Conn
	buf := make([]byte, 1<<20)
	asked, closed := make(chan struct{}), make(chan error, 1)
	g, at := serveStreams(t, Config{}, ListenOptions{}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		conn = c
		return &script{
			data: func() {
				if c.TakeDirect() == 0 {
					defer close(asked)
				}
				c.In().Discard(c.In().Len())
				c.SetDirect(buf)
			},
			closed: func(err error) {
				clear(buf) // as the parser does, which gives it back
				closed <- err
			},
		}
	}})
	c := dial(t, at)
	_, err := c.Write([]byte("x"))
	must(t, err)
	receive(t, asked, "the first byte")
	go func() {
		for err := error(nil); err == nil; {
			_, err = c.Write(make([]byte, 1000))
		}
	}()
	time.Sleep(5 * time.Millisecond)
	on(t, g.Reactors()[0], func() { conn.Close(errTest) })
	if err := receive(t, closed, "Closed"); err != errTest {
		t.Error(err)
	}
	if n := conns(t, g); n != 0 {
		t.Error(n, "connections")
	}
}

// TestStreamLastReply: a last reply arrives although the client goes on sending.
func TestStreamLastReply(t *testing.T) {
	_, at := serveStreams(t, Config{}, ListenOptions{}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		return &script{data: func() {
			c.In().Discard(c.In().Len())
			_, _ = c.Out().Write([]byte("bye"))
			c.CloseAfterFlush()
		}}
	}})
	for range 20 {
		c := dial(t, at)
		_, err := c.Write(make([]byte, 100<<10))
		must(t, err)
		if b, err := io.ReadAll(c); err != nil || string(b) != "bye" {
			t.Fatalf("%q %v", b, err)
		}
	}
}

// TestStreamsEnd: Close sends what is still to be sent, ends connections in every state,
// and leaves no goroutine behind.
func TestStreamsEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	accepted, closed := make(chan *Conn, 10), make(chan error, 10)
	hang := make(chan struct{}, 1)
	g, at := serveStreams(t, Config{Stripes: 3}, ListenOptions{}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		accepted <- c
		return &echo{c, closed}
	}})
	stuck, err := g.Listen("tcp", "127.0.0.1:0", ListenOptions{Goroutines: true, Prepare: func(c net.Conn) (net.Conn, error) {
		hang <- struct{}{}
		_, err := c.Read(make([]byte, 1)) // a handshake that never comes
		return nil, err
	}})
	must(t, err)
	dial(t, stuck)
	receive(t, hang, "a handshake")
	exchange(t, dial(t, at), []byte("x")) // idle from now on
	<-accepted
	behind := dial(t, at)
	exchange(t, behind, []byte("x"))
	conn := <-accepted
	r := conn.Reactor()
	on(t, r, func() {
		r.Post(func() { // which runs when the group is closing already
			_, _ = conn.Out().Write([]byte("last words"))
		})
		r.Post(func() { r.stopping = true })
	})
	g.Close()
	for range 2 {
		if err := receive(t, closed, "Closed"); !errors.Is(err, ErrGroupClosed) {
			t.Error(err)
		}
	}
	if b, _ := io.ReadAll(behind); string(b) != "last words" {
		t.Errorf("%q", b)
	}
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
		}
	}
}

// parting is a connection whose last words are out only when all others have begun theirs.
type parting struct {
	net.Conn
	left *atomic.Int32
	all  chan struct{}
}

func (p parting) NetConn() net.Conn { return p.Conn }

func (p parting) CloseWrite() error {
	if p.left.Add(-1) == 0 {
		close(p.all)
	}
	<-p.all
	return nil
}

// TestKeep: connections that end while the group keeps sockets stay open for their peers, and end at Release, all at
// once: a peer that takes no last words (of TLS) holds up no other.
func TestKeep(t *testing.T) {
	const n = 5
	var left atomic.Int32
	left.Store(n)
	all := make(chan struct{})
	g, at := serveStreams(t, Config{}, ListenOptions{Prepare: func(c net.Conn) (net.Conn, error) { return parting{c, &left, all}, nil }}, echoHooks(nil))
	var peers []net.Conn
	for range n {
		c := dial(t, at)
		exchange(t, c, []byte("hello"))
		peers = append(peers, c)
	}
	g.Keep()
	g.Close()
	for _, c := range peers {
		must(t, c.SetReadDeadline(time.Now().Add(5*time.Millisecond)))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("a connection that is kept ends: ", err)
		}
	}
	released := make(chan struct{})
	go func() {
		g.Release()
		close(released)
	}()
	receive(t, released, "the end of Release")
	for _, c := range peers {
		must(t, c.SetReadDeadline(time.Now().Add(patience)))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Error("a connection that is kept no more: ", err)
		}
	}
}

// TestNoStripes: goroutines need stripes.
func TestNoStripes(t *testing.T) {
	g, err := NewGroup(Config{Reactors: 1})
	must(t, err)
	defer g.Close()
	if _, err = g.Listen("tcp", "127.0.0.1:0", ListenOptions{Goroutines: true}); !errors.Is(err, ErrNoStripes) {
		t.Error(err)
	}
	if _, err = NewGroup(Config{Reactors: NoReactors}); err == nil {
		t.Error("a group of nothing")
	}
}

// TestWhyDetached holds the reasons why redcon's own reader does not read commands: in
// each of these cases it does something else than Redis.
func TestWhyDetached(t *testing.T) {
	const ping = "*1\r\n$4\r\nPING\r\n"
	for _, c := range []struct {
		what, input string
		redis       string // the commands that Redis runs, and its error
	}{
		{"commands before a protocol error", "PING\r\n*x\r\n", "PING, Protocol error: invalid multibulk length"},
		{"an empty command", "*0\r\n" + ping, "PING"},
		{"a null command", "*-1\r\n" + ping, "PING"},
		{"a quote within a word", "ECHO k\"e y\"\r\n", "ECHO|ke y"},
		{"a hexadecimal escape", "ECHO \"\\x41\"\r\n", "ECHO|A"},
		{"a number with a sign", "*+1\r\n$4\r\nPING\r\n", "Protocol error: invalid multibulk length"},
		{"a long header", "*" + strings.Repeat("0", 70<<10) + "1\r\n$4\r\nPING\r\n", "Protocol error: too big mbulk count string"},
		{"a bulk beyond the limit", "*1\r\n$536870913\r\n", "Protocol error: invalid bulk length"},
	} {
		rd := redcon.NewReader(strings.NewReader(c.input))
		var got []string
		for {
			cmd, err := rd.ReadCommand()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					got = append(got, err.Error())
				}
				break
			}
			got = append(got, string(bytes.Join(cmd.Args, []byte("|"))))
		}
		if text := strings.Join(got, ", "); text == c.redis {
			t.Errorf("%s: redcon reads as Redis does now: %q", c.what, text)
		}
	}
}

// TestStreamsAreSentTogether: what comes for very many clients at once is sent without a goroutine for
// each; clients that do not read hold up neither the others nor memory that the kernel has taken.
func TestStreamsAreSentTogether(t *testing.T) {
	if !canReadRaw {
		t.Skip("here every client has a goroutine that writes")
	}
	const clients = 300
	g, at := serveStreams(t, Config{}, ListenOptions{}, echoHooks(nil))
	r := g.Reactors()[0]
	list := make([]net.Conn, clients)
	for i := range list {
		list[i] = dial(t, at)
		exchange(t, list[i], []byte("hello"))
	}
	before := runtime.NumGoroutine()
	toAll := func(b []byte) (most int) {
		on(t, r, func() {
			r.EachConn(func(c *Conn) bool {
				_, _ = c.Out().Write(b)
				c.Flush()
				return true
			})
			most = runtime.NumGoroutine()
		})
		return most
	}
	if n := toAll([]byte("news")); n > before+clients/10 {
		t.Errorf("%d goroutines more for a message to %d clients", n-before, clients)
	}
	for _, c := range list {
		b := make([]byte, 4)
		_, err := io.ReadFull(c, b)
		must(t, err)
		if string(b) != "news" {
			t.Fatalf("%q", b)
		}
	}
	for _, c := range list[1:] {
		_ = c.Close()
	}
	await(t, r, "one client is left", func() bool {
		n := 0
		r.EachConn(func(*Conn) bool { n++; return true })
		return n == 1
	})
	much := pattern(16<<20, 0)
	toAll(much)
	left := 0
	await(t, r, "the kernel has taken what it takes, and the ring has let go of it", func() bool {
		r.EachConn(func(c *Conn) bool { left = c.OutBytes(); return true })
		return left < len(much) && left%(writeVecNodes*NodeBytes) != 0
	})
	got := make([]byte, len(much))
	_, err := io.ReadFull(list[0], got)
	must(t, err)
	if !bytes.Equal(got, much) {
		t.Error("something else came")
	}
}
