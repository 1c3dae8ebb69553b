//go:build unix

package netio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestUnixSocketFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "k.sock")
	g, err := NewGroup(Config{Reactors: 1})
	must(t, err)
	defer g.Close()
	for _, perm := range []os.FileMode{0o700, 0o770, 0o666} {
		p := fmt.Sprint(path, uint32(perm))
		at, err := g.Listen("unix", p, ListenOptions{UnixPerm: perm, Backlog: 10})
		must(t, err)
		st, err := os.Stat(p)
		must(t, err)
		if st.Mode().Perm() != perm || at.String() != p || at.Network() != "unix" {
			t.Errorf("%s %s has permissions %o, want %o", at.Network(), at, st.Mode().Perm(), perm)
		}
	}
	if _, err = g.Listen("unix", path+"448", ListenOptions{}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a socket in use: %v", err)
	}
	// A file that is not a socket is left alone.
	must(t, os.WriteFile(path, []byte("precious"), 0o600))
	if _, err = g.Listen("unix", path, ListenOptions{}); err == nil || !strings.Contains(err.Error(), "not a socket") {
		t.Errorf("a file in the way: %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "precious" {
		t.Errorf("the file in the way is %q, %v", b, err)
	}
	if _, err = g.Listen("unix", filepath.Join(dir, strings.Repeat("x", 200)), ListenOptions{}); err == nil {
		t.Error("a path that is too long was taken")
	}
	if _, err = g.Listen("unix", filepath.Join(dir, "no", "such", "dir"), ListenOptions{}); err == nil {
		t.Error("a path without a directory was taken")
	}
	// Somebody else's file of the same name survives our end.
	must(t, os.Remove(path+"438"))
	must(t, os.WriteFile(path+"438", nil, 0o600))
	g.Close()
	for name, want := range map[string]bool{path + "448": false, path + "504": false, path + "438": true} {
		if _, err := os.Stat(name); (err == nil) != want {
			t.Errorf("after Close: %s: %v", name, err)
		}
	}
}

// TestStaleUnixSocket: the file of a server that was killed does not stand in the way.
func TestStaleUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	must(t, err)
	ln.SetUnlinkOnClose(false)
	must(t, ln.Close())
	g, err := NewGroup(Config{Reactors: 1})
	must(t, err)
	defer g.Close()
	at, err := g.Listen("unix", path, ListenOptions{})
	must(t, err)
	g.Start(echoHooks(nil))
	exchange(t, dial(t, at), []byte("hello"))
}

func TestAddresses(t *testing.T) {
	type seen struct {
		remote, local  string
		unix, loopback bool
		nodelay, alive int
	}
	got := make(chan seen, 1)
	h := &hooks{accept: func(_ *Reactor, c *Conn) Session {
		s := seen{remote: c.RemoteAddr(), local: c.LocalAddr(), unix: c.IsUnix(), loopback: c.IsLoopback()}
		s.nodelay, _ = unix.GetsockoptInt(c.FD(), unix.IPPROTO_TCP, unix.TCP_NODELAY)
		s.alive, _ = unix.GetsockoptInt(c.FD(), unix.SOL_SOCKET, unix.SO_KEEPALIVE)
		got <- s
		return &echo{c: c}
	}}
	g, err := NewGroup(Config{Reactors: 1, KeepAlive: time.Minute})
	must(t, err)
	defer g.Close()
	g.Start(h)
	path := filepath.Join(t.TempDir(), "s")
	for _, l := range []struct{ network, addr, to string }{
		{"tcp", "127.0.0.1:0", "127.0.0.1"},
		{"tcp4", ":0", "127.0.0.1"},
		{"tcp4", "localhost:0", "127.0.0.1"},
		{"tcp6", "[::1]:0", "::1"},
		{"tcp", ":0", "127.0.0.1"},
		{"tcp", ":0", "::1"},
		{"unix", path, ""},
	} {
		at, err := g.Listen(l.network, l.addr, ListenOptions{})
		if err != nil && strings.Contains(l.to, ":") {
			t.Log("no IPv6 here:", err)
			continue
		}
		must(t, err)
		network, to := at.Network(), path
		if l.network != "unix" {
			to = net.JoinHostPort(l.to, fmt.Sprint(at.(*net.TCPAddr).Port))
		}
		c, err := net.Dial(network, to)
		if err != nil && l.to == "::1" {
			t.Log("no IPv6 here:", err)
			continue
		}
		must(t, err)
		s := receive(t, got, "Accept")
		want := seen{remote: c.LocalAddr().String(), local: c.RemoteAddr().String(), loopback: true, nodelay: 1, alive: 1}
		if l.network == "unix" {
			want = seen{remote: path + ":0", local: path + ":0", unix: true}
		}
		s.nodelay, s.alive = min(s.nodelay, 1), min(s.alive, 1)
		if l.network == "unix" {
			s.nodelay, s.alive = 0, 0
		}
		if s != want {
			t.Errorf("%s %s: %+v, want %+v", l.network, l.addr, s, want)
		}
		_ = c.Close()
	}
}

