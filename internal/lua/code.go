package lua

// What an expression is, before it is known where its value shall be. Each kind says what
// info and aux mean.
type exprKind uint8

const (
	exprVoid    exprKind = iota // no value
	exprNil                     //
	exprTrue                    //
	exprFalse                   //
	exprConst                   // info: constant
	exprNumber                  // num: a number that may still be folded
	exprLocal                   // info: register of a local variable
	exprUpval                   // info: upvalue
	exprGlobal                  // info: constant with the name
	exprIndexed                 // info: register of the table; aux: key, a register or constant
	exprJump                    // info: instruction that jumps when the condition holds
	exprReloc                   // info: instruction whose a is still open
	exprReg                     // info: register
	exprCall                    // info: instruction
	exprVararg                  // info: instruction
)

// expr describes an expression. t and f are lists of jumps that leave it when it is true
// and when it is false.
type expr struct {
	kind      exprKind
	info, aux int
	num       float64
	t, f      int
}

const (
	noJump = -1 // ends a list of jumps
	noReg  = 255
	// constBit marks an operand that is a constant, not a register.
	constBit = 1 << 30

	maxStackSize = 250
	maxConsts    = 1<<18 - 1
	maxLocals    = 200
	maxUpvals    = 60
	maxLevels    = 200
	maxJump      = 1<<17 - 1
)

func isConst(rk int) bool { return rk&constBit != 0 }

func newExpr(k exprKind, info int) expr { return expr{kind: k, info: info, t: noJump, f: noJump} }

func (e *expr) set(k exprKind, info int) { *e = newExpr(k, info) }

func (e *expr) hasJumps() bool { return e.t != e.f }

func (e *expr) isNumeral() bool { return e.kind == exprNumber && e.t == noJump && e.f == noJump }

// funcState is a function that is being compiled.
type funcState struct {
	p        *Proto
	prev     *funcState
	lx       *lexer
	block    *block
	consts   map[constKey]int
	target   int   // last instruction that something jumps to
	pending  int   // jumps to the next instruction
	free     int   // first free register
	active   []int // active local variables, as indices of p.locals
	declared []int // declared ones that are not active yet come behind them
	upKinds  []upvalDesc
	hasArg   bool
	needsArg bool
}

// constKey tells constants apart. Two zeros of different sign are one constant, as in PUC
// Lua.
type constKey struct {
	tag uint64
	num float64
	str string
}

func (fs *funcState) emit(i instr) int {
	fs.dischargePending()
	p := fs.p
	if len(p.code) >= 1<<26 {
		fs.lx.failAt("code size overflow", 0)
	}
	p.code = append(p.code, i)
	p.lines = append(p.lines, int32(fs.lx.lastLine))
	return len(p.code) - 1
}

func (fs *funcState) code(op opcode, a, b, c, d int) int { return fs.emit(mk(op, a, b, c, d)) }

func (fs *funcState) pc() int { return len(fs.p.code) }

func (fs *funcState) fixLine(line int) { fs.p.lines[len(fs.p.lines)-1] = int32(line) }

// dropLast takes the last instruction back.
func (fs *funcState) dropLast() {
	fs.p.code = fs.p.code[:fs.pc()-1]
	fs.p.lines = fs.p.lines[:len(fs.p.code)]
}

func (fs *funcState) constant(key constKey, v Value) int {
	if i, ok := fs.consts[key]; ok {
		return i
	}
	i := len(fs.p.k)
	if i > maxConsts {
		fs.lx.failAt("constant table overflow", 0)
	}
	fs.p.k = append(fs.p.k, v)
	fs.consts[key] = i
	return i
}

func (fs *funcState) stringConst(s *String) int {
	return fs.constant(constKey{tag: tagString, str: s.String()}, StringValue(s))
}

func (fs *funcState) numberConst(f float64) int {
	return fs.constant(constKey{tag: tagMax, num: f}, Number(f))
}

