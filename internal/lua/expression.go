package lua

// field reads .name or :name behind v.
func (ps *parser) field(v *expr) {
	fs := ps.fs
	fs.toAnyReg(v)
	ps.next()
	key := newExpr(exprConst, fs.stringConst(ps.nameToken()))
	ps.index(v, &key)
}

func (ps *parser) index(v, key *expr) {
	v.aux = ps.fs.toRK(key, maxConsts+1)
	v.kind = exprIndexed
}

// subscript reads [expression] and leaves it in e.
func (ps *parser) subscript(e *expr) {
	ps.next()
	ps.expr(e)
	ps.fs.toVal(e)
	ps.checkNext(']')
}

// table reads a table constructor.
type tableCons struct {
	item          expr // the last list item, not stored yet
	t             *expr
	fields, items int
	pending       int // list items in registers
}

func (ps *parser) tableField(tc *tableCons) {
	fs := ps.fs
	reg := fs.free
	var key, val expr
	if ps.tok.kind == tokName {
		key = newExpr(exprConst, fs.stringConst(ps.nameToken()))
	} else {
		ps.subscript(&key)
	}
	tc.fields++
	ps.checkNext('=')
	rk := fs.toRK(&key, maxConsts+1)
	ps.expr(&val)
	target := newExpr(exprIndexed, tc.t.info)
	target.aux = rk
	fs.storeIndexed(&target, fs.toRK(&val, 1<<16))
	fs.free = reg
}

func (ps *parser) closeItem(tc *tableCons) {
	if tc.item.kind == exprVoid {
		return
	}
	ps.fs.toNextReg(&tc.item)
	tc.item.kind = exprVoid
	if tc.pending == fieldsPerFlush {
		ps.setList(tc.t.info, tc.items, tc.pending)
		tc.pending = 0
	}
}

// setList stores pending items, of which the last is number items; pending 0 means all
// up to the top.
func (ps *parser) setList(reg, items, pending int) {
	first := (items - 1) / fieldsPerFlush * fieldsPerFlush
	ps.fs.code(opSetList, reg, pending, 0, first)
	ps.fs.free = reg + 1
}

func (ps *parser) lastItem(tc *tableCons) {
	if tc.pending == 0 {
		return
	}
	if tc.item.kind == exprCall || tc.item.kind == exprVararg {
		ps.fs.setReturns(&tc.item, -1)
		ps.setList(tc.t.info, tc.items, 0)
		tc.items--
		return
	}
	if tc.item.kind != exprVoid {
		ps.fs.toNextReg(&tc.item)
	}
	ps.setList(tc.t.info, tc.items, tc.pending)
}

func (ps *parser) constructor(t *expr) {
	fs, line := ps.fs, ps.line
	pc := fs.code(opNewTable, 0, 0, 0, 0)
	tc := tableCons{t: t, item: newExpr(exprVoid, 0)}
	t.set(exprReloc, pc)
	fs.toNextReg(t)
	ps.checkNext('{')
	for ps.tok.kind != '}' {
		ps.closeItem(&tc)
		switch {
		case ps.tok.kind == '[', ps.tok.kind == tokName && ps.lookahead() == '=':
			ps.tableField(&tc)
		default:
			ps.expr(&tc.item)
			tc.items++
			tc.pending++
		}
		if !ps.testNext(',') && !ps.testNext(';') {
			break
		}
	}
	ps.checkMatch('}', '{', line)
	ps.lastItem(&tc)
	fs.p.code[pc].setB(toFloatByte(tc.items))
	fs.p.code[pc].setC(toFloatByte(tc.fields))
}

// toFloatByte rounds n up to a number with three bits of mantissa: the size with which
// PUC Lua makes a table, which the order of its fields depends on.
func toFloatByte(n int) int {
	e := 0
	for n >= 16 {
		n = (n + 1) >> 1
		e++
	}
	if n < 8 {
		return n
	}
	return (e+1)<<3 | (n - 8)
}

func fromFloatByte(b int) int {
	e := b >> 3 & 31
	if e == 0 {
		return b
	}
	return (b&7 + 8) << (e - 1)
}

func (ps *parser) params() {
	fs := ps.fs
	n := 0
	if ps.tok.kind != ')' {
		for {
			if ps.tok.kind == tokDots {
				ps.next()
				// What 5.0 had instead of "...": a table, as long as "..." is not used.
				ps.newLocal("arg", n)
				n++
				fs.hasArg, fs.needsArg, fs.p.isVararg = true, true, true
				break
			}
			if ps.tok.kind != tokName {
				ps.fail("<name> or '...' expected")
			}
			ps.newLocal(ps.nameToken().String(), n)
			n++
			if !ps.testNext(',') {
				break
			}
		}
	}
	ps.activateParams(n)
}

