package cluster

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/options"
)

// House is the server as its node sees it.
type House interface {
	// Ports are those where it listens, for plain TCP and for TLS; 0: it does not.
	Ports() (plain, encrypted int)
	// ByTLS tells whether a client's connection uses TLS.
	ByTLS(c command.Client) bool
	// Install makes calls look at these slots from now on. The caller holds no lock of an executor.
	Install(s *admit.Slots)
	// Follow makes the server a replica; Lead makes it a primary, if it is none.
	Follow(host string, port int)
	Lead()
	// EndStrayed ends the waiting of blocked clients whose keys are not this node's any more, and the listening to shard
	// channels that are not of its shard.
	EndStrayed()
	// Following tells whether the server is a replica.
	Following() bool
	// Freeze ends the link to the primary, until Follow is called, and returns the offset of the data; known is false
	// if they are not a whole of the primary's.
	Freeze() (offset int64, known bool)
	// History is the replication id of the data, and the one that it had up to an offset, -1 if there is none.
	History() (id, before string, until int64)
	// Fed is the id of the history that the server gets from the primary at an address: ok is false unless the stream
	// comes from there, and all before it has come.
	Fed(host string, port int) (id string, ok bool)
	// Silent is for how long nothing has been heard of the primary.
	Silent() time.Duration
	// AskPromises has replicas asked whether they promise not to lead, and Promise tells the primary that this node
	// does, for as long.
	AskPromises(number int64)
	Promise(number int64, d time.Duration)
	// PauseWrites has calls wait that may write, and PauseAll all calls, until ResumeCalls.
	PauseWrites()
	PauseAll()
	ResumeCalls()
	// CaughtUp tells whether the replica that is this node has the whole stream.
	CaughtUp(node string) bool
	// Offset is that of the replication stream; Loading tells whether data are being loaded.
	Offset() int64
	Loading() bool
	// Empty tells whether there are no keys.
	Empty() bool
	Mover
	// DeleteForeign deletes keys of a slot, for replicas and the AOF, too, and tells whether it did: not if
	// the slot is not another shard's any more, or the server is a replica, or still, which is called under the gate under which
	// they are deleted, returns false. The caller holds no lock.
	DeleteForeign(slot cluster.Slot, names [][]byte, still func() bool) bool
}

// Config is what a node is made from.
type Config struct {
	House       House
	Options     *options.Options
	Log         *slog.Logger
	Coordinator cluster.Coordinator // nil: the one that the options name
	// Remote opens one over the network; nil: this program cannot.
	Remote func(cluster.Remote) (cluster.Coordinator, error)
}

// Node is the server as a node of a cluster.
type Node struct {
	Config
	self      cluster.Coordinator // the node's own, which has its id
	directory *cluster.Directory
	id        atomic.Pointer[string]
	process   string // names this process
	shard     string // for when it has none: of which it becomes the primary
	rung      chan struct{}
	ctx       context.Context
	cancel    context.CancelFunc
	wait      sync.WaitGroup
	last      *cluster.Topology // that was installed; under the directory's lock
	placed    *admit.Slots      // the same, as calls see it
	sweeper   sweeper
	moves     migrations
	relay     relay
	forgotten forgotten
	tenure    tenure
	stands    candidacy // attend's
	said      statement // the last one; attend's
	unnamed   int64     // the last round of which the log says that the node is none of those who may lead; attend's
	orphan    struct {  // the shard that the node is to go to; attend's
		shard string
		since time.Time
	}

	crownedHere bool // the node has led since the process began: it knows what it has, even if it is nothing; attend's
	doubt       bool // another node may yet be made the primary by what this one has tried; attend's

	origins origins
	away    bool          // the coordinator has not been reached yet; Begin's, then attend's
	crowned chan struct{} // has something when the node has begun to lead
	probing atomic.Bool   // see Asked
	holding atomic.Bool   // calls wait for another node to lead
}

// Open reads the topology. The node joins it with Begin.
func Open(c Config) (*Node, error) {
	n := &Node{Config: c, process: cluster.NewID(), shard: cluster.NewID(), rung: make(chan struct{}, 1), crowned: make(chan struct{}, 1)}
	n.sweeper.rung, n.moves.n, n.relay.n, n.origins.n = make(chan struct{}, 1), n, n, n
	n.ctx, n.cancel = context.WithCancel(context.Background())
	id, err := n.openCoordinator()
	if err != nil {
		return nil, err
	}
	n.id.Store(&id)
	n.directory, err = cluster.OpenDirectory(n.ctx, n.Coordinator, n.installed, n.ring)
	if n.away = errors.Is(err, cluster.ErrUnreachable); n.away {
		n.Log.Warn("the cluster is down for this node until it reaches the coordinator", "error", err)
	} else if err != nil {
		return nil, err
	}
	return n, nil
}

