// Package lint holds the house rules as Go tests, in the manner of Go's own
// go/build/deps_test.go: which package may import which, how long files and
// functions may be, and what every package must have.
package lint