func TestListenErrors(t *testing.T) {
	g, at := serve(t, Config{Reactors: 1}, echoHooks(nil))
	if _, err := g.Listen("tcp", at.String(), ListenOptions{}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("an address in use: %v", err)
	}
	for _, l := range [][2]string{
		{"udp", "127.0.0.1:0"}, {"tcp", "127.0.0.1"}, {"tcp", "127.0.0.1:x"}, {"tcp", "127.0.0.1:65536"}, {"tcp", "127.0.0.1:-1"},
		{"tcp4", "[::1]:0"}, {"tcp6", "127.0.0.1:0"}, {"tcp", "192.0.2.1:0"}, {"tcp", "[fe80::1%nosuchif]:0"},
	} {
		if a, err := g.Listen(l[0], l[1], ListenOptions{}); err == nil {
			t.Errorf("%s %s was taken: %s", l[0], l[1], a)
		}
	}
	if _, err := NewGroup(Config{Reactors: maxReactors + 1}); err == nil {
		t.Error("too many reactors were taken")
	}
}

// lockedBuffer is a log that several goroutines may write.
type lockedBuffer struct {
	mu struct {
		sync.Mutex
		buf bytes.Buffer
	}
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mu.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mu.buf.String()
}

// TestNoDescriptors runs a server with very few descriptors in a process of its own:
// connections beyond them are closed, not left waiting; the loop does not spin; the
// log is not flooded; when descriptors come free, all is well again.
func TestNoDescriptors(t *testing.T) {
	reactorOnly(t)
	if os.Getenv("NETIO_TEST_CHILD") == "1" {
		childWithoutDescriptors()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestNoDescriptors$")
	cmd.Env = append(os.Environ(), "NETIO_TEST_CHILD=1")
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	var log lockedBuffer
	cmd.Stderr = &log
	must(t, cmd.Start())
	defer func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Error("the child failed:", err, log.String())
		}
	}()
	var port, turns int
	if _, err = fmt.Fscanln(stdout, &port); err != nil {
		t.Error(err)
		return
	}
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
	var served []net.Conn
	shed := 0
	for range 60 {
		c := dial(t, at)
		_, _ = c.Write([]byte("x"))
		if n, _ := c.Read(make([]byte, 1)); n == 1 {
			served = append(served, c)
		} else {
			shed++
			_ = c.Close()
		}
	}
	if len(served) < 5 || shed < 20 {
		t.Errorf("%d connections served, %d shed", len(served), shed)
	}
	if lines := strings.Count(log.String(), "no descriptor"); lines < 1 || lines > 20 {
		t.Errorf("%d lines of log:\n%s", lines, log.String())
	}
	for _, c := range served {
		exchange(t, c, []byte("still served"))
		_ = c.Close()
	}
	for end := time.Now().Add(patience); ; {
		c := dial(t, at)
		_, _ = c.Write([]byte("x"))
		n, _ := c.Read(make([]byte, 1))
		_ = c.Close()
		if n == 1 {
			break
		}
		if time.Now().After(end) {
			t.Error("connections are shed for ever")
			break
		}
	}
	_, _ = io.WriteString(stdin, "turns\n")
	if _, err = fmt.Fscanln(stdout, &turns); err != nil || turns > 5000 {
		t.Errorf("%d turns, %v", turns, err)
	}
}

