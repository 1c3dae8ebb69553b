//go:build unix

package cluster

import (
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kringdb/kring/tests/internal/harness"
)

// encrypted starts nodes that nobody reaches but by TLS, and with a certificate.
func encrypted(t *testing.T, count int, args ...string) (nodes []*node) {
	t.Helper()
	files, err := harness.NewTLS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	client, err := files.Config(files.CertFile, files.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	coordinator := "file:" + filepath.Join(t.TempDir(), "topology.json")
	for range count {
		port, err := harness.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		files.Port = port
		dir := t.TempDir()
		socket := filepath.Join(dir, "s") // for the harness, which asks whether it serves
		s, err := harness.Launch(harness.Config{Bin: harness.SubjectBin(t), Dir: dir, Bare: true, Network: "unix", Addr: socket, Args: files.Args(append([]string{
			"--port", "0", "--bind", "127.0.0.1", "--save", "", "--unixsocket", socket, "--cluster-enabled", "yes", "--cluster-coordinator", coordinator,
			"--cluster-node-timeout", fmt.Sprint(lease.Milliseconds()), "--repl-diskless-sync-delay", "0"}, args...)...)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Stop(); err != nil {
				t.Errorf("stopping: %v", err)
			}
			harness.CheckOutput(t, s)
		})
		s.Port, s.Addr = port, net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		n := &node{Server: s, c: redis.NewClient(&redis.Options{Addr: s.Addr, TLSConfig: client, MaxRetries: -1, ReadTimeout: patience, DisableIdentity: true})}
		t.Cleanup(func() { _ = n.c.Close() })
		n.id = n.say(t, "cluster myid")
		nodes = append(nodes, n)
	}
	for _, n := range nodes[1:] {
		n.say(t, fmt.Sprintf("cluster meet 127.0.0.1 %d", nodes[0].Port))
	}
	nodes[0].say(t, "cluster addslotsrange 0 16383")
	for _, n := range nodes {
		n.await(t, "cluster info", "cluster_state:ok")
	}
	return nodes
}

// TestTLSCluster: with tls-cluster messages come to other nodes, and slots move, at once and key by key, where there is no port but the one
// for TLS.
func TestTLSCluster(t *testing.T) {
	t.Parallel()
	nodes := encrypted(t, 2, "--tls-cluster", "yes")
	overTLS(t, nodes)
	b, a := nodes[0], nodes[1] // which has all slots now
	a.say(t, "cluster setslot 3300 migrating "+b.id)
	b.say(t, "cluster setslot 3300 importing "+a.id)
	a.await(t, fmt.Sprintf("migrate 127.0.0.1 %d b 0 60000", b.Port), "OK")
	b.say(t, "cluster setslot 3300 node "+b.id)
	if got := b.say(t, "get b"); got != "of slot 3300" {
		t.Error("the key has not come: ", got)
	}
	// One that does not use TLS to others reaches nobody, and says so.
	a.say(t, "config set tls-cluster no")
	a.say(t, "set {a}x y")
	if got := a.flat(fmt.Sprintf("migrate localhost %d {a}x 0 5000", b.Port)); !strings.HasPrefix(got, "IOERR") { // by a name for which no connection is kept
		t.Error("MIGRATE without TLS: ", got)
	}
}

// TestTLSReplication: the same with tls-replication, and a replica, which takes its primary's place.
func TestTLSReplication(t *testing.T) {
	t.Parallel()
	nodes := encrypted(t, 3, "--tls-replication", "yes")
	overTLS(t, nodes[:2])
	b, r := nodes[1], nodes[2]
	r.await(t, "cluster replicate "+b.id, "OK")
	r.await(t, "info replication", "master_link_status:up")
	b.say(t, "set k v")
	b.await(t, "wait 1 60000", "1")
	r.takesOver(t)
	r.leads(t, "other")
	if got := r.say(t, "get k"); got != "v" {
		t.Error(got)
	}
	b.await(t, "info replication", "master_link_status:up")
	if got := b.say(t, "get k"); got != fmt.Sprintf("MOVED 7629 127.0.0.1:%d", r.Port) {
		t.Error(got)
	}
}

// overTLS has two nodes hand on messages, and all slots move from the first, which has them, to the second.
func overTLS(t *testing.T, nodes []*node) {
	t.Helper()
	a, b := nodes[0], nodes[1]
	ears := listen(t, nodes, false, "news")
	for i, n := range nodes {
		n.say(t, fmt.Sprint("publish news ", i))
		for _, ear := range ears {
			if got := heard(t, ear); got != fmt.Sprint(i) {
				t.Errorf("%q, not %d", got, i)
			}
		}
	}
	a.c.Set(t.Context(), "b", "of slot 3300", 0)
	for i := range 1000 {
		a.say(t, fmt.Sprintf("set key:%d v%d", i, i))
	}
	if got := a.migrate(t, b); got != "success" {
		t.Fatal("slots do not move: ", got, a.Output(), b.Output())
	}
	for i := range 1000 {
		if got := b.say(t, fmt.Sprint("get key:", i)); got != fmt.Sprint("v", i) {
			t.Fatal(i, got)
		}
	}
	if got := a.say(t, "get b"); got != fmt.Sprintf("MOVED 3300 127.0.0.1:%d", b.Port) {
		t.Error(got)
	}
	plain, err := net.DialTimeout("tcp", a.Addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	_ = plain.SetDeadline(time.Now().Add(patience))
	_, _ = plain.Write([]byte("PING\r\n"))
	reply := make([]byte, 64)
	if got, _ := plain.Read(reply); strings.Contains(string(reply[:got]), "PONG") {
		t.Error("it serves who does not use TLS")
	}
	bare, err := tls.Dial("tcp", a.Addr, &tls.Config{InsecureSkipVerify: true})
	if err == nil {
		_, _ = bare.Write([]byte("PING\r\n"))
		if got, _ := bare.Read(reply); strings.Contains(string(reply[:got]), "PONG") {
			t.Error("it serves who has no certificate")
		}
		bare.Close()
	}
}