// activateParams makes the parameters visible; self may be among the active ones already.
func (ps *parser) activateParams(n int) {
	fs := ps.fs
	ps.activate(n)
	params := len(fs.active)
	if fs.hasArg {
		params--
	}
	fs.p.params = uint8(params)
	fs.reserve(len(fs.active))
}

func (ps *parser) body(e *expr, method bool, line int) {
	outer := ps.fs
	fs := ps.openFunc(outer.p.source, line)
	ps.checkNext('(')
	if method {
		ps.newLocal("self", 0)
		ps.activate(1)
	}
	ps.params()
	ps.checkNext(')')
	ps.chunk()
	fs.p.lastLine = ps.line
	ps.checkMatch(tokEnd, tokFunction, line)
	fs.p.hasArg, fs.p.needsArg = fs.hasArg, fs.needsArg
	ps.closeFunc()
	e.set(exprReloc, outer.code(opClosure, 0, 0, 0, len(outer.p.protos)-1))
}

func (ps *parser) exprList(e *expr) int {
	n := 1
	ps.expr(e)
	for ps.testNext(',') {
		ps.fs.toNextReg(e)
		ps.expr(e)
		n++
	}
	return n
}

func (ps *parser) args(f *expr) {
	fs, line := ps.fs, ps.line
	var args expr
	switch ps.tok.kind {
	case '(':
		if line != ps.lastLine {
			ps.fail("ambiguous syntax (function call x new statement)")
		}
		ps.next()
		if ps.tok.kind == ')' {
			args.set(exprVoid, 0)
		} else {
			ps.exprList(&args)
			if args.kind == exprCall || args.kind == exprVararg {
				fs.setReturns(&args, -1)
			}
		}
		ps.checkMatch(')', '(', line)
	case '{':
		ps.constructor(&args)
	case tokString:
		args.set(exprConst, fs.stringConst(ps.tok.str))
		ps.next()
	default:
		ps.fail("function arguments expected")
	}
	base := f.info
	b := 0 // open: as many as there are
	if args.kind != exprCall && args.kind != exprVararg {
		if args.kind != exprVoid {
			fs.toNextReg(&args)
		}
		b = fs.free - base
	}
	f.set(exprCall, fs.code(opCall, base, b, 2, 0))
	fs.fixLine(line)
	fs.free = base + 1
}

func (ps *parser) prefixExpr(v *expr) {
	switch ps.tok.kind {
	case '(':
		line := ps.line
		ps.next()
		ps.expr(v)
		ps.checkMatch(')', '(', line)
		ps.fs.discharge(v)
	case tokName:
		ps.variable(v)
	default:
		ps.fail("unexpected symbol")
	}
}

func (ps *parser) primary(v *expr) {
	fs := ps.fs
	ps.prefixExpr(v)
	for {
		switch ps.tok.kind {
		case '.':
			ps.field(v)
		case '[':
			fs.toAnyReg(v)
			var key expr
			ps.subscript(&key)
			ps.index(v, &key)
		case ':':
			ps.next()
			key := newExpr(exprConst, fs.stringConst(ps.nameToken()))
			fs.self(v, &key)
			ps.args(v)
		case '(', tokString, '{':
			fs.toNextReg(v)
			ps.args(v)
		default:
			return
		}
	}
}

func (ps *parser) simple(v *expr) {
	switch ps.tok.kind {
	case tokNumber:
		v.set(exprNumber, 0)
		v.num = ps.tok.num
	case tokString:
		v.set(exprConst, ps.fs.stringConst(ps.tok.str))
	case tokNil:
		v.set(exprNil, 0)
	case tokTrue:
		v.set(exprTrue, 0)
	case tokFalse:
		v.set(exprFalse, 0)
	case tokDots:
		fs := ps.fs
		if !fs.p.isVararg {
			ps.fail("cannot use '...' outside a vararg function")
		}
		fs.needsArg = false
		v.set(exprVararg, fs.code(opVararg, 0, 1, 0, 0))
	case '{':
		ps.constructor(v)
		return
	case tokFunction:
		ps.next()
		ps.body(v, false, ps.line)
		return
	default:
		ps.primary(v)
		return
	}
	ps.next()
}

// subexpr reads operators of a priority above limit and returns the first one that it left.
func (ps *parser) subexpr(v *expr, limit int) binaryOp {
	ps.enter()
	switch k := ps.tok.kind; k {
	case tokNot, '-', '#':
		ps.next()
		ps.subexpr(v, unaryPriority)
		ps.fs.prefix(k, v)
	default:
		ps.simple(v)
	}
	op := binaryOf(ps.tok.kind)
	for op != binNone && priorities[op].left > limit {
		ps.next()
		ps.fs.infix(op, v)
		var right expr
		after := ps.subexpr(&right, priorities[op].right)
		ps.fs.posfix(op, v, &right)
		op = after
	}
	ps.leave()
	return op
}

func (ps *parser) expr(v *expr) { ps.subexpr(v, 0) }
