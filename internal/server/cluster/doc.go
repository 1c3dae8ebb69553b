// Package cluster is the server as a node of a cluster, and shows a topology to clients in the words of Redis Cluster: what CLUSTER NODES,
// SLOTS, SHARDS, REPLICAS and INFO reply, and redirections. These functions are pure: of a View and
// nothing else. A Node is the server as one of a cluster: it follows the topology, has the server do
// what that says, and changes it for the commands of CLUSTER.
//
// # Terms
//
//	view      a topology as one node shows it to one client
//	visible   the nodes that a view has: all that have been introduced, or, from a node that has
//	          not been, that node alone
//	endpoint  the name under which clients are to reach a node
package cluster
