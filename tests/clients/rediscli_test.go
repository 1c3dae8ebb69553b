package clients

import (
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

func TestCLICommands(t *testing.T) {
	s := start(t)
	for _, c := range []struct{ args, want string }{
		{"PING", "PONG\n"},
		{"SET k v", "OK\n"},
		{"GET k", "v\n"},
		{"GET nokey", "\n"},
		{"--no-raw GET nokey", "(nil)\n"},
		{"--no-raw -3 GET nokey", "(nil)\n"},
		{"--no-raw INCRBY n 5", "(integer) 5\n"},
		{"--no-raw MGET k nokey", "1) \"v\"\n2) (nil)\n"},
		{"--no-raw -3 CONFIG GET maxmemory", "1# \"maxmemory\" => \"0\"\n"},
		{"--no-raw -2 CONFIG GET maxmemory", "1) \"maxmemory\"\n2) \"0\"\n"},
		{"--no-raw NOSUCH a", "(error) ERR unknown command 'NOSUCH', with args beginning with: 'a' \n"},
		{"--csv MGET k n", "\"v\",\"5\"\n"},
		{"--json -3 CONFIG GET maxmemory", "{\"maxmemory\":\"0\"}\n"},
		{"-n 3 SET other 1", "OK\n"},
		{"-n 3 DBSIZE", "1\n"},
		{"-r 3 INCR r", "1\n2\n3\n"},
		{"--quoted-input SET \"q\\x00q\" v", "OK\n"},
	} {
		if got := cli(t, s, strings.Fields(c.args)...); strings.TrimRight(got, "\n") != strings.TrimRight(c.want, "\n") {
			t.Errorf("redis-cli %s\n got %q\nwant %q", c.args, got, c.want)
		}
	}
	if got := tool(t, s, "from stdin", "redis-cli", "-x", "SET", "x"); got != "OK\n" {
		t.Errorf("-x: %q", got)
	}
	if got := tool(t, s, "GET x\nDEL x\nEXISTS x\n", "redis-cli"); got != "from stdin\n1\n0\n" {
		t.Errorf("commands from a pipe: %q", got)
	}
	if out, _, err := runTool(s, "", toolTimeout, "redis-cli", "-e", "NOSUCH"); err == nil {
		t.Errorf("-e NOSUCH ended with 0: %q", out)
	}
	if got := cli(t, s, "INFO", "server"); !strings.Contains(got, "redis_version:7.") {
		t.Errorf("INFO server: %q", got)
	}
}

func TestCLIPassword(t *testing.T) {
	s := start(t, "--requirepass", "secret")
	if got := cli(t, s, "--no-auth-warning", "-a", "secret", "SET", "k", "v"); got != "OK\n" {
		t.Errorf("-a: %q", got)
	}
	if got := cli(t, s, "--no-auth-warning", "-a", "secret", "--user", "default", "-3", "GET", "k"); got != "v\n" {
		t.Errorf("--user: %q", got)
	}
	if out, _, _ := runTool(s, "", toolTimeout, "redis-cli", "GET", "k"); !strings.Contains(out, "NOAUTH") {
		t.Errorf("without a password: %q", out)
	}
}

func TestCLIScan(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	var want []string
	for i := range 3000 {
		key := fmt.Sprintf("key:%d", i)
		c.Queue("SET", key, "v")
		if strings.HasPrefix(key, "key:1") {
			want = append(want, key)
		}
	}
	if _, err := c.Exchange(3000); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(cli(t, s, "--scan"), "\n"); n != 3000 {
		t.Errorf("--scan printed %d lines", n)
	}
	got := strings.Fields(cli(t, s, "--scan", "--pattern", "key:1*"))
	sort.Strings(got)
	sort.Strings(want)
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("--pattern gave %d keys, want %d", len(got), len(want))
	}
}

func TestCLIPipe(t *testing.T) {
	s := start(t)
	const n = 50_000
	var in []byte
	for i := range n {
		in = rawclient.AppendCommand(in, "SET", fmt.Sprint("pipe:", i), fmt.Sprint(i))
	}
	in = rawclient.AppendCommand(in, "NOSUCH")
	out, _, _ := runTool(s, string(in), toolTimeout, "redis-cli", "--pipe")
	if want := fmt.Sprintf("errors: 1, replies: %d", n+1); !strings.Contains(out, want) {
		t.Fatalf("--pipe: %q, want %q", out, want)
	}
	if got := cli(t, s, "DBSIZE"); got != fmt.Sprintf("%d\n", n) {
		t.Errorf("DBSIZE %q", got)
	}
}

func TestCLIModes(t *testing.T) {
	s := start(t)
	cli(t, s, "MSET", "a", "1", "b", "22", "the-longest", strings.Repeat("x", 500))
	if got := cli(t, s, "--bigkeys"); !strings.Contains(got, "the-longest") || !strings.Contains(got, "3 keys") &&
		!strings.Contains(got, "Sampled 3 keys") {
		t.Errorf("--bigkeys: %s", got)
	}
	if got := cli(t, s, "--memkeys"); !strings.Contains(got, "the-longest") {
		t.Errorf("--memkeys: %s", got)
	}
	// Redirected, --latency samples for the interval and prints min, max, avg, count.
	if f := strings.Fields(cli(t, s, "--latency", "-i", "0.3", "--raw")); len(f) != 4 {
		t.Errorf("--latency: %q", f)
	}
	// --stat runs for ever: what it has printed (by full buffers) until it is ended is enough.
	out, lines := "", []string(nil)
	for patience := 1500 * time.Millisecond; len(lines) < 4 && patience < 2*time.Minute; patience *= 4 {
		out, _, _ = runTool(s, "", patience, "redis-cli", "--stat", "-i", "0.004")
		lines = strings.Split(strings.TrimSpace(out), "\n")
	}
	if len(lines) < 4 || !strings.Contains(out, "keys") || !strings.HasPrefix(strings.TrimSpace(lines[2]), "3 ") {
		t.Errorf("--stat: %q", out)
	}
}
