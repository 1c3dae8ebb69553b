//go:build invariants

package invariants

// Enabled tells whether this binary was built with the invariants tag.
const Enabled = true
