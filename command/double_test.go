package command

import (
	"math"
	"testing"
)

func TestParseDouble(t *testing.T) {
	for s, want := range map[string]float64{
		"0": 0, "1": 1, "-1": -1, "1.5": 1.5, ".5": .5, "5.": 5, "1e3": 1000, "1E-2": .01, "inf": math.Inf(1), "-INF": math.Inf(-1),
		"+inf": math.Inf(1), "infinity": math.Inf(1), "0x10": 16, "-0x1p-2": -.25, "123456789012345": 123456789012345,
		"17976931348623157e292": math.MaxFloat64, "0e999": 0, "+3": 3, "0x0": 0,
	} {
		if got, ok := parseDouble([]byte(s)); !ok || got != want {
			t.Errorf("%q: %v %v, want %v", s, got, ok, want)
		}
	}
	if f, ok := parseDouble([]byte("-0")); !ok || !math.Signbit(f) {
		t.Errorf("-0: %v %v", f, ok)
	}
	for _, s := range []string{"", " 1", "1 ", "nan", "-nan", "1_0", "0x_1", "1e400", "-1e400", "1e-400", "abc", "1.2.3", "--1", "1e", "0x", "-", "."} {
		if got, ok := parseDouble([]byte(s)); ok {
			t.Errorf("%q is taken as %v", s, got)
		}
	}
}
