package server

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/cluster"
)

// keys in slots of their own, by CLUSTER KEYSLOT of redis-server 7.0: a 15495, b 3300, foo 12182.

// asNode is what makes a server a node. All nodes of a test are in its process, and stand still together on a machine that does: for longer than
// leases last, and whoever is first then leads. So leases last as long as clients do, where a test does not say otherwise.
func asNode(coordinator string, directives ...string) []string {
	timeout := strconv.FormatInt((5 * patience).Milliseconds(), 10)
	return append([]string{"cluster-enabled", "yes", "cluster-coordinator", coordinator, "cluster-node-timeout", timeout}, directives...)
}

// startNodes runs nodes of a cluster that share a file.
func startNodes(t *testing.T, n int, directives ...string) (nodes []*Server) {
	shared := filepath.Join(t.TempDir(), "topology.json")
	for range n {
		nodes = append(nodes, startServer(t, asNode("file:"+shared, directives...)...))
	}
	return nodes
}

// startNode runs one more beside one of them.
func startNode(t *testing.T, of *Server, directives ...string) *Server {
	return startServer(t, asNode(of.Opts.ClusterCoordinator.Load(), append([]string{"repl-diskless-sync-delay", "0"}, directives...)...)...)
}

// say sends a command in words and fails the test unless the reply, its lines joined by spaces, is want.
func (c *testClient) say(line, want string) {
	c.t.Helper()
	if got := c.flat(line); got != want {
		c.t.Errorf("%s: %q, not %q", line, got, want)
	}
}

// flat sends a command in words, and returns the reply in one line.
func (c *testClient) flat(line string) string {
	c.t.Helper()
	return strings.TrimSpace(strings.ReplaceAll(c.do(strings.Fields(line)...), "\r\n", " "))
}

// until says it again and again until the reply is want.
func (c *testClient) until(line, want string) {
	c.t.Helper()
	got := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if got = c.flat(line); got == want {
			return
		}
	}
	c.t.Fatalf("%s: %q for a minute, not %q", line, got, want)
}

// untilHas says it again and again until the reply has a text in it.
func (c *testClient) untilHas(line, want string) {
	c.t.Helper()
	got := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if got = c.flat(line); strings.Contains(got, want) {
			return
		}
	}
	c.t.Fatalf("%s: %q for a minute, without %q", line, got, want)
}

// takesOver has a replica lead instead of its primary, and waits until it does. A primary that could not let it in time
// (handOverLimit) goes on, so it may have to be told again.
func (c *testClient) takesOver() {
	c.t.Helper()
	said, nodes, asked := "", "", time.Time{}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if said != "OK" || time.Since(asked) > 10*time.Second {
			said, asked = c.flat("cluster failover"), time.Now()
		}
		if nodes = c.flat("cluster nodes"); strings.Contains(nodes, "myself,master") {
			return
		}
	}
	c.t.Fatalf("cluster failover: %q, and after a minute the nodes are %q", said, nodes)
}

