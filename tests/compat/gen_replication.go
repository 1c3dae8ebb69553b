package compat

import "strings"

var replicationGroup = Group{Name: "replication",
	Commands: `
		asking cluster cluster|countkeysinslot cluster|getkeysinslot cluster|help cluster|info cluster|keyslot cluster|links cluster|meet
		cluster|myid cluster|nodes cluster|reset cluster|setslot cluster|shards cluster|slots failover module module|list module|load
		module|loadex module|unload readonly readwrite replconf replicaof slaveof wait`,
	Weight: 1, Cases: replicationCases, Gens: []Gen{{Name: "connect", Make: func(g *G) []string {
		return strings.Fields(g.Pick("ASKING", "CLUSTER", "CLUSTER COUNTKEYSINSLOT 1", "CLUSTER GETKEYSINSLOT 1 2", "CLUSTER HELP", "CLUSTER INFO", "CLUSTER KEYSLOT k",
			"CLUSTER LINKS", "CLUSTER MEET a 1", "CLUSTER MYID", "CLUSTER NODES", "CLUSTER RESET", "CLUSTER SETSLOT 1 STABLE", "CLUSTER SHARDS", "CLUSTER SLOTS",
			"FAILOVER", "FAILOVER ABORT", "FAILOVER TIMEOUT x", "MODULE", "MODULE LIST", "MODULE LOAD x", "MODULE LOADEX x", "MODULE UNLOAD x", "READONLY", "READWRITE",
			"REPLCONF listening-port 1", "REPLCONF x y", "REPLICAOF NO ONE", "SLAVEOF NO ONE", "REPLICAOF a b", "WAIT 0 0", "WAIT 1 1", "WAIT x 1"))
	}}}}