// openCoordinator opens it, and the node's own file, which has its id.
func (n *Node) openCoordinator() (id string, err error) {
	o := n.Options
	if n.self, err = cluster.OpenFile(o.Path(o.ClusterConfigFile.Load())); err != nil {
		return "", err
	}
	if n.Coordinator == nil {
		if n.Coordinator, err = n.named(); err != nil {
			return "", err
		}
	}
	promised, err := cluster.Promised(n.ctx, n.self)
	if err != nil {
		return "", err
	}
	n.tenure.mu.idle = time.Now().Add(promised)
	n.tenure.kept.Store(promised > 0)
	if n.origins.mu.all, err = cluster.Origins(n.ctx, n.self); err != nil {
		return "", err
	}
	if id, err = cluster.Self(n.ctx, n.self); id == "" {
		id = cluster.NewID()
	}
	return id, err
}

// named opens the coordinator that the options name.
func (n *Node) named() (cluster.Coordinator, error) {
	o := n.Options
	text := o.ClusterCoordinator.Load()
	if path, shared := strings.CutPrefix(text, "file:"); shared {
		return cluster.OpenShared(o.Path(path))
	}
	r, remote, err := cluster.ParseRemote(text)
	switch {
	case err != nil:
		return nil, err
	case !remote:
		return n.self, nil
	case n.Remote == nil:
		return nil, cluster.ErrNoRemote
	}
	r.User, r.Password = o.CoordinatorUser.Load(), o.CoordinatorPassword.Load()
	r.CAFile, r.CertFile, r.KeyFile = o.CoordinatorCA.Load(), o.CoordinatorCert.Load(), o.CoordinatorKey.Load()
	return n.Remote(r)
}

// own tells whether nobody else uses the coordinator.
func (n *Node) own() bool { return n.Coordinator == n.self }

// Begin makes the node one of the topology, and follows that; if the coordinator cannot be reached, attend does so when it can
// be. The server listens by now.
func (n *Node) Begin() error {
	if err := cluster.SetSelf(n.ctx, n.self, n.ID()); err != nil {
		return err
	}
	if !n.away {
		if err := n.enter(); err != nil && !n.away {
			return err
		}
	}
	n.refresh()
	for _, name := range []string{"cluster-announce-ip", "cluster-announce-hostname", "cluster-announce-port", "cluster-announce-tls-port", "cluster-announce-bus-port",
		"cluster-require-full-coverage", "cluster-allow-reads-when-down", "cluster-allow-pubsubshard-when-down", "cluster-replica-no-failover",
		"cluster-allow-replica-migration", "cluster-migration-barrier"} {
		n.Options.OnChange(name, func() error {
			n.ring()
			return nil
		})
	}
	n.wait.Go(func() {
		n.directory.Follow(n.ctx, func(err error) { n.Log.Warn("the topology of the cluster cannot be followed", "error", err) })
	})
	return nil
}

// Attend has the server follow what the topology says from now on: the data have been loaded.
func (n *Node) Attend() {
	n.wait.Go(n.attend)
	n.wait.Go(n.sweep)
	if !n.own() {
		n.wait.Go(n.keep)
	}
	n.ring()
}

// Close ends what Open and Begin have begun.
func (n *Node) Close() {
	n.cancel()
	n.wait.Wait()
	n.abdicate()
	n.refresh()
	if lease, _ := n.held(); lease != nil {
		ctx, cancel := context.WithTimeout(context.Background(), n.attempt())
		_ = lease.Revoke(ctx) // it ends by itself as well
		cancel()
	}
	_ = n.Coordinator.Close()
	_ = n.self.Close()
}

// ID is the node's.
func (n *Node) ID() string { return *n.id.Load() }

// ring has attend look.
func (n *Node) ring() {
	select {
	case n.rung <- struct{}{}:
	default:
	}
}

