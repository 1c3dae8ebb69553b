package resp

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestParseInt(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "1": 1, "-1": -1, "10": 10, "1234567890": 1234567890,
		"9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
		"999999999999999999": 999999999999999999,
	} {
		if n, ok := ParseInt([]byte(in)); !ok || n != want {
			t.Errorf("%q: %d %v", in, n, ok)
		}
	}
	for _, in := range []string{
		"", "-", "+1", "01", "00", "-0", "-01", " 1", "1 ", "1\n", "1.0", "0x1", "1e3", "--1", "a", "1a", "\x00", "1\x00",
		"9223372036854775808", "-9223372036854775809", "9999999999999999999", "18446744073709551616",
		"10000000000000000000", "-10000000000000000000", "99999999999999999999999",
	} {
		if n, ok := ParseInt([]byte(in)); ok {
			t.Errorf("%q: %d", in, n)
		}
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		n := int64(rng.Uint64()) >> rng.UintN(64)
		text := AppendInt(nil, n)
		if string(text) != strconv.FormatInt(n, 10) {
			t.Fatalf("%d printed as %q", n, text)
		}
		if back, ok := ParseInt(text); !ok || back != n {
			t.Fatalf("%q: %d %v", text, back, ok)
		}
	}
}

// TestAppendUint compares numbers around every change of length and of the words that they are
// written by with strconv's text, appended where there is room for them and where there is none.
func TestAppendUint(t *testing.T) {
	check := func(n uint64) {
		want := "x" + strconv.FormatUint(n, 10)
		if got := AppendUint([]byte("x"), n); string(got) != want {
			t.Fatalf("%d printed as %q", n, got)
		}
		if got := AppendUint(append(make([]byte, 0, 64), 'x'), n); string(got) != want {
			t.Fatalf("%d printed as %q where there is room", n, got)
		}
	}
	for n := range uint64(200_000) {
		check(n)
	}
	for p := uint64(10); ; p *= 10 {
		for d := range uint64(3) {
			check(p - 1 + d)
			check(p*9 - 1 + d)
		}
		if p == 1e19 {
			break
		}
	}
	check(math.MaxUint64)
	rng := rand.New(rand.NewPCG(9, 10))
	for range 200_000 {
		check(rng.Uint64() >> rng.UintN(64))
		check(rng.Uint64N(1e8))
	}
}

func TestAppendDouble(t *testing.T) {
	for want, f := range map[string]float64{
		"0": 0, "-0": math.Copysign(0, -1), "3": 3, "-3": -3, "3.14": 3.14, "0.1": 0.1, "-0.5": -0.5,
		"inf": math.Inf(1), "-inf": math.Inf(-1), "nan": math.NaN(),
		"1e+20": 1e20, "1.5e+300": 1.5e300, "0.000001": 1e-6, "1e-7": 1e-7, "1.23e-7": 1.23e-7, "1e-300": 1e-300,
		"4503599627370495": 1<<52 - 1, "9007199254740992": 1 << 53, "100000.5": 100000.5,
		"0.30000000000000004": 0.30000000000000004, "1000000000000000": 1e15, "10000000000000000": 1e16, "1009651914519660544": 1009651914519660511,
		"4503599627370496": 1 << 52, "-4503599627370497": -(1<<52 + 1), "4000000000000000000": 4e18, "5e+18": 5e18,
		"4611686018427387904": 1 << 62, "-4611686018427387904": -1 << 62, "4611686018427389000": 1<<62 + 1<<10, "123456789012345680000": 123456789012345678901,
		"0.012345678901234568": 0.0123456789012345678, "1.7976931348623157e+308": math.MaxFloat64, "5e-324": math.SmallestNonzeroFloat64,
	} {
		if got := string(AppendDouble(nil, f)); got != want {
			t.Errorf("%g: %s, want %s", f, got, want)
		}
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for range 20000 {
		f := math.Float64frombits(rng.Uint64())
		text := AppendDouble(nil, f)
		back, err := strconv.ParseFloat(string(text), 64)
		if len(text) > doubleTextBytes || err != nil || back != f && f == f {
			t.Fatalf("%g printed as %s", f, text)
		}
	}
}

func TestPutHeader(t *testing.T) {
	numbers := []int{12345, math.MaxInt64}
	for n := range 1100 {
		numbers = append(numbers, n)
	}
	for _, n := range numbers {
		if got := AppendInt(nil, int64(n)); string(got) != strconv.Itoa(n) {
			t.Errorf("%q, want %d", got, n)
		}
		var room [headerBytes]byte
		k := putHeader(room[:], '$', n)
		if got, want := string(room[:k]), "$"+strconv.Itoa(n)+"\r\n"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
