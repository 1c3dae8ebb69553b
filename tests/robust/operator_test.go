package robust

import (
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// TestRenamedCommands: a configuration file can rename commands and take them away, and
// says what is wrong with such a line.
func TestRenamedCommands(t *testing.T) {
	s, _ := startFile(t, "port PORT\nbind 127.0.0.1\nsave \"\"\nrename-command FLUSHALL \"\"\nrename-command CONFIG s3cret\nappendonly yes\n")
	c := s.Connect(t)
	must(t, c, "SET k 1", "+OK")
	must(t, c, "FLUSHALL", "-ERR unknown command 'FLUSHALL', with args beginning with: ")
	must(t, c, "CONFIG GET port", "-ERR unknown command 'CONFIG', with args beginning with: 'GET' 'port' ")
	must(t, c, "S3CRET GET maxmemory", `*2[$"maxmemory" $"0"]`)
	must(t, c, "S3CRET REWRITE", "+OK")
	for _, lines := range []string{"rename-command NOSUCH x\n", "rename-command GET SET\n", "rename-command GET\n"} {
		if out := refused(t, lines); !strings.Contains(out, "rename-command") {
			t.Errorf("%q:\n%s", lines, out)
		}
	}
}

// monitored reads a line of MONITOR, without its time.
func monitored(t *testing.T, c *rawclient.Client) string {
	t.Helper()
	v, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	m := monitorLine.FindStringSubmatch(v.Str)
	if m == nil {
		t.Fatalf("%s is no line of MONITOR", v)
	}
	return m[1]
}

var monitorLine = regexp.MustCompile(`^\d{10}\.\d{6} (\[.*)$`)

// TestMonitorOverSockets: each command appears once, with where it came from, and a
// monitor that goes away harms nobody.
func TestMonitorOverSockets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	s := start(t, "--unixsocket", path)
	m, c := s.Connect(t), s.Connect(t)
	u, err := rawclient.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	must(t, m, "MONITOR", "+OK")
	must(t, c, "SET k a", "+OK")
	must(t, u, `GET "\x00\"k"`, "")
	must(t, u, "SELECT 3", "+OK")
	for _, want := range []string{
		`[0 ` + c.Conn.LocalAddr().(*net.TCPAddr).String() + `] "SET" "k" "a"`,
		`[0 unix:` + path + `] "GET" "\x00\"k"`,
		`[3 unix:` + path + `] "SELECT" "3"`,
	} {
		if got := monitored(t, m); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	_ = m.Close()
	for range 100 {
		must(t, c, "PING", "+PONG")
	}
}

// TestPausedWritesAreNotLost: writes that arrive during a pause are done after it, in
// order, and a client that goes away meanwhile takes its writes with it.
func TestPausedWritesAreNotLost(t *testing.T) {
	s := start(t)
	admin, w, gone := s.Connect(t), s.Connect(t), s.Connect(t)
	must(t, admin, "CLIENT PAUSE 60000 WRITE", "+OK")
	for range 500 {
		w.Queue("RPUSH", "list", "x")
	}
	w.Queue("LLEN", "list")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	gone.Queue("SET", "gone", "1")
	if err := gone.Flush(); err != nil {
		t.Fatal(err)
	}
	await(t, "two clients wait", func() bool { return infoNumber(t, admin, "blocked_clients") == 2 })
	_ = gone.Close()
	await(t, "one client waits", func() bool { return infoNumber(t, admin, "blocked_clients") == 1 })
	must(t, admin, "LLEN list", ":0")
	must(t, admin, "CLIENT UNPAUSE", "+OK")
	for i := range 501 {
		v, err := w.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if want := int64(min(i+1, 500)); v.Int != want {
			t.Fatalf("reply %d is %s", i, v)
		}
	}
	must(t, admin, "EXISTS gone", ":0")
}
