// Package invariants holds the switch for Kring's expensive self-checks.
//
// Build with `-tags invariants` to turn them on: released buffers are
// overwritten, structures verify themselves after each change, and a broken
// rule panics. Without the tag, Enabled is a false constant and the compiler
// removes every check.
package invariants
