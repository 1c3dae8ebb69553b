package invariants

import "fmt"

// Assert panics with the formatted message when Enabled and ok is false. Call it
// inside `if invariants.Enabled` where computing ok or the arguments costs.
func Assert(ok bool, format string, args ...any) {
	if Enabled && !ok {
		panic("invariant broken: " + fmt.Sprintf(format, args...))
	}
}

// mangleByte is what released memory is filled with: not zero, not text, not a
// digit, so that a stale view shows.
const mangleByte = 0xDB

// Mangle overwrites a released buffer so that a stale view of it fails loudly.
// It does nothing without the invariants tag.
func Mangle(b []byte) {
	if !Enabled {
		return
	}
	for i := range b {
		b[i] = mangleByte
	}
}
