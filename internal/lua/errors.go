package lua

import (
	"fmt"
	"strconv"
)

// Error is an error that Lua code raised or met: any value, mostly a string that begins
// with a position. Scripts can catch it.
type Error struct {
	Value Value
}

// Error returns the message, or what the value is when it is no string.
func (e *Error) Error() string {
	var buf [32]byte
	if b, ok := toBytes(e.Value, &buf); ok {
		return string(b)
	}
	return "(error object is a " + e.Value.Type().String() + " value)"
}

var (
	errMemory, errInHandler = &Error{}, &Error{}
)

func init() {
	errMemory.Value = StringValue(Intern("not enough memory"))
	errInHandler.Value = StringValue(Intern("error in error handling"))
}

// Throw raises a value as an error, after the handler of xpcall has seen it. It does not
// return.
func (t *Thread) Throw(v Value) {
	if t.handler.n != tagNil {
		v = t.call1(t.handler, v)
	}
	t.st.raise(&Error{v})
}

// Errorf raises a message with the position of the caller of the running Go function. It
// does not return.
func (t *Thread) Errorf(format string, args ...any) {
	t.Throw(StringValue(makeString(t.Where(1) + fmt.Sprintf(format, args...))))
}

// runErrorf raises a message of the machine: with the position of the running function if
// that is written in Lua.
func (t *Thread) runErrorf(format string, args ...any) {
	t.Throw(StringValue(makeString(t.Where(0) + fmt.Sprintf(format, args...))))
}

// Where returns "chunk:line: " of the function at a level of the calls: 0 is the running
// one, 1 its caller. It is empty for Go functions and where tail calls took a frame away.
func (t *Thread) Where(level int) string {
	f, pc := t.frameAt(level)
	if f == nil || f.cl == nil {
		return ""
	}
	p := f.cl.proto
	return chunkID(p.source) + ":" + strconv.Itoa(int(p.lines[pc])) + ": "
}

// Location returns the source and line of the function at a level of the calls, as Where
// counts them. The line is -1 for a Go function, and ok false where there is no function.
func (t *Thread) Location(level int) (source string, line int, ok bool) {
	f, pc := t.frameAt(level)
	switch {
	case f == nil:
		return "", -1, false
	case f.cl == nil:
		return "=[C]", -1, true
	}
	return f.cl.proto.source, int(f.cl.proto.lines[pc]), true
}

// frameAt returns the frame at a level and the instruction that it is at, nil if there is
// none.
func (t *Thread) frameAt(level int) (*frame, int) {
	for i := len(t.frames) - 1; i >= 0; i-- {
		f := &t.frames[i]
		if level == 0 {
			return f, max(f.pc-1, 0) // a loop may go back to its first instruction
		}
		level -= 1 + int(f.tails)
		if level < 0 {
			return nil, 0 // a lost tail call
		}
	}
	return nil, 0
}

// current returns the running function's frame if it is written in Lua.
func (t *Thread) luaFrame() *frame {
	if n := len(t.frames); n > 0 && t.frames[n-1].cl != nil {
		return &t.frames[n-1]
	}
	return nil
}

// typeErrorReg says that an operation does not go with the type of v, which is in register
// reg of the running function (noReg: in none).
func (t *Thread) typeErrorReg(v Value, reg int, op string) {
	if f := t.luaFrame(); f != nil && reg >= 0 && reg != noReg {
		t.st.spend(8 * f.pc) // describe looks at all instructions before
		if kind, name := f.cl.proto.describe(f.pc-1, reg); kind != "" {
			t.runErrorf("attempt to %s %s '%s' (a %s value)", op, kind, cText(name), v.Type())
		}
	}
	t.runErrorf("attempt to %s a %s value", op, v.Type())
}

// typeErrorAt is typeErrorReg for a place of the stack.
func (t *Thread) typeErrorAt(at int, op string) {
	reg := noReg
	if f := t.luaFrame(); f != nil && at >= f.base && at < f.top {
		reg = at - f.base
	}
	t.typeErrorReg(t.stack[at], reg, op)
}