// attend does what follows from topologies and options, outside of all locks.
func (n *Node) attend() {
	again := time.NewTimer(time.Hour)
	defer again.Stop()
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-n.rung:
		case <-again.C:
		}
		if n.away {
			if err := n.enter(); err != nil {
				if !n.away && n.ctx.Err() == nil {
					n.Log.Error("the node cannot be one of the cluster", "error", err)
				}
				n.away = true
				again.Reset(enterAgain)
				continue
			}
			n.Log.Info("the node has reached the coordinator")
		} else if err := n.join(); err != nil && n.ctx.Err() == nil {
			n.Log.Warn("the node cannot tell the cluster where it is", "error", err)
		}
		n.refresh()
		n.follow()
		n.relay.follow(n.topology())
		n.House.EndStrayed()
		again.Reset(time.Hour)
		if d := n.reign(); d > 0 {
			again.Reset(d)
		}
	}
}

// refresh installs the slots of the present topology, for what options say of them.
func (n *Node) refresh() {
	n.directory.Again(n.install)
}

// installed is called with each topology, under the directory's lock.
func (n *Node) installed(t *cluster.Topology) {
	if n.last != nil {
		for _, old := range n.last.Nodes() {
			if t.Node(old.ID) == nil {
				n.forgotten.note(old.ID)
			}
		}
	}
	n.last = t
	n.install(t)
	n.ring()
}

// install makes a topology what calls see. The directory's lock is held.
func (n *Node) install(t *cluster.Topology) {
	now := n.slots(t)
	n.House.Install(now)
	n.sweeper.lose(n, lostSlots(n.placed, now))
	n.placed = now
}

// here is what the node says of itself: old is what the topology has of it.
func (n *Node) here(old cluster.Node) cluster.Node {
	o := n.Options
	plain, encrypted := n.House.Ports()
	me := old
	me.ID, me.Port, me.TLSPort, me.Hostname = n.ID(), plain, encrypted, o.ClusterHostname.Load()
	if p := o.ClusterAnnouncePort.Int(); p != 0 {
		me.Port = p
	}
	if p := o.ClusterAnnounceTLSPort.Int(); p != 0 {
		me.TLSPort = p
	}
	me.BusPort = max(plain, encrypted) + 10000
	if plain != 0 {
		me.BusPort = plain + 10000
	}
	if p := o.ClusterPort.Int(); p != 0 {
		me.BusPort = p
	}
	if p := o.ClusterAnnounceBus.Int(); p != 0 {
		me.BusPort = p
	}
	if ip := o.ClusterIP.Load(); ip != "" {
		me.IP = ip
	} else if ip := boundTo(o.Bind.Load()); ip != "" && old.IP == "" {
		me.IP = ip
	}
	return me
}

// boundTo is the first address that bind names, if it is that of one interface.
func boundTo(bind []string) string {
	if len(bind) == 0 {
		return ""
	}
	ip := net.ParseIP(bind[0])
	if ip == nil || ip.IsUnspecified() {
		return ""
	}
	return ip.String()
}

// join makes the node one of the topology, or tells where it is now.
func (n *Node) join() error {
	if old := n.directory.Topology().Node(n.ID()); old != nil && n.here(*old) == *old {
		return nil
	}
	_, err := n.directory.Change(n.ctx, func(d *cluster.Draft) error {
		old, _ := d.Node(n.ID())
		d.Join(n.here(old), n.shardIn(d))
		return nil
	})
	return err
}

// shardIn is the shard of which the node becomes the primary when a draft has not got it. The one in which it has been first may be others'
// by now: they stay there when it is forgotten.
func (n *Node) shardIn(d *cluster.Draft) string {
	if _, taken := d.Shard(n.shard); taken {
		return cluster.NewID()
	}
	return n.shard
}

// enterAgain is how soon a node tries again to reach the coordinator for the first time.
const enterAgain = time.Second

// enter makes the node one of the topology, when it begins: away is whether the coordinator cannot be reached for that.
func (n *Node) enter() error {
	err := n.join()
	if err == nil {
		err = n.recall()
	}
	n.away = errors.Is(err, cluster.ErrUnreachable)
	return err
}

// topology is the present one; one that has not got this node, as after CLUSTER FORGET, is replaced by
// one that has nothing else.
func (n *Node) topology() *cluster.Topology {
	t := n.directory.Topology()
	if t.Node(n.ID()) == nil {
		t = cluster.Alone(n.here(cluster.Node{}), n.shard)
	}
	return t
}

