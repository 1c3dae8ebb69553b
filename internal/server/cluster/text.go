package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kringdb/kring/internal/cluster"
)

// Nodes is the reply to CLUSTER NODES: a line for each visible node.
func (v *View) Nodes() string {
	var b strings.Builder
	for _, n := range v.Topology.Nodes() {
		if v.sees(n) {
			b.WriteString(v.line(n))
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// Replicas is the reply to CLUSTER REPLICAS: the lines of the visible replicas of a primary.
func (v *View) Replicas(primary *cluster.Node) []string {
	var lines []string
	for _, n := range v.members(v.Topology.Shard(primary.Shard)) {
		if n != primary {
			lines = append(lines, v.line(n))
		}
	}
	return lines
}

// line describes a node. Nodes do not ping each other, so the times of that are 0.
func (v *View) line(n *cluster.Node) string {
	s := v.Topology.Shard(n.Shard)
	failed := v.Peer(n.ID).Failed && n.ID != v.Myself
	flags, primary, link := "master", "-", "connected"
	if s.Primary != n.ID {
		flags, primary = "slave", s.Primary
	}
	if n.ID == v.Myself {
		flags = "myself," + flags
	}
	if failed {
		flags, link = flags+",fail", "disconnected"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s:%d@%d", n.ID, n.IP, v.port(n), n.BusPort)
	if n.Hostname != "" {
		b.WriteString("," + n.Hostname)
	}
	fmt.Fprintf(&b, " %s %s 0 0 %d %s", flags, primary, s.Epoch, link)
	if s.Primary == n.ID {
		for _, r := range s.Slots {
			b.WriteString(" " + r.String())
		}
		if n.ID == v.Myself {
			v.moves(&b, s)
		}
	}
	return b.String()
}

// moves are the slots of this node's shard that move key by key.
func (v *View) moves(b *strings.Builder, s *cluster.Shard) {
	for _, m := range []struct {
		slots map[cluster.Slot]string
		arrow string
	}{{s.Migrating, "->-"}, {s.Importing, "-<-"}} {
		for _, slot := range slices.Sorted(maps.Keys(m.slots)) {
			fmt.Fprintf(b, " [%d%s%s]", slot, m.arrow, v.Topology.Shard(m.slots[slot]).Primary)
		}
	}
}

// Info is the reply to CLUSTER INFO. There is no bus, so its messages are none.
func (v *View) Info() string {
	known, size, assigned, failed := 0, 0, 0, 0
	for _, n := range v.Topology.Nodes() {
		if !v.sees(n) {
			continue
		}
		known++
		s := v.Topology.Shard(n.Shard)
		if slots := s.Slots.Len(); s.Primary == n.ID && slots > 0 {
			size++
			assigned += slots
			if v.Peer(n.ID).Failed {
				failed += slots
			}
		}
	}
	state := "ok"
	if v.Down {
		state = "fail"
	}
	mine := v.Topology.Shard(v.Topology.Node(v.Myself).Shard)
	lines := []string{
		"cluster_state:" + state,
		fmt.Sprint("cluster_slots_assigned:", assigned),
		fmt.Sprint("cluster_slots_ok:", assigned-failed),
		"cluster_slots_pfail:0",
		fmt.Sprint("cluster_slots_fail:", failed),
		fmt.Sprint("cluster_known_nodes:", known),
		fmt.Sprint("cluster_size:", max(size, 1)),
		fmt.Sprint("cluster_current_epoch:", v.Topology.Epoch()),
		fmt.Sprint("cluster_my_epoch:", mine.Epoch),
		"cluster_stats_messages_sent:0",
		"cluster_stats_messages_received:0",
		"total_cluster_links_buffer_limit_exceeded:0",
	}
	return strings.Join(lines, "\r\n") + "\r\n"
}
