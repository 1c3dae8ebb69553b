package netio

import (
	"fmt"
	"testing"
)

// BenchmarkNodes is what a ring's nodes cost that come from the pool, and those that are
// made for each turn and left to the collector, as the same turn sees them: input is
// written, seen and dropped, and the ring lets go of its nodes. docs/IO-MODELS.md shows
// what it prints.
func BenchmarkNodes(b *testing.B) {
	for _, bytes := range []int{64, 4 << 10, 64 << 10} {
		for _, from := range []string{"pooled", "allocated"} {
			b.Run(fmt.Sprintf("%dB/%s", bytes, from), func(b *testing.B) {
				var r Ring
				p := make([]byte, bytes)
				b.ReportAllocs()
				for b.Loop() {
					_, _ = r.Write(p)
					nodes := r.nodes()
					r.Discard(bytes)
					r.trim()
					if from == "allocated" {
						for range nodes {
							getNode(0) // and forget it: the pool stays empty
						}
					}
				}
			})
		}
	}
}