func childWithoutDescriptors() {
	lim := unix.Rlimit{Cur: 40, Max: 40}
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	turns := 0 // the reactor's
	h := echoHooks(nil)
	h.endTurn = func(*Reactor) { turns++ }
	g, err := NewGroup(Config{Reactors: 1, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	fail(err)
	at, err := g.Listen("tcp", "127.0.0.1:0", ListenOptions{})
	fail(err)
	fail(unix.Setrlimit(unix.RLIMIT_NOFILE, &lim))
	g.Start(h)
	fmt.Println(at.(*net.TCPAddr).Port)
	var word string
	_, err = fmt.Scanln(&word)
	fail(err)
	done := make(chan int)
	g.Reactors()[0].Post(func() { done <- turns })
	fmt.Println(<-done)
	_, _ = io.Copy(io.Discard, os.Stdin)
	g.Close()
	os.Exit(0)
}

// TestListenerRests: without even a spare descriptor the listener is not watched for a
// while, and then again.
func TestListenerRests(t *testing.T) {
	reactorOnly(t)
	g, at := serve(t, Config{Reactors: 1}, echoHooks(nil))
	r := g.Reactors()[0]
	on(t, r, func() {
		l := r.listeners[0]
		l.rest(r)
		if d := r.delta(); d <= 0 || d > acceptRetryMs*int64(time.Millisecond) {
			t.Errorf("delta = %d", d)
		}
	})
	exchange(t, dial(t, at), []byte("after the rest"))
	on(t, r, func() {
		if r.resting != 0 || r.listeners[0].resting {
			t.Error("the listener still rests")
		}
	})
}

// TestUnlistenBeforeStart: a start that fails half way closes what it had opened, though
// no reactor runs yet that could be asked to.
func TestUnlistenBeforeStart(t *testing.T) {
	g, err := NewGroup(Config{Reactors: 2, Stripes: 1})
	must(t, err)
	defer g.Close()
	for _, goroutines := range []bool{false, true} {
		at, err := g.Listen("tcp", "127.0.0.1:0", ListenOptions{Goroutines: goroutines})
		must(t, err)
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			g.Unlisten(at)
		}()
		select {
		case <-closed:
		case <-time.After(time.Minute):
			t.Fatal("Unlisten waits for a reactor that does not run")
		}
		again, err := net.Listen("tcp", at.String())
		must(t, err) // the port is free
		must(t, again.Close())
	}
	g.Start(&hooks{accept: func(_ *Reactor, c *Conn) Session { return &echo{c: c} }})
	at, err := g.Listen("tcp", "127.0.0.1:0", ListenOptions{})
	must(t, err)
	c, err := net.Dial("tcp", at.String())
	must(t, err)
	must(t, c.Close())
}

// TestOptionThatFails: an idle time that the system refuses costs nobody the connection.
func TestOptionThatFails(t *testing.T) {
	for _, goroutines := range []bool{false, true} {
		g, err := NewGroup(Config{Reactors: 1, Stripes: 1})
		must(t, err)
		defer g.Close()
		g.Start(&hooks{accept: func(_ *Reactor, c *Conn) Session { return &echo{c: c} }})
		g.keepAlive.Store(int64(24 * time.Hour)) // past SetKeepAlive, which would cut it
		at, err := g.Listen("tcp", "127.0.0.1:0", ListenOptions{Goroutines: goroutines})
		must(t, err)
		c, err := net.Dial("tcp", at.String())
		must(t, err)
		defer c.Close()
		must(t, c.SetDeadline(time.Now().Add(time.Minute)))
		_, err = c.Write([]byte("hello"))
		must(t, err)
		got := make([]byte, 5)
		if _, err = io.ReadFull(c, got); err != nil || string(got) != "hello" {
			t.Errorf("goroutines %v: %q, %v", goroutines, got, err)
		}
		g.SetKeepAlive(24 * time.Hour)
		if got := time.Duration(g.keepAlive.Load()); got != MaxKeepAlive {
			t.Errorf("an idle time of a day counts as %v, want %v", got, MaxKeepAlive)
		}
	}
}
