//go:build unix

package repl

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// failoversCount is how many failovers TestSentinel has by default.
const failoversCount = 3

// TestSentinel has three redis-sentinels look after a primary with two replicas, all of them Kring: they
// find each other and the replicas; when the primary is killed, stopped, or told so, they have a replica take
// its place, and what has been the primary comes back as a replica. No write that both replicas have
// acknowledged is lost. SENTINEL_FAILOVERS says how many failovers there are.
func TestSentinel(t *testing.T) {
	count := failoversCount
	if text := os.Getenv("SENTINEL_FAILOVERS"); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	g := newGuarded(t)
	g.awaitCalm()
	w := g.startWriter()
	for i := range count {
		old := g.primary()
		begin := time.Now()
		switch i % 3 {
		case 0:
			if err := g.servers[old].Kill(); err != nil {
				t.Fatal(err)
			}
		case 1:
			_ = g.servers[old].Signal(syscall.SIGSTOP)
		}
		g.awaitOther(old, i%3 == 2)
		t.Logf("failover %d: %s is the primary after %v", i+1, g.primary(), time.Since(begin).Round(10*time.Millisecond))
		switch i % 3 {
		case 0:
			g.launch(old)
		case 1:
			_ = g.servers[old].Signal(syscall.SIGCONT)
		}
		g.awaitCalm()
		w.progress(t)
	}
	w.end(t)
	g.sameEverywhere()
	for port := range g.servers {
		text, err := os.ReadFile(g.conf(port))
		if err != nil {
			t.Fatal(err)
		}
		if is := strings.Contains(string(text), "replicaof 127.0.0.1 "+g.primary()); is == (port == g.primary()) {
			t.Errorf("the configuration of %s, while %s is the primary:\n%s", port, g.primary(), text)
		}
	}
}

// guarded is three servers, by port, and three sentinels.
type guarded struct {
	t         *testing.T
	dir       string
	servers   map[string]*harness.Server
	ports     []string
	sentinels []*harness.Server
}

const groupName = "mymaster"

func newGuarded(t *testing.T) *guarded {
	g := &guarded{t: t, dir: t.TempDir(), servers: map[string]*harness.Server{}}
	t.Cleanup(func() {
		for _, s := range g.sentinels {
			_ = s.Kill()
			harness.CheckOutput(t, s)
		}
		for _, s := range g.servers {
			_ = s.Signal(syscall.SIGCONT)
			_ = s.Kill()
			harness.CheckOutput(t, s)
		}
	})
	for i := range 3 {
		port := freePort(t)
		text := "port " + port + "\nbind 127.0.0.1\nsave \"\"\nrepl-diskless-sync-delay 0\nenable-debug-command yes\n"
		if i > 0 {
			text += "replicaof 127.0.0.1 " + g.ports[0] + "\n"
		}
		g.ports = append(g.ports, port)
		if err := os.MkdirAll(filepath.Dir(g.conf(port)), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, g.conf(port), text)
		g.launch(port)
	}
	for range 3 {
		port := freePort(t)
		dir := filepath.Join(g.dir, "s"+port)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "sentinel.conf")
		write(t, path, fmt.Sprintf("port %s\nbind 127.0.0.1\nsentinel monitor %s 127.0.0.1 %s 2\nsentinel down-after-milliseconds %s 1000\nsentinel failover-timeout %s 6000\n",
			port, groupName, g.ports[0], groupName, groupName))
		s := g.start(harness.OracleBin(t), port, dir, path, "--sentinel")
		g.sentinels = append(g.sentinels, s)
		for _, quick := range []string{"info-period", "publish-period", "ask-period"} { // 10 s, 2 s and 1 s are long
			if v, err := ask(s, "SENTINEL", "DEBUG", quick, "300"); err != nil || v.IsError() {
				t.Fatal(quick, v, err)
			}
		}
	}
	return g
}

func (g *guarded) conf(port string) string { return filepath.Join(g.dir, port, "kring.conf") }

func (g *guarded) start(bin, port, dir string, args ...string) *harness.Server {
	g.t.Helper()
	s, err := harness.Launch(harness.Config{Bin: bin, Bare: true, Args: args, Dir: dir, Network: "tcp", Addr: net.JoinHostPort("127.0.0.1", port)})
	if err != nil {
		g.t.Fatal(err)
	}
	return s
}

func (g *guarded) launch(port string) {
	g.t.Helper()
	g.servers[port] = g.start(harness.SubjectBin(g.t), port, filepath.Dir(g.conf(port)), g.conf(port))
}

// ask calls a server once.
func ask(s *harness.Server, args ...string) (rawclient.Value, error) {
	c, err := s.Dial()
	if err != nil {
		return rawclient.Value{}, err
	}
	defer c.Close()
	return c.Do(args...)
}

// primary is the port of the primary, as the first sentinel has it.
func (g *guarded) primary() string {
	g.t.Helper()
	v, err := ask(g.sentinels[0], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", groupName)
	if err != nil || len(v.Elems) != 2 {
		g.t.Fatal(v, err)
	}
	return v.Elems[1].Str
}

// await waits until f is content; it returns what it is waiting for.
func await(t *testing.T, f func() (lacks string)) {
	t.Helper()
	lacks := ""
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if lacks = f(); lacks == "" {
			return
		}
	}
	t.Fatal(lacks)
}

