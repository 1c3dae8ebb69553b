package cluster

import (
	"strings"
	"testing"

	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/resp"
)

// The cluster is one of four redis-server 7.0, whose replies are what is wanted here, but for
// the order of nodes and for times: three primaries, of which b has a replica, c.
const (
	a = "20bb29237599640a45fd2608fb85c205c4ff8120"
	b = "ed079d14c6f45deb0f824269b4ce71fb3a1369a9"
	c = "3aad33251649595a30aa2440683b7ca71095e9fe"
	d = "91d5002dd6405880359887010df6fb38202c1e99"
	e = "ffffffffffffffffffffffffffffffffffffffff" // not introduced

	shardA = "0000000000000000000000000000000000000001"
	shardB = "0000000000000000000000000000000000000002"
	shardD = "0000000000000000000000000000000000000003"
	shardE = "0000000000000000000000000000000000000004"
)

func view(t *testing.T, myself string) *View {
	t.Helper()
	m := cluster.NewMemory()
	var txn cluster.Txn
	for key, value := range map[string]string{
		"epoch":           `3`,
		"node/" + a:       `{"ip":"127.0.0.1","port":21878,"bus-port":31878,"hostname":"h1.example.org","shard":"` + shardA + `","met":true}`,
		"node/" + b:       `{"ip":"127.0.0.1","port":21879,"bus-port":31879,"shard":"` + shardB + `","met":true}`,
		"node/" + c:       `{"ip":"127.0.0.1","port":21881,"bus-port":31881,"shard":"` + shardB + `","met":true}`,
		"node/" + d:       `{"ip":"127.0.0.1","port":21880,"tls-port":21890,"bus-port":31880,"shard":"` + shardD + `","met":true}`,
		"node/" + e:       `{"ip":"127.0.0.1","port":21882,"bus-port":31882,"shard":"` + shardE + `"}`,
		"shard/" + shardA: `{"primary":"` + a + `","epoch":1,"slots":["0-5000"],"migrating":{"7":"` + shardB + `"}}`,
		"shard/" + shardB: `{"primary":"` + b + `","epoch":0,"slots":["5001-10000"],"importing":{"7":"` + shardA + `"}}`,
		"shard/" + shardD: `{"primary":"` + d + `","epoch":2,"slots":["10001-16383"]}`,
		"shard/" + shardE: `{"primary":"` + e + `","epoch":0}`,
	} {
		txn.Put = append(txn.Put, cluster.Put{Key: key, Value: []byte(value)})
	}
	if _, err := m.Commit(t.Context(), txn); err != nil {
		t.Fatal(err)
	}
	directory, err := cluster.OpenDirectory(t.Context(), m, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &View{Topology: directory.Topology(), Myself: myself, Peer: func(string) Peer { return Peer{} }}
}

// failed says of the nodes with these ids that they have failed.
func failed(ids ...string) func(string) Peer {
	return func(id string) Peer { return Peer{Failed: strings.Contains(strings.Join(ids, " "), id), Offset: 28} }
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nnot\n%s", what, got, want)
	}
}

func TestNodes(t *testing.T) {
	v := view(t, a)
	same(t, "seen from a", v.Nodes(), a+" 127.0.0.1:21878@31878,h1.example.org myself,master - 0 0 1 connected 0-5000 [7->-"+b+"]\n"+
		c+" 127.0.0.1:21881@31881 slave "+b+" 0 0 0 connected\n"+
		d+" 127.0.0.1:21880@31880 master - 0 0 2 connected 10001-16383\n"+
		b+" 127.0.0.1:21879@31879 master - 0 0 0 connected 5001-10000\n")
	same(t, "replicas of b", strings.Join(v.Replicas(v.Topology.Node(b)), "\n"), c+" 127.0.0.1:21881@31881 slave "+b+" 0 0 0 connected")

	v = view(t, b)
	v.Peer = failed(d)
	same(t, "seen from b", v.Nodes(), a+" 127.0.0.1:21878@31878,h1.example.org master - 0 0 1 connected 0-5000\n"+
		c+" 127.0.0.1:21881@31881 slave "+b+" 0 0 0 connected\n"+
		d+" 127.0.0.1:21880@31880 master,fail - 0 0 2 disconnected 10001-16383\n"+
		b+" 127.0.0.1:21879@31879 myself,master - 0 0 0 connected 5001-10000 [7-<-"+a+"]\n")

	v = view(t, e)
	same(t, "seen from a node that is not introduced", v.Nodes(), e+" 127.0.0.1:21882@31882 myself,master - 0 0 0 connected\n")
}

