package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kringdb/kring/internal/cluster"
)

// This file is how the node comes to lead its shard, and ceases to: by attend's goroutine alone.

// candidacy is what the node says of itself since nobody leads its shard.
type candidacy struct {
	live  cluster.Live
	since time.Time
}

// statement is what the node has said of itself by a lease.
type statement struct {
	live  cluster.Live
	token string
}

// reign does what follows from who leads the node's shard. It says when to look again, 0: when something
// changes.
func (n *Node) reign() (again time.Duration) {
	lease, token := n.held()
	if n.own() || lease == nil {
		return 0
	}
	t, p, me := n.directory.Topology(), n.directory.Presence(), n.ID()
	node := t.Node(me)
	if node == nil {
		return 0
	}
	shard := t.Shard(node.Shard)
	if !n.tell(p, lease, token) {
		return soon
	}
	for _, id := range p.Led(me) {
		l, _ := p.Lead(id)
		if mine := id == shard.ID && shard.Primary == me; !mine {
			n.abdicate()
			n.refresh()
		} else if l.Token == token {
			continue
		} else if !strings.HasPrefix(l.Token, n.process) {
			n.abdicate()
			return 0 // a process with the same id, which may still run: its lease ends by itself
		} // else it is of a lease that has ended
		n.attempted("the node cannot resign", n.asking(func(ctx context.Context) error { return n.directory.Resign(ctx, id, me) }))
		return soon
	}
	n.origins.look()
	lead, led := p.Lead(shard.ID)
	switch {
	case led && lead.Node == me:
		return n.rule(t, p, shard, lease)
	case led:
		n.stands = candidacy{}
		n.settled() // what this node has claimed was for a round that is over
		n.abdicate()
		return n.wander(t, p, lead)
	}
	return n.stand(t, p, shard, lease, token)
}

// myself is what the node is to say of itself.
func (n *Node) myself() cluster.Live {
	l := n.stands.live
	l.NoFailover = n.Options.ReplicaNoFailover.Load()
	return l
}

// tell says of the node what is to be said, unless it has been.
func (n *Node) tell(p *cluster.Presence, lease cluster.Lease, token string) bool {
	now := statement{n.myself(), token}
	if shown, there := p.Live(n.ID()); there && (shown == now.live || n.said == now) {
		return true
	}
	err := n.asking(func(ctx context.Context) error { return n.directory.Says(ctx, n.ID(), now.live, lease) })
	if !n.attempted("the node cannot say that it runs, and how far it is", err) {
		n.said = statement{}
		return false
	}
	n.said = now
	return true
}

// vacant tells whether nobody leads the node's shard, and the node has said how far it is: it follows nobody then.
func (n *Node) vacant(shard *cluster.Shard) bool {
	_, led := n.directory.Presence().Lead(shard.ID)
	return !n.own() && !led && !n.stands.since.IsZero()
}

// Fed is called when the server has got a copy, or can go on with the stream of its primary, before anything of the stream
// is acknowledged. The caller holds no lock.
func (n *Node) Fed() {
	n.origins.look()
	n.ring() // the node may not know yet that its primary leads
}

// asking runs a transaction with the coordinator, within a time: a member of it that hangs is not waited for as long as it may. It is
// not known then whether it was done.
func (n *Node) asking(f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(n.ctx, max(n.ttl()/4, leastAsking))
	defer cancel()
	return f(ctx)
}

// attempted logs why something could not be done, unless somebody else was first.
func (n *Node) attempted(what string, err error) bool {
	if err != nil && n.ctx.Err() == nil && !errors.Is(err, cluster.ErrConflict) && !errors.Is(err, cluster.ErrLeaseEnded) {
		n.Log.Warn(what, "error", err)
	}
	return err == nil
}

// rule is what a leader does: it has its replicas as heirs.
func (n *Node) rule(t *cluster.Topology, p *cluster.Presence, shard *cluster.Shard, lease cluster.Lease) time.Duration {
	if !n.leadsBy(lease) { // that it would was not known
		if ok, wait := n.mayClaim(); !ok {
			return wait // the primary may go on by a promise of this node's, which claimed before
		}
		defer n.settled()
		if n.doubt && !n.fence(shard.ID) {
			return soon
		}
		n.begin(lease, p.Heirs(shard.ID).Nodes)
		return soon
	}
	heirs := t.HeirsToBe(shard)
	if now := slices.Clone(p.Heirs(shard.ID).Nodes); !slices.Equal(heirs, now) {
		n.addHeirs(heirs)
		err := n.asking(func(ctx context.Context) error { return n.directory.Heirs(ctx, shard.ID, n.ID()) })
		if !n.attempted("the node cannot name its heirs", err) {
			return soon
		}
		n.setHeirs(heirs)
	}
	if to := p.Asked(shard.ID); to != "" && to != n.ID() {
		return n.makeWay(t, shard, to, lease)
	}
	return 0
}

