package command

import (
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
)

// These are the commands of a cluster's nodes. A server that is none replies what Redis replies with
// cluster-enabled no, which client libraries take for the answer that they have one server before
// them.

const (
	errNoCluster   = "ERR This instance has cluster support disabled"
	errSlot        = "ERR Invalid or out of range slot"
	errNoSuchSlot  = "ERR Invalid slot"
	errNotYetThere = "ERR CLUSTER FAILOVER is not there yet: see docs/CLUSTER.md"

	clusterAsks    = Stale
	clusterWalks   = Stale | Slow
	clusterAdmin   = Admin | Stale
	clusterChanges = Admin | Stale | NoAsyncLoading | Slow
)

// ClusterHost is the server as a node of a cluster. Its methods reply; those that change something
// let go of the caller's gate, so they are for workers only.
type ClusterHost interface {
	Info(c *Ctx)
	Nodes(c *Ctx)
	Slots(c *Ctx)
	Shards(c *Ctx)
	MyID(c *Ctx)
	MyShardID(c *Ctx)
	Replicas(c *Ctx, node string)
	FailureReports(c *Ctx, node string)

	AddSlots(c *Ctx, slots []cluster.Slot)
	RemoveSlots(c *Ctx, slots []cluster.Slot)
	FlushSlots(c *Ctx)
	SetSlot(c *Ctx, slot cluster.Slot, to SlotState, node string)
	Meet(c *Ctx, ip string, port int)
	Forget(c *Ctx, node string)
	Replicate(c *Ctx, node string)
	Reset(c *Ctx, hard bool)
	BumpEpoch(c *Ctx)
	SetEpoch(c *Ctx)
	Save(c *Ctx)
}

// SlotState is what CLUSTER SETSLOT makes of a slot.
type SlotState uint8

const (
	SlotMigrating SlotState = iota
	SlotImporting
	SlotStable
	SlotOf // a node's
)

