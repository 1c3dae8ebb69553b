// Package list is the list type: the only place that knows how a list is kept.
//
// Terms
//
//	element   a byte string; one that is a decimal int64 in its shortest form is kept as
//	          a number
//	packed    elements one after the other, each readable from both its ends
//	compact   a list whose payload is one packed run (encoding Listpack)
//	full      a list of nodes in arena blocks (encoding Quicklist)
//	node      a block with one packed run and room at either end of it
//	end node  the first or last node; the root names it, so that pushes and pops
//	          touch the root and one node
//	leaf      a node between the end nodes: a leaf of the tree
//	tree      a counted B+tree over the leaves, which finds an index in a few steps
//	bounds    the most bytes and elements of one node, from list-max-listpack-size
//
// A packed element, widths in bytes. It is the encoding of a listpack, so that what
// OBJECT ENCODING shows changes at the same sizes as in Redis.
//
//	│ head 1..5 │ bytes, or a number of 0..8 │ length of what stands before, 1..5 │
//
//	head  0xxxxxxx            0..127                1110xxxx + 1   string < 4096
//	      10xxxxxx            string < 64           11110000 + 4   string
//	      110xxxxx + 1        13 bits, signed       11110001 .. 4  16, 24, 32, 64 bits
//	The length at the end has 7 bits in each byte and is read from right to left.
//
// Payload of a compact list
//
//	│ count 2 │ gap 2 │ gap bytes unused │ packed elements │
//
// Payload of a full list (the root) and what it refers to
//
//	│ count 8 │ head node 8 │ tail node 8 │ tree 8 │ bytes of all blocks 8 │
//	               │              │           │
//	               ▼              ▼           ▼
//	node   │ size 4 │ begin 4 │ end 4 │ count 4 │ unused │ packed elements │ unused │
//	       0                            16      begin                      end      size
//
//	inner  │ n 2 │ room 2 │ level 1 │ - 3 │ n times: child 8, its elements 8 │ unused │
//	       level 1: the children are leaves
//
// Thresholds
//
//	compact -> full   a push or insertion would exceed the bounds; as Redis counts:
//	                  7 + packed bytes + bytes of the new elements
//	full -> compact   a removal or LSET leaves one node of at most half the bounds
//	a node            grows by doubling up to the bounds; an element that exceeds them by
//	                  itself has a node of its own
//
// Invariants
//
//  1. Numbers are always kept as numbers, in the shortest head that holds them: equal
//     elements are equal bytes.
//  2. The order is head node, leaves, tail node; any of the three may be missing. No
//     node and no inner block is empty. A count of 0 exists only until the caller
//     deletes the key.
//  3. A node has at most one element, or keeps to the bounds that were in force when it
//     was filled.
//  4. All leaves have the same distance from the tree's top; an inner block's numbers of
//     elements are exact.
//  5. The root's bytes are the sum of arena.SizeOf over all blocks.
//
// A function that may move the entry returns the entry as it is now; the caller puts it
// into the table. All of them need the shard lock of the arena. Views end with the next
// change of the list.
package list
