package command

import (
	"fmt"

	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
)

// These are the commands of a cluster's nodes. A server that is none replies what Redis replies with
// cluster-enabled no, which client libraries take for the answer that they have one server before
// them.

const (
	errNoCluster  = "ERR This instance has cluster support disabled"
	errSlot       = "ERR Invalid or out of range slot"
	errNoSuchSlot = "ERR Invalid slot"

	clusterAsks    = Stale
	clusterWalks   = Stale | Slow | Sweeps
	clusterAdmin   = Admin | Stale
	clusterChanges = Admin | Stale | NoAsyncLoading | Slow
	clusterRelays  = Admin | Dangerous | NoScript | Loading | Stale
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
	Owns(slot cluster.Slot) bool // whether this node's shard does
	Migrations() ClusterMigrations
	Relay() ClusterRelay
	FailureReports(c *Ctx, node string)

	// Both look at the slots in the order in which they were named; wrong is the error to be replied if all of them are as they have to be,
	// empty: there is none.
	AddSlots(c *Ctx, slots []cluster.Slot, wrong string)
	RemoveSlots(c *Ctx, slots []cluster.Slot, wrong string)
	FlushSlots(c *Ctx)
	SetSlot(c *Ctx, slot cluster.Slot, to SlotState, node string)
	Meet(c *Ctx, ip string, port int)
	Forget(c *Ctx, node string)
	Replicate(c *Ctx, node string)
	Reset(c *Ctx, hard bool)
	// TakeOver has the node, a replica, become the primary; at once, or when it has everything that the primary has.
	TakeOver(c *Ctx, atOnce bool)
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
			clusterMoving("cancelslotmigrations", -2, cancelMigrations, "Cancels all moves of hash slots that this node has begun.", "[ALL]"),
			clusterSub("countkeysinslot", 3, clusterAsks, countKeysInSlot, "3.0.0", "Returns how many keys there are in a hash slot.", "slot:integer"),
			clusterSub("delslots", -3, clusterChanges, removeSlots, "3.0.0", "Takes hash slots from this node.", "slot:integer..."),
			clusterSub("delslotsrange", -4, clusterChanges, removeSlotsRange, "7.0.0", "Takes ranges of hash slots from this node.", "(start-slot:integer end-slot:integer)..."),
			clusterSub("failover", -2, clusterChanges, takeOver, "3.0.0", "Lets a replica take its primary's place.", "[<FORCE | TAKEOVER>]"),
			clusterSub("flushslots", 2, clusterChanges, ClusterHost.FlushSlots, "3.0.0", "Takes all hash slots from this node.", ""),
			clusterSub("forget", 3, clusterChanges, withNode(ClusterHost.Forget), "3.0.0", "Removes a node from the table of nodes.", "node-id"),
			clusterVaries("getkeysinslot", 4, clusterWalks, getKeysInSlot, "3.0.0", "Returns keys of a hash slot.", "slot:integer count:integer"),
			clusterMoving("getslotmigrations", 2, listMigrations, "Returns the moves of hash slots that are under way, or were lately.", ""),
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Group: GroupCluster, Handler: clusterHelp, Since: "5.0.0", Complexity: "O(1)",
				Summary: "Lists the subcommands.",
			},
			clusterVaries("info", 2, clusterAsks, ClusterHost.Info, "3.0.0", "Returns the state of this node.", ""),
			clusterSub("keyslot", 3, clusterAsks, keySlot, "3.0.0", "Returns the hash slot of a key.", "key:string"),
			clusterVaries("links", 2, clusterAsks, func(h ClusterHost, c *Ctx) { h.Relay().Links(c) }, "7.0.0", "Returns the connections between the nodes.", ""),
			clusterSub("meet", -4, clusterChanges, meet, "3.0.0", "Introduces another node.", "ip port:integer [cluster-bus-port:integer]"),
			clusterMoving("migrateslots", -7, migrateSlots, "Moves hash slots with all their keys to other nodes.", migrateSlotsSyntax),
			clusterSub("myid", 2, clusterAsks, ClusterHost.MyID, "3.0.0", "Returns the id of this node.", ""),
			clusterVaries("myshardid", 2, clusterAsks, ClusterHost.MyShardID, "7.2.0", "Returns the id of this node's shard.", ""),
			clusterVaries("nodes", 2, clusterAsks, ClusterHost.Nodes, "3.0.0", "Returns all nodes.", ""),
			clusterSub("relay", -4, clusterRelays, relay, "7.4.0", "Is how nodes hand on what their clients publish.", "verb:string argument:string..."),
			clusterVaries("replicas", 3, clusterAdmin, withNode(ClusterHost.Replicas), "5.0.0", "Returns the replicas of a primary.", "node-id"),
			clusterSub("replicate", 3, clusterChanges, withNode(ClusterHost.Replicate), "3.0.0", "Makes this node a replica of another one.", "node-id"),
			clusterSub("reset", -2, clusterAdmin|NoScript|Slow, resetNode, "3.0.0", "Makes this node a new one.", "[<HARD | SOFT>]"),
			clusterSub("saveconfig", 2, clusterChanges, ClusterHost.Save, "3.0.0", "Writes the state of the cluster to disk.", ""),
			clusterSub("set-config-epoch", 3, clusterChanges, setConfigEpoch, "3.0.0", "Sets the configuration epoch of a new node.", "config-epoch:integer"),
			clusterSub("setslot", -4, clusterChanges, setSlot, "3.0.0", "Says whose a hash slot is, or becomes.",
				"slot:integer <(IMPORTING node-id) | (MIGRATING node-id) | (NODE node-id) | STABLE>"),
			clusterVaries("shards", 2, clusterAsks, ClusterHost.Shards, "7.0.0", "Returns the nodes and their hash slots, by shard.", ""),
			clusterReplaced(clusterVaries("slaves", 3, clusterAdmin, withNode(ClusterHost.Replicas), "3.0.0", "Returns the replicas of a primary.", "node-id"), "5.0.0", "`CLUSTER REPLICAS`"),
			clusterVaries("slot-stats", -4, clusterAsks, slotStats, "8.2.0", "Returns what there is in hash slots.",
				"<(SLOTSRANGE start-slot:integer end-slot:integer) | (ORDERBY metric:string [LIMIT limit:integer] [<ASC | DESC>])>"),
			clusterReplaced(clusterVaries("slots", 2, clusterAsks, ClusterHost.Slots, "3.0.0", "Returns the hash slots and their nodes.", ""), "7.0.0", "`CLUSTER SHARDS`"),
			clusterMoving("syncslots", -4, syncSlots, "Is what nodes say to each other when hash slots move.", "verb:string name:string [argument:string...]"),
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

