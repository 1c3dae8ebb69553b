package cluster

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Node is a server of the cluster.
type Node struct {
	ID       string `json:"-"`
	IP       string `json:"ip,omitempty"`
	Hostname string `json:"hostname,omitempty"`
	Port     int    `json:"port,omitempty"` // 0: none without TLS
	TLSPort  int    `json:"tls-port,omitempty"`
	BusPort  int    `json:"bus-port,omitempty"` // shown to clients, not used
	Shard    string `json:"shard"`
	Met      bool   `json:"met,omitempty"` // it has been introduced to others
}

// Shard is a set of nodes with the same data.
type Shard struct {
	ID        string
	Primary   string          // a node
	Epoch     uint64          // of its last change of primary or slots
	Migrating map[Slot]string // slots whose keys go to another shard, one by one
	Importing map[Slot]string // slots whose keys come from another shard, one by one
	Slots     Ranges          // that it owns
}

// Topology is all that the nodes agree on, at one moment. It never changes, nor may anybody
// change what it hands out.
type Topology struct {
	epoch    uint64
	revision int64 // of the epoch's key
	nodes    []*Node
	shards   []*Shard
	owners   [Slots]*Shard
	assigned int
}

// Alone is the topology of a node that knows no other, in a shard of its own.
func Alone(n Node, shard string) *Topology {
	n.Shard = shard
	s := &Shard{ID: shard, Primary: n.ID}
	return &Topology{nodes: []*Node{&n}, shards: []*Shard{s}}
}

// NewID makes an id for a node or a shard.
func NewID() string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return hex.EncodeToString(b[:])
}

// newTopology checks and indexes nodes and shards, which it keeps.
func newTopology(epoch uint64, revision int64, nodes map[string]*Node, shards map[string]*Shard) (*Topology, error) {
	t := &Topology{epoch: epoch, revision: revision}
	for _, id := range slices.Sorted(maps.Keys(nodes)) {
		n := nodes[id]
		if !ValidID(id) {
			return nil, fmt.Errorf("%q is no id of a node", id)
		}
		if shards[n.Shard] == nil {
			return nil, fmt.Errorf("node %s is in shard %q, which does not exist", id, n.Shard)
		}
		t.nodes = append(t.nodes, n)
	}
	for _, id := range slices.Sorted(maps.Keys(shards)) {
		s := shards[id]
		if !ValidID(id) {
			return nil, fmt.Errorf("%q is no id of a shard", id)
		}
		if p := nodes[s.Primary]; p == nil || p.Shard != id {
			return nil, fmt.Errorf("the primary of shard %s is %q, which is none of its nodes", id, s.Primary)
		}
		if s.Epoch > epoch {
			return nil, fmt.Errorf("shard %s has epoch %d, the topology %d", id, s.Epoch, epoch)
		}
		t.shards = append(t.shards, s)
		for slot := range s.Slots.All() {
			if o := t.owners[slot]; o != nil {
				return nil, fmt.Errorf("slot %d belongs to shards %s and %s", slot, o.ID, id)
			}
			t.owners[slot] = s
			t.assigned++
		}
	}
	return t, t.checkMoves()
}

// checkMoves wants slots to move between shards that exist, and away only from their owner.
func (t *Topology) checkMoves() error {
	for _, s := range t.shards {
		for slot, to := range s.Migrating {
			if slot >= Slots || t.Shard(to) == nil {
				return fmt.Errorf("slot %d migrates to shard %q, which does not exist", slot, to)
			}
			if t.owners[slot] != s {
				return fmt.Errorf("slot %d migrates from shard %s, which does not own it", slot, s.ID)
			}
		}
		for slot, from := range s.Importing {
			if slot >= Slots || t.Shard(from) == nil {
				return fmt.Errorf("slot %d is imported from shard %q, which does not exist", slot, from)
			}
		}
	}
	return nil
}

// Epoch counts the changes of the topology.
func (t *Topology) Epoch() uint64 { return t.epoch }

// Nodes are all nodes, by id.
func (t *Topology) Nodes() []*Node { return t.nodes }

// Shards are all shards, by id.
func (t *Topology) Shards() []*Shard { return t.shards }

// Owner is the shard that a slot belongs to, or nil.
func (t *Topology) Owner(slot Slot) *Shard { return t.owners[slot] }

// Node is the node with an id, or nil.
func (t *Topology) Node(id string) *Node {
	i, ok := slices.BinarySearchFunc(t.nodes, id, func(n *Node, id string) int { return strings.Compare(n.ID, id) })
	if !ok {
		return nil
	}
	return t.nodes[i]
}

// Shard is the shard with an id, or nil.
func (t *Topology) Shard(id string) *Shard {
	i, ok := slices.BinarySearchFunc(t.shards, id, func(s *Shard, id string) int { return strings.Compare(s.ID, id) })
	if !ok {
		return nil
	}
	return t.shards[i]
}

// Members are the nodes of a shard, its primary first, then by id.
func (t *Topology) Members(s *Shard) []*Node {
	members := []*Node{t.Node(s.Primary)}
	for _, n := range t.nodes {
		if n.Shard == s.ID && n.ID != s.Primary {
			members = append(members, n)
		}
	}
	return members
}

// draft makes a copy to be edited.
func (t *Topology) draft() *Draft {
	d := &Draft{epoch: t.epoch + 1, nodes: map[string]*Node{}, shards: map[string]*Shard{}, owners: t.ownerIDs()}
	for _, n := range t.nodes {
		c := *n
		d.nodes[n.ID] = &c
	}
	for _, s := range t.shards {
		c := *s
		c.Migrating, c.Importing = maps.Clone(s.Migrating), maps.Clone(s.Importing)
		d.shards[s.ID] = &c
	}
	return d
}

func (t *Topology) ownerIDs() *[Slots]string {
	var ids [Slots]string
	for slot, s := range t.owners {
		if s != nil {
			ids[slot] = s.ID
		}
	}
	return &ids
}

// ValidID tells whether s is 40 hexadecimal digits in lower case.
func ValidID(s string) bool {
	return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == ""
}
