package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kringdb/kring/command"
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
	if v.Peer(n.ID).NoFailover {
		flags += ",nofailover"
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

// Info is the reply to CLUSTER INFO. Slots fail when their primary's lease has ended, and may be about to (pfail) while it runs
// and does not lead. What nodes send each other are messages that clients have published.
func (v *View) Info() string {
	known, size, assigned, failed, failing := 0, 0, 0, 0, 0
	for _, n := range v.Topology.Nodes() {
		if !v.sees(n) {
			continue
		}
		known++
		s := v.Topology.Shard(n.Shard)
		if slots := s.Slots.Len(); s.Primary == n.ID && slots > 0 {
			size++
			assigned += slots
			if p := v.Peer(n.ID); p.Failed {
				failed += slots
			} else if p.Leaderless {
				failing += slots
			}
		}
	}
	state := "ok"
	if v.Down || v.Whole && failed > 0 {
		state = "fail"
	}
	mine := v.Topology.Shard(v.Topology.Node(v.Myself).Shard)
	lines := []string{
		"cluster_state:" + state,
		fmt.Sprint("cluster_slots_assigned:", assigned),
		fmt.Sprint("cluster_slots_ok:", assigned-failed-failing),
		fmt.Sprint("cluster_slots_pfail:", failing),
		fmt.Sprint("cluster_slots_fail:", failed),
		fmt.Sprint("cluster_known_nodes:", known),
		fmt.Sprint("cluster_size:", max(size, 1)),
		fmt.Sprint("cluster_current_epoch:", v.Topology.Epoch()),
		fmt.Sprint("cluster_my_epoch:", mine.Epoch),
	}
	lines = append(lines, messageLines("sent", v.Relayed.Sent)...)
	lines = append(lines, messageLines("received", v.Relayed.Received)...)
	lines = append(lines, fmt.Sprint("total_cluster_links_buffer_limit_exceeded:", v.Relayed.Full))
	lines = append(lines, fmt.Sprint("cluster_heirs:", v.Heirs))
	return strings.Join(lines, "\r\n") + "\r\n"
}

// messageLines are the lines of CLUSTER INFO about messages that went one way: those of a kind of which there were any, and
// how many there were of all.
func messageLines(way string, messages counts) (lines []string) {
	total := int64(0)
	for kind, name := range map[command.SubKind]string{command.SubChannel: "publish", command.SubShard: "publishshard"} {
		if n := messages[kind]; n > 0 {
			lines = append(lines, fmt.Sprintf("cluster_stats_messages_%s_%s:%d", name, way, n))
			total += n
		}
	}
	slices.Sort(lines)
	return append(lines, fmt.Sprintf("cluster_stats_messages_%s:%d", way, total))
}
