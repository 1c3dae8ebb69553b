// Package cluster shows a topology to clients in the words of Redis Cluster: what CLUSTER NODES,
// SLOTS, SHARDS, REPLICAS and INFO reply, and redirections. Its functions are pure: of a View and
// nothing else. Nothing calls them yet: a server is no node of a cluster.
//
// # Terms
//
//	view      a topology as one node shows it to one client
//	visible   the nodes that a view has: all that have been introduced, or, from a node that has
//	          not been, that node alone
//	endpoint  the name under which clients are to reach a node
package cluster
