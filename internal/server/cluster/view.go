package cluster

import (
	"strconv"

	"github.com/kringdb/kring/internal/cluster"
)

// Endpoint is what clients are told to connect to: cluster-preferred-endpoint-type.
type Endpoint int

const (
	ByIP       Endpoint = iota
	ByHostname          // "?" for a node that has none
	Unknown             // the address under which the client has reached this node
)

// Peer is what is known of a node besides the topology.
type Peer struct {
	Failed     bool
	Leaderless bool // nobody leads the shard of which it is the primary
	NoFailover bool // it does not lead by itself
	Loading    bool
	Offset     int64 // of the replication stream
}

// View is a topology as one node shows it to one client.
type View struct {
	Topology *cluster.Topology
	Myself   string               // the node that shows it; the topology has it
	Endpoint Endpoint             // what clients are to be told
	TLS      bool                 // the client's connection uses TLS, so ports are those for TLS
	Peer     func(id string) Peer // of any node of the topology
	Down     bool                 // this node serves no commands
	Whole    bool                 // the cluster is to count as down while a slot is not served
	Relayed  Relayed              // messages that clients have published
	Heirs    int                  // how many may lead the node's shard besides its primary
}

// sees tells whether the view has a node.
func (v *View) sees(n *cluster.Node) bool {
	return n.ID == v.Myself || n.Met && v.Topology.Node(v.Myself).Met
}

// members are the visible nodes of a shard, its primary first.
func (v *View) members(s *cluster.Shard) []*cluster.Node {
	var members []*cluster.Node
	for _, n := range v.Topology.Members(s) {
		if v.sees(n) {
			members = append(members, n)
		}
	}
	return members
}

// port is where the client's kind of connection is served.
func (v *View) port(n *cluster.Node) int {
	if v.TLS {
		return n.TLSPort
	}
	return n.Port
}

// endpoint is the name of a node, as SHARDS and redirections have it.
func (v *View) endpoint(n *cluster.Node) string {
	switch {
	case v.Endpoint == Unknown:
		return ""
	case v.Endpoint == ByIP:
		return n.IP
	case n.Hostname == "":
		return "?"
	}
	return n.Hostname
}

// Moved is the error that sends a client to the node that serves a slot.
func (v *View) Moved(slot cluster.Slot, to *cluster.Node) string {
	return v.redirection("MOVED ", slot, to)
}

// Ask is the error that sends a client to another node for one call.
func (v *View) Ask(slot cluster.Slot, to *cluster.Node) string {
	return v.redirection("ASK ", slot, to)
}

func (v *View) redirection(kind string, slot cluster.Slot, to *cluster.Node) string {
	return kind + strconv.Itoa(int(slot)) + " " + v.endpoint(to) + ":" + strconv.Itoa(v.port(to))
}
