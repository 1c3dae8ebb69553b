package cluster

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/admit"
)

// This file keeps the node's lease, by which others know that it runs, and for how long it may lead.

// tenure is what the node has by its lease, and what it and its heirs have promised.
type tenure struct {
	mu struct { // innermost
		sync.Mutex
		lease cluster.Lease // nil: none
		token string        // names the process and the lease in what is written with it
		term  *admit.Term   // of leading; nil: the node does not lead
		by    cluster.Lease // the lease with which it leads

		heirs    map[string]bool      // who may lead when this node does not; while it leads
		promised map[string]time.Time // until when they will not
		asked    map[int64]time.Time  // when they were asked, by number
		number   int64

		idle   time.Time // until when this node has promised not to lead
		claims int       // of this node's to lead, whose outcome is not known
	}
	lost bool        // renewing has failed; of the goroutine that renews
	kept atomic.Bool // the node's own file says that it has promised: it does so after a restart, too
}

// ttl is for how long a lease lasts that is not renewed.
func (n *Node) ttl() time.Duration {
	return time.Duration(min(max(n.Options.NodeTimeout.Load(), leastTimeoutMs), mostTimeoutMs)) * time.Millisecond
}

// attempt is how long renewing may take: there is to be time for others.
func (n *Node) attempt() time.Duration { return max(n.ttl()/5, leastAttempt) }

// probe is how long the coordinator has to answer who wants to know whether it can be reached.
func (n *Node) probe() time.Duration { return max(n.ttl()/8, leastAttempt) }

// margin is by how much sooner than its lease a term ends, as clocks differ.
func (n *Node) margin() time.Duration { return n.ttl() / 100 }

// held is the node's lease, nil if it has none, and its token.
func (n *Node) held() (cluster.Lease, string) {
	n.tenure.mu.Lock()
	defer n.tenure.mu.Unlock()
	return n.tenure.mu.lease, n.tenure.mu.token
}

// leading is the term for which the node leads, nil if it does not.
func (n *Node) leading() *admit.Term {
	n.tenure.mu.Lock()
	defer n.tenure.mu.Unlock()
	return n.tenure.mu.term
}

// leadsBy tells whether the node leads by a lease. If it leads by one of before, its term may go on, but is not renewed.
func (n *Node) leadsBy(lease cluster.Lease) bool {
	n.tenure.mu.Lock()
	defer n.tenure.mu.Unlock()
	return n.tenure.mu.term != nil && n.tenure.mu.by == lease
}

// keep renews the lease until the node ends.
func (n *Node) keep() {
	for n.ctx.Err() == nil {
		select {
		case <-n.ctx.Done():
		case <-n.crowned: // whose lease is to be renewed more often
		case <-time.After(n.renew()):
		}
	}
}

// renew renews the lease, or gets one, and says when to do so again.
func (n *Node) renew() (again time.Duration) {
	ctx, cancel := context.WithTimeout(n.ctx, n.attempt())
	defer cancel()
	late := time.AfterFunc(n.probe(), n.askHeirs) // they need time to answer
	defer late.Stop()
	err := n.renewed(ctx)
	switch {
	case n.ctx.Err() != nil:
		return 0
	case errors.Is(err, cluster.ErrLeaseEnded):
		n.Log.Warn("the node's lease has ended: others may take its place")
		n.tenure.mu.Lock()
		n.tenure.mu.lease = nil
		n.tenure.mu.Unlock()
		return 0
	case err != nil:
		if !n.tenure.lost {
			n.Log.Warn("the node cannot renew its lease", "error", err)
		}
		n.tenure.lost = true
		if t := n.leading(); t != nil && t.Lapsed() {
			n.ring() // those who wait for keys are to be told
		}
		n.askHeirs()
		return n.ttl() / 10
	}
	if n.tenure.lost {
		n.Log.Info("the node renews its lease again")
	}
	n.tenure.lost = false
	n.forgetPromise()
	if n.House.Following() && n.House.Silent() > n.ttl()/4 {
		_ = n.directory.Refresh(ctx) // what is watched may come from a member of the coordinator that hangs
	}
	if n.leading() != nil {
		return n.ttl() / 2
	}
	return n.ttl() * 4 / 5
}

