package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// The keys of a coordinator.
const (
	epochKey    = "epoch"
	nodePrefix  = "node/"
	shardPrefix = "shard/"
	selfKey     = "myself" // in a file of one node's own: its id
	movingKey   = "moving" // there, too: slots that are being moved
	promisedKey = "promised"
	originsKey  = "origins"
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

// Moving are the slots that the only node of a coordinator had begun to move, from or to it, and had not ended.
func Moving(ctx context.Context, c Coordinator) (slots Ranges, err error) {
	err = readKept(ctx, c, movingKey, &slots)
	return slots, err
}

// readKept reads what the only node of a coordinator has kept under a key, if anything.
func readKept(ctx context.Context, c Coordinator, key string, into any) error {
	s, err := c.Read(ctx)
	if err != nil {
		return err
	}
	for _, p := range s.Pairs {
		if p.Key == key {
			if err := json.Unmarshal(p.Value, into); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return nil
}

// SetMoving keeps them.
func SetMoving(ctx context.Context, c Coordinator, slots Ranges) error {
	txn := Txn{Put: []Put{{Key: movingKey, Value: encode(slots)}}}
	if len(slots) == 0 {
		txn = Txn{Delete: []string{movingKey}}
	}
	_, err := c.Commit(ctx, txn)
	return err
}

// Promised is for how long a node has promised not to lead, as it has kept it with a coordinator of its own: 0 if
// it has not.
func Promised(ctx context.Context, c Coordinator) (time.Duration, error) {
	s, err := c.Read(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range s.Pairs {
		if p.Key == promisedKey {
			var ms int64
			err := json.Unmarshal(p.Value, &ms)
			return time.Duration(ms) * time.Millisecond, err
		}
	}
	return 0, nil
}

// SetPromised keeps it; 0 ends it.
func SetPromised(ctx context.Context, c Coordinator, d time.Duration) error {
	txn := Txn{Delete: []string{promisedKey}}
	if d > 0 {
		txn = Txn{Put: []Put{{Key: promisedKey, Value: encode(d.Milliseconds())}}}
	}
	_, err := c.Commit(ctx, txn)
	return err
}

// Origin is what a node knows of a history of replication: of which shard's data it is.
type Origin struct {
	History string `json:"history"` // its id
	Shard   string `json:"shard"`
	Term    int64  `json:"term"` // who led then: Lead.Revision
}

// Origins are those that the only node of a coordinator has kept, the newest first.
func Origins(ctx context.Context, c Coordinator) (all []Origin, err error) {
	err = readKept(ctx, c, originsKey, &all)
	return all, err
}

// SetOrigins keeps them.
func SetOrigins(ctx context.Context, c Coordinator, all []Origin) error {
	_, err := c.Commit(ctx, Txn{Put: []Put{{Key: originsKey, Value: encode(all)}}})
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
	presence *Presence
}

func newTable(s State) *table {
	t := &table{nodes: map[string]*Node{}, shards: map[string]*Shard{}, wrong: map[string]error{}, presence: newPresence()}
	for _, p := range s.Pairs {
		t.put(p)
	}
	return t
}

// apply follows a change. It tells whether the topology has a new epoch; the presence is another one if
// that has changed.
func (t *table) apply(c Change) bool {
	before := t.epoch
	next := t.presence.clone()
	for _, e := range c.Events {
		delete(t.wrong, e.Key)
		if e.Deleted && next.drop(e.Key) || !e.Deleted && next.put(e.Pair) {
			t.presence = next
			continue
		}
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
	if t.presence.put(p) {
		return
	}
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
