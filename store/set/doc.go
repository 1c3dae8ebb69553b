// Package set is the set type: sorted integers, a packed sequence, or a hash table.
//
// Terms
//
//	member  a byte string; it counts as an integer if it is the shortest decimal text of
//	        an int64
//
// Layout of the payload, widths in bytes
//
//	Intset     │ width 1 │ integer * n │                  little endian, 2, 4 or 8 wide, rising
//	Listpack   │ count 2 │ element * count │              as in store/packed, in the order of adding
//	Hashtable  │ slotted.Table 40 │                       the rest in pages outside, store/slotted
//
// Conversions, as in Redis 7.2 and later, never back but for what ToInts says:
//
//	a new set         Intset if its first member is an integer and no more members are
//	                  expected than Limits.IntEntries; else Listpack if no more than
//	                  Limits.Entries; else Hashtable
//	Intset            another member makes it Listpack, or Hashtable if that would have more
//	                  than Limits.Entries members or one longer than Limits.ValueBytes;
//	                  above Limits.IntEntries integers it becomes Hashtable
//	Listpack          Hashtable beyond the same two limits
//
// Invariants (Check)
//
//  1. Intset: the integers rise strictly. The width is 2, 4 or 8.
//  2. Listpack: count elements end where the payload ends; no two are equal.
//  3. Hashtable: slotted.Check; the mode is Keys.
//
// An empty set exists only for a moment: the caller deletes its key. All functions need
// the shard lock; those that return an entry may have moved it (Store.Settle).
package set
