package cluster

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"

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
	// EndStrayed ends the waiting of blocked clients whose keys are not this node's any more.
	EndStrayed()
	// Offset is that of the replication stream; Loading tells whether data are being loaded.
	Offset() int64
	Loading() bool
	// Empty tells whether there are no keys.
	Empty() bool
}

// Config is what a node is made from.
type Config struct {
	House       House
	Options     *options.Options
	Log         *slog.Logger
	Coordinator cluster.Coordinator // nil: the one that the options name
}

// Node is the server as a node of a cluster.
type Node struct {
	Config
	self      cluster.Coordinator // the node's own, which has its id
	directory *cluster.Directory
	id        atomic.Pointer[string]
	shard     string // for when it has none: of which it becomes the primary
	rung      chan struct{}
	ctx       context.Context
	cancel    context.CancelFunc
	wait      sync.WaitGroup
	last      *cluster.Topology // that was installed; under the directory's lock
	forgotten forgotten
}

// Open reads the topology. The node joins it with Begin.
func Open(c Config) (*Node, error) {
	n := &Node{Config: c, shard: cluster.NewID(), rung: make(chan struct{}, 1)}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	id, err := n.openCoordinator()
	if err != nil {
		return nil, err
	}
	n.id.Store(&id)
	if n.directory, err = cluster.OpenDirectory(n.ctx, n.Coordinator, n.installed); err != nil {
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
		n.Coordinator = n.self
		if path, shared := strings.CutPrefix(o.ClusterCoordinator.Load(), "file:"); shared {
			if n.Coordinator, err = cluster.OpenShared(o.Path(path)); err != nil {
				return "", err
			}
		}
	}
	if id, err = cluster.Self(n.ctx, n.self); id == "" {
		id = cluster.NewID()
	}
	return id, err
}

// own tells whether nobody else uses the coordinator.
func (n *Node) own() bool { return n.Coordinator == n.self }

// Begin makes the node one of the topology, and follows that. The server listens by now.
func (n *Node) Begin() error {
	if err := cluster.SetSelf(n.ctx, n.self, n.ID()); err != nil {
		return err
	}
	if err := n.join(); err != nil {
		return err
	}
	n.refresh()
	for _, name := range []string{"cluster-announce-ip", "cluster-announce-hostname", "cluster-announce-port", "cluster-announce-tls-port", "cluster-announce-bus-port",
		"cluster-require-full-coverage", "cluster-allow-reads-when-down", "cluster-allow-pubsubshard-when-down"} {
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
	n.ring()
}

// Close ends what Open and Begin have begun.
func (n *Node) Close() {
	n.cancel()
	n.wait.Wait()
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
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-n.rung:
		}
		if err := n.join(); err != nil && n.ctx.Err() == nil {
			n.Log.Warn("the node cannot tell the cluster where it is", "error", err)
		}
		n.refresh()
		n.follow()
		n.House.EndStrayed()
	}
}

// refresh installs the slots of the present topology, for what options say of them.
func (n *Node) refresh() {
	n.directory.Again(func(t *cluster.Topology) { n.House.Install(n.slots(t)) })
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
	n.House.Install(n.slots(t))
	n.ring()
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
		d.Join(n.here(old), n.shard)
		return nil
	})
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
	served, here := 0, 0
	if me != nil {
		mine := t.Shard(me.Shard)
		for i := range s.Places {
			slot := cluster.Slot(i)
			s.Places[i] = v.place(mine, slot)
			if s.Places[i] != admit.Nobodys {
				served++
			}
			if s.Places[i] == admit.Here {
				here++
			}
		}
	}
	o := n.Options
	s.Down = served < cluster.Slots && o.FullCoverage.Load()
	s.DownReads, s.DownChannels = o.ReadsWhenDown.Load(), o.ShardChannelsWhenDown.Load()
	s.All = here == cluster.Slots
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
		n.House.Lead()
	case primary.IP == "":
		n.Log.Warn("the primary of this node is not reachable: the cluster does not know its address", "primary", primary.ID)
	case n.Options.TLSReplication.Load():
		n.House.Follow(primary.IP, primary.TLSPort)
	default:
		n.House.Follow(primary.IP, primary.Port)
	}
}

// view is the topology for one client.
func (n *Node) view(c command.Client) *View {
	return &View{
		Topology: n.topology(), Myself: n.ID(), Endpoint: Endpoint(n.Options.ClusterEndpoint.Load()), TLS: n.House.ByTLS(c), Peer: n.peer,
	}
}

// peer is what the node knows of another one, which is nothing: there is no bus.
func (n *Node) peer(id string) Peer {
	if id != n.ID() {
		return Peer{}
	}
	return Peer{Loading: n.House.Loading(), Offset: n.House.Offset()}
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
