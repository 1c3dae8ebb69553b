// Package etcd is the coordinator that keeps the topology of a cluster in etcd. It stands alone, so that
// nobody but kring-server needs its client: what knows coordinators gets Open.
//
// # Terms
//
//	prefix    of all keys of one cluster: several clusters may share an etcd
//	revision  etcd's own, which counts the changes of all of its keys
//	lease     etcd's own: it is granted in whole seconds, and ends up to half a second later
//
// # Invariants
//
//  1. What is read is read by agreement of etcd's members (linearizable), never from one that lags.
//  2. Every request ends after a time, whatever etcd does. What is read, and a lease's renewal, which may be done twice, is asked of
//     another member as well while one does not answer (hedge.go).
//  3. What a transaction writes is seen by who watches as a whole, as etcd sends whole revisions.
package etcd
