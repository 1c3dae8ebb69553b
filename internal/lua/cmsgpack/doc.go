// Package cmsgpack is the library cmsgpack of scripts: Lua values to and from MessagePack,
// as Salvatore Sanfilippo's library has it.
//
// Terms
//
//	array   a table whose keys are 1 to n, by their count and the largest; any other is a map
//	level   how many tables a value is in; one at level 16 is packed as nil
//
// Invariants
//
//  1. Numbers that are whole and fit are packed as the shortest integer, others as the
//     shorter of float and double that is exact.
//
//  2. Nothing is read outside of the data, and a length that it names is believed only as
//     far as there are bytes.
//
//     value   ┌───────┬─ ─ ─ ─ ─ ─ ─┬─ ─ ─
//     │ type  │ length, big │ bytes, or values
//     └───────┴─ ─ ─ ─ ─ ─ ─┴─ ─ ─
package cmsgpack