// TestNodeAlone: a node that has all slots serves all keys, checks what Redis does, and is the same after a
// restart.
func TestNodeAlone(t *testing.T) {
	dir := t.TempDir()
	s, end := runServer(t, "cluster-enabled", "yes", "dir", dir)
	c := dial(t, s)
	id := c.flat("cluster myid")
	c.say("get a", "CLUSTERDOWN Hash slot not served")
	c.say("cluster addslots 0 0", "ERR Slot 0 specified multiple times")
	c.say("cluster addslotsrange 0 16382", "OK")
	c.say("cluster addslots 16382", "ERR Slot 16382 is already busy")
	for _, said := range [][2]string{ // by redis-server 7.0
		{"addslots 0 0", "ERR Slot 0 is already busy"},
		{"addslots 0 16383 16383", "ERR Slot 0 is already busy"},
		{"addslots 16383 16383 0", "ERR Slot 16383 specified multiple times"},
		{"addslots 0 16384", "ERR Invalid or out of range slot"},
		{"addslotsrange 0 1 0 1", "ERR Slot 0 is already busy"},
		{"addslotsrange 0 1 3 2", "ERR Slot 0 is already busy"},
		{"addslotsrange 16383 16383 3 2", "ERR start slot number 3 is greater than end slot number 2"},
		{"addslotsrange 0 1 16384 2", "ERR Invalid or out of range slot"},
		{"delslots 16383 16383", "ERR Slot 16383 is already unassigned"},
		{"delslots 16383 0", "ERR Slot 16383 is already unassigned"},
		{"delslots 1 1", "ERR Slot 1 specified multiple times"},
		{"delslotsrange 16383 16383 5 4", "ERR Slot 16383 is already unassigned"},
		{"delslotsrange 0 1 5 4", "ERR start slot number 5 is greater than end slot number 4"},
		{"FailOver force x", "ERR unknown subcommand or wrong number of arguments for 'FailOver'. Try CLUSTER HELP."},
		{"failover x", "ERR syntax error"},
		{"reset hard soft", "ERR unknown subcommand or wrong number of arguments for 'reset'. Try CLUSTER HELP."},
		{"reset x", "ERR syntax error"},
		{"meet a b c d e", "ERR unknown subcommand or wrong number of arguments for 'meet'. Try CLUSTER HELP."},
	} {
		c.say("cluster "+said[0], said[1])
	}
	c.say("get a", "CLUSTERDOWN The cluster is down")
	c.say("config set cluster-require-full-coverage no", "OK")
	c.until("get a", "nil")
	c.say("config set cluster-require-full-coverage yes", "OK")
	c.until("get a", "CLUSTERDOWN The cluster is down")
	c.say("config set cluster-allow-reads-when-down yes", "OK")
	c.until("get a", "nil")
	c.say("set a 1", "CLUSTERDOWN The cluster is down and only accepts read commands")
	c.say("spublish a 1", "0")
	c.say("config set cluster-allow-pubsubshard-when-down no", "OK")
	c.until("spublish a 1", "CLUSTERDOWN The cluster is down")
	c.say("cluster addslots 16383", "OK")
	c.say("set a 1", "OK")
	c.say("mget a b", "CROSSSLOT Keys in request don't hash to the same slot")
	c.say("mget a {a}b", "[1 nil]")
	c.say("multi", "OK")
	c.say("get a", "QUEUED")
	c.say("set b 1", "QUEUED")
	c.say("exec", "CROSSSLOT Keys in request don't hash to the same slot")
	c.say("multi", "OK")
	c.say("get a", "QUEUED")
	c.say("get {a}b", "QUEUED")
	c.say("exec", "[1 nil]")
	c.say("select 0", "OK")
	c.say("select 1", "ERR SELECT is not allowed in cluster mode")
	c.say("swapdb 0 0", "ERR SWAPDB is not allowed in cluster mode")
	c.say("move a 0", "ERR MOVE is not allowed in cluster mode")
	c.say("copy a {a}b db 1", "ERR Copying to another database is not allowed in cluster mode")
	c.say("replicaof no one", "ERR REPLICAOF not allowed in cluster mode.")
	for _, line := range []string{"failover", "failover abort", "failover to 127.0.0.1 1 force timeout 1000"} {
		c.say(line, "ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.")
	}
	c.say("sort a by x*", "ERR BY option of SORT denied in cluster mode when keys formed by the pattern may be in different slots.")
	c.say("sort a get {b}*", "ERR GET option of SORT denied in cluster mode when keys formed by the pattern may be in different slots.")
	c.say("lpush {a}l 1", "1")
	c.say("sort {a}l by {a}* get {a}b get #", "[nil 1]")
	c.say("cluster keyslot {a}b", "15495")
	c.say("cluster countkeysinslot 15495", "2")
	c.say("cluster countkeysinslot 16384", "ERR Invalid slot")
	c.say("cluster getkeysinslot 15495 1000000 x", "ERR wrong number of arguments for 'cluster|getkeysinslot' command")
	if got := c.flat("cluster getkeysinslot 15495 9"); got != "[a {a}l]" && got != "[{a}l a]" {
		t.Error(got)
	}
	c.say("cluster getkeysinslot 15495 0", "[]")
	c.say("cluster flushslots", "ERR DB must be empty to perform CLUSTER FLUSHSLOTS.")
	c.say("cluster reset", "ERR CLUSTER RESET can't be called with master nodes containing keys")
	c.say("flushall", "OK")
	for _, want := range []string{"redis_mode:cluster", "cluster_enabled:1"} {
		if got := c.do("info", "everything"); !strings.Contains(got, want) {
			t.Errorf("INFO has no %s", want)
		}
	}
	if got := c.flat("hello 2"); !strings.Contains(got, "mode cluster") {
		t.Error(got)
	}
	end()

	s = startServer(t, "cluster-enabled", "yes", "dir", dir)
	c = dial(t, s)
	c.say("cluster myid", id)
	c.say("get a", "nil")
	c.say("cluster slots", fmt.Sprintf("[[0 16383 [127.0.0.1 %d %s []]]]", s.Port(), id))
	c.say("cluster reset hard", "OK")
	if got := c.flat("cluster myid"); len(got) != 40 || got == id {
		t.Error(got)
	}
	c.say("cluster slots", "[]")
}

