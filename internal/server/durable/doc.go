// Package durable keeps a server's data on its disk: it opens, rewrites and closes the AOF, saves and
// loads snapshots, and sees to it that one copy of the store is made at a time. Package persistence
// writes and reads the AOF's files, package snapshot copies the store; here is when, and what is told.
//
// # Terms
//
//   - Disk: AOF and snapshots of a server.
//   - job: a copy of the store that is made while it changes; Jobs lets there be one at a time.
//   - cut: the moment that a copy shows; it is a position of the journal.
//   - save point: so many changes within so many seconds, after which a snapshot is saved.
//   - House: the server as its Disk sees it.
//
// # A copy
//
//	BGSAVE, save points ─▶ Jobs.Ask ─▶ save    ─▶ ImageCopy ┐
//	SAVE, the end       ─▶                                  ├─▶ Cut (all gates, all shards) ─▶ snapshot.Copy ─▶ file
//	BGREWRITEAOF, size  ─▶ Jobs.Ask ─▶ rewrite ─▶ source    ┘       └─▶ the journal's position: what the AOF goes on from
//
// # Invariants
//
//  1. What a copy shows was recorded before the position of its cut, what it does not show behind it.
//  2. While data are loaded, nobody else changes them: clients are answered LOADING.
//  3. Nothing here runs under a shard lock but what a cut does.
package durable