var clusterSpecs = []*Spec{
	{
		Name: "cluster", Arity: -2, Group: GroupCluster, Since: "3.0.0", Complexity: "Depends on subcommand.",
		Summary: "Commands for nodes of a cluster.",
		Subs: []*Spec{
			clusterSub("addslots", -3, clusterChanges, addSlots, "3.0.0", "Gives hash slots to this node.", "slot:integer..."),
			clusterSub("addslotsrange", -4, clusterChanges, addSlotsRange, "7.0.0", "Gives ranges of hash slots to this node.", "(start-slot:integer end-slot:integer)..."),
			clusterVaries("bumpepoch", 2, clusterChanges, ClusterHost.BumpEpoch, "3.0.0", "Raises the configuration epoch.", ""),
			clusterVaries("count-failure-reports", 3, clusterAdmin, withNode(ClusterHost.FailureReports), "3.0.0", "Returns how many nodes report another one as failing.", "node-id"),
			clusterSub("countkeysinslot", 3, clusterWalks, countKeysInSlot, "3.0.0", "Returns how many keys there are in a hash slot.", "slot:integer"),
			clusterSub("delslots", -3, clusterChanges, removeSlots, "3.0.0", "Takes hash slots from this node.", "slot:integer..."),
			clusterSub("delslotsrange", -4, clusterChanges, removeSlotsRange, "7.0.0", "Takes ranges of hash slots from this node.", "(start-slot:integer end-slot:integer)..."),
			clusterSub("failover", -2, Admin|Stale|NoAsyncLoading|Refused, noFailover, "3.0.0", "Lets a replica take its primary's place.", "[<FORCE | TAKEOVER>]"),
			clusterSub("flushslots", 2, clusterChanges, ClusterHost.FlushSlots, "3.0.0", "Takes all hash slots from this node.", ""),
			clusterSub("forget", 3, clusterChanges, withNode(ClusterHost.Forget), "3.0.0", "Removes a node from the table of nodes.", "node-id"),
			clusterVaries("getkeysinslot", 4, clusterWalks, getKeysInSlot, "3.0.0", "Returns keys of a hash slot.", "slot:integer count:integer"),
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Group: GroupCluster, Handler: clusterHelp, Since: "5.0.0", Complexity: "O(1)",
				Summary: "Lists the subcommands.",
			},
			clusterVaries("info", 2, clusterAsks, ClusterHost.Info, "3.0.0", "Returns the state of this node.", ""),
			clusterSub("keyslot", 3, clusterAsks, keySlot, "3.0.0", "Returns the hash slot of a key.", "key:string"),
			clusterVaries("links", 2, clusterAsks, noLinks, "7.0.0", "Returns the connections between the nodes.", ""),
			clusterSub("meet", -4, clusterChanges, meet, "3.0.0", "Introduces another node.", "ip port:integer [cluster-bus-port:integer]"),
			clusterSub("myid", 2, clusterAsks, ClusterHost.MyID, "3.0.0", "Returns the id of this node.", ""),
			clusterVaries("myshardid", 2, clusterAsks, ClusterHost.MyShardID, "7.2.0", "Returns the id of this node's shard.", ""),
			clusterVaries("nodes", 2, clusterAsks, ClusterHost.Nodes, "3.0.0", "Returns all nodes.", ""),
			clusterVaries("replicas", 3, clusterAdmin, withNode(ClusterHost.Replicas), "5.0.0", "Returns the replicas of a primary.", "node-id"),
			clusterSub("replicate", 3, clusterChanges, withNode(ClusterHost.Replicate), "3.0.0", "Makes this node a replica of another one.", "node-id"),
			clusterSub("reset", -2, clusterAdmin|NoScript|Slow, resetNode, "3.0.0", "Makes this node a new one.", "[<HARD | SOFT>]"),
			clusterSub("saveconfig", 2, clusterChanges, ClusterHost.Save, "3.0.0", "Writes the state of the cluster to disk.", ""),
			clusterSub("set-config-epoch", 3, clusterChanges, setConfigEpoch, "3.0.0", "Sets the configuration epoch of a new node.", "config-epoch:integer"),
			clusterSub("setslot", -4, clusterChanges, setSlot, "3.0.0", "Says whose a hash slot is, or becomes.",
				"slot:integer <(IMPORTING node-id) | (MIGRATING node-id) | (NODE node-id) | STABLE>"),
			clusterVaries("shards", 2, clusterAsks, ClusterHost.Shards, "7.0.0", "Returns the nodes and their hash slots, by shard.", ""),
			clusterReplaced(clusterVaries("slaves", 3, clusterAdmin, withNode(ClusterHost.Replicas), "3.0.0", "Returns the replicas of a primary.", "node-id"), "5.0.0", "`CLUSTER REPLICAS`"),
			clusterReplaced(clusterVaries("slots", 2, clusterAsks, ClusterHost.Slots, "3.0.0", "Returns the hash slots and their nodes.", ""), "7.0.0", "`CLUSTER SHARDS`"),
		},
	},
	{
		Name: "asking", Arity: 1, Flags: Fast | ConnectionCat, Group: GroupCluster, Handler: asking, Since: "3.0.0", Complexity: "O(1)",
		Summary: "Says that the next command comes after an ASK redirection.",
	},
	{
		Name: "readonly", Arity: 1, Flags: Loading | Stale | Fast | ConnectionCat, Group: GroupCluster, Handler: readOnly, Since: "3.0.0", Complexity: "O(1)",
		Summary: "Allows reads from a replica of a cluster.",
	},
	{
		Name: "readwrite", Arity: 1, Flags: Loading | Stale | Fast | ConnectionCat, Group: GroupCluster, Handler: readOnly, Since: "3.0.0", Complexity: "O(1)",
		Summary: "Ends what READONLY began.",
	},
}

func clusterSub(name string, arity int, flags Flag, f func(ClusterHost, *Ctx), since, summary, syntax string) *Spec {
	return &Spec{
		Name: name, Arity: arity, Flags: flags, Group: GroupCluster, Since: since, Complexity: "O(1)", Summary: summary, Syntax: syntax,
		Handler: func(c *Ctx) {
			if c.Host.Cluster == nil {
				c.W.Error(errNoCluster)
				return
			}
			f(c.Host.Cluster, c)
		},
	}
}

// clusterVaries is clusterSub for those whose reply is not the same everywhere and always.
func clusterVaries(name string, arity int, flags Flag, f func(ClusterHost, *Ctx), since, summary, syntax string) *Spec {
	s := clusterSub(name, arity, flags, f, since, summary, syntax)
	s.Tips = []string{"nondeterministic_output"}
	return s
}

func clusterReplaced(s *Spec, since, by string) *Spec {
	s.Deprecated, s.ReplacedBy = since, by
	return s
}

