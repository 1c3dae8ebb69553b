// Package raceflag tells tests whether the race detector is on: it changes what
// allocates and how long things take.
package raceflag
