package cluster

import (
	"errors"
	"fmt"
)

// Draft is a topology that is being changed, for the next epoch. An edit that returns an error
// may have been done in part: then the draft is of no use any more.
type Draft struct {
	epoch  uint64
	nodes  map[string]*Node
	shards map[string]*Shard
	owners *[Slots]string
}

// What may be wrong with an edit.
var (
	ErrNoNode    = errors.New("there is no such node")
	ErrNoShard   = errors.New("there is no such shard")
	ErrNotEmpty  = errors.New("the shard has slots")
	ErrIsPrimary = errors.New("the node is a primary that others follow")
)

// SlotError says that a slot is not as an edit wants it.
type SlotError struct {
	Slot Slot
	Busy bool // it has an owner already; else it has none, or another one
}

func (e *SlotError) Error() string {
	if e.Busy {
		return fmt.Sprintf("slot %d has an owner", e.Slot)
	}
	return fmt.Sprintf("slot %d does not belong to the shard", e.Slot)
}

// topology makes the draft a topology. The draft must not be used afterwards.
func (d *Draft) topology() (*Topology, error) {
	for _, s := range d.shards {
		s.Slots = nil
	}
	for slot, id := range d.owners {
		if s := d.shards[id]; s != nil {
			s.Slots = s.Slots.add(Slot(slot))
		} else if id != "" {
			return nil, fmt.Errorf("slot %d belongs to shard %q, which does not exist", slot, id)
		}
	}
	return newTopology(d.epoch, 0, d.nodes, d.shards)
}

// Join makes n known, in a new shard of its own with id shard; or, if its id is known, gives
// it new addresses and leaves it where it is.
func (d *Draft) Join(n Node, shard string) {
	if old := d.nodes[n.ID]; old != nil {
		n.Shard, n.Met = old.Shard, old.Met
		*old = n
		return
	}
	n.Shard = shard
	d.nodes[n.ID] = &n
	d.shards[shard] = &Shard{ID: shard, Primary: n.ID}
}

// Node is a copy of a node; ok is false if there is none with this id.
func (d *Draft) Node(id string) (n Node, ok bool) {
	if p := d.nodes[id]; p != nil {
		return *p, true
	}
	return n, false
}

// Nodes are copies of all nodes, in no order.
func (d *Draft) Nodes() (all []Node) {
	for _, n := range d.nodes {
		all = append(all, *n)
	}
	return all
}

// Shard is a copy of a shard, without its slots; ok is false if there is none with this id.
func (d *Draft) Shard(id string) (s Shard, ok bool) {
	if p := d.shards[id]; p != nil {
		s = *p
		s.Slots = nil
		return s, true
	}
	return s, false
}

// Owner is the id of the shard that a slot belongs to, empty if it belongs to none.
func (d *Draft) Owner(slot Slot) string { return d.owners[slot] }

// Clear removes everything.
func (d *Draft) Clear() {
	d.nodes, d.shards, d.owners = map[string]*Node{}, map[string]*Shard{}, &[Slots]string{}
}

// Meet introduces two nodes, and so all that either of them knows.
func (d *Draft) Meet(a, b string) error {
	if d.nodes[a] == nil || d.nodes[b] == nil {
		return ErrNoNode
	}
	d.nodes[a].Met, d.nodes[b].Met = true, true
	return nil
}

// Forget removes a node, and its shard with the last one. A primary goes only as the last of its
// shard, and when that has no slots.
func (d *Draft) Forget(node string) error {
	n := d.nodes[node]
	if n == nil {
		return ErrNoNode
	}
	if d.shards[n.Shard].Primary == node {
		if err := d.removable(n); err != nil {
			return err
		}
		d.removeShard(n.Shard)
	}
	delete(d.nodes, node)
	return nil
}

// removable tells why the shard of its primary n cannot go, if n does.
func (d *Draft) removable(n *Node) error {
	for _, other := range d.nodes {
		if other.Shard == n.Shard && other != n {
			return ErrIsPrimary
		}
	}
	for _, owner := range d.owners {
		if owner == n.Shard {
			return ErrNotEmpty
		}
	}
	return nil
}