// TestScriptsOfNode: what scripts may reach, as redis-server 7.0 has it.
func TestScriptsOfNode(t *testing.T) {
	c := dial(t, startServer(t, "cluster-enabled", "yes"))
	c.say("cluster addslotsrange 0 12181 12183 16383", "OK") // not that of foo
	c.say("config set cluster-require-full-coverage no", "OK")
	c.until("get a", "nil")
	const away = "ERR Script attempted to access a non local key in a cluster node"
	const crosses = "ERR Script attempted to access keys that do not hash to the same slot"
	for _, r := range []struct {
		text string
		keys []string
		want string
	}{
		{"return redis.call('set','b',1)", nil, "OK"},
		{"return redis.call('get','b')", []string{"a"}, "1"},
		{"return redis.call('get','foo')", nil, away},
		{"return redis.pcall('get','foo')['err']", nil, away},
		{"return redis.call('mget','a','b')", nil, crosses},
		{"#!lua\nreturn redis.call('get','b')", []string{"a"}, crosses},
		{"#!lua\nreturn redis.call('get','{a}b')", []string{"a"}, "nil"},
		{"#!lua\nredis.call('get','a') return redis.call('get','b')", nil, crosses},
		{"#!lua flags=allow-cross-slot-keys\nredis.call('get','a') return redis.call('get','b')", nil, "1"},
		{"#!lua flags=no-cluster\nreturn 1", nil, "ERR Can not run script on cluster, 'no-cluster' flag is set."},
		{"return 1", []string{"foo"}, "CLUSTERDOWN Hash slot not served"},
		{"return 1", []string{"a", "b"}, "CROSSSLOT Keys in request don't hash to the same slot"},
		{"return redis.call('cluster','addslots','12182')", nil, "ERR the topology of the cluster cannot be changed by a script"},
	} {
		args := append([]string{"eval", r.text, fmt.Sprint(len(r.keys))}, r.keys...)
		if got := c.do(args...); !strings.Contains(got, r.want) {
			t.Errorf("%q: %q, not %q", r.text, got, r.want)
		}
	}
}

// TestNodesAgree goes the way of redis-cli --cluster create, and then moves a slot key by key.
func TestNodesAgree(t *testing.T) {
	nodes := startNodes(t, 3, "repl-diskless-sync-delay", "0")
	a, b, r := dial(t, nodes[0]), dial(t, nodes[1]), dial(t, nodes[2])
	idOf := func(c *testClient) string { return c.flat("cluster myid") }
	idA, idB, idR := idOf(a), idOf(b), idOf(r)
	for _, c := range []*testClient{a, b, r} {
		if !strings.Contains(c.do("cluster", "info"), "cluster_known_nodes:1\r\n") {
			t.Error("a new node knows others")
		}
	}
	a.say("cluster addslotsrange 0 9999", "OK")
	b.until("cluster addslots 1", "ERR Slot 1 is already busy")
	b.say("cluster addslotsrange 10000 16383", "OK")
	b.say("cluster delslots 1", "OK") // which it stays: of the other one
	r.say("cluster set-config-epoch 3", "OK")
	r.say("cluster set-config-epoch 3", "ERR Node config epoch is already non-zero")
	a.say("cluster meet 127.0.0.1 1", "ERR there is no node 127.0.0.1:1 in this node's coordinator ("+nodes[0].Opts.ClusterCoordinator.Load()+"): nodes of a cluster have the same one")
	for _, n := range nodes[1:] {
		a.say(fmt.Sprint("cluster meet 127.0.0.1 ", n.Port()), "OK")
	}
	moved := fmt.Sprintf("MOVED 15495 127.0.0.1:%d", nodes[1].Port())
	a.until("get a", moved)
	b.until("get a", "nil")
	r.until("get a", moved)
	a.say("set b 1", "OK")
	a.say("cluster replicate "+idB, "ERR To set a master the node must be empty and without assigned slots.")
	a.say("cluster replicate x", "ERR Unknown node x")
	r.say("cluster replicate "+idR, "ERR Can't replicate myself")
	r.say("cluster replicate "+idB, "OK")
	b.say("set a 1", "OK")
	r.until("get a", moved)
	r.say("readonly", "OK")
	r.until("get a", "1")
	r.say("set a 2", moved)
	r.say("get b", fmt.Sprintf("MOVED 3300 127.0.0.1:%d", nodes[0].Port()))
	r.say("readwrite", "OK")
	r.say("get a", moved)
	r.say("cluster forget "+idB, "ERR Can't forget my master!")
	r.say("cluster setslot 1 stable", "ERR Please use SETSLOT only with masters.")
	b.say("cluster failover", "ERR You should send CLUSTER FAILOVER to a replica")
	r.say("cluster failover soon", "ERR syntax error")
	a.until("cluster replicas "+idR, "ERR The specified node is not a master")
	if got := a.flat("cluster replicas " + idB); !strings.Contains(got, idR) {
		t.Error(got)
	}
	moveSlot(t, a, b, idA, idB, nodes)
	r.say("cluster reset", "OK")
	r.say("dbsize", "0")
	a.say("cluster forget "+idA, "ERR I tried hard but I can't forget myself...")
}

