package kring

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/resp"
)

// deadline bounds what must happen, on machines however slow.
const deadline = time.Minute

// conn is a client's connection.
type conn struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

// dial connects to the server's address.
func dial(t *testing.T, s *Server) *conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(deadline))
	return &conn{t, c, bufio.NewReader(c)}
}

// send sends a command; any goroutine may.
func (c *conn) send(args ...any) {
	if _, err := c.Write(appendCommand(nil, args)); err != nil {
		c.t.Error(err)
	}
}

// reply reads a reply, as fmt shows it; for the test's own goroutine.
func (c *conn) reply() string {
	c.t.Helper()
	v, err := resp.ReadReply(c.r)
	if err != nil {
		c.t.Fatal(err)
	}
	got, err := plain(&v)
	if err != nil {
		got = err
	}
	return fmt.Sprint(got)
}

// do sends a command and wants a reply.
func (c *conn) want(want string, args ...any) {
	c.t.Helper()
	c.send(args...)
	if got := c.reply(); got != want {
		c.t.Errorf("%q: got %q, want %q", args, got, want)
	}
}

// infoField returns a field of INFO.
func infoField(t *testing.T, s *Server, section, field string) string {
	t.Helper()
	text, err := s.Do(t.Context(), "INFO", section)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(fmt.Sprint(text), "\r\n"+field+":")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

// awaitInfo waits until a field of INFO has a value.
func awaitInfo(t *testing.T, s *Server, section, field, want string) {
	t.Helper()
	for end := time.Now().Add(deadline); infoField(t, s, section, field) != want; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s never is %s", field, want)
		}
	}
}
