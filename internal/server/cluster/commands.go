package cluster

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/store"
)

// This file is the node as handlers see it.

var _ command.ClusterHost = (*Node)(nil)

// refusal is an error whose text is the reply.
type refusal string

func (r refusal) Error() string { return string(r) }

// unknown is the refusal of a command about a node that there is not.
func unknown(node string) refusal { return refusal("ERR Unknown node " + node) }

const errByScript = "ERR the topology of the cluster cannot be changed by a script"

// change changes the topology for a call, and replies OK or why not.
func (n *Node) change(c *command.Ctx, edit func(*cluster.Draft) error) {
	if n.changed(c, edit) {
		c.W.OK()
	}
}

// changed is change without the good reply.
func (n *Node) changed(c *command.Ctx, edit func(*cluster.Draft) error) (ok bool) {
	if exec.Of(c).InScript() {
		c.W.Error(errByScript)
		return false
	}
	var err error
	var no refusal
	exec.Of(c).WithoutGates(func() {
		try := func() error {
			_, err := n.directory.Change(n.ctx, func(d *cluster.Draft) error {
				if _, joined := d.Node(n.ID()); !joined { // it is about to: clients are served by then
					d.Join(n.here(cluster.Node{}), n.shardIn(d))
				}
				return edit(d)
			})
			return err
		}
		known := n.directory.Topology()
		if err = try(); errors.As(err, &no) && n.asking(n.directory.Refresh) == nil && n.directory.Topology() != known {
			err = try() // another node may just have changed what was in the way
		}
	})
	switch {
	case err == nil:
	case errors.As(err, &no):
		c.W.Error(string(no))
	default:
		c.W.Error("ERR " + err.Error())
	}
	return err == nil
}

// mine is the node's shard in a draft.
func (n *Node) mine(d *cluster.Draft) (s cluster.Shard) {
	me, _ := d.Node(n.ID())
	s, _ = d.Shard(me.Shard)
	return s
}

// seen tells whether a draft has a node that this one may name.
func (n *Node) seen(d *cluster.Draft, id string) (cluster.Node, bool) {
	other, ok := d.Node(id)
	me, _ := d.Node(n.ID())
	return other, ok && (id == n.ID() || other.Met && me.Met)
}

// Info implements command.ClusterHost.
func (n *Node) Info(c *command.Ctx) {
	v := n.view(c.Client)
	v.Down, v.Whole, v.Relayed = n.slots(v.Topology).Down, n.Options.FullCoverage.Load(), n.relay.totals()
	if !n.own() {
		v.Heirs = len(n.directory.Presence().Heirs(v.Topology.Node(v.Myself).Shard).Nodes)
	}
	n.text(c, v.Info())
}

// Nodes implements command.ClusterHost.
func (n *Node) Nodes(c *command.Ctx) { n.text(c, n.view(c.Client).Nodes()) }

// text replies a text that is shown as it is.
func (n *Node) text(c *command.Ctx, text string) { c.W.Verbatim("txt", []byte(text)) }

// Slots implements command.ClusterHost.
func (n *Node) Slots(c *command.Ctx) { n.view(c.Client).Slots(c.W) }

// Shards implements command.ClusterHost.
func (n *Node) Shards(c *command.Ctx) { n.view(c.Client).Shards(c.W) }

// MyID implements command.ClusterHost.
func (n *Node) MyID(c *command.Ctx) { c.W.BulkString(n.ID()) }

// MyShardID implements command.ClusterHost.
func (n *Node) MyShardID(c *command.Ctx) { c.W.BulkString(n.topology().Node(n.ID()).Shard) }

// Owns implements command.ClusterHost.
func (n *Node) Owns(slot cluster.Slot) bool {
	t := n.topology()
	return t.Owner(slot) == t.Shard(t.Node(n.ID()).Shard)
}

// Migrations implements command.ClusterHost.
func (n *Node) Migrations() command.ClusterMigrations { return &n.moves }

// Relay implements command.ClusterHost.
func (n *Node) Relay() command.ClusterRelay { return &n.relay }

