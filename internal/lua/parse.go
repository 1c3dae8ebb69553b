package lua

import "fmt"

// block is a scope: what begins with do, a loop, a function.
type block struct {
	prev      *block
	breaks    int // jumps out of the loop
	active    int // active locals outside
	upval     bool
	breakable bool
}

// parser reads a chunk in one pass and emits instructions as it goes.
type parser struct {
	*lexer
	fs    *funcState
	level int // nested statements, expressions and functions
}

// Compile compiles a chunk. source is its name as PUC Lua wants it: "@name", "=name" or
// the text itself. The error is an *Error with a message that begins with the position.
func Compile(text, source string) (*Proto, error) { return compile(text, source, 0) }

// compile is Compile for a caller that is level calls deep in Go.
func compile(text, source string, level int) (p *Proto, err error) {
	defer func() {
		if e := recover(); e != nil {
			failure, ok := e.(*Error)
			if !ok {
				panic(e)
			}
			err = failure
		}
	}()
	ps := &parser{lexer: newLexer(text, source), level: level}
	fs := ps.openFunc(source, 0)
	fs.p.isVararg = true
	ps.next()
	ps.chunk()
	ps.check(tokEOS)
	ps.closeFunc()
	return fs.p, nil
}

func (ps *parser) openFunc(source string, line int) *funcState {
	fs := &funcState{p: &Proto{source: source, line: line, maxStack: 2}, prev: ps.fs, lx: ps.lexer, pending: noJump, target: -1, consts: map[constKey]int{}}
	ps.fs = fs
	return fs
}

func (ps *parser) closeFunc() {
	fs := ps.fs
	ps.removeLocals(0)
	fs.ret(0, 0)
	fs.p.upvals = fs.upKinds
	ps.fs = fs.prev
	if fs.prev == nil {
		return
	}
	fs.prev.p.protos = append(fs.prev.p.protos, fs.p)
}

func (ps *parser) enter() {
	if ps.level++; ps.level > maxLevels {
		ps.failAt("chunk has too many syntax levels", 0)
	}
}

func (ps *parser) leave() { ps.level-- }

func (ps *parser) limit(value, limit int, what string) {
	if value <= limit {
		return
	}
	if ps.fs.p.line == 0 {
		ps.failAt(fmt.Sprintf("main function has more than %d %s", limit, what), 0)
	}
	ps.failAt(fmt.Sprintf("function at line %d has more than %d %s", ps.fs.p.line, limit, what), 0)
}

func (ps *parser) testNext(k tokenKind) bool {
	if ps.tok.kind != k {
		return false
	}
	ps.next()
	return true
}

func (ps *parser) check(k tokenKind) {
	if ps.tok.kind != k {
		ps.fail("'" + tokenText(k) + "' expected")
	}
}

func (ps *parser) checkNext(k tokenKind) {
	ps.check(k)
	ps.next()
}

// checkMatch wants the token that closes what began with who at a line.
func (ps *parser) checkMatch(what, who tokenKind, line int) {
	if ps.testNext(what) {
		return
	}
	if line == ps.line {
		ps.fail("'" + tokenText(what) + "' expected")
	}
	ps.fail(fmt.Sprintf("'%s' expected (to close '%s' at line %d)", tokenText(what), tokenText(who), line))
}

func (ps *parser) nameToken() *String {
	ps.check(tokName)
	s := ps.tok.str
	ps.next()
	return s
}

// Local variables

func (ps *parser) newLocal(name string, offset int) {
	fs := ps.fs
	ps.limit(len(fs.active)+offset+1, maxLocals, "local variables")
	fs.p.locals = append(fs.p.locals, localDesc{name: name})
	fs.declared = append(fs.declared[:offset], len(fs.p.locals)-1)
}

// activate makes the last n declared locals visible.
func (ps *parser) activate(n int) {
	fs := ps.fs
	for _, i := range fs.declared[:n] {
		fs.p.locals[i].start = fs.pc()
		fs.active = append(fs.active, i)
	}
	fs.declared = fs.declared[:0]
}

func (ps *parser) removeLocals(level int) {
	fs := ps.fs
	for _, i := range fs.active[level:] {
		fs.p.locals[i].end = fs.pc()
	}
	fs.active = fs.active[:level]
}

func (fs *funcState) searchLocal(name string) int {
	for i := len(fs.active) - 1; i >= 0; i-- {
		if fs.p.locals[fs.active[i]].name == name {
			return i
		}
	}
	return -1
}

