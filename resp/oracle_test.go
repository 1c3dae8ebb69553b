package resp

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// oracle is an installed redis-server on a unix socket.
type oracle struct{ socket string }

func startOracle(t *testing.T, args ...string) oracle {
	t.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server to compare with")
	}
	dir, err := os.MkdirTemp("", "kring") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	o := oracle{filepath.Join(dir, "s")}
	cmd := exec.Command(bin, append([]string{"--port", "0", "--unixsocket", o.socket, "--save", "", "--daemonize", "no"}, args...)...)
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if c, err := net.Dial("unix", o.socket); err == nil {
			_ = c.Close()
			return o
		}
		if time.Now().After(end) {
			t.Fatal("redis-server does not come up")
		}
	}
}

// ask sends in, shuts down the writing side and returns all replies.
func (o oracle) ask(t *testing.T, in string) []Value {
	t.Helper()
	c, err := net.Dial("unix", o.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := c.Write([]byte(in)); err != nil {
		t.Fatal(err)
	}
	_ = c.(*net.UnixConn).CloseWrite()
	var all []Value
	for r := bufio.NewReader(c); ; {
		v, err := ReadReply(r)
		if errors.Is(err, io.EOF) || err != nil && len(all) > 0 {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
}

// TestOracle holds the tables of protocol errors and inline lines against Redis.
func TestOracle(t *testing.T) {
	check := func(o oracle, table []struct{ in, err string }) {
		t.Helper()
		for _, tc := range table {
			got := ""
			if all := o.ask(t, tc.in); len(all) > 0 {
				got = all[0].Text()
			}
			want := tc.err
			if want != "" {
				want = "ERR Protocol error: " + want
			}
			if got != want {
				t.Errorf("%.40q: Redis says %q, the table %q", tc.in, got, want)
			}
		}
	}
	o := startOracle(t)
	check(o, protoErrors)
	for _, tc := range inlineCases {
		if len(tc.want) == 0 {
			continue
		}
		// EVAL hands all arguments back; one line stays one line.
		all := o.ask(t, "EVAL 'return ARGV' 0 "+tc.line+"\n")
		if len(all) != 1 || len(all[0].Elems) != len(tc.want) {
			t.Errorf("%q: Redis says %+v", tc.line, all)
			continue
		}
		for i, e := range all[0].Elems {
			if e.Text() != tc.want[i] {
				t.Errorf("%q: argument %d is %q for Redis", tc.line, i, e.Text())
			}
		}
	}
	for _, line := range inlineBad {
		if all := o.ask(t, line+"\n"); len(all) != 1 || all[0].Text() != "ERR "+errInlineQuotes.Error() {
			t.Errorf("%q: Redis says %+v", line, all)
		}
	}
	check(startOracle(t, "--requirepass", "x"), preAuthErrors)
}
