package lua

import "math"

type binaryOp int

const (
	binAdd binaryOp = iota
	binSub
	binMul
	binDiv
	binMod
	binPow
	binConcat
	binNe
	binEq
	binLt
	binLe
	binGt
	binGe
	binAnd
	binOr
	binNone
)

// priorities are those of the left and the right side: .. and ^ are right associative.
var priorities = [...]struct{ left, right int }{
	{6, 6}, {6, 6}, {7, 7}, {7, 7}, {7, 7}, {10, 9}, {5, 4}, {3, 3}, {3, 3}, {3, 3}, {3, 3}, {3, 3}, {3, 3}, {2, 2}, {1, 1},
}

const unaryPriority = 8

func binaryOf(k tokenKind) binaryOp {
	switch k {
	case '+':
		return binAdd
	case '-':
		return binSub
	case '*':
		return binMul
	case '/':
		return binDiv
	case '%':
		return binMod
	case '^':
		return binPow
	case tokConcat:
		return binConcat
	case tokNe:
		return binNe
	case tokEq:
		return binEq
	case '<':
		return binLt
	case tokLe:
		return binLe
	case '>':
		return binGt
	case tokGe:
		return binGe
	case tokAnd:
		return binAnd
	case tokOr:
		return binOr
	}
	return binNone
}

// invert makes the jump of a comparison take the other side.
func (fs *funcState) invert(e *expr) {
	i := &fs.p.code[e.info]
	i.setC(int(i.c() ^ 1))
}

func (fs *funcState) condJump(op opcode, a, b, c int) int { return fs.code(op, a, b, c, noJump) }

func (fs *funcState) jumpOn(e *expr, cond int) int {
	if e.kind == exprReloc {
		if i := fs.p.code[e.info]; i.op() == opNot {
			fs.dropLast()
			return fs.condJump(opTest, int(i.b()), 0, cond^1)
		}
	}
	fs.dischargeToAny(e)
	fs.freeExpr(e)
	return fs.condJump(opTestSet, noReg, e.info, cond)
}

func (fs *funcState) goIfTrue(e *expr) {
	fs.discharge(e)
	pc := noJump
	switch e.kind {
	case exprConst, exprNumber, exprTrue:
	case exprJump:
		fs.invert(e)
		pc = e.info
	default:
		pc = fs.jumpOn(e, 0)
	}
	fs.concat(&e.f, pc)
	fs.patchToHere(e.t)
	e.t = noJump
}

func (fs *funcState) goIfFalse(e *expr) {
	fs.discharge(e)
	pc := noJump
	switch e.kind {
	case exprNil, exprFalse:
	case exprJump:
		pc = e.info
	default:
		pc = fs.jumpOn(e, 1)
	}
	fs.concat(&e.t, pc)
	fs.patchToHere(e.f)
	e.f = noJump
}

func (fs *funcState) codeNot(e *expr) {
	fs.discharge(e)
	switch e.kind {
	case exprNil, exprFalse:
		e.kind = exprTrue
	case exprConst, exprNumber, exprTrue:
		e.kind = exprFalse
	case exprJump:
		fs.invert(e)
	case exprReloc, exprReg:
		fs.dischargeToAny(e)
		fs.freeExpr(e)
		e.info, e.kind = fs.code(opNot, 0, e.info, 0, 0), exprReloc
	}
	e.t, e.f = e.f, e.t
	// Values that these jumps carried are not those of the negation.
	for _, list := range []int{e.t, e.f} {
		for ; list != noJump; list = fs.follow(list) {
			fs.patchTestReg(list, noReg)
		}
	}
}

// fold computes an operation on two numerals, if that gives what the machine would give.
func fold(op binaryOp, a, b float64) (float64, bool) {
	var r float64
	switch op {
	case binAdd:
		r = a + b
	case binSub:
		r = a - b
	case binMul:
		r = a * b
	case binDiv, binMod:
		if b == 0 {
			return 0, false
		}
		if op == binDiv {
			r = a / b
		} else {
			r = mod(a, b)
		}
	case binPow:
		r = pow(a, b)
	}
	return r, r == r
}

// mod is PUC Lua's: it rounds where math.Mod would not. The conversion keeps processors
// that can from multiplying and subtracting in one step.
func mod(a, b float64) float64 { return a - float64(math.Floor(a/b)*b) }

// pow is C's: NaNs pass through, others are the processor's, which are negative.
func pow(a, b float64) float64 {
	if b == 2 {
		return a * a
	}
	r := power(a, b)
	if r != r {
		switch {
		case b != b:
			return a + b
		case a != a && math.Signbit(a) && math.Abs(math.Mod(b, 2)) == 1:
			return -a // glibc takes an odd power of the sign
		case a != a:
			return a
		}
		return negativeNaN
	}
	return r
}

func (fs *funcState) arith(op binaryOp, e1, e2 *expr) {
	if e1.isNumeral() && e2.isNumeral() {
		if r, ok := fold(op, e1.num, e2.num); ok {
			e1.num = r
			return
		}
	}
	o2 := fs.toRK(e2, maxConsts+1)
	limit := maxConsts + 1
	if isConst(o2) {
		limit = 0 // one operand must be a register
	}
	o1 := fs.toRK(e1, limit)
	if o1 > o2 {
		fs.freeExpr(e1)
		fs.freeExpr(e2)
	} else {
		fs.freeExpr(e2)
		fs.freeExpr(e1)
	}
	switch {
	case isConst(o2):
		e1.info = fs.code(opAddK+opcode(op), 0, o1, 0, o2&^constBit)
	case isConst(o1):
		e1.info = fs.code(opKAdd+opcode(op), 0, 0, o2, o1&^constBit)
	default:
		e1.info = fs.code(opAdd+opcode(op), 0, o1, o2, 0)
	}
	e1.kind = exprReloc
}

