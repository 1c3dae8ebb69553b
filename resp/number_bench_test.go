package resp

import (
	"strconv"
	"testing"
)

// BenchmarkIntReply writes replies of numbers of so many digits.
func BenchmarkIntReply(b *testing.B) {
	for _, n := range []int64{7, 42, 12345, 1234567, 1_700_000_000_123} {
		b.Run(strconv.Itoa(len(strconv.FormatInt(n, 10))), func(b *testing.B) {
			var w Writer
			var d Discard
			w.Bind(&d, RESP2)
			for range b.N {
				w.Int(n)
			}
			w.Flush()
		})
	}
}
