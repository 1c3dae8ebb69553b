package robust

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// answer sends bytes on a fresh connection and reads until the server closes it.
func answer(t *testing.T, s *harness.Server, in string) string {
	t.Helper()
	c := s.Connect(t)
	go func() { _ = c.Write([]byte(in)) }() // the server may stop reading before the end
	var out strings.Builder
	for {
		v, err := c.Receive()
		if err != nil {
			if rest := errText(err); rest != "closed" {
				t.Fatalf("%.60q: %s after %q", in, rest, out.String())
			}
			return out.String()
		}
		out.WriteString(v.String() + "\n")
	}
}

func errText(err error) string {
	if err == io.EOF || strings.Contains(err.Error(), "reset by peer") || err == io.ErrUnexpectedEOF {
		return "closed"
	}
	return err.Error()
}

func TestProtocolErrors(t *testing.T) {
	s := start(t)
	for in, want := range map[string]string{
		"*x\r\n":                              "-ERR Protocol error: invalid multibulk length\n",
		"*2147483648\r\n":                     "-ERR Protocol error: invalid multibulk length\n",
		"*9223372036854775808\r\n":            "-ERR Protocol error: invalid multibulk length\n",
		"*1\r\nPING\r\n":                      "-ERR Protocol error: expected '$', got 'P'\n",
		"*1\r\n$-1\r\n":                       "-ERR Protocol error: invalid bulk length\n",
		"*1\r\n$536870913\r\n":                "-ERR Protocol error: invalid bulk length\n",
		"*1\r\n$abc\r\n":                      "-ERR Protocol error: invalid bulk length\n",
		"SET k \"x\r\n":                       "-ERR Protocol error: unbalanced quotes in request\n",
		strings.Repeat("x", 300000):           "-ERR Protocol error: too big inline request\n",
		"*1" + strings.Repeat("0", 70000):     "-ERR Protocol error: too big mbulk count string\n",
		"*1\r\n$1" + strings.Repeat("0", 7e4): "-ERR Protocol error: too big bulk count string\n",
		"PING\r\n*1\r\n$4\r\nPING\r\n*x\r\n":  "+PONG\n+PONG\n-ERR Protocol error: invalid multibulk length\n",
		"*2\r\n$4\r\nECHO\r\n$-1\r\n":         "-ERR Protocol error: invalid bulk length\n",
	} {
		if got := answer(t, s, in); got != want {
			t.Errorf("%.60q\n got %q\nwant %q", in, got, want)
		}
	}
	must(t, s.Connect(t), "PING", "+PONG")
}

// TestHTTPIsRefused: a browser that is made to speak to the port must not get through.
func TestHTTPIsRefused(t *testing.T) {
	s := start(t)
	for _, in := range []string{
		"POST / HTTP/1.1\r\nHost: x\r\n\r\nSET k v\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\nSET k v\r\n",
	} {
		answer(t, s, in)
	}
	must(t, s.Connect(t), "EXISTS k", ":0")
}

func TestOneByteAtATime(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	in := rawclient.AppendCommand(nil, "SET", "k", "v\r\n\x00")
	in = rawclient.AppendCommand(in, "GET", "k")
	in = append(in, "GET k\r\n*0\r\n\r\nGET nokey\r\n"...)
	for _, b := range in {
		if err := c.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"+OK", `$"v\r\n\x00"`, `$"v\r\n\x00"`, "$(nil)"} {
		if v, err := c.Receive(); err != nil || v.String() != want {
			t.Fatalf("reply %d: %s, %v; want %s", i, v, err, want)
		}
	}
}

// TestEverySplit sends a pipeline cut in two at every byte.
func TestEverySplit(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	in := rawclient.AppendCommand(nil, "SET", "k", "value")
	in = append(in, "GET k\r\n"...)
	in = rawclient.AppendCommand(in, "MGET", "k", "nokey", "k")
	for cut := 1; cut < len(in); cut++ {
		if c.Write(in[:cut]) != nil || c.Write(in[cut:]) != nil {
			t.Fatal("connection lost")
		}
		for _, want := range []string{"+OK", `$"value"`, `*3[$"value" $(nil) $"value"]`} {
			if v, err := c.Receive(); err != nil || v.String() != want {
				t.Fatalf("cut at %d: %s, %v; want %s", cut, v, err, want)
			}
		}
	}
}

func TestLimitsBeforeAuthentication(t *testing.T) {
	s := start(t, "--requirepass", "secret")
	for in, want := range map[string]string{
		"*11\r\n":                            "-ERR Protocol error: unauthenticated multibulk length\n",
		"*1048576\r\n":                       "-ERR Protocol error: unauthenticated multibulk length\n",
		"*2\r\n$4\r\nAUTH\r\n$16385\r\n":     "-ERR Protocol error: unauthenticated bulk length\n",
		"*2\r\n$4\r\nAUTH\r\n$536870912\r\n": "-ERR Protocol error: unauthenticated bulk length\n",
	} {
		if got := answer(t, s, in); got != want {
			t.Errorf("%q\n got %q\nwant %q", in, got, want)
		}
	}
	c := s.Connect(t)
	must(t, c, "GET k", "-NOAUTH Authentication required.")
	must(t, c, "AUTH wrong", "-WRONGPASS invalid username-password pair or user is disabled.")
	must(t, c, fmt.Sprintf("AUTH %s", strings.Repeat("x", 16000)), "-WRONGPASS invalid username-password pair or user is disabled.")
	must(t, c, "AUTH secret", "+OK")
	must(t, c, "SET k "+strings.Repeat("x", 20000), "+OK")
	must(t, c, "DEL a b c d e f g h i j k l m", ":1")
}

// TestAnnouncedIsNotAllocated: a client's announcement costs no memory.
func TestAnnouncedIsNotAllocated(t *testing.T) {
	s := start(t)
	before, err := s.RSS()
	if err != nil {
		t.Skip(err)
	}
	for range 50 {
		c := s.Connect(t)
		if err := c.Write([]byte("*1048576\r\n$536870912\r\nabc")); err != nil {
			t.Fatal(err)
		}
	}
	c := s.Connect(t)
	must(t, c, "PING", "+PONG")
	must(t, c, "PING", "+PONG")
	after, _ := s.RSS()
	// Redis itself reserves the announced arguments' slots and 32 MB less than the bulk.
	if grown := after - before; s.IsKring() && grown > 150<<20 {
		t.Errorf("50 announcements took %d MB", grown>>20)
	}
}

// TestManyArguments: the most arguments a command may have, or nearly.
func TestManyArguments(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	args := make([]string, 1, 1<<20)
	args[0] = "EXISTS"
	for len(args) < cap(args) {
		args = append(args, "k")
	}
	must(t, c, "SET k v", "+OK")
	c.Queue(args...)
	got, err := c.Exchange(1)
	if err != nil || got[0].Int != 1<<20-1 {
		t.Fatalf("%v, %v", got, err)
	}
}