// Replicas implements command.ClusterHost.
func (n *Node) Replicas(c *command.Ctx, node string) {
	v := n.view(c.Client)
	of := v.Topology.Node(node)
	switch {
	case of == nil || !v.sees(of):
		c.W.Error(string(unknown(node)))
	case v.Topology.Shard(of.Shard).Primary != node:
		c.W.Error("ERR The specified node is not a master")
	default:
		lines := v.Replicas(of)
		c.W.Array(len(lines))
		for _, l := range lines {
			c.W.BulkString(l)
		}
	}
}

// FailureReports implements command.ClusterHost: nodes report nothing of each other.
func (n *Node) FailureReports(c *command.Ctx, node string) {
	if of := n.topology().Node(node); of == nil || !n.view(c.Client).sees(of) {
		c.W.Error(string(unknown(node)))
		return
	}
	c.W.Int(0)
}

// ranges makes ranges of slots.
func ranges(slots []cluster.Slot) (rs cluster.Ranges) {
	slots = slices.Compact(slices.Sorted(slices.Values(slots)))
	for i, s := range slots {
		if i > 0 && slots[i-1]+1 == s {
			rs[len(rs)-1].Last = s
		} else {
			rs = append(rs, cluster.Range{First: s, Last: s})
		}
	}
	return rs
}

// AddSlots implements command.ClusterHost.
func (n *Node) AddSlots(c *command.Ctx, slots []cluster.Slot, wrong string) {
	n.editSlots(c, slots, wrong, func(owner string, slot cluster.Slot) string {
		if owner != "" {
			return fmt.Sprintf("ERR Slot %d is already busy", slot)
		}
		return ""
	}, (*cluster.Draft).AddSlots)
}

// RemoveSlots implements command.ClusterHost. As in Redis it is no error to name another node's slots, which stay that one's: redis-cli does,
// to mend a slot.
func (n *Node) RemoveSlots(c *command.Ctx, slots []cluster.Slot, wrong string) {
	n.editSlots(c, slots, wrong, func(owner string, slot cluster.Slot) string {
		if owner == "" {
			return fmt.Sprintf("ERR Slot %d is already unassigned", slot)
		}
		return ""
	}, func(d *cluster.Draft, shard string, rs cluster.Ranges) error {
		var own []cluster.Slot
		for slot := range rs.All() {
			if d.Owner(slot) == shard {
				own = append(own, slot)
			}
		}
		return d.RemoveSlots(shard, ranges(own))
	})
}

// editSlots is AddSlots or RemoveSlots; refuse says what is wrong with a slot of an owner.
func (n *Node) editSlots(c *command.Ctx, slots []cluster.Slot, wrong string, refuse func(owner string, slot cluster.Slot) string,
	edit func(d *cluster.Draft, shard string, rs cluster.Ranges) error) {
	n.change(c, func(d *cluster.Draft) error {
		mine := n.mine(d)
		if mine.Primary != n.ID() {
			return refusal("ERR a replica has no hash slots of its own")
		}
		var named store.SlotSet
		for _, slot := range slots {
			if text := refuse(d.Owner(slot), slot); text != "" {
				return refusal(text)
			}
			if named.Has(slot) {
				return refusal(fmt.Sprintf("ERR Slot %d specified multiple times", slot))
			}
			named.Add(slot)
		}
		if wrong != "" {
			return refusal(wrong)
		}
		return edit(d, mine.ID, ranges(slots))
	})
}

// FlushSlots implements command.ClusterHost.
func (n *Node) FlushSlots(c *command.Ctx) {
	if !n.House.Empty() {
		c.W.Error("ERR DB must be empty to perform CLUSTER FLUSHSLOTS.")
		return
	}
	n.change(c, func(d *cluster.Draft) error { return dropSlots(d, n.ID()) })
}

