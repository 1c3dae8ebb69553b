package options

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// oracle is a redis-server of this machine and a connection to it.
type oracle struct {
	conn net.Conn
	r    *bufio.Reader
}

// startOracle starts redis-server on a socket of its own, or skips the test.
func startOracle(t *testing.T) *oracle {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a redis-server")
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server on this machine")
	}
	dir, err := os.MkdirTemp("", "") // a short name: there is a limit
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(path, "--port", "0", "--unixsocket", socket, "--save", "", "--daemonize", "no", "--dir", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if c, err := net.Dial("unix", socket); err == nil {
			t.Cleanup(func() { _ = c.Close() })
			return &oracle{c, bufio.NewReader(c)}
		}
		time.Sleep(25 * time.Millisecond) // another process: there is nothing else to wait on
	}
	t.Fatal("redis-server does not answer")
	return nil
}

// do sends a command and returns a simple reply's line, or a flat array's elements.
func (o *oracle) do(t *testing.T, words ...string) []string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	if _, err := io.WriteString(o.conn, b.String()); err != nil {
		t.Fatalf("%q: %v", words, err)
	}
	head := o.line(t)
	if head[0] != '*' {
		return []string{head}
	}
	n, _ := strconv.Atoi(head[1:])
	out := make([]string, n)
	for i := range out {
		size, _ := strconv.Atoi(o.line(t)[1:])
		data := make([]byte, size+2)
		if _, err := io.ReadFull(o.r, data); err != nil {
			t.Fatal(err)
		}
		out[i] = string(data[:size])
	}
	return out
}

func (o *oracle) line(t *testing.T) string {
	t.Helper()
	s, err := o.r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimRight(s, "\r\n")
}

// notCompared are options whose setting disturbs the oracle, or where this package
// alone does not decide.
var notCompared = map[string]string{
	"port": "moves the oracle", "bind": "moves the oracle", "requirepass": "locks the test out",
	"maxclients": "the server checks the file limit", "loglevel": "7.2 added nothing", "timeout": "closes the test's connection",
	"activedefrag": "needs another allocator there", "tls-port": "needs certificates there", "io-threads": "starts threads",
	"oom-score-adj": "depends on rights", "oom-score-adj-values": "depends on rights", "maxmemory": "evicts the test's replies",
	"maxmemory-clients": "closes the test's connection", "client-query-buffer-limit": "closes the test's connection",
	"client-output-buffer-limit": "closes the test's connection; compared by hand", "appendonly": "starts a rewrite",
	"cluster-announce-hostname": "its error misspells CONFIG there", "watchdog-period": "raises signals there",
	"tls-ca-cert-dir": "reloads certificates there",
}

// knownQuirks are values that Redis takes or refuses by accident, as "name value".
var knownQuirks = map[string]bool{
	"save 1 ":                     true, // an empty number of changes is 0 there
	"proc-title-template {title}": true, // refused there: the title is still empty when it is checked
}

var oracleValues = []string{
	"", "abc", "0", "1", "2", "5", "-1", "007", "+1", " 1", "1 ", "99", "100", "101", "1000", "65535", "65536", "2147483647", "2147483648",
	"4294967295", "9223372036854775807", "9223372036854775808", "99999999999999999999", "-2147483649", "1.5", "1kb", "1MB", "3gb", "1tb", "kb", "12%", "120%", "%",
	"yes", "NO", "default", "save now", "save nosave", "1 1", "3600 1 60", "0 200 800", "1  2", "KEA", "nKEm", "g$lshzxe", "kea", "disabled",
	"50 99.5", "nan", "{title}", "a/b", "allkeys-LRU", "always", "clients", "no one", "ip", "optional", "panic", "a b c",
}

func TestConfigSetAgainstRedisServer(t *testing.T) {
	redis := startOracle(t)
	compared := 0
	for _, name := range names() {
		if notCompared[name] != "" || strings.HasPrefix(name, "tls-") || len(redis.do(t, "CONFIG", "GET", name)) == 0 {
			continue
		}
		o := New()
		start := redis.do(t, "CONFIG", "GET", name)[1]
		if IsSensitive(name) {
			continue
		}
		_ = o.Assign(name, start)
		huge := map[string]bool{"9223372036854775808": true, "99999999999999999999": true} // unsigned ones become the largest that there is here
		for _, value := range oracleValues {
			if knownQuirks[name+" "+value] {
				continue
			}
			want := redis.do(t, "CONFIG", "SET", name, value)[0]
			got := "+OK"
			if err := o.Set(args(name, value)); err != nil {
				got = "-" + err.Error()
			}
			if got != want {
				t.Errorf("CONFIG SET %s %q:\n got %s\nwant %s", name, value, got, want)
			}
			compared++
			if want == "+OK" {
				if stored := redis.do(t, "CONFIG", "GET", name)[1]; stored != o.String(name) && name != "dir" && !huge[value] {
					t.Errorf("after CONFIG SET %s %q: got %q, want %q", name, value, o.String(name), stored)
				}
			}
		}
	}
	if compared < 3000 {
		t.Errorf("only %d values were compared", compared)
	}
}

func TestConfigGetAgainstRedisServer(t *testing.T) {
	redis := startOracle(t)
	o := New()
	for _, patterns := range [][]string{{"*max*", "hash*"}, {"[a-c]*"}, {"PORT"}, {"PO*", "port"}, {"s?ave*"}, {"*-[vt]*", "*x"}, {""}, {`\*`}} {
		want := map[string]bool{}
		reply := redis.do(t, append([]string{"CONFIG", "GET"}, patterns...)...)
		for i := 0; i < len(reply); i += 2 {
			want[reply[i]] = true
		}
		for _, p := range o.Get(args(patterns...)) {
			if !want[p.Name] && len(redis.do(t, "CONFIG", "GET", p.Name)) > 0 {
				t.Errorf("%q: %s is too many", patterns, p.Name)
			}
			delete(want, p.Name)
		}
		for name := range want {
			t.Errorf("%q: %s is missing", patterns, name)
		}
	}
}

// names returns all names that CONFIG knows, aliases included, in the table's order.
func names() []string {
	var all []string
	for _, e := range entries {
		if rows[e.row].Flags&FileOnly == 0 {
			all = append(all, e.name)
		}
	}
	return all
}