func TestInfo(t *testing.T) {
	v := view(t, a)
	const text = "cluster_state:STATE\r\ncluster_slots_assigned:16384\r\ncluster_slots_ok:OK\r\ncluster_slots_pfail:0\r\ncluster_slots_fail:FAIL\r\n" +
		"cluster_known_nodes:4\r\ncluster_size:3\r\ncluster_current_epoch:3\r\ncluster_my_epoch:1\r\n" +
		"cluster_stats_messages_sent:0\r\ncluster_stats_messages_received:0\r\ntotal_cluster_links_buffer_limit_exceeded:0\r\ncluster_heirs:0\r\n"
	same(t, "well", v.Info(), strings.NewReplacer("STATE", "ok", "OK", "16384", "FAIL", "0").Replace(text))
	v.Peer, v.Down = failed(d, c), true
	same(t, "d has failed", v.Info(), strings.NewReplacer("STATE", "fail", "OK", "10001", "FAIL", "6383").Replace(text))

	info := view(t, e).Info()
	for _, want := range []string{"cluster_slots_assigned:0\r\n", "cluster_known_nodes:1\r\n", "cluster_size:1\r\n"} {
		if !strings.Contains(info, want) {
			t.Errorf("seen from a node that is not introduced: no %q in %q", want, info)
		}
	}
}

// reply is what f writes, a line after the other between spaces, without the lengths of texts.
func reply(proto int, f func(*resp.Writer)) string {
	var out resp.Buffer
	var w resp.Writer
	w.Bind(&out, proto)
	f(&w)
	w.Flush()
	var words []string
	for _, line := range strings.Split(strings.TrimSuffix(string(out.Bytes()), "\r\n"), "\r\n") {
		if !strings.HasPrefix(line, "$") || line == "$-1" {
			words = append(words, line)
		}
	}
	return strings.Join(words, " ")
}

func TestSlots(t *testing.T) {
	v := view(t, a)
	same(t, "by IP", reply(3, v.Slots), "*3 *3 :0 :5000 *4 127.0.0.1 :21878 "+a+" %1 hostname h1.example.org "+
		"*4 :5001 :10000 *4 127.0.0.1 :21879 "+b+" %0 *4 127.0.0.1 :21881 "+c+" %0 "+
		"*3 :10001 :16383 *4 127.0.0.1 :21880 "+d+" %0")
	v.Endpoint, v.Peer = ByHostname, failed(c, d)
	same(t, "by name, c and d have failed", reply(2, v.Slots), "*3 *3 :0 :5000 *4 h1.example.org :21878 "+a+" *2 ip 127.0.0.1 "+
		"*3 :5001 :10000 *4 ? :21879 "+b+" *2 ip 127.0.0.1 "+
		"*3 :10001 :16383 *4 ? :21880 "+d+" *2 ip 127.0.0.1")
	v.Endpoint, v.Peer, v.TLS = Unknown, failed(c), true
	same(t, "unknown, by TLS", reply(2, v.Slots), "*3 *3 :0 :5000 *4 $-1 :0 "+a+" *4 ip 127.0.0.1 hostname h1.example.org "+
		"*3 :5001 :10000 *4 $-1 :0 "+b+" *2 ip 127.0.0.1 "+
		"*3 :10001 :16383 *4 $-1 :21890 "+d+" *2 ip 127.0.0.1")
	same(t, "of a node that is not introduced", reply(2, view(t, e).Slots), "*0")
}

func TestShards(t *testing.T) {
	v := view(t, a)
	v.Endpoint, v.Peer = ByHostname, failed(c)
	same(t, "all", reply(3, v.Shards), "*3 "+
		"%2 slots *2 :0 :5000 nodes *1 %8 id "+a+" port :21878 ip 127.0.0.1 endpoint h1.example.org hostname h1.example.org role master replication-offset :28 health online "+
		"%2 slots *2 :5001 :10000 nodes *2 %7 id "+b+" port :21879 ip 127.0.0.1 endpoint ? role master replication-offset :28 health online "+
		"%7 id "+c+" port :21881 ip 127.0.0.1 endpoint ? role replica replication-offset :28 health failed "+
		"%2 slots *2 :10001 :16383 nodes *1 %8 id "+d+" port :21880 tls-port :21890 ip 127.0.0.1 endpoint ? role master replication-offset :28 health online")
	same(t, "of a node that is not introduced", reply(2, view(t, e).Shards),
		"*1 *4 slots *0 nodes *1 *14 id "+e+" port :21882 ip 127.0.0.1 endpoint 127.0.0.1 role master replication-offset :0 health online")
}

func TestRedirections(t *testing.T) {
	v := view(t, a)
	same(t, "by IP", v.Moved(14415, v.Topology.Node(d)), "MOVED 14415 127.0.0.1:21880")
	same(t, "by IP", v.Ask(7, v.Topology.Node(b)), "ASK 7 127.0.0.1:21879")
	v.Endpoint = ByHostname
	same(t, "by name", v.Moved(14415, v.Topology.Node(d)), "MOVED 14415 ?:21880")
	v.Endpoint = Unknown
	same(t, "unknown", v.Moved(14415, v.Topology.Node(d)), "MOVED 14415 :21880")
}
