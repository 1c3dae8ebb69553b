// Package store holds the keyspace: shards, databases, entries and their accounts.
//
// Terms
//
//	shard      1/n of the keyspace with a lock, an arena and a table for each database;
//	           seeded xxhash picks it, the same for a key in every database
//	by slots   of a store: the key's hash slot picks the shard, and where its place in the table
//	           begins (slot.go)
//	foreign    of a slot: its keys are hidden, and do not expire
//	database   what SELECT chooses: one table per shard
//	key        a name with both of its hashes, made once per command by MakeKey
//	corpse     a table, or a whole arena, that a flush detached and the reaper is freeing
//	reaper     the goroutine that frees what is too large to be freed at once, in bounded
//	           steps, under the shard's lock
//	cut        the moment that a snapshot shows
//	pre-image  an entry as it stood at the cut
//	owed       of a large value: the snapshot has passed its place, but has not had all of it
//	portion    a part of a large value that a snapshot is handed under one hold of the lock
//	kind       type and encoding of an entry; values.go has what the store must know of each
//	edit       to announce that a value will be changed in place, so that a running
//	           snapshot gets its pre-image; settle: to put an entry that moved into its slot
//	evictor    what finds the entries to evict at maxmemory, from samples (evict.go)
//	compactor  what moves blocks out of sparse pages, shard by shard (compact.go)
//	gather     to fill the pages that shards share up with what stands in the emptiest of them (gather.go)
//	usage      the live bytes of all shards, told in coarse steps (usage.go)
//
// Layout
//
//	Store ─▶ shards     │ 0: mutex, arena, hint, garbage, counters    │ 1 │ ... │   192 B each
//	      ─▶ databases  │ db 0: shard 0 │ shard 1 │ ... │ db 1: shard 0 │ ...  │    64 B each
//	                          │
//	                          └▶ dict.Table ─▶ directory ─▶ segment ─▶ slot ─▶ entry
//
// A Store is made of parts, one on top of the other: shardLocks (the shards and their locks), grid (where keys
// stand, and how many there are), upkeep (what a change owes to a snapshot and to the reaper), and
// the keyspace itself, with deadlines and the copies of whole entries.
//
// Both arrays are allocated once and never move, so that the look-ahead (TouchBuckets,
// TouchEntry) finds a table without a lock; it reads nothing of it but its stamp and the
// directory word, atomically, and gives no meaning to what it finds. Under the lock, it is
// a hint (lookahead.go): if the table's stamp is still the same, the slot that look-ahead
// came to is a slot of the table, and if the key in it is the right one, there is nothing
// left to search. A lookup leaves such a hint to the next one of the same command.
//
// # Due times
//
// The tables know lower bounds of when their entries fall due (package dict): at their
// deadlines, or when something inside the value does. database.due bounds a table,
// Store.due a shard. Whoever expires things sleeps until the least of the latter
// (SetAlarm), calls ExpireStep for the shards that are due, and is woken by
// Hooks.Alarm when an earlier moment comes up. docs/format/deadlines.md has the layout.
//
// # Locks
//
// Shard locks are taken in ascending order. Unless a method says that it takes locks
// itself, its caller holds the locks of the shards of all keys that it passes, and a
// gate. The reaper and Snapshot.Step take one shard lock at a time and no gate: who
// holds all gates still needs a shard's lock to touch what is inside.
//
// Invariants
//
//  1. An entry is referred to by exactly one slot, in the table of its database and of
//     the shard that its key hashes to.
//  2. Per shard: bytes of entries + values + tables + garbage + corpses = arena.Used().
//  3. Nothing in a database is due before database.due, nothing in a shard before
//     Store.due; database.expires is the number of its entries with a deadline.
//  4. A deadline <= now means expired: Find never returns such an entry.
//  5. A view of an entry is valid until the lock is released or the entry is changed
//     through the store; every method that may move an entry returns it anew.
//  6. While a snapshot runs, no entry in a part of a segment that it has not passed (dict: Version,
//     Passed) is changed, moved between tables, or freed before the sink has had it; nor
//     is a large value that is owed.
package store
