package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/metrics"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/resp"
)

// patience bounds what must happen, on machines however slow.
const patience = time.Minute

// startServer runs a server on a free loopback port with the given directives (name,
// value, name, value...; EMPTY in a value is an empty word) and ends it with the test.
func startServer(t testing.TB, directives ...string) *Server {
	t.Helper()
	s, _ := runServer(t, directives...)
	return s
}

// runServer is startServer for a test that ends the server itself.
func runServer(t testing.TB, directives ...string) (*Server, func()) {
	t.Helper()
	s, end := launch(t, nil, directives...)
	s.awaitReady(t)
	return s, end
}

// awaitReady fails the test if the server does not serve soon; then its end tells why.
func (s *Server) awaitReady(t testing.TB) {
	t.Helper()
	select {
	case <-s.ready:
	case <-time.After(patience):
		t.Fatal("the server does not start")
	}
}

// launch begins to run a server and returns what ends it; set, if given, changes the
// server before it runs.
func launch(t testing.TB, set func(*Server), directives ...string) (*Server, func()) {
	t.Helper()
	return serve(t, optionsOf(t, forTests(t, directives)...), set)
}

// forTests puts before the directives what all tests have.
func forTests(t testing.TB, directives []string) []string {
	base := []string{"port", "0", "bind", "127.0.0.1", "reactors", "2", "enable-debug-command", "yes", "save", "EMPTY", "dir", t.TempDir()}
	if m := os.Getenv("KRING_IO_MODEL"); m != "" {
		base = append(base, "io-model", m)
	}
	return append(base, directives...)
}

// serve is launch with given options, a folder for its files among them.
func serve(t testing.TB, o *options.Options, set func(*Server)) (*Server, func()) {
	t.Helper()
	s, end := serveUntil(t, o, set)
	well := sync.OnceFunc(func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(well)
	return s, well
}

// serveUntil is serve for a test to which the server's end may tell an error.
func serveUntil(t testing.TB, o *options.Options, set func(*Server)) (*Server, func() error) {
	t.Helper()
	if !filepath.IsAbs(o.Dir.Load()) {
		t.Fatal("the server would leave its files among the sources: it needs a dir")
	}
	s, err := New(o, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	s.ShowMetrics(metrics.Handler)
	if set != nil {
		set(s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	end := sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patience):
			return errors.New("the server does not end")
		}
	})
	t.Cleanup(func() { _ = end() })
	return s, end
}

// optionsOf makes options from directives as runServer takes them.
func optionsOf(t testing.TB, directives ...string) *options.Options {
	o := options.New()
	for i := 0; i < len(directives); i += 2 {
		words := strings.Fields(strings.ReplaceAll(directives[i+1], "EMPTY", "\x00"))
		for j := range words {
			words[j] = strings.ReplaceAll(words[j], "\x00", "")
		}
		if err := o.Assign(directives[i], words...); err != nil {
			t.Error(directives[i], err)
		}
	}
	return o
}

// testClient is a plain connection with a reply reader. One goroutine uses it, which need
// not be the test's: a connection that fails is told as an error, and the reply is ""; who
// goes on to use it is ended.
type testClient struct {
	t testing.TB
	net.Conn
	r    *bufio.Reader
	lost bool
}

// fail notes that the connection has failed.
func (c *testClient) fail(err error) {
	c.t.Helper()
	c.t.Errorf("the connection of a client failed: %v", err)
	c.lost = true
}

// usable ends a goroutine that goes on with a connection that has failed, be it in a loop
// that waits for a certain reply.
func (c *testClient) usable() {
	if c.lost {
		c.t.FailNow()
	}
}

func dial(t testing.TB, s *Server) *testClient {
	t.Helper()
	c, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(5 * patience)) // for all of its life
	return &testClient{t: t, Conn: c, r: bufio.NewReader(c)}
}

// encode returns a command as multibulk. Some tests send hundreds of thousands of them, so it does without fmt.
func encode(args ...string) string {
	n := 16
	for _, a := range args {
		n += 16 + len(a)
	}
	b := strconv.AppendInt(append(make([]byte, 0, n), '*'), int64(len(args)), 10)
	for _, a := range args {
		b = strconv.AppendInt(append(b, "\r\n$"...), int64(len(a)), 10)
		b = append(append(b, "\r\n"...), a...)
	}
	return string(append(b, "\r\n"...))
}

func (c *testClient) send(raw string) {
	c.t.Helper()
	c.usable()
	if _, err := io.WriteString(c, raw); err != nil {
		c.fail(err)
	}
}

// reply reads one reply and shows it in a short form.
func (c *testClient) reply() string {
	c.t.Helper()
	c.usable()
	v, err := resp.ReadReply(c.r)
	if err != nil {
		c.fail(err)
		return ""
	}
	return show(v)
}

// do sends one command and returns its reply in a short form.
func (c *testClient) do(args ...string) string {
	c.t.Helper()
	c.send(encode(args...))
	return c.reply()
}

func (c *testClient) want(want string, args ...string) {
	c.t.Helper()
	if got := c.do(args...); got != want {
		c.t.Errorf("%q: got %q, want %q", args, got, want)
	}
}

// closed waits for the server to close the connection: those that end with the server do when its files are done.
func (c *testClient) closed() {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if b, err := io.ReadAll(c.r); err != nil && !strings.Contains(err.Error(), "reset") {
		c.t.Errorf("not closed: %v (%q)", err, b)
	}
}

func show(v resp.Value) string {
	switch {
	case v.Null:
		return "nil"
	case v.Kind == ':':
		return strconv.FormatInt(v.Int, 10)
	case v.Kind == '*' || v.Kind == '~' || v.Kind == '%' || v.Kind == '>':
		parts := make([]string, len(v.Elems))
		for i := range v.Elems {
			parts[i] = show(v.Elems[i])
		}
		return "[" + strings.Join(parts, " ") + "]"
	default:
		return string(v.Str)
	}
}

// onEachReactor is a client of each of two reactors.
func onEachReactor(t *testing.T, s *Server) (on [2]*testClient) {
	t.Helper()
	for on[0] == nil || on[1] == nil {
		d := dial(t, s)
		if at := s.clients.Find(number(t, d.do("CLIENT", "ID"))).Reactor(); on[at] == nil {
			on[at] = d
		}
	}
	return on
}