// wander has the node, a replica, go to a shard that has lost its replicas, when it has been one for a while. Its own primary, which
// lead tells, must have been heard since: what the other shard has lost may have died with it, and be missed before.
func (n *Node) wander(t *cluster.Topology, p *cluster.Presence, lead cluster.Lead) (again time.Duration) {
	to, found := "", false
	if n.Options.ReplicaMigration.Load() && n.House.Following() {
		to, found = t.Orphan(p, n.ID(), n.Options.MigrationBarrier.Int())
	}
	if to != n.orphan.shard {
		n.orphan.shard, n.orphan.since = to, time.Now()
	}
	if !found {
		return 0
	}
	if left := time.Until(n.orphan.since.Add(orphanTime)); left > 0 {
		return left
	}
	if !n.hears(t.Node(lead.Node), n.orphan.since) {
		return hearAgain
	}
	err := n.asking(func(ctx context.Context) error { return n.directory.Adopt(ctx, t, n.ID(), to) })
	if n.attempted("the node cannot go to a shard that has no replicas", err) {
		n.Log.Info("the node goes to a shard that has lost its replicas", "shard", to)
	}
	return soon
}

// hears tells whether the node follows the stream of a primary that it has heard since a moment.
func (n *Node) hears(primary *cluster.Node, since time.Time) bool {
	if primary == nil {
		return false
	}
	_, fed := n.House.Fed(n.feedAddress(primary))
	past := time.Since(since)
	return fed && n.House.Silent() < past
}

// stand is for a shard that nobody leads: of those who may, the one with most data is to lead, the primary before
// others. So all who run say how far they are, and the others wait for that, for a while.
func (n *Node) stand(t *cluster.Topology, p *cluster.Presence, shard *cluster.Shard, lease cluster.Lease, token string) (again time.Duration) {
	heirs := p.Heirs(shard.ID)
	primary := shard.Primary == n.ID()
	heir := heirs.May(n.ID())
	if !primary && !heir {
		if n.unnamed != heirs.Revision {
			n.unnamed = heirs.Revision
			n.Log.Warn("nobody leads the shard, and who has led it last has not named this node among those who may: it waits for that one, or one who is named",
				"led", heirs.Led, "named", heirs.Nodes)
		}
		return 0
	}
	chosen := primary && n.House.Following()
	if chosen {
		if !heir {
			return 0 // who led last may not know it, and go on without the coordinator
		}
		if _, term := n.freeze(shard.ID, heirs); term != 0 {
			return n.claim(shard, lease, heirs)
		} // else a copy has begun to come meanwhile
	}
	if n.stands.live.Round != heirs.Revision || n.stands.since.IsZero() {
		n.stands = candidacy{n.candidate(primary && !chosen, shard.ID, heirs), time.Now()}
		if n.stands.live.Term < heirs.Term && !n.stands.live.Never {
			n.Log.Warn("nobody leads the shard, and this node has nothing of what the last leader wrote: it waits longer for others",
				"term", n.stands.live.Term, "last", heirs.Term, "led", heirs.Led)
		}
	}
	if len(t.Members(shard)) > 1 && !n.tell(p, lease, token) {
		return soon
	}
	if l := n.myself(); l.Never || l.NoFailover && !primary {
		return 0
	}
	behind := n.stands.live.Term < heirs.Term
	better, all := n.others(t, p, shard, behind)
	if better {
		return n.ttl()
	}
	patience := n.ttl() / 2
	if behind {
		patience = 2 * n.ttl()
	}
	if left := time.Until(n.stands.since.Add(patience)); !all && left > 0 {
		return left
	}
	if !all { // what they say may not have come: of a member of the coordinator that hangs nothing is heard
		if !n.attempted("the node cannot read what others say", n.asking(n.directory.Refresh)) {
			return soon
		}
		if better, _ := n.others(t, n.directory.Presence(), shard, behind); better {
			return n.ttl()
		}
	}
	if behind {
		n.Log.Warn("this node is to lead although it has nothing of what the last leader wrote: none of those who may have it has told so",
			"term", n.stands.live.Term, "last", heirs.Term, "led", heirs.Led)
	}
	return n.claim(shard, lease, heirs)
}