// awaitOther waits until all sentinels have another primary, which is one. With tell a sentinel is
// told to see to that, until it has.
func (g *guarded) awaitOther(old string, tell bool) {
	g.t.Helper()
	await(g.t, func() string {
		if tell && g.primary() == old { // the error is that it does so, or is busy with the last one
			_, _ = ask(g.sentinels[0], "SENTINEL", "FAILOVER", groupName)
		}
		for _, s := range g.sentinels {
			v, err := ask(s, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", groupName)
			if err != nil || len(v.Elems) != 2 || v.Elems[1].Str == old {
				return fmt.Sprintf("a sentinel has %v, %v", v, err)
			}
		}
		v, err := ask(g.servers[g.primary()], "ROLE")
		if err != nil || len(v.Elems) == 0 || v.Elems[0].Str != "master" {
			return fmt.Sprintf("the primary is %v, %v", v, err)
		}
		return ""
	})
}

// awaitCalm waits until all sentinels know each other and two replicas, which follow the primary.
func (g *guarded) awaitCalm() {
	g.t.Helper()
	await(g.t, func() string {
		primary := g.primary()
		for _, s := range g.sentinels {
			v, err := ask(s, "SENTINEL", "MASTER", groupName)
			if err != nil {
				return err.Error()
			}
			for _, want := range [][2]string{{"port", primary}, {"flags", "master"}, {"num-slaves", "2"}, {"num-other-sentinels", "2"}} {
				if got, _ := v.Lookup(want[0]); got.Str != want[1] {
					return fmt.Sprintf("a sentinel has %s %s", want[0], got)
				}
			}
		}
		for port, s := range g.servers {
			v, err := ask(s, "INFO", "replication")
			switch {
			case err != nil:
				return err.Error()
			case port == primary:
				if strings.Count(v.Str, "state=online") != 2 {
					return "the primary has\n" + v.Str
				}
			case !strings.Contains(v.Str, "master_link_status:up") || !strings.Contains(v.Str, "master_port:"+primary):
				return "a replica has\n" + v.Str
			}
		}
		return ""
	})
}

// sameEverywhere: in the end all have the same.
func (g *guarded) sameEverywhere() {
	g.t.Helper()
	await(g.t, func() string {
		var digests []string
		for _, s := range g.servers {
			v, err := ask(s, "DEBUG", "DIGEST")
			if err != nil || v.IsError() {
				return fmt.Sprint(v, err)
			}
			digests = append(digests, v.Str)
		}
		if digests[0] != digests[1] || digests[0] != digests[2] {
			return fmt.Sprint("they differ: ", digests)
		}
		return ""
	})
}

// writer writes to whoever is the primary, one key after the other, and notes what both replicas have
// acknowledged.
type writer struct {
	g    *guarded
	stop chan struct{}
	done sync.WaitGroup
	mu   sync.Mutex
	safe []string
}

func (g *guarded) startWriter() *writer {
	w := &writer{g: g, stop: make(chan struct{})}
	w.done.Add(1)
	go func() {
		defer w.done.Done()
		for n := 0; ; {
			select {
			case <-w.stop:
				return
			default:
			}
			n = w.write(n)
			time.Sleep(10 * time.Millisecond) // until there is a primary again
		}
	}()
	g.t.Cleanup(func() { w.halt() })
	return w
}

func (w *writer) halt() {
	select {
	case <-w.stop:
	default:
		close(w.stop)
	}
	w.done.Wait()
}

// write writes from number n on until something goes wrong, as a client does that asks a sentinel.
func (w *writer) write(n int) int {
	v, err := ask(w.g.sentinels[1], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", groupName)
	if err != nil || len(v.Elems) != 2 {
		return n
	}
	c, err := rawclient.Dial("tcp", net.JoinHostPort("127.0.0.1", v.Elems[1].Str))
	if err != nil {
		return n
	}
	defer c.Close()
	c.Timeout = 2 * time.Second
	for {
		select {
		case <-w.stop:
			return n
		default:
		}
		n++
		key := fmt.Sprint("k", n)
		c.Queue("SET", key, key)
		c.Queue("WAIT", "2", "1000")
		replies, err := c.Exchange(2)
		if err != nil || replies[0].IsError() {
			return n
		}
		if replies[1].Int >= 2 {
			w.mu.Lock()
			w.safe = append(w.safe, key)
			w.mu.Unlock()
		}
	}
}

// progress waits until more is acknowledged.
func (w *writer) progress(t *testing.T) {
	t.Helper()
	count := func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.safe)
	}
	before := count()
	await(t, func() string {
		if count() < before+20 {
			return "nothing is written"
		}
		return ""
	})
}

// end stops writing, and looks for what was acknowledged.
func (w *writer) end(t *testing.T) {
	t.Helper()
	w.halt()
	c, err := w.g.servers[w.g.primary()].Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, key := range w.safe {
		c.Queue("GET", key)
	}
	replies, err := c.Exchange(len(w.safe))
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	for i, key := range w.safe {
		if replies[i].Str != key {
			lost++
		}
	}
	t.Logf("%d writes were acknowledged by both replicas", len(w.safe))
	if lost > 0 || len(w.safe) == 0 {
		t.Errorf("%d of them are lost", lost)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(port)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
