//go:build unix

package cluster

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kringdb/kring/tests/internal/harness"
)

const (
	// patience is how long something may take that must happen.
	patience = time.Minute
	// lease is cluster-node-timeout: as short as etcd allows for.
	lease = 2 * time.Second
	// tries is how often what a busy machine can disturb is tried.
	tries = 4
	// crownTry is how long etcd is given to change its leader, before it is told again.
	crownTry = 5 * time.Second
)

// node is a running node, and a client of it alone.
type node struct {
	*harness.Server
	id   string
	c    *redis.Client
	cfg  harness.Config
	died bool
}

// run starts a node whose coordinator is at addr. Its folder stays when it is killed.
func run(t *testing.T, coordinator string, args ...string) *node {
	t.Helper()
	n := &node{cfg: harness.Config{Bin: harness.SubjectBin(t), Dir: t.TempDir(), Args: append([]string{
		"--cluster-enabled", "yes", "--cluster-coordinator", coordinator, "--cluster-node-timeout", fmt.Sprint(lease.Milliseconds()),
		"--repl-diskless-sync-delay", "0", "--loglevel", "verbose",
	}, args...)}}
	n.launch(t)
	t.Cleanup(func() {
		if !n.died {
			_ = n.Signal(syscall.SIGCONT)
			if err := n.Stop(); err != nil {
				t.Errorf("stopping: %v", err)
			}
			harness.CheckOutput(t, n.Server)
		}
	})
	return n
}

// launch starts the process, on the port that it has had.
func (n *node) launch(t *testing.T) {
	t.Helper()
	cfg := n.cfg
	if n.Server != nil {
		cfg.Args = append([]string{"--port", fmt.Sprint(n.Port), "--bind", "127.0.0.1", "--save", ""}, cfg.Args...)
		cfg.Bare, cfg.Network, cfg.Addr = true, "tcp", n.Addr
	}
	port := 0
	if n.Server != nil {
		port = n.Port
	}
	s, err := harness.Launch(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if port != 0 {
		s.Port = port
	}
	n.Server, n.died = s, false
	n.c = redis.NewClient(&redis.Options{
		Addr: n.Addr, MaxRetries: -1, DialTimeout: time.Second, ReadTimeout: 5 * time.Second, DialerRetries: 1, PoolSize: 4, DisableIdentity: true,
	})
	t.Cleanup(func() { _ = n.c.Close() })
	n.id = n.say(t, "cluster myid")
}

// kill ends the process at once.
func (n *node) kill() {
	_ = n.Kill()
	n.died = true
}

// stop stops the process, and goOn lets it go on.
func (n *node) stop(t *testing.T) { n.signal(t, syscall.SIGSTOP) }
func (n *node) goOn(t *testing.T) { n.signal(t, syscall.SIGCONT) }

func (n *node) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := n.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// flat sends a command in words, and returns the reply, or the error, as text.
func (n *node) flat(line string) string {
	var args []any
	for _, w := range strings.Fields(line) {
		args = append(args, w)
	}
	v, err := n.c.Do(context.Background(), args...).Result()
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(v)
}

// say is flat for what must not be an error. A node that could not renew its lease in time, on a busy machine, is told again.
func (n *node) say(t *testing.T, line string) string {
	t.Helper()
	got := ""
	awaitThat(t, func() (bool, string) {
		got = n.flat(line)
		return !strings.HasPrefix(got, "CLUSTERDOWN"), line + ": " + got
	})
	if strings.HasPrefix(got, "ERR") || strings.Contains(got, "dial tcp") {
		t.Fatalf("%s: %s", line, got)
	}
	return got
}

// await waits until the reply to a command has a text in it.
func (n *node) await(t *testing.T, line, want string) {
	t.Helper()
	awaitThat(t, func() (bool, string) {
		got := n.flat(line)
		return strings.Contains(got, want), fmt.Sprintf("%s at %s: %q, not %q", line, n.Addr, got, want)
	})
}

func awaitThat(t *testing.T, f func() (ok bool, what string)) {
	t.Helper()
	what := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		ok := false
		if ok, what = f(); ok {
			return
		}
	}
	t.Fatal(what)
}

// goesOn has f say nothing for so long, asked again and again. A node that gets no processor for a part of its lease has to stop, however right
// it is: so it is given some tries, and has to be back before each.
func goesOn(t *testing.T, d time.Duration, f func() (wrong string)) {
	t.Helper()
	for try := 1; ; try++ {
		wrong := ""
		for end := time.Now().Add(d); wrong == "" && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			wrong = f()
		}
		if wrong == "" {
			return
		}
		if try == tries {
			t.Fatal(wrong)
		}
		t.Log("again, as ", wrong)
		awaitThat(t, func() (bool, string) {
			wrong := f()
			return wrong == "", wrong
		})
	}
}

// form makes a cluster: the first nodes are primaries of equal parts of the slots, the others their replicas, in turn.
func form(t *testing.T, primaries int, nodes []*node) {
	t.Helper()
	for i, n := range nodes[:primaries] {
		n.say(t, fmt.Sprintf("cluster addslotsrange %d %d", i*16384/primaries, (i+1)*16384/primaries-1))
	}
	for _, n := range nodes[1:] {
		n.say(t, fmt.Sprintf("cluster meet 127.0.0.1 %d", nodes[0].Port))
	}
	for i, n := range nodes[primaries:] {
		of := nodes[i%primaries]
		awaitThat(t, func() (bool, string) {
			got := n.flat("cluster replicate " + of.id)
			return got == "OK", got
		})
		n.await(t, "info replication", "master_link_status:up")
		awaitThat(t, func() (bool, string) { // or it would not lead, if its primary died now: it keeps whose data it has
			text, err := os.ReadFile(filepath.Join(n.cfg.Dir, "nodes.conf"))
			return err == nil && strings.Contains(string(text), `"origins"`), fmt.Sprintf("%s has not kept whose data it has: %v", text, err)
		})
	}
	for _, n := range nodes {
		n.await(t, "cluster info", "cluster_state:ok")
	}
	for i, n := range nodes[:primaries] {
		n.await(t, "cluster info", fmt.Sprintf("cluster_known_nodes:%d", len(nodes)))
		// Nobody would lead if a primary died before it has named who may.
		n.await(t, "cluster info", fmt.Sprintf("cluster_heirs:%d", (len(nodes)-1-i)/primaries))
	}
}

// leads waits until a node takes writes of a key, and tells when that was.
func (n *node) leads(t *testing.T, key string) time.Time {
	t.Helper()
	n.await(t, "set "+key+" x", "OK")
	return time.Now()
}

// proxy lets connections through to an address, until it is cut.
type proxy struct {
	addr string
	to   string

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

// through starts a proxy.
func through(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: l.Addr().String(), to: to, conns: map[net.Conn]bool{}}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(in) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.set(true)
		all.Wait()
	})
	return p
}

func (p *proxy) serve(in net.Conn) {
	defer in.Close()
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer out.Close()
	p.mu.Lock()
	if p.cut {
		p.mu.Unlock()
		return
	}
	p.conns[in], p.conns[out] = true, true
	p.mu.Unlock()
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(out, in)
		out.Close()
		close(done)
	}()
	_, _ = io.Copy(in, out)
	in.Close()
	<-done
	p.mu.Lock()
	delete(p.conns, in)
	delete(p.conns, out)
	p.mu.Unlock()
}

// set cuts all connections, or lets new ones through.
func (p *proxy) set(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	if cut {
		for c := range p.conns {
			c.Close()
		}
	}
}