func (fs *funcState) tagConst(v Value) int { return fs.constant(constKey{tag: v.n}, v) }

func (fs *funcState) loadNil(from, n int) {
	if fs.pc() > fs.target { // nothing jumps here
		if i := fs.pc() - 1; i >= 0 && fs.p.code[i].op() == opLoadNil {
			prev := &fs.p.code[i]
			if a, b := int(prev.a()), int(prev.b()); a <= from && from <= b+1 {
				if from+n-1 > b {
					prev.setB(from + n - 1)
				}
				return
			}
		}
	}
	fs.code(opLoadNil, from, from+n-1, 0, 0)
}

func (fs *funcState) jump() int {
	pending := fs.pending
	fs.pending = noJump
	j := fs.code(opJmp, 0, 0, 0, noJump)
	fs.concat(&j, pending)
	return j
}

func (fs *funcState) ret(first, n int) {
	switch n {
	case 0:
		fs.code(opReturn0, first, 1, 0, 0)
	case 1:
		fs.code(opReturn1, first, 2, 0, 0)
	default:
		fs.code(opReturn, first, n+1, 0, 0)
	}
}

func (fs *funcState) fixJump(pc, dest int) {
	d := dest - (pc + 1)
	if d > maxJump || d < -maxJump {
		fs.lx.fail("control structure too long")
	}
	fs.p.code[pc].setD(d)
}

// label marks the next instruction as one that is jumped to.
func (fs *funcState) label() int {
	fs.target = fs.pc()
	return fs.pc()
}

func (fs *funcState) follow(pc int) int {
	d := fs.p.code[pc].d()
	if d == noJump {
		return noJump
	}
	return pc + 1 + d
}

// needValue tells whether a jump of the list does not leave a value.
func (fs *funcState) needValue(list int) bool {
	for ; list != noJump; list = fs.follow(list) {
		if fs.p.code[list].op() != opTestSet {
			return true
		}
	}
	return false
}

// patchTestReg lets a test put its value into reg, or forget it.
func (fs *funcState) patchTestReg(pc, reg int) bool {
	i := &fs.p.code[pc]
	if i.op() != opTestSet {
		return false
	}
	if reg != noReg && reg != int(i.b()) {
		i.setA(reg)
	} else {
		*i = mk(opTest, int(i.b()), 0, int(i.c()), i.d())
	}
	return true
}

func (fs *funcState) patchList2(list, vtarget, reg, dtarget int) {
	for list != noJump {
		next := fs.follow(list)
		if fs.patchTestReg(list, reg) {
			fs.fixJump(list, vtarget)
		} else {
			fs.fixJump(list, dtarget)
		}
		list = next
	}
}

func (fs *funcState) dischargePending() {
	fs.patchList2(fs.pending, fs.pc(), noReg, fs.pc())
	fs.pending = noJump
}

func (fs *funcState) patchList(list, target int) {
	if target == fs.pc() {
		fs.patchToHere(list)
		return
	}
	fs.patchList2(list, target, noReg, target)
}

func (fs *funcState) patchToHere(list int) {
	fs.label()
	fs.concat(&fs.pending, list)
}

// concat joins list l2 to l1. Which comes first does not matter, so the shorter one's end
// is sought: long chains of or and elseif would take quadratic time otherwise.
func (fs *funcState) concat(l1 *int, l2 int) {
	if l2 == noJump {
		return
	}
	if *l1 == noJump {
		*l1 = l2
		return
	}
	a, b := *l1, l2
	for {
		nextA, nextB := fs.follow(a), fs.follow(b)
		if nextA == noJump {
			fs.fixJump(a, l2)
			return
		}
		if nextB == noJump {
			fs.fixJump(b, *l1)
			*l1 = l2
			return
		}
		a, b = nextA, nextB
	}
}

func (fs *funcState) checkStack(n int) {
	size := fs.free + n
	if size > int(fs.p.maxStack) {
		if size >= maxStackSize {
			fs.lx.fail("function or expression too complex")
		}
		fs.p.maxStack = uint8(size)
	}
}

