package memsize

import (
	"math"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "b": 0, "17": 17, "1k": 1000, "1Kb": 1024, "2m": 2000000, "2mB": 2 << 20, "3G": 3000000000, "3gb": 3 << 30} {
		if n, fits, ok := Parse(text); n != want || !fits || !ok {
			t.Errorf("%q is %d %v %v", text, n, fits, ok)
		}
	}
	for _, text := range []string{"9223372036854775808", "8589934592gb", strings.Repeat("9", maxDigits)} {
		if n, fits, ok := Parse(text); n != math.MaxInt64 || fits || !ok {
			t.Errorf("%q is %d %v %v", text, n, fits, ok)
		}
	}
	for _, text := range []string{"-1", "1 k", "1t", "1kk", "x", strings.Repeat("0", maxDigits+1)} {
		if _, _, ok := Parse(text); ok {
			t.Errorf("%q is taken", text)
		}
	}
}
