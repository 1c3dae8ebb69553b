package geohash

import "math"

// Sine, cosine and arcsine, rounded correctly in practice: Go's own differ from the C
// library's in the last digit for a good part of all arguments, and Redis stores distances
// that the C library computed. That one rounds correctly but for about one argument in 800.
//
// All of them add small terms to a table's exact values, so that about 68 bits are right
// before the result is rounded to 53: less than one argument in 10,000 is rounded wrongly.

// pair is the unevaluated sum hi + lo, where lo is less than half a unit of hi's last place.
type pair struct{ hi, lo float64 }

// twoSum returns a + b exactly.
func twoSum(a, b float64) pair {
	s := a + b
	t := s - a
	return pair{s, (a - (s - t)) + (b - t)}
}

// quickSum is twoSum for |a| >= |b|, or a = 0.
func quickSum(a, b float64) pair {
	s := a + b
	return pair{s, b - (s - a)}
}

// twoProduct returns a * b exactly.
func twoProduct(a, b float64) pair {
	p := a * b
	return pair{p, math.FMA(a, b, -p)}
}

func (x pair) plus(y pair) pair {
	s := twoSum(x.hi, y.hi)
	return quickSum(s.hi, s.lo+(x.lo+y.lo))
}

func (x pair) times(y pair) pair {
	p := twoProduct(x.hi, y.hi)
	return quickSum(p.hi, p.lo+(x.hi*y.lo+x.lo*y.hi))
}

func (x pair) negated() pair { return pair{-x.hi, -x.lo} }

const (
	trigSteps   = 64  // table entries per radian
	trigEntries = 103 // up to pi/2, and one more
	trigMax     = math.Pi
	cosMirror   = 1.25 // above it cos is found by way of sin
	tiny        = 1e-8 // below it two terms of a series will do
	asinMirror  = 0.5  // above it asin is found by way of acos
)

// pi and pi/2 as pairs.
var (
	fullPi = pair{math.Pi, 1.2246467991473532e-16}
	halfPi = pair{math.Pi / 2, 6.123233995736766e-17}
)

// angle is the sine and cosine of a table's step.
type angle struct{ sin, cos pair }

// angles holds sine and cosine of k/trigSteps.
var angles = makeAngles()

// makeAngles adds up the first step, which a series gives; each step costs less than
// 2^-100 of accuracy.
func makeAngles() *[trigEntries]angle {
	const terms = 10 // (1/64)^20/20! is far below 2^-106
	first := angle{cos: pair{1, 0}}
	x := pair{1.0 / trigSteps, 0}
	power := x
	first.sin = x
	for i := 2; i <= 2*terms; i++ {
		power = power.times(x).times(reciprocal(i))
		t := power
		if i%4 >= 2 {
			t = t.negated()
		}
		if i%2 == 0 {
			first.cos = first.cos.plus(t)
		} else {
			first.sin = first.sin.plus(t)
		}
	}
	var a [trigEntries]angle
	a[0].cos = pair{1, 0}
	for k := 1; k < trigEntries; k++ {
		p := a[k-1]
		a[k].sin = p.sin.times(first.cos).plus(p.cos.times(first.sin))
		a[k].cos = p.cos.times(first.cos).plus(p.sin.times(first.sin).negated())
	}
	return &a
}

// reciprocal returns 1/n.
func reciprocal(n int) pair {
	d := float64(n)
	q := 1 / d
	return pair{q, math.FMA(-q, d, 1) / d}
}

// sinOf and cosOf return sine and cosine of x + low, 0 <= x <= pi/2, low below half a unit
// of x's last place, as a sum of two doubles: with the table's angle of S and C and the
// rest r, S + C*r + (S*(cos r - 1) + C*(sin r - r)), where only the sum of the first two
// needs more than the 53 bits of a double.
func sinOf(x, low float64) (y, rest float64) {
	k := int(x*trigSteps + 0.5)
	a, r := &angles[k], x-float64(k)/trigSteps
	ds, dc := restTerms(r)
	p := twoProduct(a.cos.hi, r)
	s := quickSum(a.sin.hi, p.hi)
	small := a.sin.hi*dc + a.cos.hi*ds + (a.cos.hi-a.sin.hi*r)*low
	return s.hi, small + (a.sin.lo + p.lo + a.cos.lo*r + s.lo)
}

func cosOf(x float64) (y, rest float64) {
	k := int(x*trigSteps + 0.5)
	a, r := &angles[k], x-float64(k)/trigSteps
	ds, dc := restTerms(r)
	p := twoProduct(-a.sin.hi, r)
	s := quickSum(a.cos.hi, p.hi)
	return s.hi, a.cos.hi*dc - a.sin.hi*ds + (a.cos.lo + p.lo - a.sin.lo*r + s.lo)
}

// restTerms returns sin(r) - r and cos(r) - 1 for a rest of at most half a step.
func restTerms(r float64) (ds, dc float64) {
	q := r * r
	return -r * q * (1.0/6 - q*(1.0/120-q*(1.0/5040))), -q * (1.0/2 - q*(1.0/24-q*(1.0/720)))
}

// sinBelow returns the sine of what lacks x to a turn, at most pi/2.
func sinBelow(turn pair, x float64) float64 {
	y := twoSum(turn.hi, -x)
	y = quickSum(y.hi, y.lo+turn.lo)
	if y.hi < 0 {
		s, rest := sinOf(-y.hi, -y.lo)
		return -(s + rest)
	}
	s, rest := sinOf(y.hi, y.lo)
	return s + rest
}

// sin returns the sine of an angle of at most trigMax.
func sin(x float64) (y float64) {
	switch a := math.Abs(x); {
	case !(a <= trigMax):
		return math.Sin(x)
	case a < tiny:
		return x - x*x*x/6
	case a > halfPi.hi:
		y = sinBelow(fullPi, a)
	default:
		s, rest := sinOf(a, 0)
		y = s + rest
	}
	if x < 0 {
		return -y
	}
	return y
}

// cos returns the cosine of an angle of at most pi/2.
func cos(x float64) float64 {
	switch x = math.Abs(x); {
	case !(x <= halfPi.hi):
		return math.Cos(x)
	case x > cosMirror:
		return sinBelow(halfPi, x)
	}
	c, rest := cosOf(x)
	return c + rest
}

// asin returns the arcsine of 0 <= x <= 1.
func asin(x float64) float64 {
	switch {
	case !(x >= 0 && x <= 1):
		return math.Asin(x)
	case x < tiny:
		return x + x*x*x/6
	case x <= asinMirror:
		y, rest := asinOf(x)
		return y + rest
	}
	// asin(x) = pi/2 - 2 asin(sqrt((1-x)/2))
	z := (1 - x) / 2
	if z == 0 {
		return halfPi.hi
	}
	s := math.Sqrt(z)
	rest := math.FMA(-s, s, z) / (2 * s) // sqrt(z) is s + rest
	a, low := asinOf(s)
	y := quickSum(halfPi.hi, -2*a)
	return y.hi + (y.lo + halfPi.lo - 2*(low+rest/math.Sqrt(1-z)))
}

// asinOf returns the arcsine of 0 < x <= asinMirror as a sum of two doubles: Go's, and what
// one step of Newton's method adds.
func asinOf(x float64) (y, rest float64) {
	y = math.Asin(x)
	s, low := sinOf(y, 0)
	return y, ((x - s) - low) / math.Sqrt((1-x)*(1+x))
}