// dropSlots takes all slots from a node's shard, if the node is its primary.
func dropSlots(d *cluster.Draft, id string) error {
	node, _ := d.Node(id)
	mine, _ := d.Shard(node.Shard)
	if mine.Primary != id {
		return nil
	}
	var slots []cluster.Slot
	for slot := range cluster.Slots {
		if d.Owner(cluster.Slot(slot)) == mine.ID {
			slots = append(slots, cluster.Slot(slot))
		}
	}
	return d.RemoveSlots(mine.ID, ranges(slots))
}

// SetSlot implements command.ClusterHost.
func (n *Node) SetSlot(c *command.Ctx, slot cluster.Slot, to command.SlotState, node string) {
	holds := (to == command.SlotStable || to == command.SlotOf && node != n.ID()) && command.HasKeysIn(c, slot)
	n.change(c, func(d *cluster.Draft) error {
		mine := n.mine(d)
		if mine.Primary != n.ID() {
			return refusal("ERR Please use SETSLOT only with masters.")
		}
		owns := d.Owner(slot) == mine.ID
		if to == command.SlotStable {
			// They would be a stray's, which who leads next deletes, and are nowhere else.
			if holds && mine.Importing[slot] != "" && !owns && d.Owner(slot) != "" {
				return refusal(fmt.Sprintf("ERR hash slot %d has keys here that have come from its owner: MIGRATE them back, or give the slot to this node", slot))
			}
			return d.Settle(slot, mine.ID)
		}
		other, known := n.seen(d, node)
		shard, _ := d.Shard(other.Shard)
		switch {
		case to == command.SlotMigrating && !owns:
			return refusal(fmt.Sprintf("ERR I'm not the owner of hash slot %d", slot))
		case to == command.SlotImporting && owns:
			return refusal(fmt.Sprintf("ERR I'm already the owner of hash slot %d", slot))
		case !known && to == command.SlotOf:
			return unknown(node)
		case !known:
			return refusal("ERR I don't know about node " + node)
		case shard.Primary != node:
			return refusal("ERR Target node is not a master")
		case to == command.SlotMigrating:
			return d.Migrate(slot, mine.ID, shard.ID)
		case to == command.SlotImporting:
			return d.Import(slot, mine.ID, shard.ID)
		case owns && holds:
			return refusal(fmt.Sprintf("ERR Can't assign hashslot %d to a different node while I still hold keys for this hash slot.", slot))
		}
		return d.Give(shard.ID, cluster.Ranges{{First: slot, Last: slot}})
	})
}

// Meet implements command.ClusterHost: nodes that have the same coordinator are introduced; they know
// each other already.
func (n *Node) Meet(c *command.Ctx, ip string, port int) {
	if net.ParseIP(ip) == nil {
		c.W.Error("ERR Invalid node address specified: " + ip + ":" + strconv.Itoa(port))
		return
	}
	if !exec.Of(c).InScript() {
		exec.Of(c).WithoutGates(func() { _ = n.directory.Refresh(n.ctx) }) // the other one may be new; Change says what is wrong
	}
	n.change(c, func(d *cluster.Draft) error {
		me, _ := d.Node(n.ID())
		other, ok := findNode(d.Nodes(), me, ip, port)
		if !ok {
			return refusal(fmt.Sprintf("ERR there is no node %s in this node's coordinator (%s): nodes of a cluster have the same one",
				net.JoinHostPort(ip, strconv.Itoa(port)), n.Options.ClusterCoordinator.Load()))
		}
		if other.IP == "" {
			other.IP = ip
			d.Join(other, other.Shard)
		}
		if me, _ := d.Node(n.ID()); me.IP == "" {
			me.IP = sourceFor(ip, port)
			d.Join(me, me.Shard)
		}
		return d.Meet(n.ID(), other.ID)
	})
}

