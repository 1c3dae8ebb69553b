package command

// There is no cluster mode. Its commands reply what Redis replies with cluster-enabled no, which
// client libraries take for the answer that they have one server before them.

const (
	errNoCluster = "ERR This instance has cluster support disabled"

	clusterAsks    = Stale | Refused
	clusterAdmin   = Admin | Stale | Refused
	clusterChanges = Admin | Stale | NoAsyncLoading | Refused
)

var clusterSpecs = []*Spec{
	{
		Name: "cluster", Arity: -2, Flags: Refused, Group: GroupCluster, Since: "3.0.0", Complexity: "Depends on subcommand.",
		Summary: "Commands for nodes of a cluster.",
		Subs: []*Spec{
			clusterSub("addslots", -3, clusterChanges, "3.0.0", "Gives hash slots to this node.", "slot:integer..."),
			clusterSub("addslotsrange", -4, clusterChanges, "7.0.0", "Gives ranges of hash slots to this node.", "(start-slot:integer end-slot:integer)..."),
			clusterVaries("bumpepoch", 2, clusterChanges, "3.0.0", "Raises the configuration epoch.", ""),
			clusterVaries("count-failure-reports", 3, clusterAdmin, "3.0.0", "Returns how many nodes report another one as failing.", "node-id"),
			clusterSub("countkeysinslot", 3, clusterAsks, "3.0.0", "Returns how many keys there are in a hash slot.", "slot:integer"),
			clusterSub("delslots", -3, clusterChanges, "3.0.0", "Takes hash slots from this node.", "slot:integer..."),
			clusterSub("delslotsrange", -4, clusterChanges, "7.0.0", "Takes ranges of hash slots from this node.", "(start-slot:integer end-slot:integer)..."),
			clusterSub("failover", -2, clusterChanges, "3.0.0", "Lets a replica take its primary's place.", "[<FORCE | TAKEOVER>]"),
			clusterSub("flushslots", 2, clusterChanges, "3.0.0", "Takes all hash slots from this node.", ""),
			clusterSub("forget", 3, clusterChanges, "3.0.0", "Removes a node from the table of nodes.", "node-id"),
			clusterVaries("getkeysinslot", 4, clusterAsks, "3.0.0", "Returns keys of a hash slot.", "slot:integer count:integer"),
			{
				Name: "help", Arity: 2, Flags: Loading | Stale | Refused, Group: GroupCluster, Handler: noCluster, Since: "5.0.0", Complexity: "O(1)",
				Summary: "Describes the subcommands.",
			},
			clusterVaries("info", 2, clusterAsks, "3.0.0", "Returns the state of this node.", ""),
			clusterSub("keyslot", 3, clusterAsks, "3.0.0", "Returns the hash slot of a key.", "key:string"),
			clusterVaries("links", 2, clusterAsks, "7.0.0", "Returns the connections between the nodes.", ""),
			clusterSub("meet", -4, clusterChanges, "3.0.0", "Introduces another node.", "ip port:integer [cluster-bus-port:integer]"),
			clusterSub("myid", 2, clusterAsks, "3.0.0", "Returns the id of this node.", ""),
			clusterVaries("myshardid", 2, clusterAsks, "7.2.0", "Returns the id of this node's shard.", ""),
			clusterVaries("nodes", 2, clusterAsks, "3.0.0", "Returns all nodes.", ""),
			clusterVaries("replicas", 3, clusterAdmin, "5.0.0", "Returns the replicas of a primary.", "node-id"),
			clusterSub("replicate", 3, clusterChanges, "3.0.0", "Makes this node a replica of another one.", "node-id"),
			clusterSub("reset", -2, clusterAdmin|NoScript, "3.0.0", "Makes this node a new one.", "[<HARD | SOFT>]"),
			clusterSub("saveconfig", 2, clusterChanges, "3.0.0", "Writes the state of the cluster to disk.", ""),
			clusterSub("set-config-epoch", 3, clusterChanges, "3.0.0", "Sets the configuration epoch of a new node.", "config-epoch:integer"),
			clusterSub("setslot", -4, clusterChanges, "3.0.0", "Says whose a hash slot is, or becomes.",
				"slot:integer <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>"),
			clusterVaries("shards", 2, clusterAsks, "7.0.0", "Returns the nodes and their hash slots, by shard.", ""),
			clusterReplaced(clusterVaries("slaves", 3, clusterAdmin, "3.0.0", "Returns the replicas of a primary.", "node-id"), "5.0.0", "`CLUSTER REPLICAS`"),
			clusterReplaced(clusterVaries("slots", 2, clusterAsks, "3.0.0", "Returns the hash slots and their nodes.", ""), "7.0.0", "`CLUSTER SHARDS`"),
		},
	},
	{
		Name: "asking", Arity: 1, Flags: Fast | Refused | ConnectionCat, Group: GroupCluster, Handler: noCluster, Since: "3.0.0", Complexity: "O(1)",
		Summary: "Says that the next command comes after an ASK redirection.",
	},
	{
		Name: "readonly", Arity: 1, Flags: Loading | Stale | Fast | Refused | ConnectionCat, Group: GroupCluster, Handler: noCluster, Since: "3.0.0", Complexity: "O(1)",
		Summary: "Allows reads from a replica of a cluster.",
	},
	{
		Name: "readwrite", Arity: 1, Flags: Loading | Stale | Fast | Refused | ConnectionCat, Group: GroupCluster, Handler: noCluster, Since: "3.0.0", Complexity: "O(1)",
		Summary: "Ends what READONLY began.",
	},
}

func clusterSub(name string, arity int, flags Flag, since, summary, syntax string) *Spec {
	return &Spec{
		Name: name, Arity: arity, Flags: flags, Group: GroupCluster, Handler: noCluster, Since: since, Complexity: "O(1)",
		Summary: summary, Syntax: syntax,
	}
}

// clusterVaries is clusterSub for those whose reply is not the same everywhere and always.
func clusterVaries(name string, arity int, flags Flag, since, summary, syntax string) *Spec {
	s := clusterSub(name, arity, flags, since, summary, syntax)
	s.Tips = []string{"nondeterministic_output"}
	return s
}

func clusterReplaced(s *Spec, since, by string) *Spec {
	s.Deprecated, s.ReplacedBy = since, by
	return s
}

func noCluster(c *Ctx) { c.W.Error(errNoCluster) }