func (ps *parser) upvalIndex(fs *funcState, name string, v *expr) int {
	d := upvalDesc{local: v.kind == exprLocal, index: uint8(v.info)}
	for i, u := range fs.upKinds {
		if u == d {
			return i
		}
	}
	if len(fs.upKinds)+1 > maxUpvals {
		at := ps.fs
		ps.fs = fs
		ps.limit(len(fs.upKinds)+1, maxUpvals, "upvalues")
		ps.fs = at
	}
	fs.upKinds = append(fs.upKinds, d)
	fs.p.upNames = append(fs.p.upNames, name)
	return len(fs.upKinds) - 1
}

// resolve finds a variable. base is whether fs is the function that uses it.
func (ps *parser) resolve(fs *funcState, name string, v *expr, base bool) exprKind {
	if fs == nil {
		v.set(exprGlobal, noReg)
		return exprGlobal
	}
	if i := fs.searchLocal(name); i >= 0 {
		v.set(exprLocal, i)
		if !base {
			b := fs.block
			for b != nil && b.active > i {
				b = b.prev
			}
			if b != nil {
				b.upval = true
			}
		}
		return exprLocal
	}
	if ps.resolve(fs.prev, name, v, false) == exprGlobal {
		return exprGlobal
	}
	v.info = ps.upvalIndex(fs, name, v)
	v.kind = exprUpval
	return exprUpval
}

func (ps *parser) variable(v *expr) {
	name := ps.nameToken()
	if ps.resolve(ps.fs, name.String(), v, true) == exprGlobal {
		v.info = ps.fs.stringConst(name)
	}
}

// Blocks

func (ps *parser) enterBlock(b *block, breakable bool) {
	fs := ps.fs
	*b = block{prev: fs.block, breaks: noJump, active: len(fs.active), breakable: breakable}
	fs.block = b
}

func (ps *parser) leaveBlock() {
	fs := ps.fs
	b := fs.block
	fs.block = b.prev
	ps.removeLocals(b.active)
	if b.upval {
		fs.code(opClose, b.active, 0, 0, 0)
	}
	fs.free = len(fs.active)
	fs.patchToHere(b.breaks)
}

func blockEnds(k tokenKind) bool {
	switch k {
	case tokElse, tokElseif, tokEnd, tokEOS, tokUntil:
		return true
	}
	return false
}

func (ps *parser) chunk() {
	ps.enter()
	for last := false; !last && !blockEnds(ps.tok.kind); {
		last = ps.statement()
		ps.testNext(';')
		ps.fs.free = len(ps.fs.active)
	}
	ps.leave()
}

func (ps *parser) block() {
	var b block
	ps.enterBlock(&b, false)
	ps.chunk()
	ps.leaveBlock()
}

// statement reads one statement and tells whether it must be the last of its block.
func (ps *parser) statement() bool {
	line := ps.line
	switch ps.tok.kind {
	case tokIf:
		ps.ifStat(line)
	case tokWhile:
		ps.whileStat(line)
	case tokDo:
		ps.next()
		ps.block()
		ps.checkMatch(tokEnd, tokDo, line)
	case tokFor:
		ps.forStat(line)
	case tokRepeat:
		ps.repeatStat(line)
	case tokFunction:
		ps.funcStat(line)
	case tokLocal:
		ps.next()
		if ps.testNext(tokFunction) {
			ps.localFunc()
		} else {
			ps.localStat()
		}
	case tokReturn:
		ps.retStat()
		return true
	case tokBreak:
		ps.next()
		ps.breakStat()
		return true
	default:
		ps.exprStat()
	}
	return false
}

func (ps *parser) cond() int {
	var e expr
	ps.expr(&e)
	if e.kind == exprNil {
		e.kind = exprFalse
	}
	ps.fs.goIfTrue(&e)
	return e.f
}

func (ps *parser) thenBlock() int {
	ps.next()
	f := ps.cond()
	ps.checkNext(tokThen)
	ps.block()
	return f
}

func (ps *parser) ifStat(line int) {
	fs, escape := ps.fs, noJump
	flist := ps.thenBlock()
	for ps.tok.kind == tokElseif {
		fs.concat(&escape, fs.jump())
		fs.patchToHere(flist)
		flist = ps.thenBlock()
	}
	if ps.tok.kind == tokElse {
		fs.concat(&escape, fs.jump())
		fs.patchToHere(flist)
		ps.next()
		ps.block()
	} else {
		fs.concat(&escape, flist)
	}
	fs.patchToHere(escape)
	ps.checkMatch(tokEnd, tokIf, line)
}

