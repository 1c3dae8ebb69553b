package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// The keys of a coordinator.
const (
	epochKey    = "epoch"
	nodePrefix  = "node/"
	shardPrefix = "shard/"
	selfKey     = "myself" // in a file of one node's own: its id
)

// Self is the id that a node has kept with a coordinator of its own, empty if none.
func Self(ctx context.Context, c Coordinator) (id string, err error) {
	s, err := c.Read(ctx)
	if err != nil {
		return "", err
	}
	for _, p := range s.Pairs {
		if p.Key == selfKey {
			if err := json.Unmarshal(p.Value, &id); err != nil || !ValidID(id) {
				return "", fmt.Errorf("%s is no id of a node", p.Value)
			}
		}
	}
	return id, nil
}

// SetSelf keeps the id of the coordinator's only node.
func SetSelf(ctx context.Context, c Coordinator, id string) error {
	_, err := c.Commit(ctx, Txn{Put: []Put{{Key: selfKey, Value: encode(id)}}})
	return err
}

// shardDocument is a shard as coordinators keep it.
type shardDocument struct {
	Primary   string          `json:"primary"`
	Epoch     uint64          `json:"epoch"`
	Slots     Ranges          `json:"slots,omitempty"`
	Migrating map[Slot]string `json:"migrating,omitempty"`
	Importing map[Slot]string `json:"importing,omitempty"`
}

// table is what a coordinator has of the topology, pair by pair, as it comes.
type table struct {
	epoch    uint64
	revision int64 // of the epoch's key
	nodes    map[string]*Node
	shards   map[string]*Shard
	wrong    map[string]error // keys that cannot be read
}

func newTable(s State) *table {
	t := &table{nodes: map[string]*Node{}, shards: map[string]*Shard{}, wrong: map[string]error{}}
	for _, p := range s.Pairs {
		t.put(p)
	}
	return t
}

// apply follows a change. It tells whether the topology has a new epoch.
func (t *table) apply(c Change) bool {
	before := t.epoch
	for _, e := range c.Events {
		delete(t.wrong, e.Key)
		if !e.Deleted {
			t.put(e.Pair)
		} else if id, ok := strings.CutPrefix(e.Key, nodePrefix); ok {
			delete(t.nodes, id)
		} else if id, ok := strings.CutPrefix(e.Key, shardPrefix); ok {
			delete(t.shards, id)
		}
	}
	return t.epoch != before
}

// put takes a pair. What is known of a node or shard is replaced, never changed, as a topology
// may have it.
func (t *table) put(p Pair) {
	var err error
	if id, ok := strings.CutPrefix(p.Key, nodePrefix); ok {
		n := &Node{}
		err = json.Unmarshal(p.Value, n)
		n.ID = id
		t.nodes[id] = n
	} else if id, ok := strings.CutPrefix(p.Key, shardPrefix); ok {
		var s shardDocument
		err = json.Unmarshal(p.Value, &s)
		t.shards[id] = &Shard{id, s.Primary, s.Epoch, s.Migrating, s.Importing, s.Slots}
	} else if p.Key == epochKey {
		err = json.Unmarshal(p.Value, &t.epoch)
		t.revision = p.Revision
	}
	if err != nil {
		t.wrong[p.Key] = err
	}
}

// topology makes a topology of what has come.
func (t *table) topology() (*Topology, error) {
	for key, err := range t.wrong {
		return nil, fmt.Errorf("the coordinator's %s cannot be read: %w", key, err)
	}
	return newTopology(t.epoch, t.revision, t.nodes, t.shards)
}

// difference is the transaction that leads from one topology to the next.
func difference(from, to *Topology) Txn {
	txn := Txn{If: []Condition{{epochKey, from.revision}}, Put: []Put{{Key: epochKey, Value: encode(to.epoch)}}}
	for _, n := range to.nodes {
		if old := from.Node(n.ID); old == nil || *old != *n {
			txn.Put = append(txn.Put, Put{Key: nodePrefix + n.ID, Value: encode(n)})
		}
	}
	for _, n := range from.nodes {
		if to.Node(n.ID) == nil {
			txn.Delete = append(txn.Delete, nodePrefix+n.ID)
		}
	}
	for _, s := range to.shards {
		d := documentOf(s)
		if old := from.Shard(s.ID); old == nil || !reflect.DeepEqual(documentOf(old), d) {
			txn.Put = append(txn.Put, Put{Key: shardPrefix + s.ID, Value: encode(d)})
		}
	}
	for _, s := range from.shards {
		if to.Shard(s.ID) == nil {
			txn.Delete = append(txn.Delete, shardPrefix+s.ID)
		}
	}
	return txn
}

func documentOf(s *Shard) shardDocument {
	return shardDocument{s.Primary, s.Epoch, s.Slots, s.Migrating, s.Importing}
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs of strings and numbers
	}
	return text
}
