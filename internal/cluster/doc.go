// Package cluster is what the nodes of a cluster agree on: which of them have which hash slots.
// They agree by a coordinator, a small store outside of them that all of them watch and change in
// transactions; there is no gossip. The package knows no server.
//
// # Terms
//
//	slot         one of 16384 classes of keys; a key is in one by its checksum (KeySlot)
//	node         a server, with an id that it keeps for ever and addresses
//	shard        nodes with the same data: one is the primary, the others are its replicas
//	owner        the shard that a slot belongs to
//	topology     all nodes, shards and owners at one moment: a Topology never changes
//	epoch        counts the changes of the topology: each has one of its own
//	coordinator  where the topology is kept: in memory (Memory), in a file (File, Shared) or in etcd
//	             (package etcd, which opens a Remote)
//	revision     counts the transactions of a coordinator, whatever they change
//	lease        something that ends unless it is renewed; what was written with it goes with it
//	directory    the topology as one node sees it, which follows the coordinator
//
// # Keys
//
// A coordinator keeps pairs of a key and a JSON document, which an operator can read:
//
//	epoch         17
//	node/<id>     {"ip":"10.0.0.7","port":6379,"bus-port":16379,"shard":"<id>","met":true}
//	              also, where a node has them: "tls-port", "hostname"
//	shard/<id>    {"primary":"<node id>","epoch":12,"slots":["0-5460","9000"]}
//	              also, while slots move key by key: "migrating" and "importing",
//	              {"<slot>":"<id of the other shard>"}
//	live/<node>   {} of a node that runs, with its lease; while nobody leads its shard {"round":81,"term":64,"offset":77};
//	              also "no-failover":true of one that will not lead by itself
//	lead/<shard>  {"node":"<node id>","lease":"<id>"}, with the lease of who leads: its primary, while it runs
//	heirs/<shard> {"nodes":["<node id>"],"led":"<node id>","term":64}, which may lead besides the primary, and who has led
//	              last, which may, too, and with which term; without "term" it is the revision of the pair itself; as it was
//	              written before, without "led" or ["<node id>"], it is read, too, and what is not there not known
//	ask/<shard>   "<node id>", which wants to lead without loss, with its lease
//	myself        "<id>", in a file that one node alone has: its own
//	moving        ["0-99"], there, too: slots that were being moved from or to it
//	origins       [{"history":"<replication id>","shard":"<id>","term":64}], there, too: whose data it has had
//	promised      15000, in the same: that it will not lead for so many milliseconds after a start
//
// Ids are 40 hexadecimal digits in lower case. A node that nobody has been introduced to (CLUSTER
// MEET) is not "met": it and the others do not show each other to clients.
//
// # How a change is made
//
//	Directory.Change:  read ─▶ Draft, edited ─▶ Topology, checked ─▶ transaction ─▶ installed
//	                     ▲                                                │
//	                     └──── again: somebody else was first ◀── if epoch is what was read
//
// Every transaction that changes a node/ or shard/ key also writes epoch, one higher, and only if
// epoch is still what it was when the topology was read. So changes are one after the other, each
// sees all before it, and what is checked of the whole holds although it is kept in many keys.
//
// # Who leads
//
// The topology says which node is a shard's primary; that it may change data, which is to lead, it may as long as
// there is lead/<shard> with its lease. Nobody writes that key who does not find it gone, in the same
// transaction, so there is one leader at most. An heir that finds it gone becomes primary and leader at once.
//
// # Invariants
//
//  1. A slot has one owner at most.
//  2. Epochs only grow: that of the topology by one with each change; that of a shard never goes
//     back, and is never above that of the topology.
//  3. A node belongs to one shard, and a shard's primary is one of its nodes.
//  4. Who holds a lease knows a moment, by its own monotonic clock, before which it cannot have
//     ended: that of asking for it plus its time to live.
//  5. A Topology never changes; a Directory goes from one to the next, never back.
package cluster
