// Package packed keeps short sequences of byte strings inside an entry's payload: what
// OBJECT ENCODING shows as listpack.
//
// Terms
//
//	element   one byte string with its length
//	group     what the owner's type puts together: stride elements, then suffix bytes of
//	          fixed width (a score, a deadline)
//	head      the owner's own bytes in front of the first group, such as a count
//
// Layout, widths in bytes
//
//	payload   │ head │ group │ group │ ...              to the payload's end
//	group     │ element * stride │ suffix │
//	element   │ length 1..5 │ bytes │                    length: 7 bits a byte, low ones first
//
// Offsets count from the payload's start. A length below 128 takes one byte. Integers
// have no form of their own: up to nine digits a string is no longer than a word.
//
// Invariants
//
//  1. The last group ends where the payload ends.
//  2. Lengths have their shortest form.
//
// The functions on a plain []byte allocate nothing and change nothing but what they
// say. Those that take an entry may move it and return it as it is now (Store.Settle);
// they need the shard lock, and their elements must not be views of that entry.
package packed
