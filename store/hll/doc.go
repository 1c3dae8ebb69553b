// Package hll is the HyperLogLog that lives in a string: it estimates how many different
// elements were added. The bytes are those of Redis, so that a value that was read with
// GET means the same on both.
//
// Terms
//
//	register     one of 2^14; the largest rank of the elements that fell into it
//	rank         of an element: 1 + the number of trailing zeros of its hash, without the 14
//	             bits that choose the register; 1 to 51
//	dense        all registers, 6 bits each
//	sparse       runs of equal registers, in order; for small sets
//	cached       the estimate of the last count, until a register changes
//
// Layout, little endian, widths in bytes
//
//	header   │ "HYLL" 4 │ encoding 1 │ 0 3 │ cached estimate 8 │          encoding: 0 dense, 1 sparse
//	         the estimate's highest bit says that it does not hold any more
//	dense    │ header 16 │ registers 12288 │            register i: bits 6i to 6i+5, low bits first
//	sparse   │ header 16 │ run │ run │ ...
//	run      00nnnnnn            ZERO    n+1 registers are 0
//	         01nnnnnn nnnnnnnn   XZERO   n+1 registers are 0, high bits first
//	         1vvvvvnn            VAL     n+1 registers are v+1
//
// A sparse one becomes dense when a register exceeds 32, or when it would be longer than a
// limit. It never goes back. Two runs of the same value that a change made neighbours
// become one if that is short enough.
//
// The estimate is that of Otmar Ertl, "New cardinality estimation algorithms for
// HyperLogLog sketches", 2017 (the improved raw estimator, equation 15 and algorithm 6):
// no tables of corrections, one formula for all sizes. Elements are hashed by
// MurmurHash64A (Austin Appleby).
//
// Invariants (Valid and Registers check them, for values that come from outside)
//
//  1. A dense value is DenseBytes long.
//  2. The runs of a sparse one describe 2^14 registers.
package hll