// findNode finds the node with an address: one that has it, or the only one with the port that does
// not know its address.
func findNode(nodes []cluster.Node, me cluster.Node, ip string, port int) (found cluster.Node, ok bool) {
	local := net.ParseIP(ip).IsLoopback()
	for _, fits := range []func(cluster.Node) bool{
		func(n cluster.Node) bool { return n.IP == ip },
		func(n cluster.Node) bool { return n.IP == "" },
		func(n cluster.Node) bool { return local && n.IP == me.IP },
	} {
		count := 0
		for _, n := range nodes {
			if (n.Port == port || n.TLSPort == port) && fits(n) {
				found = n
				count++
			}
		}
		if count > 0 {
			return found, count == 1
		}
	}
	return found, false
}

// sourceFor is the address of this machine that others at an address see, empty if that is not known.
func sourceFor(ip string, port int) string {
	conn, err := net.Dial("udp", net.JoinHostPort(ip, strconv.Itoa(port))) // nothing is sent
	if err != nil {
		return ""
	}
	defer conn.Close()
	if a, ok := conn.LocalAddr().(*net.UDPAddr); ok {
		return a.IP.String()
	}
	return ""
}

// forgotten are nodes that have been removed a short time ago: CLUSTER FORGET is sent to all nodes,
// and the first one does it for all.
type forgotten struct {
	mu struct { // innermost, for a look or a change
		sync.Mutex
		at map[string]time.Time
	}
}

const forgottenFor = time.Minute

func (f *forgotten) note(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.at == nil {
		f.mu.at = map[string]time.Time{}
	}
	f.mu.at[id] = time.Now()
}

func (f *forgotten) has(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Since(f.mu.at[id]) < forgottenFor
}

// Forget implements command.ClusterHost.
func (n *Node) Forget(c *command.Ctx, node string) {
	if node == n.ID() {
		c.W.Error("ERR I tried hard but I can't forget myself...")
		return
	}
	n.change(c, func(d *cluster.Draft) error {
		if _, ok := n.seen(d, node); !ok && n.forgotten.has(node) {
			return nil
		} else if !ok {
			return unknown(node)
		}
		if mine := n.mine(d); mine.Primary == node {
			return refusal("ERR Can't forget my master!")
		}
		return d.Forget(node)
	})
}

// Replicate implements command.ClusterHost.
func (n *Node) Replicate(c *command.Ctx, node string) {
	n.change(c, func(d *cluster.Draft) error {
		other, ok := n.seen(d, node)
		shard, _ := d.Shard(other.Shard)
		mine := n.mine(d)
		switch {
		case !ok:
			return unknown(node)
		case node == n.ID():
			return refusal("ERR Can't replicate myself")
		case shard.Primary != node:
			return refusal("ERR I can only replicate a master, not a replica.")
		case mine.ID == shard.ID:
			return nil
		case mine.Primary == n.ID() && !n.House.Empty() && !n.House.Following(): // one that was forgotten follows still: its data are another's
			return refusal("ERR To set a master the node must be empty and without assigned slots.")
		}
		err := d.Replicate(n.ID(), shard.ID)
		if errors.Is(err, cluster.ErrNotEmpty) {
			err = refusal("ERR To set a master the node must be empty and without assigned slots.")
		}
		return err
	})
}

// Reset implements command.ClusterHost.
func (n *Node) Reset(c *command.Ctx, hard bool) {
	mine := n.topology().Shard(n.topology().Node(n.ID()).Shard)
	replica := mine.Primary != n.ID() || n.House.Following() && mine.Slots.Len() == 0 // as one that was forgotten does still
	if !replica && !n.House.Empty() {
		c.W.Error("ERR CLUSTER RESET can't be called with master nodes containing keys")
		return
	}
	old, id, shard := n.ID(), n.ID(), cluster.NewID()
	if hard {
		id = cluster.NewID()
	}
	done := n.changed(c, func(d *cluster.Draft) error {
		me, _ := d.Node(old)
		if n.own() {
			d.Clear()
		} else if err := leave(d, old); err != nil {
			return err
		}
		me.Met, me.ID = false, id
		d.Join(me, shard)
		n.id.Store(&id)
		return nil
	})
	if !done {
		n.id.Store(&old)
		return
	}
	var err error
	exec.Of(c).WithoutGates(func() {
		err = cluster.SetSelf(n.ctx, n.self, id)
		if replica {
			n.House.Lead()
		}
		n.refresh()
	})
	if replica {
		command.DeleteAll(c)
	}
	if err != nil {
		c.W.Error("ERR " + err.Error())
		return
	}
	c.W.OK()
}