// slots is the topology as calls see it.
func (n *Node) slots(t *cluster.Topology) *admit.Slots {
	s := &admit.Slots{}
	v := &View{Topology: t, Myself: n.ID()}
	me := t.Node(n.ID())
	served, here, open := 0, 0, 0
	if me != nil {
		mine := t.Shard(me.Shard)
		for i := range s.Places {
			slot := cluster.Slot(i)
			s.Places[i] = v.place(mine, slot)
			if s.Places[i] != admit.Nobodys {
				served++
			}
			switch s.Places[i] {
			case admit.Here:
				here++
			case admit.Leaving, admit.Coming:
				open++
			}
		}
	}
	o := n.Options
	s.Down = served < cluster.Slots && o.FullCoverage.Load()
	s.DownReads, s.DownChannels = o.ReadsWhenDown.Load(), o.ShardChannelsWhenDown.Load()
	s.All = here == cluster.Slots
	if s.Held = n.holding.Load(); s.Held {
		s.All, s.Down = false, true
		return s
	}
	if n.own() || here+open == 0 { // what comes is for who leads as well: where it comes from it is deleted
		return s
	}
	without := *s
	without.All, without.Down = false, true
	if s.Term = n.leading(); s.Term == nil || s.Term.Lapsed() {
		return &without
	}
	s.Without = &without
	return s
}

// place is whose a slot is for the view's node, which is in the shard mine.
func (v *View) place(mine *cluster.Shard, slot cluster.Slot) admit.Place {
	owner, leads := v.Topology.Owner(slot), mine.Primary == v.Myself
	switch {
	case owner == mine && !leads:
		return admit.Followed
	case owner == mine && mine.Migrating[slot] != "":
		return admit.Leaving
	case owner == mine:
		return admit.Here
	case leads && mine.Importing[slot] != "":
		return admit.Coming
	case owner == nil || !v.sees(v.Topology.Node(owner.Primary)):
		return admit.Nobodys
	}
	return admit.Elsewhere
}

// follow gives the server the role that the topology has for it.
func (n *Node) follow() {
	t := n.topology()
	me := t.Node(n.ID())
	primary := t.Node(t.Shard(me.Shard).Primary)
	switch {
	case primary == me:
		if n.own() || n.leading() != nil { // else reign has it lead, when it may
			n.House.Lead()
		}
	case n.vacant(t.Shard(me.Shard)):
	case primary.IP == "":
		n.Log.Warn("the primary of this node is not reachable: the cluster does not know its address", "primary", primary.ID)
	default:
		n.House.Follow(n.feedAddress(primary))
	}
}

// feedAddress is where a primary is followed.
func (n *Node) feedAddress(primary *cluster.Node) (host string, port int) {
	if n.Options.TLSReplication.Load() {
		return primary.IP, primary.TLSPort
	}
	return primary.IP, primary.Port
}

// view is the topology for one client.
func (n *Node) view(c command.Client) *View {
	return &View{
		Topology: n.topology(), Myself: n.ID(), Endpoint: Endpoint(n.Options.ClusterEndpoint.Load()), TLS: n.House.ByTLS(c), Peer: n.peer,
	}
}

// peer is what the node knows of another one, which is whether it runs and leads: there is no bus.
func (n *Node) peer(id string) (p Peer) {
	if !n.own() {
		presence := n.directory.Presence()
		live, runs := presence.Live(id)
		p.Failed, p.NoFailover = !runs && id != n.ID(), live.NoFailover
		if t := n.topology(); t.Node(id) != nil {
			lead, led := presence.Lead(t.Node(id).Shard)
			p.Leaderless = !led || lead.Node != id
		}
	}
	if id == n.ID() {
		p.Loading, p.Offset, p.NoFailover = n.House.Loading(), n.House.Offset(), n.Options.ReplicaNoFailover.Load()
	}
	return p
}

// Redirection is the error that sends a client to the node that serves a slot, or, with ask, to where
// its keys go.
func (n *Node) Redirection(c command.Client, slot cluster.Slot, ask bool) string {
	v := n.view(c)
	t := v.Topology
	owner := t.Owner(slot)
	if owner == nil { // it has been taken from its owner meanwhile
		return admit.Verdict{Ruling: admit.NotServed}.Text(&admit.Caller{}, &command.Call{}, "")
	}
	if to := t.Shard(owner.Migrating[slot]); ask && to != nil {
		return v.Ask(slot, t.Node(to.Primary))
	}
	return v.Moved(slot, t.Node(owner.Primary))
}
