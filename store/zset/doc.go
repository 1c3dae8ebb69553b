// Package zset is the sorted set: the only place that knows how one is kept.
//
// # Terms
//
//	order      by score, and within a score by member, bytewise
//	key        a score as an int64 that compares as the score does; -0 and 0 have one key,
//	           and in a tree a flag beside it says which it was (compact sets make -0 a 0)
//	rank       position in the order, from 0
//	block      a header, then arrays with a slot per entry, then the bytes of all members
//	compact    a set that is one block, in its entry's payload (shown as "listpack")
//	full       a B+tree of blocks in the arena and an index from member to score, whose
//	           roots stand in the payload (shown as "skiplist")
//	separator  of an inner block's slot i > 0: above everything below slot i-1, and not above
//	           anything below slot i. It is as short as that allows: without a member where
//	           the scores differ.
//	outside    a member of more than 256 bytes in a tree: the block has a stub of it
//
// # Layout
//
// Little endian, widths in bytes; n slots, nothing is aligned.
//
//	leaf      │ header 4 │ keys 8n │ ends wn │ member bytes │               w = 2, or 4 if wide
//	inner     │ header 4 │ keys 8n │ ends 2n │ children 8n │ counts 8n │ separator bytes │
//
//	header    bits 0..23 n | 24..30 level, 0 for a leaf | 31 wide
//	end       where the slot's bytes end, counted from the first; its two highest bits:
//	          outside | the score is -0
//	stub      │ address 8 │ length 4 │
//	count     entries below the child
//
//	payload, compact   │ a leaf, wide when its members take more than 16383 bytes │
//	payload, full      │ root block 8 │ entries 8 │ bytes of the tree's blocks 8 │ index, see store/slotted │
//
// The arrays make a search touch the scores alone (8 per cache line); members are looked
// at where scores are equal. A block is as long as its content and moves to another size
// class as it grows and shrinks, so that half-full blocks cost nothing. Leaves are not
// linked: a Cursor holds the way down, and an insertion need not touch neighbours.
//
// # Thresholds
//
//	compact   while it has at most zset-max-listpack-entries entries and never had a member
//	          of more than zset-max-listpack-value bytes; a full set never goes back
//	blocks    leaves split beyond 1 KB, inner blocks beyond 2 KB, each time at another share
//	          between a third and two thirds; at the tree's left and right edges nothing but
//	          the new entry moves, so that entries which come in order fill the blocks.
//	          Blocks below a quarter merge when they fit.
//
// # Invariants
//
//  1. Entries are in order and unique; ends never decrease.
//  2. All leaves of a tree have level 0, children one level less than their parent. A tree's
//     root has at least one entry, an inner root at least two children.
//  3. An inner slot's count is the number of entries below it; slot 0 has no separator.
//  4. The block at an address occupies the size class of its content's length.
//  5. The payload's byte account is the sum of the size classes of all blocks of the tree,
//     those of outside members included.
//  6. The index has exactly the tree's members, with their scores.
//
// All functions need the lock of the shard whose arena the set lives in; views of members
// die with it, or with the next change of the set.
package zset
