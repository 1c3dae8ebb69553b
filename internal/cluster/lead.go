package cluster

import (
	"context"
	"errors"
	"slices"
)

// This file is how nodes come to lead shards, and cease to. There is one key for each shard, lead/<shard>,
// with its leader's lease; nobody writes it but who finds that there is none.

// Says puts what a node says of itself, by its lease.
func (d *Directory) Says(ctx context.Context, node string, l Live, lease Lease) error {
	_, err := d.coordinator.Commit(ctx, Txn{Put: []Put{{Key: livePrefix + node, Value: encode(l), Lease: lease}}})
	return err
}

// Claim is what makes a node the leader of its shard.
type Claim struct {
	Node  string
	Token string // of the lease
	Lease Lease
	Round int64 // since when nobody leads: Heirs.Revision
}

// Lead makes a node lead its shard, of which it becomes the primary if it was not, on the condition that
// nobody does, and that nothing has changed since it was found out. Of an ErrConflict nothing has come; what
// has changed has been read then.
func (d *Directory) Lead(ctx context.Context, c Claim) error {
	from := d.Topology()
	n := from.Node(c.Node)
	if n == nil {
		return ErrNoNode
	}
	shard := from.Shard(n.Shard)
	var next *Topology
	txn := Txn{If: []Condition{{epochKey, from.revision}}}
	if shard.Primary != c.Node {
		var err error
		if next, txn, err = from.edited(func(draft *Draft) error { return draft.Promote(c.Node) }); err != nil {
			return err
		}
	}
	txn.If = append(txn.If, Condition{leadPrefix + shard.ID, 0}, Condition{heirsPrefix + shard.ID, c.Round})
	txn.Put = append(txn.Put,
		Put{Key: leadPrefix + shard.ID, Value: encode(Lead{Node: c.Node, Token: c.Token}), Lease: c.Lease},
		Put{Key: heirsPrefix + shard.ID, Value: encode(heirsPair{Nodes: heirsOf(from, shard, c.Node), Led: c.Node})})
	return d.commit(ctx, next, txn)
}

// heirsOf are the nodes of a shard but for one, if there is such a one.
func heirsOf(t *Topology, shard *Shard, but string) []string {
	ids := []string{}
	for _, n := range t.Members(shard) {
		if n.ID != but {
			ids = append(ids, n.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// commit does a transaction that leads to a topology, nil: it changes none. Then it reads what there is.
func (d *Directory) commit(ctx context.Context, next *Topology, txn Txn) error {
	revision, err := d.coordinator.Commit(ctx, txn)
	switch {
	case err == nil && next != nil:
		next.revision = revision
		d.install(next)
		fallthrough
	case err == nil, errors.Is(err, ErrConflict):
		if rerr := d.Refresh(ctx); err == nil {
			err = rerr
		}
	}
	return err
}

// Heirs has the leader of a shard name its replicas, as the topology has them.
func (d *Directory) Heirs(ctx context.Context, shard, leader string) error {
	t, p := d.Topology(), d.Presence()
	s := t.Shard(shard)
	lead, leads := p.Lead(shard)
	if s == nil || !leads || lead.Node != leader {
		return ErrConflict
	}
	return d.commit(ctx, nil, Txn{
		If:  []Condition{{epochKey, t.revision}, {leadPrefix + shard, lead.Revision}},
		Put: []Put{{Key: heirsPrefix + shard, Value: encode(heirsPair{heirsOf(t, s, leader), leader, lead.Revision})}},
	})
}

// HeirsToBe are the replicas of a shard that its leader is to name.
func (t *Topology) HeirsToBe(s *Shard) []string { return heirsOf(t, s, s.Primary) }

// Resign ends that a node leads a shard, by this process. If another one is the primary now, it names all as heirs.
func (d *Directory) Resign(ctx context.Context, shard, node string) error {
	lead, leads := d.Presence().Lead(shard)
	if !leads || lead.Node != node {
		return nil
	}
	txn := Txn{If: []Condition{{leadPrefix + shard, lead.Revision}}, Delete: []string{leadPrefix + shard}}
	switch t := d.Topology(); {
	case t.Shard(shard) == nil:
		txn.Delete = append(txn.Delete, heirsPrefix+shard)
	case t.Shard(shard).Primary != node:
		txn.Put = append(txn.Put, Put{Key: heirsPrefix + shard, Value: encode(heirsPair{heirsOf(t, t.Shard(shard), ""), node, lead.Revision})})
	}
	return d.commit(ctx, nil, txn)
}

// HandOver makes a replica the primary of a shard whose leader, which calls it, leads no more then.
func (d *Directory) HandOver(ctx context.Context, shard, leader, to string) error {
	from := d.Topology()
	lead, leads := d.Presence().Lead(shard)
	if !leads || lead.Node != leader {
		return ErrConflict
	}
	next, txn, err := from.edited(func(draft *Draft) error {
		if n, there := draft.Node(to); !there || n.Shard != shard { // it has gone to another one meanwhile
			return ErrConflict
		}
		return draft.Promote(to)
	})
	if err != nil {
		return err
	}
	txn.If = append(txn.If, Condition{leadPrefix + shard, lead.Revision})
	txn.Put = append(txn.Put, Put{Key: heirsPrefix + shard, Value: encode(heirsPair{heirsOf(next, next.Shard(shard), ""), leader, lead.Revision})})
	txn.Delete = append(txn.Delete, leadPrefix+shard, askPrefix+shard)
	return d.commit(ctx, next, txn)
}

// Ask has the leader of a shard let a node lead; the question goes with the node's lease.
func (d *Directory) Ask(ctx context.Context, shard, node string, lease Lease) error {
	_, err := d.coordinator.Commit(ctx, Txn{Put: []Put{{Key: askPrefix + shard, Value: encode(node), Lease: lease}}})
	return err
}

// Unask takes the question back.
func (d *Directory) Unask(ctx context.Context, shard string) error {
	_, err := d.coordinator.Commit(ctx, Txn{Delete: []string{askPrefix + shard}})
	return err
}