func (fs *funcState) reserve(n int) {
	fs.checkStack(n)
	fs.free += n
}

func (fs *funcState) freeReg(rk int) {
	if !isConst(rk) && rk >= len(fs.active) {
		fs.free--
	}
}

func (fs *funcState) freeExpr(e *expr) {
	if e.kind == exprReg {
		fs.freeReg(e.info)
	}
}

// setReturns makes an open call or vararg give n values, -1 for all.
func (fs *funcState) setReturns(e *expr, n int) {
	switch e.kind {
	case exprCall:
		fs.p.code[e.info].setC(n + 1)
	case exprVararg:
		i := &fs.p.code[e.info]
		i.setB(n + 1)
		i.setA(fs.free)
		fs.reserve(1)
	}
}

func (fs *funcState) setOneRet(e *expr) {
	switch e.kind {
	case exprCall:
		e.kind, e.info = exprReg, int(fs.p.code[e.info].a())
	case exprVararg:
		fs.p.code[e.info].setB(2)
		e.kind = exprReloc
	}
}

// discharge makes sure that the expression is no variable any more.
func (fs *funcState) discharge(e *expr) {
	switch e.kind {
	case exprLocal:
		e.kind = exprReg
	case exprUpval:
		e.info, e.kind = fs.code(opGetUpval, 0, e.info, 0, 0), exprReloc
	case exprGlobal:
		e.info, e.kind = fs.code(opGetGlobal, 0, 0, 0, e.info), exprReloc
	case exprIndexed:
		fs.freeReg(e.aux)
		fs.freeReg(e.info)
		e.info, e.kind = fs.indexed(e), exprReloc
	case exprCall, exprVararg:
		fs.setOneRet(e)
	}
}

func (fs *funcState) indexed(e *expr) int {
	if !isConst(e.aux) {
		return fs.code(opGetTable, 0, e.info, e.aux, 0)
	}
	k := e.aux &^ constBit
	if fs.p.k[k].n == tagString {
		return fs.code(opGetField, 0, e.info, 0, k)
	}
	return fs.code(opGetConst, 0, e.info, 0, k)
}

func (fs *funcState) codeBool(a, b, skip int) int {
	fs.label() // those instructions may be jump targets
	return fs.code(opLoadBool, a, b, skip, 0)
}

func (fs *funcState) dischargeTo(e *expr, reg int) {
	fs.discharge(e)
	switch e.kind {
	case exprNil:
		fs.loadNil(reg, 1)
	case exprFalse, exprTrue:
		b := 0
		if e.kind == exprTrue {
			b = 1
		}
		fs.code(opLoadBool, reg, b, 0, 0)
	case exprConst:
		fs.code(opLoadK, reg, 0, 0, e.info)
	case exprNumber:
		fs.code(opLoadK, reg, 0, 0, fs.numberConst(e.num))
	case exprReloc:
		fs.p.code[e.info].setA(reg)
	case exprReg:
		if reg != e.info {
			fs.code(opMove, reg, e.info, 0, 0)
		}
	default:
		return // void or jump: nothing to do
	}
	e.info, e.kind = reg, exprReg
}

func (fs *funcState) dischargeToAny(e *expr) {
	if e.kind != exprReg {
		fs.reserve(1)
		fs.dischargeTo(e, fs.free-1)
	}
}

func (fs *funcState) toReg(e *expr, reg int) {
	fs.dischargeTo(e, reg)
	if e.kind == exprJump {
		fs.concat(&e.t, e.info)
	}
	if e.hasJumps() {
		pf, pt := noJump, noJump
		if fs.needValue(e.t) || fs.needValue(e.f) {
			fj := noJump
			if e.kind != exprJump {
				fj = fs.jump()
			}
			pf = fs.codeBool(reg, 0, 1)
			pt = fs.codeBool(reg, 1, 0)
			fs.patchToHere(fj)
		}
		final := fs.label()
		fs.patchList2(e.f, final, reg, pf)
		fs.patchList2(e.t, final, reg, pt)
	}
	e.set(exprReg, reg)
}