// moveSlot moves the slot of key a from b to a.
func moveSlot(t *testing.T, a, b *testClient, idA, idB string, nodes []*Server) {
	toA, toB := fmt.Sprintf("15495 127.0.0.1:%d", nodes[0].Port()), fmt.Sprintf("15495 127.0.0.1:%d", nodes[1].Port())
	a.say("cluster setslot 15495 migrating "+idB, "ERR I'm not the owner of hash slot 15495")
	b.say("cluster setslot 15495 importing "+idA, "ERR I'm already the owner of hash slot 15495")
	b.say("cluster setslot 15495 migrating x", "ERR I don't know about node x")
	a.say("cluster setslot 15495 importing "+idB, "OK")
	b.say("cluster setslot 15495 migrating "+idA, "OK")
	b.say("get a", "1")
	b.say("get {a}x", "ASK "+toA)
	b.say("set {a}x 1", "ASK "+toA)
	b.say("mget a {a}x", "TRYAGAIN Multiple keys request during rehashing of slot")
	b.say("mget {a}y {a}x", "ASK "+toA)
	b.say("multi", "OK")
	b.say("get a", "QUEUED")
	b.say("exec", "[1]")
	b.say("multi", "OK")
	b.say("get {a}x", "ASK "+toA)
	b.say("exec", "EXECABORT Transaction discarded because of previous errors.")
	a.say("get {a}x", "MOVED "+toB)
	a.say("asking", "OK")
	a.say("set {a}x 2", "OK")
	a.say("get {a}x", "MOVED "+toB)
	a.say("asking", "OK")
	a.say("mget {a}x {a}y", "TRYAGAIN Multiple keys request during rehashing of slot")
	a.say("asking", "OK")
	a.say("multi", "OK")
	a.say("get {a}x", "QUEUED")
	a.say("set {a}x 3", "QUEUED")
	a.say("exec", "[2 OK]")
	a.say("get {a}x", "MOVED "+toB)
	if got := b.do("eval", "return redis.call('get','{a}x')", "1", "a"); !strings.Contains(got, "a non local key in a cluster node") {
		t.Error(got)
	}
	if got := b.do("eval", "return redis.call('get','{a}x')", "1", "{a}x"); !strings.HasPrefix(got, "ASK "+toA) {
		t.Error(got)
	}
	b.say("cluster setslot 15495 node "+idA, "ERR Can't assign hashslot 15495 to a different node while I still hold keys for this hash slot.")
	b.say(fmt.Sprintf("migrate 127.0.0.1 %d a 0 60000", nodes[0].Port()), "OK")
	b.say("get a", "ASK "+toA)
	a.say("cluster setslot 15495 node "+idA, "OK")
	b.until("get a", "MOVED "+toA)
	b.say("cluster setslot 15495 node "+idA, "OK")
	a.say("mget a {a}x", "[1 3]")
	if got := a.do("cluster", "nodes"); strings.Contains(got, "->-") || strings.Contains(got, "-<-") {
		t.Error(got)
	}
}

