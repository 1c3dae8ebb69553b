package server

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

// heirsTimeout is cluster-node-timeout where nodes take each other's places: those that end give their leases back at once, and the others
// wait for each other for half of it at most.
const heirsTimeout = "6000"

// nobodys is a port at which nobody listens, and no other test's server will: it is a client's.
func nobodys(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return fmt.Sprint(c.LocalAddr().(*net.TCPAddr).Port)
}

// inFile waits until the file that nodes share has a text in it, without spaces.
func inFile(t *testing.T, s *Server, want string) {
	t.Helper()
	path := strings.TrimPrefix(s.Opts.ClusterCoordinator.Load(), "file:")
	until(t, want, func() bool {
		text, err := os.ReadFile(path)
		return err == nil && strings.Contains(strings.Join(strings.Fields(string(text)), ""), want)
	})
}

// TestSentReplicaIsNoHeir: a replica that was sent to another shard, and has not got its data yet, does not take the place of that
// shard's primary with what it has, not after a restart either.
func TestSentReplicaIsNoHeir(t *testing.T) {
	for _, again := range []bool{false, true} {
		t.Run(fmt.Sprint("restarted=", again), func(t *testing.T) {
			durable := []string{"cluster-node-timeout", heirsTimeout, "appendonly", "yes", "repl-diskless-sync-delay", "0"}
			a := startNodes(t, 1, durable...)[0]
			dirB, dirR := t.TempDir(), t.TempDir()
			of := []string{"cluster-enabled", "yes", "cluster-coordinator", a.Opts.ClusterCoordinator.Load()}
			b, endB := runServer(t, append(append(of, durable...), "dir", dirB)...)
			r, endR := runServer(t, append(append(of, durable...), "dir", dirR)...)
			ca, cb, cr := dial(t, a), dial(t, b), dial(t, r)
			idB, idR := cb.flat("cluster myid"), cr.flat("cluster myid")
			ca.until("cluster addslotsrange 0 8191", "OK")
			cb.until("cluster addslotsrange 8192 16383", "OK")
			for _, c := range []*testClient{cb, cr} {
				c.until(fmt.Sprint("cluster meet 127.0.0.1 ", a.Port()), "OK")
			}
			cr.until("cluster replicate "+ca.flat("cluster myid"), "OK")
			cr.untilHas("info replication", "master_link_status:up")
			ca.until("set b "+strings.Repeat("x", 10000), "OK") // slot 3300
			ca.until("wait 1 60000", "1")
			cb.until("set a 1", "OK") // slot 15495
			port := nobodys(t)
			cb.say("config set cluster-announce-port "+port, "OK")
			cr.untilHas("cluster nodes", "127.0.0.1:"+port+"@") // or it would follow at the port of before
			cr.until("cluster replicate "+idB, "OK")
			inFile(t, a, fmt.Sprintf(`"heirs/%s":{"nodes":["%s"]`, cb.flat("cluster myshardid"), idR))
			if again {
				endR()
			}
			endB()
			if again {
				r, _ = runServer(t, append(append(of, durable...), "dir", dirR)...)
				cr = dial(t, r)
			}
			until(t, "the replica has looked whether it may lead", func() bool { return r.role.frozen.Load() || r.role.history.Primary() == nil })
			if got := cr.flat("get a"); !strings.HasPrefix(got, "MOVED") && !strings.HasPrefix(got, "CLUSTERDOWN") {
				t.Fatal("the replica leads a shard whose data it has not got: ", got)
			}
			b, _ = runServer(t, append(append(of, durable...), "dir", dirB)...)
			cb = dial(t, b)
			cb.until("get a", "1")
			cb.untilHas("info replication", "connected_slaves:1")
			cb.until("set {a}b 1", "OK")
			cb.until("wait 1 60000", "1")
		})
	}
}

// TestOldPrimaryIsNoHeir: a primary that is back with more than anybody has got of its history, and cannot follow the new primary yet,
// does not take that one's place before a replica that has followed it.
func TestOldPrimaryIsNoHeir(t *testing.T) {
	durable := []string{"cluster-node-timeout", heirsTimeout, "appendonly", "yes", "repl-diskless-sync-delay", "0"}
	s := startNodes(t, 1, durable...)[0]
	of := append([]string{"cluster-enabled", "yes", "cluster-coordinator", s.Opts.ClusterCoordinator.Load()}, durable...)
	dir := t.TempDir()
	a, endA := runServer(t, append(of, "dir", dir)...)
	b, endB := runServer(t, append(of, "dir", t.TempDir())...)
	ca, cb, cs := dial(t, a), dial(t, b), dial(t, s)
	idA, idB := ca.flat("cluster myid"), cb.flat("cluster myid")
	ca.until("cluster addslotsrange 0 16383", "OK")
	for _, c := range []*testClient{cb, cs} {
		c.until(fmt.Sprint("cluster meet 127.0.0.1 ", a.Port()), "OK")
		c.until("cluster replicate "+idA, "OK")
		c.untilHas("info replication", "master_link_status:up")
	}
	ca.until("set k old", "OK")
	ca.until("wait 2 60000", "2")
	ca.say("config set cluster-announce-port "+nobodys(t), "OK")
	for _, c := range []*testClient{cb, cs} {
		c.untilHas("info replication", "master_link_status:down")
	}
	ca.untilHas("info replication", "connected_slaves:0")
	ca.until("set lost "+strings.Repeat("x", 10000), "OK")
	cs.say("config set cluster-replica-no-failover yes", "OK")
	endA()
	cb.until("set k new", "OK")
	cb.until("wait 1 60000", "1")
	cs.say("config set cluster-replica-no-failover no", "OK")
	cb.say("config set cluster-announce-port "+nobodys(t), "OK")
	cs.untilHas("info replication", "master_link_status:down")
	a, _ = runServer(t, append(of, "dir", dir)...)
	ca = dial(t, a)
	ca.untilHas("role", "[slave")
	inFile(t, s, fmt.Sprintf(`"primary":"%s"`, idB))
	endB()
	until(t, "somebody leads", func() bool {
		for _, c := range []*testClient{ca, cs} {
			if c.flat("set x 1") == "OK" {
				return true
			}
		}
		return false
	})
	cs.until("get k", "new")
	ca.untilHas("info replication", "master_link_status:up")
	cs.say("get lost", "nil")
	cs.until("wait 1 60000", "1")
}

// TestFailoverWithoutData: a replica that has never got its shard's data does not take the primary's place, however it is told to.
func TestFailoverWithoutData(t *testing.T) {
	a := startNodes(t, 1, "cluster-node-timeout", heirsTimeout)[0]
	r := startNode(t, a, "cluster-node-timeout", heirsTimeout)
	ca, cr := dial(t, a), dial(t, r)
	ca.until("cluster addslotsrange 0 16383", "OK")
	cr.until(fmt.Sprint("cluster meet 127.0.0.1 ", a.Port()), "OK")
	ca.until("set k v", "OK")
	port := nobodys(t)
	ca.say("config set cluster-announce-port "+port, "OK")
	cr.untilHas("cluster nodes", "127.0.0.1:"+port+"@") // or it would follow at the port of before
	cr.until("cluster replicate "+ca.flat("cluster myid"), "OK")
	inFile(t, a, fmt.Sprintf(`"heirs/%s":{"nodes":["%s"]`, ca.flat("cluster myshardid"), cr.flat("cluster myid")))
	cr.untilHas("role", "[slave")
	for _, how := range []string{"force", "takeover"} {
		cr.until("cluster failover "+how, "ERR this node has not got its shard's data yet")
	}
	ca.say("get k", "v")
}