func (fs *funcState) toNextReg(e *expr) {
	fs.discharge(e)
	fs.freeExpr(e)
	fs.reserve(1)
	fs.toReg(e, fs.free-1)
}

func (fs *funcState) toAnyReg(e *expr) int {
	fs.discharge(e)
	if e.kind == exprReg {
		if !e.hasJumps() {
			return e.info
		}
		if e.info >= len(fs.active) { // not a local: its register can be written
			fs.toReg(e, e.info)
			return e.info
		}
	}
	fs.toNextReg(e)
	return e.info
}

func (fs *funcState) toVal(e *expr) {
	if e.hasJumps() {
		fs.toAnyReg(e)
	} else {
		fs.discharge(e)
	}
}

// toRK returns the expression as a constant below limit if it is one, else as a register.
func (fs *funcState) toRK(e *expr, limit int) int {
	fs.toVal(e)
	k := -1
	switch e.kind {
	case exprNumber:
		k = fs.numberConst(e.num)
	case exprNil:
		k = fs.tagConst(Nil)
	case exprTrue:
		k = fs.tagConst(True)
	case exprFalse:
		k = fs.tagConst(False)
	case exprConst:
		k = e.info
	}
	if k >= 0 {
		e.kind, e.info = exprConst, k
		if k < limit {
			return k | constBit
		}
	}
	return fs.toAnyReg(e)
}

// store assigns the expression to a variable.
func (fs *funcState) store(v, e *expr) {
	switch v.kind {
	case exprLocal:
		fs.freeExpr(e)
		fs.toReg(e, v.info)
		return
	case exprUpval:
		fs.code(opSetUpval, fs.toAnyReg(e), v.info, 0, 0)
	case exprGlobal:
		fs.code(opSetGlobal, fs.toAnyReg(e), 0, 0, v.info)
	case exprIndexed:
		fs.storeIndexed(v, fs.toRK(e, 1<<16))
	}
	fs.freeExpr(e)
}

func (fs *funcState) storeIndexed(v *expr, rk int) {
	t, key, val := v.info, v.aux, rk&^constBit
	if !isConst(key) {
		if isConst(rk) {
			fs.code(opSetTableK, t, key, 0, val)
		} else {
			fs.code(opSetTable, t, key, val, 0)
		}
		return
	}
	key &^= constBit
	opR, opK := opSetConst, opSetConstK
	if fs.p.k[key].n == tagString {
		opR, opK = opSetField, opSetFieldK
	}
	if isConst(rk) {
		fs.code(opK, t, val&0xFF, val>>8, key)
	} else {
		fs.code(opR, t, 0, val, key)
	}
}

func (fs *funcState) self(e, key *expr) {
	fs.toAnyReg(e)
	fs.freeExpr(e)
	f := fs.free
	fs.reserve(2)
	rk := fs.toRK(key, maxConsts+1)
	if isConst(rk) {
		fs.code(opSelf, f, e.info, 0, rk&^constBit)
	} else {
		fs.code(opSelfR, f, e.info, rk, 0)
	}
	fs.freeExpr(key)
	e.info, e.kind = f, exprReg
}

// Straight tells whether the chunk does each of its instructions at most once: it has no loops,
// functions, methods or globals and fields of the names that banned knows. Then it runs for as
// long as the Go functions that it calls.
func (p *Proto) Straight(banned func(name string) bool) bool {
	for _, i := range p.code {
		switch i.op() {
		case opJmp:
			if i.d() < 0 {
				return false
			}
		case opForPrep, opForLoop, opTForLoop, opClosure, opSelf, opSelfR:
			return false
		case opGetGlobal, opGetField:
			if banned(p.keyName(i.d())) {
				return false
			}
		}
	}
	return true
}