func (fs *funcState) unary(op opcode, e *expr) {
	if op == opUnm && e.isNumeral() {
		if e.num == e.num {
			e.num = -e.num
		}
		return
	}
	r := fs.toAnyReg(e)
	fs.freeExpr(e)
	e.info, e.kind = fs.code(op, 0, r, 0, 0), exprReloc
}

// prefix applies a unary operator.
func (fs *funcState) prefix(op tokenKind, e *expr) {
	switch op {
	case '-':
		if !e.isNumeral() {
			fs.toAnyReg(e)
		}
		fs.unary(opUnm, e)
	case tokNot:
		fs.codeNot(e)
	case '#':
		fs.toAnyReg(e)
		fs.unary(opLen, e)
	}
}

// infix prepares the left side of an operator before the right side is read.
func (fs *funcState) infix(op binaryOp, e *expr) {
	switch op {
	case binAnd:
		fs.goIfTrue(e)
	case binOr:
		fs.goIfFalse(e)
	case binConcat:
		fs.toNextReg(e)
	case binAdd, binSub, binMul, binDiv, binMod, binPow:
		if !e.isNumeral() {
			fs.toRK(e, maxConsts+1)
		}
	default:
		fs.toRK(e, 256)
	}
}

// posfix applies a binary operator when both sides are known. The result is in e1.
func (fs *funcState) posfix(op binaryOp, e1, e2 *expr) {
	switch op {
	case binAnd:
		fs.discharge(e2)
		fs.concat(&e2.f, e1.f)
		*e1 = *e2
	case binOr:
		fs.discharge(e2)
		fs.concat(&e2.t, e1.t)
		*e1 = *e2
	case binConcat:
		fs.codeConcat(e1, e2)
	case binAdd, binSub, binMul, binDiv, binMod, binPow:
		fs.arith(op, e1, e2)
	default:
		fs.compare(op, e1, e2)
	}
}

func (fs *funcState) codeConcat(e1, e2 *expr) {
	fs.toVal(e2)
	if e2.kind == exprReloc && fs.p.code[e2.info].op() == opConcat {
		fs.freeExpr(e1)
		fs.p.code[e2.info].setB(e1.info)
		e1.kind, e1.info = exprReloc, e2.info
		return
	}
	fs.toNextReg(e2)
	o2, o1 := e2.info, fs.toAnyReg(e1)
	fs.freeExpr(e2)
	fs.freeExpr(e1)
	e1.info, e1.kind = fs.code(opConcat, 0, o1, o2, 0), exprReloc
}

func (fs *funcState) compare(op binaryOp, e1, e2 *expr) {
	o1 := fs.toRK(e1, 256)
	limit := 256
	if isConst(o1) {
		limit = 0
	}
	o2 := fs.toRK(e2, limit)
	fs.freeExpr(e2)
	fs.freeExpr(e1)
	cond := 1
	if op == binNe {
		cond = 0
	}
	if op == binGt || op == binGe {
		o1, o2 = o2, o1
	}
	e1.kind = exprJump
	e1.info = fs.compareJump(op, o1, o2, cond)
}

func (fs *funcState) compareJump(op binaryOp, o1, o2, cond int) int {
	if op == binEq || op == binNe {
		if isConst(o1) {
			o1, o2 = o2, o1
		}
		if isConst(o2) {
			return fs.condJump(opEqK, o1, o2&^constBit, cond)
		}
		return fs.condJump(opEq, o1, o2, cond)
	}
	base := opLt
	if op == binLe || op == binGe {
		base = opLe
	}
	switch {
	case isConst(o2):
		return fs.condJump(base+1, o1, o2&^constBit, cond)
	case isConst(o1):
		return fs.condJump(base+2, o1&^constBit, o2, cond)
	}
	return fs.condJump(base, o1, o2, cond)
}

// power is math.Pow, but for whole exponents, where that loses the last digits, with twice
// the precision of a double.
func power(a, b float64) float64 {
	if b != math.Trunc(b) || math.Abs(b) > 1<<16 || a == 0 || math.IsInf(a, 0) {
		return math.Pow(a, b)
	}
	mant, exp := math.Frexp(a)
	hi, lo, e := 1.0, 0.0, 0 // the result is (hi+lo) * 2^e
	xhi, xlo, xe := mant, 0.0, exp
	for n := int(math.Abs(b)); n > 0; n >>= 1 {
		if n&1 != 0 {
			hi, lo, e = mulTwice(hi, lo, e, xhi, xlo, xe)
		}
		xhi, xlo, xe = mulTwice(xhi, xlo, xe, xhi, xlo, xe)
	}
	if b > 0 {
		return math.Ldexp(hi+lo, e)
	}
	q := 1 / hi
	q += q * (math.FMA(-q, hi, 1) - q*lo)
	return math.Ldexp(q, -e)
}

// mulTwice multiplies two numbers of twice the precision, which have exponents aside.
func mulTwice(ahi, alo float64, ae int, bhi, blo float64, be int) (hi, lo float64, e int) {
	p := ahi * bhi
	err := math.FMA(ahi, bhi, -p) + (ahi*blo + alo*bhi)
	hi = p + err
	lo = err - (hi - p)
	m, x := math.Frexp(hi)
	return m, math.Ldexp(lo, -x), ae + be + x
}
