//go:build !race

package raceflag

// Enabled tells whether this binary was built with -race.
const Enabled = false
