//go:build unix

package cluster

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestNodeFromNode: a replica that cannot reach its primary, while both reach etcd, does not take its place; the primary goes on, and
// the replica goes on where it was when the connection is back.
func TestNodeFromNode(t *testing.T) {
	for try := 1; ; try++ { // a primary that gets no processor for as long as its lease has to make way
		wrong := nodeFromNode(t)
		if wrong == "" {
			break
		}
		if try == tries {
			t.Fatal(wrong)
		}
		t.Log("again, as ", wrong)
	}
}

// nodeFromNode returns what was not as it ought to be while the two did not reach each other.
func nodeFromNode(t *testing.T) (wrong string) {
	t.Helper()
	e := startEtcd(t)
	p := through(t, "")
	_, port, _ := net.SplitHostPort(p.addr)
	a := run(t, "etcd://"+e.Addr+"/x", "--cluster-announce-port", port)
	p.to = a.Addr
	b := run(t, "etcd://"+e.Addr+"/x")
	a.say(t, "cluster addslotsrange 0 16383")
	b.say(t, "cluster meet 127.0.0.1 "+port)
	b.await(t, "cluster replicate "+a.id, "OK")
	b.await(t, "info replication", "master_link_status:up")
	a.leads(t, "k")
	p.set(true)
	b.await(t, "info replication", "master_link_status:down")
	n := 0
	for end := time.Now().Add(3 * lease); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		n++
		if got := a.flat(fmt.Sprint("set k ", n)); got != "OK" {
			return "the primary: " + got
		}
		if got := b.flat("set k wrong"); !strings.HasPrefix(got, "MOVED") {
			return "the replica: " + got
		}
	}
	p.set(false)
	b.await(t, "info replication", "master_link_status:up")
	if got := b.flat("role"); !strings.HasPrefix(got, "[slave") {
		t.Error(got)
	}
	if got := a.flat("wait 1 60000"); got != "1" {
		t.Error(got)
	}
	if got := a.flat("info stats"); !strings.Contains(got, "sync_full:1\r\n") {
		t.Error("more than one full copy: ", got)
	}
	return ""
}

// startEtcds starts an etcd of three members.
func startEtcds(t *testing.T) (members [3]*harness.Etcd, coordinator string) {
	t.Helper()
	var names []string
	var peers [3]string
	for i := range peers {
		port, err := harness.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		peers[i] = fmt.Sprint("127.0.0.1:", port)
		names = append(names, fmt.Sprintf("m%d=http://%s", i, peers[i]))
	}
	var all sync.WaitGroup
	var errs [3]error
	for i := range members {
		dir := t.TempDir()
		all.Go(func() {
			members[i], errs[i] = harness.StartEtcd(dir, "-name", fmt.Sprint("m", i), "-peer", peers[i], "-members", strings.Join(names, ","))
		})
	}
	all.Wait()
	var addrs []string
	for i, m := range members {
		if errs[i] != nil {
			t.Error(errs[i])
			continue
		}
		t.Cleanup(func() {
			_ = m.Signal(syscall.SIGCONT)
			_ = m.Kill()
		})
		addrs = append(addrs, m.Addr)
	}
	if t.Failed() {
		t.FailNow()
	}
	return members, "etcd://" + strings.Join(addrs, ",") + "/x"
}

// TestEtcdMembers: any member of etcd may stop, and come back: a replica may take the primary's place meanwhile, but never do two nodes
// take writes at once, and what was acknowledged with WAIT stays; one leads again, and its place is taken when it dies.
func TestEtcdMembers(t *testing.T) {
	members, coordinator := startEtcds(t)
	a, b := pair(t, coordinator)
	a.leads(t, "k")
	n := 0
	for i, m := range members {
		if err := m.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		down := 0
		for end := time.Now().Add(lease); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if !oneWrites(t, a, b, &n) {
				down++
			}
		}
		t.Logf("without member %d: %d rounds without a leader", i, down)
		if err := m.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		awaitThat(t, func() (bool, string) { return oneWrites(t, a, b, &n), "nobody leads, with all members" })
		for _, x := range []*node{a, b} {
			x.await(t, "cluster info", "cluster_state:ok")
		}
	}
	leader, other := b, a
	awaitThat(t, func() (bool, string) { // the place of the one that wrote last may be taken only now
		leader, other = other, leader
		if said := other.flat("info replication"); !strings.Contains(said, "master_link_status:up") {
			return false, said
		}
		said := leader.flat("set k last") + " " + leader.flat("wait 1 1000")
		return said == "OK 1", said
	})
	if err := members[2].Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	leader.kill()
	t.Log("without a primary for", other.leads(t, "k2").Sub(begin))
	if got := other.say(t, "get k"); got != "last" {
		t.Error("an acknowledged write is lost: ", got)
	}
}

// oneWrites sets a key at two nodes of a shard, and tells whether one did so. That both do at once is an error: a write
// at the one, between two at the other which succeed, is of another leader.
func oneWrites(t *testing.T, a, b *node, n *int) bool {
	t.Helper()
	*n++
	set := fmt.Sprint("set k ", *n)
	first, second := a.flat(set), b.flat(set)
	third := a.flat(set)
	if first == "OK" && second == "OK" && third == "OK" {
		t.Fatal("two nodes take writes at once")
	}
	return first == "OK" || second == "OK"
}