// TestLostKeysGo: the keys of a slot that another node takes go from who had it, and from its replica; those of
// a slot that is taken from it for nobody stay.
func TestLostKeysGo(t *testing.T) {
	_, a, b, r := startTrio(t, 0)
	for i := range 200 {
		a.say(fmt.Sprintf("set {b}%d 1", i), "OK")
	}
	a.say("set foo 1", "OK")
	r.until("dbsize", "201")
	idB := b.flat("cluster myid")
	b.until("cluster setslot 3300 node "+idB, "OK")
	a.until("dbsize", "1")
	r.until("dbsize", "1")
	b.say("dbsize", "0")
	for !strings.Contains(a.do("info", "keyspace"), "keys=1,") { // what is hidden counts there
		time.Sleep(time.Millisecond)
	}
	a.say("cluster countkeysinslot 3300", "0")
	a.say("cluster delslots 12182", "OK")
	a.say("cluster countkeysinslot 12182", "1")
	a.say("dbsize", "1")
	a.say("cluster addslots 12182", "OK")
	a.until("get foo", "1")
	a.say("cluster slot-stats slotsrange 12181 12182", "[[12181 [key-count 0]] [12182 [key-count 1]]]")
	a.say("cluster slot-stats slotsrange 3300 3300", "[]")
	a.say("cluster slot-stats orderby key-count limit 1", "[[12182 [key-count 1]]]")
	a.say("cluster slot-stats orderby key-count limit 2 asc", "[[0 [key-count 0]] [1 [key-count 0]]]")
	a.say("cluster slot-stats orderby x", "ERR Unrecognized sort metric for ORDERBY.")
	a.say("cluster slot-stats orderby key-count limit 0", "ERR Limit has to lie in between 1 and 16384 (maximum number of slots).")
	a.say("cluster slot-stats slotsrange 5 4", "ERR Start slot number 5 is greater than end slot number 4")
}

