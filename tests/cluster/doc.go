// Package cluster tests nodes of a cluster whose coordinator is etcd, from outside: that etcd is a
// coordinator as the others are, and what becomes of a cluster when processes and connections fail.
package cluster
