package cluster

import (
	"context"
	"errors"
)

// This file is how replicas come to shards that have lost theirs.

// Orphan is the shard that a replica is to go to: one with slots, whose primary leads it, and whose replicas are all gone. There is none
// unless the replica's shard has more of them than barrier, and than one, no other shard has more, and it is the first of these, by id. A
// shard that gave its last one could be an orphan itself then, and get it back.
func (t *Topology) Orphan(p *Presence, node string, barrier int) (shard string, found bool) {
	most, first := 0, ""
	for _, s := range t.shards {
		if lead, led := p.Lead(s.ID); !led || lead.Node != s.Primary {
			continue
		}
		run, gone := t.replicas(p, s)
		if len(run) == 0 && gone > 0 && len(s.Slots) > 0 && !found {
			shard, found = s.ID, true
		}
		if len(run) > most {
			most, first = len(run), run[0]
		} else if len(run) == most && most > 0 {
			first = min(first, run[0])
		}
	}
	if most <= max(barrier, 1) || first != node {
		return "", false
	}
	return shard, found
}

// replicas are those of a shard that run, by id, and how many do not.
func (t *Topology) replicas(p *Presence, s *Shard) (run []string, gone int) {
	for _, m := range t.Members(s)[1:] {
		if _, runs := p.Live(m.ID); runs {
			run = append(run, m.ID)
		} else {
			gone++
		}
	}
	return run, gone
}

// Adopt puts a replica into the shard that Orphan has named, on the condition that nothing of the topology has changed since: so one of
// those who would goes.
func (d *Directory) Adopt(ctx context.Context, from *Topology, node, shard string) error {
	lead, led := d.Presence().Lead(shard)
	if !led {
		return ErrConflict
	}
	next, txn, err := from.edited(func(draft *Draft) error {
		if s, there := draft.Shard(shard); !there || s.Primary != lead.Node {
			return errors.Join(ErrConflict, ErrNoShard)
		}
		return draft.Replicate(node, shard)
	})
	if err != nil {
		return err
	}
	txn.If = append(txn.If, Condition{leadPrefix + shard, lead.Revision})
	return d.commit(ctx, next, txn)
}