// withNode makes a handler of one that is told of a node.
func withNode(f func(ClusterHost, *Ctx, string)) func(ClusterHost, *Ctx) {
	return func(h ClusterHost, c *Ctx) { f(h, c, string(c.Args[2])) }
}

func clusterHelp(c *Ctx) {
	if c.Host.Cluster == nil {
		c.W.Error(errNoCluster)
		return
	}
	writeHelp(c)
}

func noFailover(_ ClusterHost, c *Ctx) { c.W.Error(errNotYetThere) }

// noLinks: nodes have no connections to each other but those of replicas to their primaries.
func noLinks(_ ClusterHost, c *Ctx) { c.W.Array(0) }

func keySlot(_ ClusterHost, c *Ctx) { c.W.Int(int64(cluster.KeySlot(c.Args[2]))) }

// slotArg reads a slot, or replies the error.
func slotArg(c *Ctx, i int) (slot cluster.Slot, ok bool) {
	n, ok := resp.ParseInt(c.Args[i])
	if !ok || n < 0 || n >= cluster.Slots {
		c.W.Error(errSlot)
		return 0, false
	}
	return cluster.Slot(n), true
}

// slotList reads single slots from the arguments.
func slotList(c *Ctx) (slots []cluster.Slot, ok bool) {
	for i := 2; i < len(c.Args); i++ {
		slot, ok := slotArg(c, i)
		if !ok {
			return nil, false
		}
		slots = append(slots, slot)
	}
	return slots, true
}

// slotRanges reads pairs of slots from the arguments.
func slotRanges(c *Ctx) (slots []cluster.Slot, ok bool) {
	if len(c.Args)%2 != 0 {
		c.W.Error("ERR wrong number of arguments for '" + c.Spec.FullName + "' command")
		return nil, false
	}
	for i := 2; i < len(c.Args); i += 2 {
		first, ok := slotArg(c, i)
		if !ok {
			return nil, false
		}
		last, ok := slotArg(c, i+1)
		if !ok {
			return nil, false
		}
		if first > last {
			c.W.Error("ERR start slot number " + string(c.Args[i]) + " is greater than end slot number " + string(c.Args[i+1]))
			return nil, false
		}
		if len(slots)+int(last-first) >= 2*cluster.Slots { // some stand there twice
			c.W.Error(errSlot)
			return nil, false
		}
		for s := int(first); s <= int(last); s++ {
			slots = append(slots, cluster.Slot(s))
		}
	}
	return slots, true
}

func addSlots(h ClusterHost, c *Ctx) {
	if slots, ok := slotList(c); ok {
		h.AddSlots(c, slots)
	}
}

func addSlotsRange(h ClusterHost, c *Ctx) {
	if slots, ok := slotRanges(c); ok {
		h.AddSlots(c, slots)
	}
}

func removeSlots(h ClusterHost, c *Ctx) {
	if slots, ok := slotList(c); ok {
		h.RemoveSlots(c, slots)
	}
}

func removeSlotsRange(h ClusterHost, c *Ctx) {
	if slots, ok := slotRanges(c); ok {
		h.RemoveSlots(c, slots)
	}
}

func setSlot(h ClusterHost, c *Ctx) {
	slot, ok := slotArg(c, 2)
	if !ok {
		return
	}
	switch verb := c.Args[3]; {
	case equalFold(verb, "stable") && len(c.Args) == 4:
		h.SetSlot(c, slot, SlotStable, "")
	case equalFold(verb, "migrating") && len(c.Args) == 5:
		h.SetSlot(c, slot, SlotMigrating, string(c.Args[4]))
	case equalFold(verb, "importing") && len(c.Args) == 5:
		h.SetSlot(c, slot, SlotImporting, string(c.Args[4]))
	case equalFold(verb, "node") && len(c.Args) == 5:
		h.SetSlot(c, slot, SlotOf, string(c.Args[4]))
	default:
		c.W.Error("ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP")
	}
}