// SlotRanges reads ranges of slots from the arguments at i on, to their end, or replies the error.
func SlotRanges(c *Ctx, i int) (slots []cluster.Slot, ok bool) {
	slots, wrong, ok := slotRanges(c, i)
	if ok && wrong != "" {
		c.W.Error(wrong)
	}
	return slots, ok && wrong == ""
}

// slotRanges is SlotRanges for who checks the slots one by one: wrong is the error that is due when those before, which slots has,
// are all right.
func slotRanges(c *Ctx, i int) (slots []cluster.Slot, wrong string, ok bool) {
	if (len(c.Args)-i)%2 != 0 {
		c.W.Error("ERR wrong number of arguments for '" + c.Spec.FullName + "' command")
		return nil, "", false
	}
	bounds := make([]cluster.Slot, 0, len(c.Args)-i)
	for at := i; at < len(c.Args); at++ {
		slot, ok := slotArg(c, at)
		if !ok {
			return nil, "", false
		}
		bounds = append(bounds, slot)
	}
	for at := 0; at < len(bounds); at += 2 {
		if slots, wrong = appendRange(slots, bounds[at], bounds[at+1]); wrong != "" {
			break
		}
	}
	return slots, wrong, true
}

// slotRange appends to slots the range whose bounds are the arguments i and i+1, or replies the error.
func slotRange(c *Ctx, i int, slots []cluster.Slot) (_ []cluster.Slot, ok bool) {
	first, ok := slotArg(c, i)
	if !ok {
		return nil, false
	}
	last, ok := slotArg(c, i+1)
	if !ok {
		return nil, false
	}
	slots, wrong := appendRange(slots, first, last)
	if wrong != "" {
		c.W.Error(wrong)
	}
	return slots, wrong == ""
}

// appendRange appends to slots those from first to last, or says what is wrong with that.
func appendRange(slots []cluster.Slot, first, last cluster.Slot) (_ []cluster.Slot, wrong string) {
	switch {
	case first > last:
		return slots, fmt.Sprintf("ERR start slot number %d is greater than end slot number %d", first, last)
	case len(slots)+int(last-first) >= 2*cluster.Slots: // some stand there twice
		return slots, errSlot
	}
	for s := int(first); s <= int(last); s++ {
		slots = append(slots, cluster.Slot(s))
	}
	return slots, ""
}

func addSlots(h ClusterHost, c *Ctx) {
	if slots, ok := slotList(c); ok {
		h.AddSlots(c, slots, "")
	}
}

func addSlotsRange(h ClusterHost, c *Ctx) {
	if slots, wrong, ok := slotRanges(c, 2); ok {
		h.AddSlots(c, slots, wrong)
	}
}

func removeSlots(h ClusterHost, c *Ctx) {
	if slots, ok := slotList(c); ok {
		h.RemoveSlots(c, slots, "")
	}
}

func removeSlotsRange(h ClusterHost, c *Ctx) {
	if slots, wrong, ok := slotRanges(c, 2); ok {
		h.RemoveSlots(c, slots, wrong)
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
	if len(c.Args) > 5 {
		c.W.Error(errSubArity(c))
		return
	}
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
	if port < 1 || port > 65535 {
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
	case len(c.Args) > 3:
		c.W.Error(errSubArity(c))
	default:
		c.W.Error(ErrSyntax)
	}
}

// takeOver is CLUSTER FAILOVER. The coordinator agrees in any case, so FORCE and TAKEOVER are the same.
func takeOver(h ClusterHost, c *Ctx) {
	switch {
	case len(c.Args) == 2:
		h.TakeOver(c, false)
	case len(c.Args) == 3 && (equalFold(c.Args[2], "force") || equalFold(c.Args[2], "takeover")):
		h.TakeOver(c, true)
	case len(c.Args) > 3:
		c.W.Error(errSubArity(c))
	default:
		c.W.Error(ErrSyntax)
	}
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
