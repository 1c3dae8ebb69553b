package compat

// replicationCases are what clients and tools ask at connect about replication, a cluster and
// modules: there are no replicas, no cluster, no modules.
var replicationCases = []Case{
	{"wait without replicas", `
		WAIT 0 0
		WAIT 0 5
		SET k v
		WAIT 0 0
		WAIT 1 20
		WAIT -1 10
		WAIT 9223372036854775807 1
		WAIT -9223372036854775808 0
		WAIT 9223372036854775808 1
		WAIT 1 -1
		WAIT 0 -1
		WAIT x 0
		WAIT 0 x
		WAIT 1 1.5
		WAIT 1
		WAIT 1 2 3
		MULTI
		WAIT 1 0
		WAIT x 0
		SET k w
		EXEC
		@1 !noreply WAIT 1 0
		!blocked 1
		CLIENT UNBLOCK @{id1} TIMEOUT
		@1 !receive
		@1 !noreply WAIT 1 0
		!blocked 1
		CLIENT UNBLOCK @{id1} ERROR
		@1 !receive
		@1 !noreply WAIT 3 50
		@1 !receive
		@1 GET k`},
	{"replication without replicas", `
		ROLE
		ROLE x
		REPLICAOF NO ONE
		SLAVEOF no one
		REPLICAOF no two
		REPLICAOF x y
		REPLICAOF 127.0.0.1 99999
		REPLICAOF 127.0.0.1 65536
		REPLICAOF 127.0.0.1 -1
		REPLICAOF
		SLAVEOF a
		FAILOVER
		FAILOVER ABORT
		FAILOVER ABORT x
		FAILOVER abort TIMEOUT 1
		FAILOVER TO x
		FAILOVER TO x y
		FAILOVER TO x 1
		FAILOVER TO x 1 FORCE
		FAILOVER TO x 1 FORCE TIMEOUT 5
		FAILOVER TO x 1 TO x 2
		FAILOVER FORCE FORCE
		FAILOVER TIMEOUT 1
		FAILOVER TIMEOUT 0
		FAILOVER TIMEOUT -1
		FAILOVER TIMEOUT x
		FAILOVER TIMEOUT
		FAILOVER TIMEOUT 1 TIMEOUT 2
		FAILOVER foo
		REPLCONF
		REPLCONF a
		REPLCONF foo bar
		REPLCONF listening-port 1
		REPLCONF listening-port x
		REPLCONF ip-address a
		REPLCONF ip-address {300*a}
		REPLCONF ip-address {256*a}
		REPLCONF ip-address {255*a}
		REPLCONF CAPA eof capa psync2
		REPLCONF rdb-only 1
		REPLCONF rdb-only 2
		REPLCONF rdb-only x
		REPLCONF rdb-filter-only ""
		REPLCONF rdb-filter-only functions
		REPLCONF rdb-filter-only foo
		MULTI
		SYNC
		PSYNC ? -1
		EXEC
		PSYNC a
		SENTINEL masters
		COMMAND INFO failover psync replconf replicaof slaveof sync wait role`},
	{"no cluster", `
		CLUSTER
		CLUSTER INFO
		CLUSTER SLOTS
		CLUSTER slots x
		CLUSTER NODES
		CLUSTER SHARDS
		CLUSTER LINKS
		CLUSTER MYID
		CLUSTER KEYSLOT
		CLUSTER KEYSLOT a
		CLUSTER HELP
		CLUSTER HELP x
		CLUSTER COUNTKEYSINSLOT 1
		CLUSTER GETKEYSINSLOT 1 2
		CLUSTER RESET
		CLUSTER MEET
		CLUSTER MEET a 1
		CLUSTER SETSLOT 1 STABLE
		CLUSTER foo
		CLUSTER ""
		READONLY
		READONLY x
		READWRITE
		ASKING
		MULTI
		CLUSTER INFO
		READONLY
		ASKING
		EXEC
		COMMAND INFO cluster asking readonly readwrite
		COMMAND INFO cluster|info cluster|slots cluster|reset`},
	{"no modules", `
		MODULE
		MODULE LIST
		MODULE LIST x
		MODULE LOAD x
		MODULE LOAD
		MODULE LOADEX x
		MODULE UNLOAD x
		MODULE UNLOAD x y
		MODULE foo
		MULTI
		MODULE LOADEX x
		EXEC
		MULTI
		MODULE LIST
		EXEC
		HELLO 3
		MODULE LIST
		COMMAND INFO module module|list module|unload`},
}