func meet(h ClusterHost, c *Ctx) {
	for i := 3; i < len(c.Args); i++ {
		if _, ok := resp.ParseInt(c.Args[i]); !ok {
			what := "base"
			if i > 3 {
				what = "bus"
			}
			c.W.Error("ERR Invalid TCP " + what + " port specified: " + CText(c.Args[i], len(c.Args[i])))
			return
		}
	}
	port, _ := resp.ParseInt(c.Args[3])
	if len(c.Args) > 5 || port < 1 || port > 65535 {
		c.W.Error("ERR Invalid node address specified: " + CText(c.Args[2], len(c.Args[2])) + ":" + string(c.Args[3]))
		return
	}
	h.Meet(c, string(c.Args[2]), int(port))
}

func setConfigEpoch(h ClusterHost, c *Ctx) {
	epoch, ok := c.Int(2)
	switch {
	case !ok:
	case epoch < 0:
		c.W.Error("ERR Invalid config epoch specified: " + string(c.Args[2]))
	default:
		h.SetEpoch(c)
	}
}

func resetNode(h ClusterHost, c *Ctx) {
	switch {
	case len(c.Args) == 2, len(c.Args) == 3 && equalFold(c.Args[2], "soft"):
		h.Reset(c, false)
	case len(c.Args) == 3 && equalFold(c.Args[2], "hard"):
		h.Reset(c, true)
	default:
		c.W.Error(ErrSyntax)
	}
}

// walkSlot calls f with the names of the keys in a slot, in steps, as keys does it, until f returns
// false. It goes through all keys.
func walkSlot(c *Ctx, slot cluster.Slot, f func(name []byte) bool) {
	on := true
	for cursor := uint64(0); ; {
		cursor = c.Store.Walk(c.DB, cursor, keysStep, func(e entry.Entry) {
			if name := e.Key(); on && !e.Expired(c.Now) && cluster.KeySlot(name) == slot {
				on = f(name)
			}
		})
		if cursor == 0 || !on || c.Halted() {
			return
		}
		c.Lane.Yield()
	}
}

// HasKeysIn tells whether there are keys in a slot. It goes through all keys, in steps.
func HasKeysIn(c *Ctx, slot cluster.Slot) (has bool) {
	walkSlot(c, slot, func([]byte) bool {
		has = true
		return false
	})
	return has
}

// DeleteAll deletes all keys, each as a change of its own. It is for calls without keys, on workers.
func DeleteAll(c *Ctx) {
	c.NoEffect() // each key records its own deletion
	for left := true; left && !c.Halted(); {
		var l nameList
		for cursor := uint64(0); len(l.ends) == 0; {
			cursor = c.Store.Walk(c.DB, cursor, keysStep, func(e entry.Entry) { l.add(e.Key()) })
			if cursor == 0 {
				break
			}
		}
		left = len(l.ends) > 0
		from := 0
		for _, end := range l.ends {
			k := c.Store.MakeKey(l.block[from:end])
			c.Lane.UnderLock(k, func() {
				if c.Store.Delete(c.DB, k) {
					c.Changed(k, EventDel, 1)
					c.Effect("DEL", k.Name)
				}
			})
			from = end
		}
		c.Lane.Yield()
	}
}

func countKeysInSlot(_ ClusterHost, c *Ctx) {
	slot, ok := c.Int(2)
	switch {
	case !ok:
	case slot < 0 || slot >= cluster.Slots:
		c.W.Error(errNoSuchSlot)
	default:
		n := int64(0)
		walkSlot(c, cluster.Slot(slot), func([]byte) bool {
			n++
			return true
		})
		c.W.Int(n)
	}
}

func getKeysInSlot(_ ClusterHost, c *Ctx) {
	slot, ok := c.Int(2)
	if !ok {
		return
	}
	most, ok := c.Int(3)
	if !ok {
		return
	}
	if slot < 0 || slot >= cluster.Slots || most < 0 {
		c.W.Error("ERR Invalid slot or number of keys")
		return
	}
	var l nameList
	if most > 0 {
		walkSlot(c, cluster.Slot(slot), func(name []byte) bool {
			l.add(name)
			return int64(len(l.ends)) < most
		})
	}
	l.write(c)
}

func asking(c *Ctx) {
	if c.Host.Cluster == nil {
		c.W.Error(errNoCluster)
		return
	}
	c.Client.SetAsking()
	c.W.OK()
}

// readOnly is READONLY and READWRITE.
func readOnly(c *Ctx) {
	if c.Host.Cluster == nil {
		c.W.Error(errNoCluster)
		return
	}
	c.Client.SetReadOnly(c.Spec.Name == "readonly")
	c.W.OK()
}
