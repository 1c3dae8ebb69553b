package lua

import (
	"math"
	"sync/atomic"
	"time"
)

// Random is the generator behind math.random in scripts of Redis: the linear congruence of
// drand48. As there, it goes on from script to script; States may share one.
type Random struct {
	x atomic.Uint64
}

const (
	rand48Begin = 0x1234ABCD330E // where Redis begins
	rand48Mul   = 0x5DEECE66D
	rand48Add   = 0xB
	rand48Mask  = 1<<48 - 1
	randMax     = math.MaxInt32
)

// NewRandom returns a generator that begins as Redis's does when it starts.
func NewRandom() *Random {
	r := &Random{}
	r.x.Store(rand48Begin)
	return r
}

// Mark is where the generator stands, and Reset puts it there again.
func (r *Random) Mark() uint64 { return r.x.Load() }

// Reset undoes what has been drawn since Mark.
func (r *Random) Reset(mark uint64) { r.x.Store(mark) }

func (r *Random) seed(n int32) { r.x.Store(uint64(uint32(n))<<16 | 0x330E) }

func (r *Random) next() int32 {
	for {
		old := r.x.Load()
		x := (old*rand48Mul + rand48Add) & rand48Mask
		if r.x.CompareAndSwap(old, x) {
			return int32(x >> 17)
		}
	}
}

func openMath(st *State) {
	funcs := map[string]GoFunc{
		"atan2": math2(atan2), "fmod": math2(fmod), "mod": math2(fmod), "frexp": mathFrexp, "ldexp": mathLdexp,
		"max": mathMax, "min": mathMin, "modf": mathModf, "pow": math2(pow), "random": mathRandom, "randomseed": mathSeed,
	}
	for name, f := range map[string]func(float64) float64{
		"abs": math.Abs, "acos": math.Acos, "asin": math.Asin, "atan": math.Atan, "ceil": math.Ceil, "cos": math.Cos, "cosh": math.Cosh,
		"deg": func(x float64) float64 { return x / (math.Pi / 180) }, "exp": math.Exp, "floor": math.Floor, "log": logarithm, "log10": logarithm10,
		"rad": func(x float64) float64 { return x * (math.Pi / 180) }, "sin": math.Sin, "sinh": math.Sinh, "sqrt": math.Sqrt,
		"tan": math.Tan, "tanh": math.Tanh,
	} {
		funcs[name] = math1(f, name == "acos" || name == "asin" || name == "log10")
	}
	funcs["floor"], funcs["abs"], funcs["sqrt"] = mathFloor, mathAbs, mathSqrt
	t := st.Register("math", funcs)
	t.SetString(Intern("pi"), Number(math.Pi))
	t.SetString(Intern("huge"), Number(math.Inf(1)))
}

// math1 makes a function of one of package math. C's functions return the NaN they are
// given; what they make of other numbers is the processor's NaN, which is negative, but for
// those that say positive.
func math1(f func(float64) float64, positive bool) GoFunc {
	return func(t *Thread) int {
		x := t.CheckNumber(0)
		if x == x {
			if x = f(x); x != x {
				if x = negativeNaN; positive {
					x = plainNaN
				}
			}
		}
		t.Push(Number(x))
		return 1
	}
}

var negativeNaN = math.Copysign(plainNaN, -1)

// logarithm is math.Log, which has assembly that denormal numbers confuse.
func logarithm(x float64) float64 {
	if x > 0 && x < 0x1p-1022 {
		return math.Log(x*0x1p54) - 54*math.Ln2
	}
	return math.Log(x)
}

// logarithm10 is exact for powers of ten, as C's: scripts count digits with it.
func logarithm10(x float64) float64 {
	if x > 0 && x < 0x1p-1022 {
		return math.Log10(x*0x1p54) - 54*(math.Ln2/math.Ln10)
	}
	r := math.Log10(x)
	if n := math.Round(r); n != r && math.Abs(r-n) < 1e-9 && math.Pow10(int(n)) == x {
		return n
	}
	return r
}

// fmod is C's: NaNs pass through, others are the processor's.
func fmod(x, y float64) float64 {
	switch {
	case x != x || y != y:
		return x * y
	case y == 0 || math.IsInf(x, 0):
		return negativeNaN
	}
	return math.Mod(x, y)
}

func atan2(y, x float64) float64 {
	if x != x || y != y {
		return x + y
	}
	return math.Atan2(y, x)
}

func mathFloor(t *Thread) int {
	t.Push(Number(math.Floor(t.CheckNumber(0))))
	return 1
}

func mathAbs(t *Thread) int {
	t.Push(Number(math.Abs(t.CheckNumber(0))))
	return 1
}

func mathSqrt(t *Thread) int {
	f := math.Sqrt(t.CheckNumber(0))
	if f != f && t.CheckNumber(0) < 0 {
		f = math.Copysign(f, -1) // the processor's NaN, which prints as -nan
	}
	t.Push(Number(f))
	return 1
}

func math2(f func(x, y float64) float64) GoFunc {
	return func(t *Thread) int {
		y := t.CheckNumber(1) // C's compiler evaluates the last argument first
		t.Push(Number(f(t.CheckNumber(0), y)))
		return 1
	}
}

func mathFrexp(t *Thread) int {
	m, e := math.Frexp(t.CheckNumber(0))
	t.Push(Number(m))
	t.Push(Int(e))
	return 2
}

func mathLdexp(t *Thread) int {
	e := t.CheckInt(1)
	t.Push(Number(math.Ldexp(t.CheckNumber(0), e)))
	return 1
}

func mathMax(t *Thread) int {
	m := t.CheckNumber(0)
	for i := 1; i < t.NArgs(); i++ {
		if d := t.CheckNumber(i); d > m {
			m = d
		}
	}
	t.Push(Number(m))
	return 1
}

func mathMin(t *Thread) int {
	m := t.CheckNumber(0)
	for i := 1; i < t.NArgs(); i++ {
		if d := t.CheckNumber(i); d < m {
			m = d
		}
	}
	t.Push(Number(m))
	return 1
}

func mathModf(t *Thread) int {
	f := t.CheckNumber(0)
	whole := math.Trunc(f)
	frac := f - whole
	if math.IsInf(f, 0) {
		frac = math.Copysign(0, f)
	} else if frac == 0 {
		frac = math.Copysign(0, f)
	}
	t.Push(Number(whole))
	t.Push(Number(frac))
	return 2
}

func mathRandom(t *Thread) int {
	r := float64(t.st.random.next()%randMax) / randMax
	switch t.NArgs() {
	case 0:
	case 1:
		u := t.CheckInt(0)
		if u < 1 {
			t.ArgError(0, "interval is empty")
		}
		r = math.Floor(float64(r*float64(u))) + 1
	case 2:
		l := t.CheckInt(0)
		u := t.CheckInt(1)
		if l > u {
			t.ArgError(1, "interval is empty")
		}
		r = math.Floor(float64(r*float64(int32(u-l+1)))) + float64(l)
	default:
		t.Errorf("wrong number of arguments")
	}
	t.Push(Number(r))
	return 1
}

func mathSeed(t *Thread) int {
	t.st.random.seed(int32(t.CheckInt(0)))
	return 0
}

// started is where os.clock counts from.
var started = time.Now()

func osClock(t *Thread) int {
	t.Push(Number(float64(time.Since(started).Microseconds()) / 1e6))
	return 1
}