func (t *Thread) arithError(a, b Value) {
	culprit, second := a, false
	if _, ok := toNumber(a); ok {
		culprit, second = b, true
	}
	reg := noReg
	if f := t.luaFrame(); f != nil {
		i := f.cl.proto.code[f.pc-1]
		switch op := i.op(); {
		case op == opUnm:
			reg = int(i.b())
		case op >= opAdd && op <= opPow:
			reg = int(i.b())
			if second {
				reg = int(i.c())
			}
		case op >= opAddK && op <= opPowK && !second:
			reg = int(i.b())
		case op >= opKAdd && op <= opKPow && second:
			reg = int(i.c())
		}
	}
	t.typeErrorReg(culprit, reg, "perform arithmetic on")
}

func (t *Thread) concatError(a, b Value, last int) {
	culprit, at := a, last-1
	if isText(a) {
		culprit, at = b, last
	}
	reg := noReg
	if f := t.luaFrame(); f != nil && at >= f.base && at < f.top {
		reg = at - f.base
	}
	t.typeErrorReg(culprit, reg, "concatenate")
}

func (t *Thread) orderError(a, b Value) {
	x, y := a.Type().String(), b.Type().String()
	if x == y {
		t.runErrorf("attempt to compare two %s values", x)
	}
	t.runErrorf("attempt to compare %s with %s", x, y)
}

// describe says where the value in a register came from at instruction pc: the kind of
// variable and its name, or nothing.
func (p *Proto) describe(pc, reg int) (kind, name string) {
	if name = p.localName(reg, pc); name != "" {
		return "local", name
	}
	at := p.setter(pc, reg)
	if at < 0 {
		return "", ""
	}
	switch i := p.code[at]; i.op() {
	case opGetGlobal:
		return "global", p.k[i.d()].str().String()
	case opMove:
		if i.b() < i.a() {
			return p.describe(pc, int(i.b()))
		}
	case opGetField, opGetConst:
		return "field", p.keyName(i.d())
	case opGetTable:
		return "field", "?"
	case opGetUpval:
		return "upvalue", p.upNames[i.b()]
	case opSelf:
		return "method", p.keyName(i.d())
	case opSelfR:
		return "method", "?"
	}
	return "", ""
}

func (p *Proto) keyName(k int) string {
	if v := p.k[k]; v.n == tagString {
		return v.str().String()
	}
	return "?"
}

// setter returns the last instruction before end that sets reg, on the way that takes
// all forward jumps, or -1.
func (p *Proto) setter(end, reg int) int {
	last := -1
	for pc := 0; pc < end; pc++ {
		i := p.code[pc]
		a := int(i.a())
		switch op := i.op(); {
		case op == opLoadNil:
			if a <= reg && reg <= int(i.b()) {
				last = pc
			}
		case op == opCall || op == opTailCall:
			if reg >= a {
				last = pc
			}
		case op == opTForLoop:
			if reg >= a+2 {
				last = pc
			}
		case op == opSelf || op == opSelfR:
			if reg == a || reg == a+1 {
				last = pc
			}
		case op == opForPrep || op == opForLoop || op == opTest || op == opTestSet || setsA(op):
			if reg == a {
				last = pc
			}
		}
		if jumps(i.op()) {
			if dest := pc + 1 + i.d(); dest > pc && dest <= end {
				pc += i.d()
			}
		}
	}
	return last
}

func jumps(op opcode) bool {
	return op >= opJmp && op <= opTestSet || op == opForPrep || op == opForLoop
}

func setsA(op opcode) bool {
	switch op {
	case opSetUpval, opSetGlobal, opSetTable, opSetTableK, opSetField, opSetFieldK, opSetConst, opSetConstK:
		return false
	case opClosure, opVararg:
		return true
	}
	return op <= opConcat
}
