package metrics

import "github.com/kringdb/kring/internal/server/admin"

// cluster sends what a node knows of its cluster.
func (s sender) cluster(c *admin.Cluster) {
	bit := map[bool]float64{true: 1}
	s.send("redis_cluster_state", "1: the node serves its slots.", gauge, bit[!c.Down])
	s.send("redis_cluster_current_epoch", "Count of the changes of the cluster's topology.", gauge, float64(c.Epoch))
	s.send("redis_cluster_known_nodes", "Nodes of the cluster.", gauge, float64(len(c.Nodes)))
	for i := range c.Nodes {
		n := &c.Nodes[i]
		role := "replica"
		if n.Primary {
			role = "primary"
		}
		labels := []string{"node", n.ID, "addr", n.Addr, "shard", n.Shard, "role", role}
		s.send("kring_cluster_node_up", "1 while a node's lease lasts.", gauge, bit[!n.Failed], labels...)
		if n.Primary {
			s.send("kring_cluster_shard_slots", "Hash slots of a shard.", gauge, float64(n.Slots), "shard", n.Shard)
			s.send("kring_cluster_shard_led", "1 while somebody may serve a shard's slots.", gauge, bit[n.Leads], "shard", n.Shard)
		}
	}
	under := map[string]float64{"in": 0, "out": 0}
	for _, m := range c.Moves {
		way := "in"
		if m.Export {
			way = "out"
		}
		if !m.Over {
			under[way] += float64(m.Slots)
		}
	}
	for way, slots := range under {
		s.send("kring_cluster_moving_slots", "Hash slots that come to this node or leave it.", gauge, slots, "way", way)
	}
	const messages = "Messages that clients have published, handed on to other nodes or by them, or dropped as a node was slow or gone."
	for _, m := range []struct {
		what  string
		count int64
	}{{"sent", c.Sent}, {"received", c.Received}, {"dropped", c.Dropped}} {
		s.send("kring_cluster_messages_total", messages, counter, float64(m.count), "what", m.what)
	}
}
