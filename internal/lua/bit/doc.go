// Package bit is the library bit of scripts: operations on 32 bits, as Lua BitOp has them.
//
// Terms
//
//	bits   a number taken modulo 2^32, by the rounding that adding 2^52 + 2^51 brings
//
// Invariants
//
//  1. Results are numbers from -2^31 to 2^31-1.
//
//     result   31                              0
//     ┌─┬───────────────────────────────┐
//     │s│ 31 bits                       │
//     └─┴───────────────────────────────┘
package bit