// leave takes a node with its slots out of a draft.
func leave(d *cluster.Draft, id string) error {
	if err := dropSlots(d, id); err != nil {
		return err
	}
	err := d.Forget(id)
	if errors.Is(err, cluster.ErrIsPrimary) {
		err = refusal("ERR other nodes are replicas of this one: CLUSTER REPLICATE has them follow another primary")
	}
	return err
}

// BumpEpoch implements command.ClusterHost.
func (n *Node) BumpEpoch(c *command.Ctx) {
	t := n.topology()
	mine := t.Shard(t.Node(n.ID()).Shard)
	highest := mine.Epoch != 0 && !slices.ContainsFunc(t.Shards(), func(s *cluster.Shard) bool { return s != mine && s.Epoch >= mine.Epoch })
	word := "STILL "
	if !highest {
		if !n.changed(c, func(d *cluster.Draft) error { return d.Bump(n.mine(d).ID) }) {
			return
		}
		word = "BUMPED "
		t = n.topology()
		mine = t.Shard(t.Node(n.ID()).Shard)
	}
	c.W.Simple(word + strconv.FormatUint(mine.Epoch, 10))
}

// SetEpoch implements command.ClusterHost: the node gets an epoch that no other has, by the
// coordinator's count.
func (n *Node) SetEpoch(c *command.Ctx) {
	n.change(c, func(d *cluster.Draft) error {
		me, _ := d.Node(n.ID())
		switch {
		case me.Met:
			return refusal("ERR The user can assign a config epoch only when the node does not know any other node.")
		case n.mine(d).Epoch != 0:
			return refusal("ERR Node config epoch is already non-zero")
		}
		return d.Bump(me.Shard)
	})
}

// Save implements command.ClusterHost: whatever changes is written at once.
func (n *Node) Save(c *command.Ctx) { c.W.OK() }

// promote makes the node the primary of a shard, whose data it has, and not of another one to which it may have gone meanwhile.
func (n *Node) promote(d *cluster.Draft, shard string) error {
	if n.mine(d).ID != shard {
		return refusal("ERR this node has gone to another shard meanwhile")
	}
	return d.Promote(n.ID())
}

// TakeOver implements command.ClusterHost.
func (n *Node) TakeOver(c *command.Ctx, atOnce bool) {
	t := n.topology()
	shard := t.Shard(t.Node(n.ID()).Shard)
	lease, _ := n.held()
	if exec.Of(c).InScript() {
		c.W.Error(errByScript)
		return
	}
	exec.Of(c).WithoutGates(n.origins.look) // the link may be up, and that not yet noted
	_, led := n.directory.Presence().Lead(shard.ID)
	switch {
	case shard.Primary == n.ID():
		c.W.Error("ERR You should send CLUSTER FAILOVER to a replica")
	case n.own():
		c.W.Error("ERR this node has a coordinator of its own: there is no failover")
	case lease == nil || !n.House.Following():
		c.W.Error("ERR the node is not ready to take over: it does not follow, or has no lease")
	case !n.directory.Presence().Heirs(shard.ID).May(n.ID()):
		c.W.Error("ERR the primary has not named this node among those who may take over")
	case atOnce && n.origins.term(shard.ID, n.House.Offset(), false) == 0:
		c.W.Error("ERR this node has not got its shard's data yet")
	case atOnce:
		n.change(c, func(d *cluster.Draft) error { return n.promote(d, shard.ID) })
	case !led:
		c.W.Error("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE")
	default:
		var err error
		exec.Of(c).WithoutGates(func() { err = n.directory.Ask(n.ctx, shard.ID, n.ID(), lease) })
		if err != nil {
			c.W.Error("ERR " + err.Error())
			return
		}
		c.W.OK()
	}
}
