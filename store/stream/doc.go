// Package stream is the stream type: the only place that knows how a stream is kept.
//
// Terms
//
//	id        128 bits: milliseconds and a number within them
//	entry     fields with values under an id; entries are added at the end only
//	element   a field or a value
//	node      a run of entries in one block
//	index     the tree of the nodes by the id of their first entry
//	tree      a B+tree of fixed-size records by id, without pointers between leaves
//	table     an array of the addresses of named blocks, ordered by name
//	group     consumers that share the entries of a stream
//	pending   of an entry: delivered to a consumer of a group, not acknowledged
//
// Layout, little endian, widths in bytes. An Addr is 8.
//
//	payload   │ length 8 │ last id 16 │ first id 16 │ max deleted id 16 │ added 8 │
//	          │ index: root Addr, nodes 8 │ last node Addr │ groups: Addr, n 4, capacity 4 │
//	          │ bytes 8 │      what the nodes take in the arena
//
//	tree      │ n 2 │ capacity 2 │ level 1 │ width 1 │ 2 │ record │ record │ ...       level 0: leaf
//	  inner   │ id 16 │ child Addr │                 the ids below child are >= id; the first id means nothing
//	  index   │ id 16 │ node Addr │
//	  pending │ id 16 │ time 48 bits, count's low 16 │ consumer>>3 40 bits, count's high 24 │
//	  owned   │ id 16 │                              what a consumer has pending
//
//	node      │ ms 8 │ seq 8 │ used 4 │ capacity 4 │ live 4 │ deleted 4 │ packed 4 │ last 4 │ first 4 │
//	          │ fields: n, field ... │ entry │ entry │ ... │ unused │
//	  entry   │ size, flags 2 bits │ ms │ seq │ [n] │ [field] value │ ... │    size counts what follows it
//	  field   │ length │ bytes │
//	  value   │ length, 0 1 bit │ bytes │ or │ zigzag number, 1 1 bit │
//
//	group     │ name's length 4 │ 4 │ last id 16 │ read 8 │ pending: root, n │ consumers: table 16 │ name │
//	consumer  │ name's length 4 │ 4 │ seen 8 │ active 8 │ owned: root, n │ name │
//
// Numbers in nodes without a width are variable-length, 7 bits a byte. ms is the
// difference to the node's; seq too if ms is 0, else it is the number itself. Flags: 1
// deleted, 2 the fields are the node's, so that n and the fields are left out.
//
// Thresholds
//
//	a new node   when Redis would begin one: its listpack, whose size nodes count along
//	             (packed), would reach stream-node-max-bytes, or live and deleted entries
//	             are stream-node-max-entries. So trimming to whole nodes leaves as many
//	             entries as in Redis.
//	tree blocks  1, 3, 7 .. 63 records; at the right edge of a tree a full block stays
//	             full. A block that is a quarter full joins a neighbour or shrinks.
//
// Invariants
//
//  1. The payload's size never changes, so that an entry never moves.
//  2. Ids rise strictly from live entry to live entry, and none is above the payload's last
//     id. (XSETID may lower the last id below that of a deleted entry, which still stands
//     in its node.) The node's own id is that of its first entry, deleted or not.
//  3. A node has a live entry; length is the sum of live over the nodes.
//  4. The first id is that of the first live entry, 0-0 without one.
//  5. Every tree block has a record, all leaves are on level 0, and a root above them has
//     two children. The ids in child i are >= id i (i > 0) and < id i+1.
//  6. A pending record's consumer is in the group's table, and the id in its owned tree
//     and in no other.
//  7. Every node but the last one holds no more than its entries need.
//  8. The payload's bytes are the sum of the nodes' blocks.
//
// All functions need the shard lock of the arena; those that change need what
// store.Edit announces. Views and handles (Group, Consumer) are valid until the value is
// changed in size or moved, but creating, delivering and acknowledging keep handles.
package stream
