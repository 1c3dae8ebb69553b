// Package value is what the keyspace needs to know of a value that holds memory
// outside its entry's block, whatever its type: one Ops per kind, a table of plain
// functions.
//
// Terms
//
//	kind      type and encoding of an entry as one byte, entry.KindOf
//	outside   arena blocks that a value holds besides its entry's own
//	garbage   the outside memory of a value that is no more: pointer-free, freed in steps
//
// Layout
//
//	entry block │ header │ deadline │ key │ payload: the value's root │
//	                                             │ Detach moves the root
//	                                             ▼
//	Garbage     │ kind 1 │ root and progress, the type's own: 8 words │
//
// Invariants
//
//  1. A kind without Ops keeps its value wholly inside the entry's block.
//  2. After Detach the Garbage is the only reference to the outside memory; the
//     entry's payload is undefined and its block the caller's to free.
//  3. Outside before Detach equals Bytes of the Garbage after it, in the same arena.
//  4. All functions need the lock of the shard whose arena the value lives in.
package value