// others tells whether another node is to lead rather than this one, and whether all who may lead have said how far they are: all
// who run, or with whole all that there are.
func (n *Node) others(t *cluster.Topology, p *cluster.Presence, shard *cluster.Shard, whole bool) (better, all bool) {
	heirs := p.Heirs(shard.ID)
	all = true
	for _, m := range t.Members(shard) {
		if m.ID == n.ID() || m.ID != shard.Primary && !heirs.May(m.ID) {
			continue
		}
		l, runs := p.Live(m.ID)
		barred := l.Never || l.NoFailover && m.ID != shard.Primary
		switch said := runs && l.Round == heirs.Revision; {
		case !said && (runs || whole):
			all = false
		case said && !barred && before(m.ID, l, n.ID(), n.stands.live, shard.Primary):
			return true, all
		}
	}
	return false, all
}

// before tells whether node a is to lead rather than b, for what they say of themselves.
func before(a string, saysA cluster.Live, b string, saysB cluster.Live, primary string) bool {
	switch {
	case saysA.Term != saysB.Term:
		return saysA.Term > saysB.Term
	case saysA.Offset != saysB.Offset:
		return saysA.Offset > saysB.Offset
	case a == primary || b == primary:
		return a == primary
	}
	return a < b
}

// candidate is what the node says of itself. A replica goes no further from then on: what it has said it has stays
// all that it acknowledges. One that has data of another shard yet, or of nobody's, will not lead.
func (n *Node) candidate(primary bool, shard string, heirs cluster.Heirs) cluster.Live {
	l := cluster.Live{Round: heirs.Revision, Offset: -1}
	if primary {
		if n.crownedHere || !n.House.Empty() { // else what it had may be lost
			l.Offset = n.House.Offset()
			l.Term = n.origins.term(shard, l.Offset, true)
		}
		return l
	}
	stale := n.House.Silent()
	l.Offset, l.Term = n.freeze(shard, heirs)
	factor := n.Options.ValidityFactor.Load()
	tooOld := factor > 0 && stale > n.ttl()*time.Duration(factor)+time.Duration(n.Options.ReplPingPeriod.Load())*time.Second
	switch {
	case l.Term == 0:
		n.Log.Warn("nobody leads the shard, and this node has not got its data yet: it waits for another one")
	case tooOld:
		n.Log.Warn("nobody leads the shard, and this node has heard nothing of its primary for longer than cluster-replica-validity-factor allows: it waits for another one",
			"silent", stale.Round(time.Millisecond))
	}
	l.Never = l.Term == 0 || tooOld
	return l
}

// freeze has a replica go no further, and tells what it has of a shard: up to which offset, -1 if that is no whole, and who led when
// it got it, 0: nothing of the shard.
func (n *Node) freeze(shard string, heirs cluster.Heirs) (offset, term int64) {
	offset, known := n.House.Freeze()
	if !known {
		return -1, 0
	}
	// Who led last may have begun a history of its own since, at a start as the primary, and ended before it led.
	return offset, n.origins.term(shard, offset, heirs.Led == n.ID() && !n.House.Empty())
}

// claim makes the node lead.
func (n *Node) claim(shard *cluster.Shard, lease cluster.Lease, heirs cluster.Heirs) (again time.Duration) {
	ok, wait := n.mayClaim()
	if !ok {
		return wait
	}
	if heirs.Led != n.ID() { // else nobody has led since this node did, whose term goes on
		n.abdicate() // before the topology may name it again: what has gone on since the other one led has to end
	}
	_, token := n.held()
	err := n.asking(func(ctx context.Context) error {
		return n.directory.Lead(ctx, cluster.Claim{Node: n.ID(), Token: token, Lease: lease, Round: heirs.Revision})
	})
	switch {
	case errors.Is(err, cluster.ErrLeaseEnded):
		n.settled()
		return soon
	case errors.Is(err, cluster.ErrConflict):
		n.settled()
		return soon
	case err != nil:
		n.attempted("the node cannot lead its shard", err)
		if n.directory.Refresh(n.ctx) == nil {
			n.settled()
		}
		return soon
	}
	n.settled()
	n.begin(lease, n.directory.Presence().Heirs(shard.ID).Nodes)
	return soon
}