func (ps *parser) whileStat(line int) {
	fs := ps.fs
	ps.next()
	start := fs.label()
	exit := ps.cond()
	var b block
	ps.enterBlock(&b, true)
	ps.checkNext(tokDo)
	ps.block()
	fs.patchList(fs.jump(), start)
	ps.checkMatch(tokEnd, tokWhile, line)
	ps.leaveBlock()
	fs.patchToHere(exit)
}

func (ps *parser) repeatStat(line int) {
	fs := ps.fs
	start := fs.label()
	var loop, scope block
	ps.enterBlock(&loop, true)
	ps.enterBlock(&scope, false)
	ps.next()
	ps.chunk()
	ps.checkMatch(tokUntil, tokRepeat, line)
	exit := ps.cond()
	if !scope.upval {
		ps.leaveBlock()
		fs.patchList(exit, start)
	} else {
		ps.breakStat()
		fs.patchToHere(exit)
		ps.leaveBlock()
		fs.patchList(fs.jump(), start)
	}
	ps.leaveBlock()
}

func (ps *parser) breakStat() {
	fs := ps.fs
	b, upval := fs.block, false
	for b != nil && !b.breakable {
		upval = upval || b.upval
		b = b.prev
	}
	if b == nil {
		ps.fail("no loop to break")
	}
	if upval {
		fs.code(opClose, b.active, 0, 0, 0)
	}
	fs.concat(&b.breaks, fs.jump())
}

func (ps *parser) forStat(line int) {
	var b block
	ps.enterBlock(&b, true)
	ps.next()
	name := ps.nameToken()
	switch ps.tok.kind {
	case '=':
		ps.forNum(name, line)
	case ',', tokIn:
		ps.forList(name)
	default:
		ps.fail("'=' or 'in' expected")
	}
	ps.checkMatch(tokEnd, tokFor, line)
	ps.leaveBlock()
}

func (ps *parser) forNum(name *String, line int) {
	fs := ps.fs
	base := fs.free
	for i, n := range []string{"(for index)", "(for limit)", "(for step)", name.String()} {
		ps.newLocal(n, i)
	}
	ps.checkNext('=')
	ps.exprToReg()
	ps.checkNext(',')
	ps.exprToReg()
	if ps.testNext(',') {
		ps.exprToReg()
	} else {
		fs.code(opLoadK, fs.free, 0, 0, fs.numberConst(1))
		fs.reserve(1)
	}
	ps.forBody(base, line, 1, true)
}

func (ps *parser) exprToReg() {
	var e expr
	ps.expr(&e)
	ps.fs.toNextReg(&e)
}

func (ps *parser) forList(name *String) {
	fs := ps.fs
	base, n := fs.free, 0
	for _, s := range []string{"(for generator)", "(for state)", "(for control)", name.String()} {
		ps.newLocal(s, n)
		n++
	}
	for ps.testNext(',') {
		ps.newLocal(ps.nameToken().String(), n)
		n++
	}
	ps.checkNext(tokIn)
	line := ps.line
	var e expr
	count := ps.exprList(&e)
	ps.adjustAssign(3, count, &e)
	fs.checkStack(3) // to call the generator
	ps.forBody(base, line, n-3, false)
}

func (ps *parser) forBody(base, line, nvars int, numeric bool) {
	fs := ps.fs
	vars := append([]int(nil), fs.declared[3:]...)
	ps.activate(3)
	ps.checkNext(tokDo)
	var prep int
	if numeric {
		prep = fs.code(opForPrep, base, 0, 0, noJump)
	} else {
		prep = fs.jump()
	}
	var b block
	ps.enterBlock(&b, false)
	fs.declared = append(fs.declared[:0], vars...)
	ps.activate(nvars)
	fs.reserve(nvars)
	ps.block()
	ps.leaveBlock()
	fs.patchToHere(prep)
	var end int
	if numeric {
		end = fs.code(opForLoop, base, 0, 0, noJump)
	} else {
		end = fs.code(opTForLoop, base, 0, nvars, noJump)
	}
	fs.fixLine(line)
	fs.patchList(end, prep+1)
}