// renewed renews the lease, or gets one.
func (n *Node) renewed(ctx context.Context) error {
	if lease, _ := n.held(); lease != nil {
		err := lease.Renew(ctx)
		if err == nil {
			n.tenure.mu.Lock()
			if n.tenure.mu.by == lease {
				n.extend(lease.Until().Add(-n.margin()))
			}
			n.tenure.mu.Unlock()
		}
		return err
	}
	lease, err := n.Coordinator.Grant(ctx, n.ttl())
	if err == nil {
		err = n.directory.Says(ctx, n.ID(), cluster.Live{NoFailover: n.Options.ReplicaNoFailover.Load()}, lease)
	}
	if err != nil {
		return err
	}
	n.tenure.mu.Lock()
	n.tenure.mu.lease, n.tenure.mu.token = lease, n.process+cluster.NewID()
	n.tenure.mu.Unlock()
	n.ring()
	return nil
}

// forgetPromise removes what the node's own file says of a promise, when its time is over.
func (n *Node) forgetPromise() {
	t := &n.tenure
	t.mu.Lock()
	over := time.Now().After(t.mu.idle)
	t.mu.Unlock()
	if over && t.kept.Load() && cluster.SetPromised(n.ctx, n.self, 0) == nil {
		t.kept.Store(false)
	}
}

// extend lets the term last, if the node leads. tenure.mu is held.
func (n *Node) extend(until time.Time) {
	t := n.tenure.mu.term
	if t == nil {
		return
	}
	lapsed := t.Lapsed()
	if t.Extend(until); lapsed {
		n.ring() // it serves again
	}
}

// lead notes that the node leads by a lease, and who its heirs are.
func (n *Node) lead(lease cluster.Lease, heirs []string) {
	t := &n.tenure
	until := lease.Until().Add(-n.margin())
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.term == nil {
		t.mu.term = admit.NewTerm(until)
	} else {
		t.mu.term.Extend(until)
	}
	t.mu.by = lease
	t.mu.heirs, t.mu.promised, t.mu.asked = map[string]bool{}, map[string]time.Time{}, map[int64]time.Time{}
	for _, id := range heirs {
		t.mu.heirs[id] = true
	}
}

// addHeirs notes that these may be heirs, whatever comes of saying so.
func (n *Node) addHeirs(ids []string) {
	n.tenure.mu.Lock()
	defer n.tenure.mu.Unlock()
	for _, id := range ids {
		n.tenure.mu.heirs[id] = true
	}
}

// setHeirs notes who the heirs are.
func (n *Node) setHeirs(ids []string) {
	n.tenure.mu.Lock()
	defer n.tenure.mu.Unlock()
	clear(n.tenure.mu.heirs)
	for _, id := range ids {
		n.tenure.mu.heirs[id] = true
	}
}

// mayInherit are the nodes that may lead by themselves when this one, which does now, does not: not replicas that say that they
// will not (cluster-replica-no-failover), nor heirs that have gone to another shard.
func (n *Node) mayInherit() (ids []string) {
	t, p := n.topology(), n.directory.Presence()
	shard := t.Node(n.ID()).Shard
	n.tenure.mu.Lock()
	defer n.tenure.mu.Unlock()
	for id := range n.tenure.mu.heirs {
		if l, _ := p.Live(id); !l.NoFailover && t.Node(id) != nil && t.Node(id).Shard == shard {
			ids = append(ids, id)
		}
	}
	return ids
}

