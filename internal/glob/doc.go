// Package glob matches byte strings against Redis's glob patterns: the ones of KEYS,
// SCAN MATCH, CONFIG GET, PSUBSCRIBE and ACL rules.
//
// Terms
//
//	element   the part of a pattern that takes one byte: a literal, '?', an escape or a class
//	star      '*', which takes any number of bytes, also none
//	class     '[' ... ']': bytes, ranges a-z and escapes; '^' first negates it
//
// The pattern language
//
//	?        any one byte
//	*        any bytes
//	\x       the byte x; a lone backslash at the end is itself
//	[a-cx]   one of a, b, c, x
//	[^a]     anything but a
//	[a-      a class may end with the pattern: then it stands as if closed there
//
// The corners are Redis's: a range takes whatever byte follows the '-', even ']', and
// its ends may be in either order; an empty class matches nothing; an escape inside a
// class compares exactly, also without case; of all patterns only the single "*" and
// the empty one match the empty string.
//
// Invariants
//
//  1. Matching keeps one point to go back to (the last star), so it costs at most
//     len(pattern) * len(s) steps, whatever the pattern: there is no recursion.
//  2. Nothing is allocated.
package glob
