package cluster

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/options"
)

// This file is how messages that a node's clients publish get to the other nodes' listeners.

const (
	// mostQueuedBytes is how much may wait for a node, if cluster-link-sendbuf-limit sets no bound.
	mostQueuedBytes = 64 << 20
	// keepQueueBytes is how large a queue is kept that is empty.
	keepQueueBytes = 1 << 20
	// relayRestFirst is how long a link rests after an error, then twice as long each time, relayRestMost at most.
	relayRestFirst = 20 * time.Millisecond
	relayRestMost  = time.Second
)

// relay has a link to each other node that this one knows.
type relay struct {
	n        *Node
	all      atomic.Pointer[[]*relayLink] // who gets a message on a channel
	shard    atomic.Pointer[[]*relayLink] // who gets one on a shard channel
	links    map[string]*relayLink        // by node; attend's
	received [command.SubKinds]atomic.Int64
	retired  [command.SubKinds]atomic.Int64 // what links have sent that there are no more
	lost     atomic.Int64                   // what they have dropped
	full     atomic.Int64                   // how often one of them has begun to drop
	guests   relayGuests
}

// relayGuests are the connections of other nodes' links.
type relayGuests struct {
	mu struct { // innermost, for a look or a change
		sync.Mutex
		by map[int64]guest
	}
}

// guest is such a connection, by the id of its client.
type guest struct {
	node  string
	since time.Time
}

// follow has links to the nodes that the topology has. It is for attend.
func (r *relay) follow(t *cluster.Topology) {
	n := r.n
	v := &View{Topology: t, Myself: n.ID()}
	mine := t.Node(n.ID()).Shard
	links := map[string]*relayLink{}
	var all, shard []*relayLink
	for _, other := range t.Nodes() {
		if other.ID == n.ID() || !v.sees(other) {
			continue
		}
		l := r.links[other.ID]
		if l == nil {
			l = newRelayLink(n, other.ID)
			n.wait.Go(l.run)
		}
		links[other.ID] = l
		all = append(all, l)
		if other.Shard == mine {
			shard = append(shard, l)
		}
	}
	r.all.Store(&all)
	r.shard.Store(&shard)
	for node, l := range r.links {
		if links[node] == nil {
			l.cancel()
			sent, dropped, full := l.counts()
			for kind, count := range sent {
				r.retired[kind].Add(count)
			}
			r.lost.Add(dropped)
			r.full.Add(full)
		}
	}
	r.links = links
}

// to is who gets messages of a kind.
func (r *relay) to(kind command.SubKind) []*relayLink {
	p := &r.all
	if kind == command.SubShard {
		p = &r.shard
	}
	if links := p.Load(); links != nil {
		return *links
	}
	return nil
}

// Publish implements command.ClusterRelay.
func (r *relay) Publish(kind command.SubKind, channel, text []byte) {
	for _, l := range r.to(kind) {
		l.put(kind, channel, text)
	}
}

// Heard implements command.ClusterRelay.
func (r *relay) Heard(kind command.SubKind) { r.received[kind].Add(1) }

// Greet implements command.ClusterRelay.
func (r *relay) Greet(c *command.Ctx, node string) {
	g := &r.guests
	g.mu.Lock()
	if g.mu.by == nil {
		g.mu.by = map[int64]guest{}
	}
	g.mu.by[c.Client.ID()] = guest{node, time.Now()}
	g.mu.Unlock()
	r.visitors(c) // who has gone is forgotten
	c.W.OK()
}

// visitors are the connections of other nodes' links, the oldest first.
func (r *relay) visitors(c *command.Ctx) []guest {
	g := &r.guests
	g.mu.Lock()
	ids := slices.Sorted(maps.Keys(g.mu.by))
	g.mu.Unlock()
	gone := slices.DeleteFunc(slices.Clone(ids), c.Host.Clients.Has)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, id := range gone {
		delete(g.mu.by, id)
	}
	var there []guest
	for _, id := range ids {
		if v, ok := g.mu.by[id]; ok {
			there = append(there, v)
		}
	}
	return there
}

// Links implements command.ClusterRelay: links that have a connection, and those of others to this node.
func (r *relay) Links(c *command.Ctx) {
	type row struct {
		direction, node, events string
		since                   time.Time
		room, used              int
	}
	var rows []row
	for _, l := range r.to(command.SubChannel) {
		if since, room, used := l.state(); !since.IsZero() {
			rows = append(rows, row{"to", l.node, "rw", since, room, used})
		}
	}
	for _, g := range r.visitors(c) {
		rows = append(rows, row{"from", g.node, "r", g.since, 0, 0})
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.node, b.node) })
	c.W.Array(len(rows))
	for _, row := range rows {
		c.W.Map(6)
		for _, f := range []field{{"direction", row.direction}, {"node", row.node}} {
			c.W.BulkString(f.name)
			c.W.BulkString(f.text)
		}
		c.W.BulkString("create-time")
		c.W.Int(row.since.UnixMilli())
		c.W.BulkString("events")
		c.W.BulkString(row.events)
		c.W.BulkString("send-buffer-allocated")
		c.W.Int(int64(row.room))
		c.W.BulkString("send-buffer-used")
		c.W.Int(int64(row.used))
	}
}

// Relayed is what a node has handed on, and been handed, since it began.
type Relayed struct {
	Sent, Received [command.SubKinds]int64 // messages; counted for each node that they were written to
	Dropped        int64                   // messages that a node was not sent: it was slow, or could not be reached
	Full           int64                   // how often a node's queue has become full
}

// totals is what has been handed on.
func (r *relay) totals() (t Relayed) {
	for kind := range t.Sent {
		t.Sent[kind], t.Received[kind] = r.retired[kind].Load(), r.received[kind].Load()
	}
	t.Dropped, t.Full = r.lost.Load(), r.full.Load()
	for _, l := range r.to(command.SubChannel) {
		sent, dropped, full := l.counts()
		for kind, count := range sent {
			t.Sent[kind] += count
		}
		t.Dropped += dropped
		t.Full += full
	}
	return t
}

// relayBound is how many bytes may wait for a node.
func relayBound(o *options.Options) int {
	if bound := o.LinkSendBuffer.Load(); bound > 0 {
		return int(bound)
	}
	return mostQueuedBytes
}

// newRelayLink makes a link, which run serves.
func newRelayLink(n *Node, node string) *relayLink {
	l := &relayLink{n: n, node: node, rung: make(chan struct{}, 1)}
	l.ctx, l.cancel = context.WithCancel(n.ctx)
	return l
}
