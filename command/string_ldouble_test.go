package command

import (
	"math/big"
	"strings"
	"testing"
)

// The replies were taken from redis-server 7.0 on x86-64.
func TestIncrByFloat(t *testing.T) {
	const result = "-" + errFloatResult
	const noFloat = "-" + ErrNotFloat
	r := newRig(t)
	r.putOther("l")
	r.talk([]exchange{
		{"incrbyfloat n 10.50", `"10.5"`},
		{"incrbyfloat n 0.1", `"10.6"`},
		{"incrbyfloat n 0x10p2", `"74.6"`},
		{"incrbyfloat n 3.0e3", `"3074.60000000000000009"`},
		{"set n 5.0e3", "OK"},
		{"incrbyfloat n 2.0e2", `"5200"`},
		{"incrbyfloat n -5200", `"0"`},
		{"incrbyfloat n -0", `"0"`},
		{"set n 3", "OK"},
		{"incrbyfloat n 1.1", `"4.1"`},
		{"incrbyfloat n abc", noFloat},
		{"incrbyfloat n nan", noFloat},
		{"incrbyfloat n 1e5000", noFloat},
		{"incrbyfloat n 1e-5000", noFloat},
		{"incrbyfloat n 1e", noFloat},
		{"incrbyfloat n 0x", noFloat},
		{"incrbyfloat n inf", result},
		{"incrbyfloat n -Infinity", result},
		{"incrbyfloat n 1e-4940", `"4.1"`},
		{"incrbyfloat l abc", wrongType},
		{"set n abc", "OK"},
		{"incrbyfloat n 1", noFloat},
		{"set n inf", "OK"},
		{"incrbyfloat n -inf", result},
		{"set n 1e4932", "OK"},
		{"incrbyfloat n 1e4932", result},
		{"get n", `"1e4932"`},
	})
	for _, bad := range []string{"", " 1", "1 ", "+-1", ".", "-", "1_0", "0b1", "1.2.3", "1e+", "Infinit", "0x.p1"} {
		r.wantArgs(noFloat, "incrbyfloat", "m", bad)
		r.wantArgs("OK", "set", "v", bad)
		r.want("incrbyfloat v 1", noFloat)
	}
	r.want("get m", "nil")
}

func TestLongDoubleText(t *testing.T) {
	for _, x := range []struct{ in, out string }{
		{"0", "0"},
		{"-0", "0"},
		{"-0.000000000000000001", "0"},
		{"0e999999999999999", "0"},
		{"+1", "1"},
		{".5", "0.5"},
		{"5.", "5"},
		{"0x.8", "0.5"},
		{"0X1P-3", "0.125"},
		{"0x1f.8p1", "63"},
		{"1e18", "1000000000000000000"},
		{"3.14159265358979323846", "3.14159265358979324"},
		{"18446744073709551617", "18446744073709551616"}, // 2^64+1 needs 65 bits
		{"36893488147419103231", "36893488147419103232"},
		{"1" + strings.Repeat("0", 100) + "e-100", "1"},
		{"0." + strings.Repeat("0", 100) + "1e101", "1"},
	} {
		var z big.Float
		if !parseLongDouble(&z, []byte(x.in)) {
			t.Errorf("%s was refused", x.in)
			continue
		}
		if got := string(appendLongDouble(nil, &z)); got != x.out {
			t.Errorf("%s prints as %s, want %s", x.in, got, x.out)
		}
	}
}

func TestLongDoubleRange(t *testing.T) {
	for _, x := range []struct {
		in string
		ok bool
	}{
		{"0x1p16383", true},
		{"0x1.fffffffffffffffep16383", true},
		{"0x1.ffffffffffffffffp16383", false}, // rounds up to 2^16384
		{"0x1p16384", false},
		{"1.18973149535723176502e4932", true},
		{"1.19e4932", false},
		{"0x1p-16445", true},
		{"0x1p-16446", false},
		{"0x1.8p-16446", true},
		{"3.7e-4951", true},
		{"1e-4951", false},
		{strings.Repeat("9", maxFloatTextBytes), false},
		{"1" + strings.Repeat("0", 4932), true},
		{"1" + strings.Repeat("0", 4933), false},
	} {
		var z big.Float
		if ok := parseLongDouble(&z, []byte(x.in)); ok != x.ok {
			t.Errorf("%.40s: %v, want %v", x.in, ok, x.ok)
		}
	}
}
