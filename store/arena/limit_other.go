//go:build !(linux || darwin)

package arena

import "math"

// osAddressLimit is that nothing is known of a limit.
func osAddressLimit() uint64 { return math.MaxUint64 }