// begin begins to lead.
func (n *Node) begin(lease cluster.Lease, heirs []string) {
	n.stands, n.crownedHere, n.doubt = candidacy{}, true, false
	if n.House.Following() {
		n.Log.Info("the node leads its shard now", "epoch", n.directory.Topology().Epoch())
	}
	n.refresh()
	n.House.Lead()
	n.lead(lease, heirs)
	n.refresh()
	n.loseStrays()
	select {
	case n.crowned <- struct{}{}:
	default:
	}
}

// makeWay lets a replica lead that has asked for it, without loss: calls wait until it has everything.
func (n *Node) makeWay(t *cluster.Topology, shard *cluster.Shard, to string, lease cluster.Lease) (again time.Duration) {
	if target := t.Node(to); target == nil || target.Shard != shard.ID {
		return 0
	}
	n.Log.Info("a replica is to lead instead of this node", "replica", to)
	n.House.PauseWrites()
	defer n.House.ResumeCalls()
	if !n.awaitReplica(to) {
		n.Log.Warn("the replica has not got everything in time: this node goes on", "replica", to)
		err := n.asking(func(ctx context.Context) error { return n.directory.Unask(ctx, shard.ID) })
		n.attempted("the question of the replica cannot be withdrawn", err)
		return 0
	}
	n.House.PauseAll()
	n.holding.Store(true)
	defer n.refresh() // before calls go on
	defer n.holding.Store(false)
	n.abdicate() // what comes of the following may not be known
	n.refresh()
	err := n.asking(func(ctx context.Context) error { return n.directory.HandOver(ctx, shard.ID, n.ID(), to) })
	n.attempted("the replica cannot be made the primary", err)
	if err != nil {
		if n.doubt = true; n.fence(shard.ID) {
			n.lead(lease, t.HeirsToBe(shard))
		}
		return soon
	}
	for end := time.Now().Add(crowningLimit); time.Now().Before(end) && n.ctx.Err() == nil; time.Sleep(handOverTick) {
		if _, led := n.directory.Presence().Lead(shard.ID); led {
			break
		}
	}
	return soon
}

// fence is for a node that is to lead again after it has tried to hand over to another one: if no reply has come to that, it may still
// be done. So the shard gets another epoch first, for which it is not made. It returns false when the node does not lead any more, or that
// is not known.
func (n *Node) fence(shard string) bool {
	err := n.asking(func(ctx context.Context) error {
		_, err := n.directory.Change(ctx, func(d *cluster.Draft) error {
			if s, there := d.Shard(shard); !there || s.Primary != n.ID() {
				return errReplaced
			}
			return d.Bump(shard)
		})
		if err == nil {
			err = n.directory.Refresh(ctx)
		}
		return err
	})
	lead, led := n.directory.Presence().Lead(shard)
	if !n.attempted("the node does not go on as the primary", err) || !led || lead.Node != n.ID() {
		return false
	}
	n.doubt = false
	return true
}

// errReplaced: another node is the primary of the shard.
var errReplaced = errors.New("another node is the primary of the shard")

// awaitReplica waits until a replica has everything, while writes are paused.
func (n *Node) awaitReplica(id string) bool {
	for end := time.Now().Add(handOverLimit); time.Now().Before(end) && n.ctx.Err() == nil; time.Sleep(handOverTick) {
		if n.House.CaughtUp(id) {
			return true
		}
	}
	return false
}

const (
	// soon is when to look again at what others are changing.
	soon = 20 * time.Millisecond
	// orphanTime is for how long a shard has to have no replicas before another shard's goes there, as in Redis.
	orphanTime = 5 * time.Second
	// hearAgain is when a replica that is to go there looks again whether its own primary has been heard.
	hearAgain = time.Second
	// leastAsking is how long a transaction with the coordinator may take at least.
	leastAsking = time.Second
	// handOverLimit is for how long writes wait for a replica, as in Redis.
	handOverLimit = 5 * time.Second
	handOverTick  = 5 * time.Millisecond
	// crowningLimit is for how long calls wait until the other node leads.
	crowningLimit = time.Second
)