// removeShard removes a shard, and what moves from and to it. It has no slots.
func (d *Draft) removeShard(id string) {
	delete(d.shards, id)
	for _, s := range d.shards {
		dropValues(s.Migrating, id)
		dropValues(s.Importing, id)
	}
}

func dropValues(m map[Slot]string, id string) {
	for slot, v := range m {
		if v == id {
			delete(m, slot)
		}
	}
}

// Replicate puts a node into another shard, as a replica. A primary must be removable.
func (d *Draft) Replicate(node, shard string) error {
	n, s := d.nodes[node], d.shards[shard]
	switch {
	case n == nil:
		return ErrNoNode
	case s == nil:
		return ErrNoShard
	case n.Shard == shard && s.Primary == node:
		return ErrIsPrimary
	}
	if d.shards[n.Shard].Primary == node {
		if err := d.removable(n); err != nil {
			return err
		}
		d.removeShard(n.Shard)
	}
	n.Shard = shard
	return nil
}

// Promote makes a node the primary of its shard.
func (d *Draft) Promote(node string) error {
	n := d.nodes[node]
	if n == nil {
		return ErrNoNode
	}
	s := d.shards[n.Shard]
	s.Primary, s.Epoch = node, d.epoch
	return nil
}

// AddSlots gives slots without an owner to a shard.
func (d *Draft) AddSlots(shard string, slots Ranges) error {
	s := d.shards[shard]
	if s == nil {
		return ErrNoShard
	}
	for slot := range slots.All() {
		if d.owners[slot] != "" {
			return &SlotError{slot, true}
		}
		d.owners[slot] = shard
		delete(s.Importing, slot)
	}
	s.Epoch = d.epoch
	return nil
}

// RemoveSlots takes slots from the shard that owns them.
func (d *Draft) RemoveSlots(shard string, slots Ranges) error {
	s := d.shards[shard]
	if s == nil {
		return ErrNoShard
	}
	for slot := range slots.All() {
		if d.owners[slot] != shard {
			return &SlotError{slot, false}
		}
		d.owners[slot] = ""
		delete(s.Migrating, slot)
	}
	s.Epoch = d.epoch
	return nil
}

// Migrate says that the keys of a slot go from its owner to another shard, one by one.
func (d *Draft) Migrate(slot Slot, from, to string) error {
	if d.shards[from] == nil || d.shards[to] == nil {
		return ErrNoShard
	}
	if d.owners[slot] != from {
		return &SlotError{slot, false}
	}
	put(&d.shards[from].Migrating, slot, to)
	return nil
}

// Import says that the keys of a slot come to a shard from another one, one by one.
func (d *Draft) Import(slot Slot, to, from string) error {
	if d.shards[from] == nil || d.shards[to] == nil {
		return ErrNoShard
	}
	if d.owners[slot] == to {
		return &SlotError{slot, true}
	}
	put(&d.shards[to].Importing, slot, from)
	return nil
}

func put(m *map[Slot]string, slot Slot, v string) {
	if *m == nil {
		*m = map[Slot]string{}
	}
	(*m)[slot] = v
}

// Settle ends what moves of a slot from and to a shard; its owner is who it is.
func (d *Draft) Settle(slot Slot, shard string) error {
	s := d.shards[shard]
	if s == nil {
		return ErrNoShard
	}
	delete(s.Migrating, slot)
	delete(s.Importing, slot)
	return nil
}

// Give makes a shard the owner of slots, whoever had them, and ends what moves of them.
func (d *Draft) Give(shard string, slots Ranges) error {
	to := d.shards[shard]
	if to == nil {
		return ErrNoShard
	}
	for slot := range slots.All() {
		if from := d.shards[d.owners[slot]]; from != nil {
			delete(from.Migrating, slot)
		}
		d.owners[slot] = shard
		delete(to.Importing, slot)
	}
	to.Epoch = d.epoch
	return nil
}

// Bump gives a shard the epoch of this change, which is above those of all others.
func (d *Draft) Bump(shard string) error {
	s := d.shards[shard]
	if s == nil {
		return ErrNoShard
	}
	s.Epoch = d.epoch
	return nil
}