func (ps *parser) funcStat(line int) {
	ps.next()
	var v, body expr
	ps.variable(&v)
	method := false
	for ps.tok.kind == '.' {
		ps.field(&v)
	}
	if ps.tok.kind == ':' {
		method = true
		ps.field(&v)
	}
	ps.body(&body, method, line)
	ps.fs.store(&v, &body)
	ps.fs.fixLine(line)
}

func (ps *parser) localFunc() {
	fs := ps.fs
	ps.newLocal(ps.nameToken().String(), 0)
	v := newExpr(exprLocal, fs.free)
	fs.reserve(1)
	ps.activate(1)
	var b expr
	ps.body(&b, false, ps.line)
	fs.store(&v, &b)
	fs.p.locals[fs.active[len(fs.active)-1]].start = fs.pc()
}

func (ps *parser) localStat() {
	n := 0
	for {
		ps.newLocal(ps.nameToken().String(), n)
		n++
		if !ps.testNext(',') {
			break
		}
	}
	// Expressions may declare locals of functions in between, but these have a funcState of
	// their own, so declared stays as it is.
	var e expr
	count := 0
	if ps.testNext('=') {
		count = ps.exprList(&e)
	}
	ps.adjustAssign(n, count, &e)
	ps.activate(n)
}

func (ps *parser) adjustAssign(nvars, nexps int, e *expr) {
	fs := ps.fs
	extra := nvars - nexps
	if e.kind == exprCall || e.kind == exprVararg {
		extra++
		if extra < 0 {
			extra = 0
		}
		fs.setReturns(e, extra)
		if extra > 1 {
			fs.reserve(extra - 1)
		}
		return
	}
	if e.kind != exprVoid {
		fs.toNextReg(e)
	}
	if extra > 0 {
		reg := fs.free
		fs.reserve(extra)
		fs.loadNil(reg, extra)
	}
}

func (ps *parser) retStat() {
	fs := ps.fs
	ps.next()
	if blockEnds(ps.tok.kind) || ps.tok.kind == ';' {
		fs.ret(0, 0)
		return
	}
	var e expr
	n := ps.exprList(&e)
	switch {
	case e.kind == exprCall || e.kind == exprVararg:
		fs.setReturns(&e, -1)
		if e.kind == exprCall && n == 1 {
			i := &fs.p.code[e.info]
			*i = *i&^0xFF | instr(opTailCall)
		}
		fs.ret(len(fs.active), -1)
	case n == 1:
		fs.ret(fs.toAnyReg(&e), 1)
	default:
		fs.toNextReg(&e)
		fs.ret(len(fs.active), n)
	}
}

// assign is one left side of an assignment, in a list from the last to the first.
type assign struct {
	prev *assign
	v    expr
}

func (ps *parser) exprStat() {
	var lhs assign
	ps.primary(&lhs.v)
	if lhs.v.kind == exprCall {
		ps.fs.p.code[lhs.v.info].setC(1) // no results
		return
	}
	ps.assignment(&lhs, 1)
}

func (ps *parser) assignment(lhs *assign, nvars int) {
	fs := ps.fs
	if k := lhs.v.kind; k < exprLocal || k > exprIndexed {
		ps.fail("syntax error")
	}
	if ps.testNext(',') {
		next := assign{prev: lhs}
		ps.primary(&next.v)
		if next.v.kind == exprLocal {
			ps.conflict(lhs, &next.v)
		}
		ps.limit(nvars, maxLevels-ps.level, "variables in assignment")
		ps.assignment(&next, nvars+1)
	} else {
		ps.checkNext('=')
		var e expr
		n := ps.exprList(&e)
		if n == nvars {
			fs.setOneRet(&e)
			fs.store(&lhs.v, &e)
			return
		}
		ps.adjustAssign(nvars, n, &e)
		if n > nvars {
			fs.free -= n - nvars
		}
	}
	e := newExpr(exprReg, fs.free-1)
	fs.store(&lhs.v, &e)
}

// conflict keeps the old value of a local variable that is assigned and used as a table or
// key in the same assignment.
func (ps *parser) conflict(lhs *assign, v *expr) {
	fs := ps.fs
	extra, found := fs.free, false
	for ; lhs != nil; lhs = lhs.prev {
		if lhs.v.kind != exprIndexed {
			continue
		}
		if lhs.v.info == v.info {
			found, lhs.v.info = true, extra
		}
		if lhs.v.aux == v.info {
			found, lhs.v.aux = true, extra
		}
	}
	if found {
		fs.code(opMove, fs.free, v.info, 0, 0)
		fs.reserve(1)
	}
}
