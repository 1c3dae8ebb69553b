// Package structs is the library struct of scripts: values to and from the binary layout of
// C structures, as Roberto Ierusalimschy's library has it.
//
// Terms
//
//	option    one letter of a format, with a size behind some
//	control   an option that stands for no value: byte order, alignment, spaces
//
// The options
//
//	> <       big endian, little endian (which is how a format begins)
//	!n        align to n, a power of two; 8 without n
//	b B h H l L T   1, 2, 8 and 8 bytes; small letters are signed
//	in In     integers of n bytes, 4 without n
//	f d       float, double
//	cn        n bytes; c0: as many as the number before says
//	s         bytes up to a 0
//	x         a byte of padding
//
// Invariants
//
//  1. Nothing is read outside of the data: each option checks that its bytes are there.
//
//  2. An integer of n bytes keeps the low 64 bits.
//
//     "<i2!4i4"   ┌────────┬────────┬────────────────┐
//     │ i2   2 │ pad  2 │ i4           4 │
//     └────────┴────────┴────────────────┘
package structs
