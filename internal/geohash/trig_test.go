package geohash

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// libmProgram reads doubles and writes sine, cosine and arcsine of each, as the C library
// rounds them and as it rounds them from its long double functions.
const libmProgram = `
#include <math.h>
#include <stdio.h>
int main(void) {
	double x, out[6];
	while (fread(&x, sizeof x, 1, stdin) == 1) {
		out[0] = sin(x); out[1] = cos(x); out[2] = asin(x);
		out[3] = sinl(x); out[4] = cosl(x); out[5] = asinl(x);
		fwrite(out, sizeof out, 1, stdout);
	}
	return 0;
}
`

// libm returns what the C library makes of the arguments.
func libm(t *testing.T, args []float64) [][6]float64 {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler")
	}
	dir := t.TempDir()
	source, bin := filepath.Join(dir, "libm.c"), filepath.Join(dir, "libm")
	if err := os.WriteFile(source, []byte(libmProgram), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc, "-O1", "-fno-builtin", "-o", bin, source, "-lm").CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	in := make([]byte, 0, 8*len(args))
	for _, x := range args {
		in = binary.NativeEndian.AppendUint64(in, math.Float64bits(x))
	}
	cmd := exec.Command(bin)
	cmd.Stdin = bytes.NewReader(in)
	raw, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	out := make([][6]float64, len(args))
	if err := binary.Read(bytes.NewReader(raw), binary.NativeEndian, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// trigArguments are those that distances lead to: angles within a turn, many of them small,
// and what there is an arcsine of.
func trigArguments(n int) []float64 {
	rng := rand.New(rand.NewPCG(7, 8))
	args := []float64{0, 1, 0.5, math.Nextafter(1, 0), math.Nextafter(0.5, 1), 1e-8, 1e-9, 1e-300, math.Pi, math.Pi / 2, 3.141, 3.1415926, 1.57079, 0.25, 1.0 / 128}
	for len(args) < n {
		x := rng.Float64()
		switch rng.IntN(5) {
		case 0:
			x *= math.Pi
		case 1:
			x = math.Ldexp(x, -rng.IntN(40))
		case 2:
			x = [...]float64{1, math.Pi / 2, math.Pi}[rng.IntN(3)] - math.Ldexp(x, -rng.IntN(50))
		}
		args = append(args, x)
	}
	return args
}

// TestTrigonometryOfC compares with the C library. Its double functions round wrongly now
// and then, one in 800 by its own long double functions; these round twice, which errs for
// one in 2000.
func TestTrigonometryOfC(t *testing.T) {
	n := 1_200_000
	if testing.Short() {
		n /= 10
	}
	args := trigArguments(n)
	want := libm(t, args)
	for f, fn := range []func(float64) float64{sin, cos, asin} {
		name, differ, differLong, n := [...]string{"sin", "cos", "asin"}[f], 0, 0, 0
		for i, x := range args {
			if f == 2 && x > 1 || f == 1 && x > math.Pi/2 {
				continue
			}
			n++
			got := fn(x)
			if w := want[i][f]; got != w {
				differ++
				if got != math.Nextafter(w, 2) && got != math.Nextafter(w, -2) {
					t.Fatalf("%s(%v) = %v; the C library has %v", name, x, got, w)
				}
			}
			if got != want[i][3+f] {
				differLong++
			}
			if f == 0 && fn(-x) != -got || f == 1 && fn(-x) != got {
				t.Fatalf("%s(%v) = %v", name, -x, fn(-x))
			}
		}
		t.Logf("%s: of %d arguments %d differ from the C library, %d from its long double function", name, n, differ, differLong)
		if differ > n/250 || differLong > n/1000 {
			t.Errorf("%s: of %d arguments %d differ from the C library, %d from its long double function", name, n, differ, differLong)
		}
	}
}

func TestTrigonometryOutside(t *testing.T) {
	for _, x := range []float64{math.Inf(1), math.Inf(-1), math.NaN(), 1e300, -4} {
		for _, f := range [][2]float64{{sin(x), math.Sin(x)}, {cos(x), math.Cos(x)}, {asin(x), math.Asin(x)}} {
			if math.Float64bits(f[0]) != math.Float64bits(f[1]) && f[0] == f[0] {
				t.Errorf("%v: %v, want %v", x, f[0], f[1])
			}
		}
	}
}

func BenchmarkDistance(b *testing.B) {
	p, q := Point{13.361389, 38.115556}, Point{15.087269, 37.502669}
	for b.Loop() {
		_ = Distance(p, q)
	}
}
