package command

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkList(b *testing.B) {
	for _, line := range []string{"lpush l element-00000001", "rpush l element-00000001", "lpop l", "lrange l 0 99", "lrange l 1000 1099", "lindex l 5000"} {
		b.Run(strings.ReplaceAll(line, " ", "_"), func(b *testing.B) {
			r := newRig(b)
			for i := range 10000 {
				r.run("rpush", "l", fmt.Sprintf("element-%08d", i))
			}
			args := argsOf(strings.Fields(line)...)
			refill := argsOf("rpush", "l", "element-00000001")
			n := 0
			if line == "lpop l" {
				for range b.N {
					r.exec(refill)
				}
				b.ResetTimer()
			}
			for range b.N {
				if n++; n%16 == 0 {
					r.w.Flush()
					r.out.Reset()
				}
				r.exec(args)
			}
		})
	}
}
