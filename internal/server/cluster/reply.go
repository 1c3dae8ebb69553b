package cluster

import (
	"cmp"
	"slices"

	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/resp"
)

// field is a name with a text, as replies about nodes have them.
type field struct{ name, text string }

// Slots writes the reply to CLUSTER SLOTS: the ranges with an owner, in ascending order, each
// with its nodes, the primary first. Replicas that have failed are left out.
func (v *View) Slots(w *resp.Writer) {
	type owned struct {
		cluster.Range
		nodes []*cluster.Node
	}
	var all []owned
	for _, s := range v.Topology.Shards() {
		if !v.sees(v.Topology.Node(s.Primary)) {
			continue
		}
		nodes := slices.DeleteFunc(v.members(s), func(n *cluster.Node) bool { return n.ID != s.Primary && v.Peer(n.ID).Failed })
		for _, r := range s.Slots {
			all = append(all, owned{r, nodes})
		}
	}
	slices.SortFunc(all, func(a, b owned) int { return cmp.Compare(a.First, b.First) })
	w.Array(len(all))
	for _, o := range all {
		w.Array(2 + len(o.nodes))
		w.Int(int64(o.First))
		w.Int(int64(o.Last))
		for _, n := range o.nodes {
			v.slotNode(w, n)
		}
	}
}

func (v *View) slotNode(w *resp.Writer, n *cluster.Node) {
	w.Array(4)
	if v.Endpoint == Unknown {
		w.Null()
	} else {
		w.BulkString(v.endpoint(n))
	}
	w.Int(int64(v.port(n)))
	w.BulkString(n.ID)
	var more []field
	if v.Endpoint != ByIP {
		more = append(more, field{"ip", n.IP})
	}
	if v.Endpoint != ByHostname && n.Hostname != "" {
		more = append(more, field{"hostname", n.Hostname})
	}
	w.Map(len(more))
	for _, f := range more {
		w.BulkString(f.name)
		w.BulkString(f.text)
	}
}

// Shards writes the reply to CLUSTER SHARDS: the visible shards, each with its slots and nodes.
func (v *View) Shards(w *resp.Writer) {
	shards := slices.DeleteFunc(slices.Clone(v.Topology.Shards()), func(s *cluster.Shard) bool { return len(v.members(s)) == 0 })
	w.Array(len(shards))
	for _, s := range shards {
		w.Map(2)
		w.BulkString("slots")
		w.Array(2 * len(s.Slots))
		for _, r := range s.Slots {
			w.Int(int64(r.First))
			w.Int(int64(r.Last))
		}
		w.BulkString("nodes")
		nodes := v.members(s)
		w.Array(len(nodes))
		for _, n := range nodes {
			v.shardNode(w, n, n.ID == s.Primary)
		}
	}
}

func (v *View) shardNode(w *resp.Writer, n *cluster.Node, primary bool) {
	type port struct {
		name   string
		number int
	}
	ports := slices.DeleteFunc([]port{{"port", n.Port}, {"tls-port", n.TLSPort}}, func(p port) bool { return p.number == 0 })
	names := []field{{"ip", n.IP}, {"endpoint", v.endpoint(n)}}
	if n.Hostname != "" {
		names = append(names, field{"hostname", n.Hostname})
	}
	role, health, peer := "replica", "online", v.Peer(n.ID)
	if primary {
		role = "master"
	}
	if peer.Failed {
		health = "failed"
	} else if peer.Loading {
		health = "loading"
	}
	w.Map(4 + len(ports) + len(names))
	w.BulkString("id")
	w.BulkString(n.ID)
	for _, p := range ports {
		w.BulkString(p.name)
		w.Int(int64(p.number))
	}
	for _, f := range append(names, field{"role", role}) {
		w.BulkString(f.name)
		w.BulkString(f.text)
	}
	w.BulkString("replication-offset")
	w.Int(peer.Offset)
	w.BulkString("health")
	w.BulkString(health)
}