// TestBlockedAreSentAway: who waits for a key is told when another node gets its slot.
func TestBlockedAreSentAway(t *testing.T) {
	nodes := startNodes(t, 2)
	a, b, w := dial(t, nodes[0]), dial(t, nodes[1]), dial(t, nodes[0])
	a.say("cluster addslotsrange 0 16383", "OK")
	a.say(fmt.Sprint("cluster meet 127.0.0.1 ", nodes[1].Port()), "OK")
	a.until("get b", "nil")
	w.send(encode("blpop", "b", "0"))
	for !strings.Contains(a.do("info", "clients"), "blocked_clients:1\r\n") {
		time.Sleep(time.Millisecond)
	}
	idB := b.flat("cluster myid")
	a.say("cluster setslot 3300 node "+idB, "OK")
	if got, want := strings.TrimSpace(w.reply()), fmt.Sprintf("MOVED 3300 127.0.0.1:%d", nodes[1].Port()); got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// TestListenersAreSentAway: who listens to a shard channel is told when another shard, or nobody, gets its slot.
func TestListenersAreSentAway(t *testing.T) {
	nodes := startNodes(t, 2)
	a, b := dial(t, nodes[0]), dial(t, nodes[1])
	a.say("cluster addslotsrange 0 16383", "OK")
	a.say(fmt.Sprint("cluster meet 127.0.0.1 ", nodes[1].Port()), "OK")
	a.until("get b", "nil")
	old, w := dial(t, nodes[0]), dial(t, nodes[0])
	w.do("hello", "3")
	for _, c := range []*testClient{old, w} {
		c.say("ssubscribe {b}1", "[ssubscribe {b}1 1]")
		c.say("ssubscribe foo", "[ssubscribe foo 2]")
		c.say("subscribe {b}1", "[subscribe {b}1 1]")
	}
	a.say("spublish {b}1 last", "2")
	a.say("cluster setslot 3300 node "+b.flat("cluster myid"), "OK")
	for _, c := range []*testClient{old, w} {
		c.gets("[smessage {b}1 last]")
		c.gets("[sunsubscribe {b}1 1]")
	}
	a.until("pubsub shardchannels", "[foo]")
	a.say("publish {b}1 x", "2")
	a.say("cluster delslots 12182", "OK")
	for _, c := range []*testClient{old, w} {
		c.gets("[message {b}1 x]")
		c.gets("[sunsubscribe foo 0]")
	}
}

// TestFixedTopology: nodes that each have a file with the same topology, written by hand.
func TestFixedTopology(t *testing.T) {
	const one, two = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"
	var nodes []*Server
	for _, id := range []string{one, two} {
		dir := t.TempDir()
		f, err := cluster.OpenFile(filepath.Join(dir, "nodes.conf"))
		if err != nil {
			t.Fatal(err)
		}
		var txn cluster.Txn
		for _, p := range [][2]string{
			{"myself", `"` + id + `"`}, {"epoch", "1"},
			{"node/" + one, `{"ip":"127.0.0.1","port":1001,"bus-port":11001,"shard":"` + one + `","met":true}`},
			{"node/" + two, `{"ip":"127.0.0.1","port":1002,"bus-port":11002,"shard":"` + two + `","met":true}`},
			{"shard/" + one, `{"primary":"` + one + `","epoch":1,"slots":["0-9999"]}`},
			{"shard/" + two, `{"primary":"` + two + `","epoch":1,"slots":["10000-16383"]}`},
		} {
			txn.Put = append(txn.Put, cluster.Put{Key: p[0], Value: []byte(p[1])})
		}
		if _, err := f.Commit(t.Context(), txn); err != nil {
			t.Fatal(err)
		}
		announced := map[string]string{one: "1001", two: "1002"}[id]
		nodes = append(nodes, startServer(t, "cluster-enabled", "yes", "dir", dir, "cluster-announce-port", announced, "cluster-announce-bus-port", "1"+announced))
	}
	a, b := dial(t, nodes[0]), dial(t, nodes[1])
	a.say("get b", "nil")
	b.say("get b", "MOVED 3300 127.0.0.1:1001")
	a.say("get a", "MOVED 15495 127.0.0.1:1002")
	b.say("get a", "nil")
	b.say("cluster meet 127.0.0.1 1001", "OK")
}

// TestForgottenReplica: a replica that is forgotten is in a shard of its own, with data that are its primary's still: it can be reset, as
// redis-cli --cluster del-node does then, and sent to a primary again.
func TestForgottenReplica(t *testing.T) {
	nodes := startNodes(t, 2, "repl-diskless-sync-delay", "0")
	a, r := dial(t, nodes[0]), dial(t, nodes[1])
	idA, idR := a.flat("cluster myid"), r.flat("cluster myid")
	a.say("cluster addslotsrange 0 16383", "OK")
	a.until("set k v", "OK")
	for _, reset := range []bool{true, false} {
		a.until(fmt.Sprint("cluster meet 127.0.0.1 ", nodes[1].Port()), "OK")
		r.until("cluster replicate "+idA, "OK")
		r.untilHas("info replication", "master_link_status:up")
		r.until("dbsize", "1")
		a.until("cluster forget "+idR, "OK")
		r.untilHas("cluster nodes", "myself,master")
		if reset {
			r.until("cluster reset", "OK")
			r.until("dbsize", "0")
		}
	}
	a.until(fmt.Sprint("cluster meet 127.0.0.1 ", nodes[1].Port()), "OK") // when it has come back
	r.until("cluster replicate "+idA, "OK")
	a.until("set l v", "OK")
	r.until("dbsize", "2")
	a.say("wait 1 60000", "1")
}

// TestNodeTakesOver: with a file that nodes share, a replica leads when it is asked to, with all that the primary had, and
// when the primary has ended.
func TestNodeTakesOver(t *testing.T) {
	of := asNode("file:"+filepath.Join(t.TempDir(), "topology.json"), "repl-diskless-sync-delay", "0")
	first, end := runServer(t, of...)
	second := startServer(t, of...)
	a, b := dial(t, first), dial(t, second)
	a.say("cluster addslotsrange 0 16383", "OK")
	b.say(fmt.Sprintf("cluster meet 127.0.0.1 %d", first.Port()), "OK")
	b.until("cluster replicate "+a.flat("cluster myid"), "OK")
	a.until("set a 1", "OK")
	a.say("wait 1 60000", "1")
	a.say("cluster failover", "ERR You should send CLUSTER FAILOVER to a replica")
	b.takesOver()
	b.until("set b 1", "OK")
	b.say("get a", "1")
	a.until("set a 2", fmt.Sprintf("MOVED 15495 127.0.0.1:%d", second.Port()))
	a.say("readonly", "OK")
	a.until("get b", "1")
	a.until("cluster failover force", "OK")
	a.until("set a 3", "OK")
	b.say("readonly", "OK")
	b.until("get a", "3")
	end() // which gives the lease back
	b.until("set a 4", "OK")
	if got := b.do("cluster", "nodes"); !strings.Contains(got, "slave,fail ") {
		t.Error(got)
	}
}
