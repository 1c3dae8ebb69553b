package server

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/exec"
)

// line reads a line of MONITOR without time and address.
func (c *testClient) line() string {
	c.t.Helper()
	text, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatal(err)
	}
	m := monitorLine.FindStringSubmatch(text)
	if m == nil {
		c.t.Fatalf("%q is no line of MONITOR", text)
	}
	return m[1] + m[2]
}

var monitorLine = regexp.MustCompile(`^\+\d{10}\.\d{6} \[(\d+) 127\.0\.0\.1:\d+\](.*)\r\n$`)

func (c *testClient) lines(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if got := c.line(); got != w {
			c.t.Errorf("got %s, want %s", got, w)
		}
	}
}

func TestMonitor(t *testing.T) {
	s := startServer(t)
	m, m2, c := dial(t, s), dial(t, s), dial(t, s)
	m.want("OK", "MULTI")
	m.want("QUEUED", "MONITOR")
	m.want("[ERR MONITOR isn't allowed for DENY BLOCKING client]", "EXEC")
	m.want("OK", "MONITOR")
	m2.want("OK", "MONITOR")
	c.want("OK", "SET", "a", "x\"y\\\n\xc3\xa9\a\b\t\r\x7f")
	const set = `0 "SET" "a" "x\"y\\\n\xc3\xa9\a\b\t\r\x7f"`
	m.lines(set)
	m2.lines(set)
	c.send(encode("SELECT", "5") + encode("MULTI") + encode("set", "b", "1") + encode("EXEC") + encode("AUTH", "u", "secret") +
		encode("HELLO", "2", "AUTH", "default", "secret") + encode("CONFIG", "GET", "port") + encode("BLPOP", "l", "0.01") +
		encode("GET") + encode("NOSUCH") + encode("KEYS", "*") + encode("PING"))
	m.lines(`5 "SELECT" "5"`, `5 "MULTI"`, `5 "set" "b" "1"`, `5 "EXEC"`, `5 "AUTH" "(redacted)" "(redacted)"`,
		`5 "HELLO" "2" "AUTH" "(redacted)" "(redacted)"`, `5 "BLPOP" "l" "0.01"`, `5 "KEYS" "*"`, `5 "PING"`)
	for range 9 {
		m2.line()
	}
	m.send(encode("MONITOR") + encode("PING")) // the second MONITOR has no reply
	if got := m.reply(); got != "PONG" {
		t.Error(got)
	}
	m.lines(`0 "PING"`)
	m.want("ERR Replica can't interact with the keyspace", "GET", "a")
	m.send(encode("CLIENT", "INFO"))
	if got := m.reply(); !strings.Contains(got, " flags=O ") {
		t.Error(got)
	}
	m.lines(`0 "CLIENT" "INFO"`)
	m.want("RESET", "RESET")
	m.send(encode("GET", "a"))
	if got := m.reply(); !strings.HasPrefix(got, "x") {
		t.Error(got)
	}
	if s.Guard.Load()&exec.GuardMonitored == 0 {
		t.Error("the other one still watches")
	}
	m2.Close()
	for end := time.Now().Add(patience); s.Guard.Load()&exec.GuardMonitored != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the monitor is never forgotten")
		}
	}
	dial(t, s).want("PONG", "PING")
}

// TestMonitorSeesAll: several reactors, all calls appear, in each client's order.
func TestMonitorSeesAll(t *testing.T) {
	s := startServer(t, "reactors", "3")
	m := dial(t, s)
	m.want("OK", "MONITOR")
	const clients, calls = 6, 300
	var wg sync.WaitGroup
	defer wg.Wait()
	for i := range clients {
		c := dial(t, s)
		wg.Add(1)
		go func() {
			defer wg.Done()
			var b strings.Builder
			for n := range calls {
				b.WriteString(encode("SET", fmt.Sprint("c", i), fmt.Sprint(n)))
			}
			c.send(b.String())
			for range calls {
				c.reply()
			}
		}()
	}
	next := map[string]int{}
	for range clients * calls {
		f := strings.Fields(m.line())
		if f[3] != fmt.Sprintf("%q", fmt.Sprint(next[f[2]])) {
			t.Fatalf("%v comes instead of %d", f, next[f[2]])
		}
		next[f[2]]++
	}
}

func TestMonitorIsBounded(t *testing.T) {
	s := startServer(t, "client-output-buffer-limit", "normal 100000 0 0")
	m, c := dial(t, s), dial(t, s)
	m.want("OK", "MONITOR")
	big := strings.Repeat("x", 50_000)
	for end := time.Now().Add(patience); s.Guard.Load()&exec.GuardMonitored != 0; {
		c.want("OK", "SET", "a", big)
		if time.Now().After(end) {
			t.Fatal("the monitor that reads nothing stays")
		}
	}
	c.want("OK", "SET", "a", big)
}

func TestRoleAndSecretsInSlowLog(t *testing.T) {
	s := startServer(t, "slowlog-log-slower-than", "0")
	c := dial(t, s)
	c.want("[master 0 []]", "ROLE")
	c.do("CONFIG", "SET", "masterauth", "secret1", "maxclients", "77")
	c.do("HELLO", "2", "AUTH", "default", "secret2")
	c.do("ACL", "SETUSER", "u", ">secret3")
	c.do("ACL", "GETUSER", "u")
	c.do("ACL", "DELUSER", "u", "v")
	c.do("CONFIG", "SET", "masteruser", "secret4", "tls-key-file-pass", "secret5")
	got := c.do("SLOWLOG", "GET")
	if strings.Contains(got, "secret") {
		t.Errorf("a secret in %s", got)
	}
	for _, want := range []string{"[CONFIG SET masterauth (redacted) maxclients 77]", "[HELLO 2 AUTH (redacted) (redacted)]", "[ACL SETUSER (redacted) (redacted)]",
		"[ACL GETUSER (redacted)]", "[ACL DELUSER (redacted) (redacted)]", "[CONFIG SET masteruser (redacted) tls-key-file-pass (redacted)]"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}