// abdicate notes that the node does not lead any more: nothing of its slots is served from now on.
func (n *Node) abdicate() {
	t := &n.tenure
	t.mu.Lock()
	if t.mu.term != nil {
		t.mu.term.End()
	}
	t.mu.term, t.mu.by = nil, nil
	t.mu.Unlock()
}

// askHeirs has a leader's heirs, when the coordinator cannot be reached, asked to promise that they will not
// lead for a while. If they all do, or if there are none, nobody can take the node's place, and it goes on.
func (n *Node) askHeirs() {
	t := &n.tenure
	t.mu.Lock()
	if t.mu.term == nil {
		t.mu.Unlock()
		return
	}
	if len(t.mu.heirs) == 0 {
		n.extend(time.Now().Add(n.ttl()))
		t.mu.Unlock()
		return
	}
	t.mu.number++
	number, now := t.mu.number, time.Now()
	for old, at := range t.mu.asked {
		if now.Sub(at) > n.ttl() {
			delete(t.mu.asked, old)
		}
	}
	t.mu.asked[number] = now
	t.mu.Unlock()
	n.House.AskPromises(number)
}

// Promised notes that a replica has promised, when it was asked with a number, not to lead for as long.
func (n *Node) Promised(node string, number int64, d time.Duration) {
	t := &n.tenure
	t.mu.Lock()
	defer t.mu.Unlock()
	at, asked := t.mu.asked[number]
	if !asked || t.mu.term == nil {
		return
	}
	if until := at.Add(d); until.After(t.mu.promised[node]) {
		t.mu.promised[node] = until
	}
	var first time.Time
	for id := range t.mu.heirs {
		until := t.mu.promised[id]
		if until.IsZero() {
			return
		}
		if first.IsZero() || until.Before(first) {
			first = until
		}
	}
	n.extend(first.Add(-n.margin()))
}

// Asked is for the link to the primary, which asks whether this node promises not to lead. It does if it
// cannot reach the coordinator either.
func (n *Node) Asked(number int64) {
	if n.probing.CompareAndSwap(false, true) {
		n.wait.Go(func() {
			defer n.probing.Store(false)
			n.answer(number)
		})
	}
}

func (n *Node) answer(number int64) {
	ctx, cancel := context.WithTimeout(n.ctx, n.probe())
	defer cancel()
	if _, err := n.Coordinator.Read(ctx); err == nil || n.ctx.Err() != nil {
		return
	}
	d := n.ttl()
	t := &n.tenure
	if !t.kept.Load() {
		if err := cluster.SetPromised(n.ctx, n.self, d); err != nil {
			n.Log.Warn("the node cannot keep a promise", "error", err)
			return
		}
		t.kept.Store(true)
	}
	t.mu.Lock()
	may := t.mu.claims == 0
	if may {
		t.mu.idle = time.Now().Add(d)
	}
	t.mu.Unlock()
	if may {
		n.Log.Debug("the coordinator does not reply: the node promises its primary not to lead for a while", "for", d)
		n.House.Promise(number, d)
	}
}

// mayClaim tells whether the node may claim to lead now; else when to look again. A claim has an outcome only
// with settled.
func (n *Node) mayClaim() (ok bool, wait time.Duration) {
	t := &n.tenure
	t.mu.Lock()
	defer t.mu.Unlock()
	if wait := time.Until(t.mu.idle); wait > 0 {
		return false, wait
	}
	t.mu.claims++
	return true, 0
}

// settled notes the outcome of a claim, or that what there is has been read since: from now on nothing can come
// of those before.
func (n *Node) settled() {
	n.tenure.mu.Lock()
	n.tenure.mu.claims = 0
	n.tenure.mu.Unlock()
}

const (
	// leastAttempt is how long a request to the coordinator may take at least.
	leastAttempt = 200 * time.Millisecond
	// leastTimeoutMs and mostTimeoutMs bound cluster-node-timeout.
	leastTimeoutMs, mostTimeoutMs = 100, 24 * 60 * 60 * 1000
)
