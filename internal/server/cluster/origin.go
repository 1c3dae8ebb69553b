package cluster

import (
	"slices"
	"sync"

	"github.com/kringdb/kring/internal/cluster"
)

// This file is of which shard the node's data are, and of which leader's term. A replica that is sent to another shard, or that
// was a primary before, has an offset of another history until it has got a copy or the stream of its new primary.

// origins are what the node knows of histories that its data have had. They are kept in its own file: a server loads a file of
// before, with the history that it had then.
type origins struct {
	n  *Node
	mu struct { // only a coordinator's own locks are taken under it
		sync.Mutex
		all []cluster.Origin // the newest first
	}
}

// mostOrigins is how many the node keeps: there are as many in its file as data of different histories may be loaded.
const mostOrigins = 16

// look notes of which term the node's data are, if they are of who leads the shard.
func (o *origins) look() {
	n := o.n
	if n.own() {
		return
	}
	t, p := n.directory.Topology(), n.directory.Presence()
	me := t.Node(n.ID())
	if me == nil {
		return
	}
	lead, led := p.Lead(me.Shard)
	leader := t.Node(lead.Node)
	if !led || leader == nil || leader.Shard != me.Shard {
		return
	}
	id := ""
	if leader == me {
		if n.leading() == nil || n.House.Following() {
			return
		}
		id, _, _ = n.House.History()
	} else {
		fed := false
		if id, fed = n.House.Fed(n.feedAddress(leader)); !fed {
			return
		}
	}
	o.note(cluster.Origin{History: id, Shard: me.Shard, Term: lead.Revision})
}

// note puts an origin first, in the node's file, too.
func (o *origins) note(now cluster.Origin) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.mu.all) > 0 && o.mu.all[0] == now {
		return
	}
	all := []cluster.Origin{now}
	for _, old := range o.mu.all {
		if old.History != now.History && len(all) < mostOrigins {
			all = append(all, old)
		}
	}
	if o.n.attempted("the node cannot keep of which shard its data are", cluster.SetOrigins(o.n.ctx, o.n.self, all)) {
		o.mu.all = all
	}
}

// term is in which term of a shard the node has got its data, which are at an offset; 0: they are none of the
// shard's. Of a primary that has led, and of who led last, data of a history that is not known are of the last one.
func (o *origins) term(shard string, offset int64, led bool) int64 {
	id, before, until := o.n.House.History()
	o.mu.Lock()
	defer o.mu.Unlock()
	of := func(id string) int {
		return slices.IndexFunc(o.mu.all, func(o cluster.Origin) bool { return o.History == id })
	}
	at := of(id)
	if at < 0 && until >= offset {
		at = of(before)
	}
	if at < 0 && led {
		at = slices.IndexFunc(o.mu.all, func(o cluster.Origin) bool { return o.Shard == shard })
	}
	if at < 0 || o.mu.all[at].Shard != shard {
		return 0
	}
	return o.mu.all[at].Term
}
