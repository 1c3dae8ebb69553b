//go:build race

package resp

// raceEnabled: under the race detector sync.Pool drops items at random, so that
// allocation counts mean nothing.
const raceEnabled = true
