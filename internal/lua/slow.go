package lua

import (
	"bytes"
	"math"
)

// event is what a metatable can handle.
type event uint8

const (
	evIndex event = iota
	evNewIndex
	evCall
	evAdd
	evSub
	evMul
	evDiv
	evMod
	evPow
	evUnm
	evConcat
	evLen
	evEq
	evLt
	evLe
	evMetatable
	evToString
	evMode
	evCount
)

var eventNames = func() (names [evCount]*String) {
	for i, n := range [evCount]string{"__index", "__newindex", "__call", "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm", "__concat",
		"__len", "__eq", "__lt", "__le", "__metatable", "__tostring", "__mode"} {
		names[i] = Intern(n)
	}
	return names
}()

// handler returns the handler of an event in the metatable m, or nil; the metatable
// remembers which it has not.
func (m *Table) handler(e event) Value {
	if m == nil || m.flags&(1<<e) != 0 {
		return Nil
	}
	v := m.getStr(eventNames[e])
	if v.n == tagNil {
		m.flags |= 1 << e
	}
	return v
}

// metaTable returns the metatable of any value, or nil.
func (t *Thread) metaTable(v Value) *Table {
	switch v.n {
	case tagTable:
		return v.table().meta
	case tagString:
		return t.st.stringMeta
	}
	return nil
}

func (t *Thread) metaOf(v Value, e event) Value { return t.metaTable(v).handler(e) }

// maxMetaLoop is how many tables a chain of __index or __newindex may have.
const maxMetaLoop = 100

// index is o[key] with metamethods. reg is the register that o comes from, for messages,
// or noReg.
func (t *Thread) index(o, key Value, reg int) Value {
	for range maxMetaLoop {
		var h Value
		if o.n == tagTable {
			tb := o.table()
			if v := tb.Get(key); v.n != tagNil {
				return v
			}
			if h = tb.meta.handler(evIndex); h.n == tagNil {
				return Nil
			}
		} else if h = t.metaOf(o, evIndex); h.n == tagNil {
			t.typeErrorReg(o, reg, "index")
		}
		if h.IsFunction() {
			return t.call1(h, o, key)
		}
		o, reg = h, noReg
	}
	t.runErrorf("loop in gettable")
	return Nil
}

// setIndex is o[key] = v with metamethods.
func (t *Thread) setIndex(o, key, v Value, reg int) {
	for range maxMetaLoop {
		var h Value
		if o.n == tagTable {
			tb := o.table()
			p := tb.find(key)
			if p == nil || p.n == tagNil {
				h = tb.meta.handler(evNewIndex)
			}
			if h.n == tagNil {
				t.rawSet(tb, key, v, p)
				return
			}
		} else if h = t.metaOf(o, evNewIndex); h.n == tagNil {
			t.typeErrorReg(o, reg, "index")
		}
		if h.IsFunction() {
			fn := t.top
			t.Push(h)
			t.Push(o)
			t.Push(key)
			t.Push(v)
			t.call(fn, 3, 0)
			t.top = fn
			return
		}
		o, reg = h, noReg
	}
	t.runErrorf("loop in settable")
}

// rawSet stores v in tb at key, whose place is p or nil.
func (t *Thread) rawSet(tb *Table, key, v Value, p *Value) {
	if tb.readonly {
		t.runErrorf("Attempt to modify a readonly table")
	}
	if p == nil {
		if key.n == tagNil {
			t.runErrorf("table index is nil")
		}
		if key.n > tagMax && key.float() != key.float() {
			t.runErrorf("table index is NaN")
		}
		// Also for nil, since the field takes a place, and places decide the order.
		p = tb.insert(key)
	}
	tb.flags = 0
	*p = v.clean()
}

// arith is an operation whose operands are not both numbers, or ^, which is rare.
func (t *Thread) arith(e event, a, b Value) Value {
	x, ok := toNumber(a)
	if ok {
		if y, ok := toNumber(b); ok {
			return Number(compute(e, x, y))
		}
	}
	h := t.metaOf(a, e)
	if h.n == tagNil {
		h = t.metaOf(b, e)
	}
	if h.n == tagNil {
		t.arithError(a, b)
	}
	return t.call1(h, a, b)
}

func compute(e event, x, y float64) float64 {
	switch e {
	case evAdd:
		return x + y
	case evSub:
		return x - y
	case evMul:
		return x * y
	case evDiv:
		return x / y
	case evMod:
		return mod(x, y)
	case evPow:
		return pow(x, y)
	}
	return -x
}

func (t *Thread) length(o Value, reg int) Value {
	if o.n == tagString {
		return Int(o.str().Len())
	}
	h := t.metaOf(o, evLen)
	if h.n == tagNil {
		t.typeErrorReg(o, reg, "get length of")
	}
	return t.call1(h, o, Nil)
}

// equal compares with __eq, which both sides must have in common.
func (t *Thread) equal(a, b Value) bool {
	if RawEqual(a, b) {
		return true
	}
	if a.n != b.n || a.n != tagTable {
		return false
	}
	m1, m2 := t.metaTable(a), t.metaTable(b)
	h := m1.handler(evEq)
	if h.n == tagNil {
		return false
	}
	if m1 != m2 && !RawEqual(h, m2.handler(evEq)) {
		return false
	}
	return t.call1(h, a, b).Truthy()
}

// order compares by a metamethod that both sides have in common; ok is false if there is
// none.
func (t *Thread) order(e event, a, b Value) (result, ok bool) {
	h := t.metaOf(a, e)
	if h.n == tagNil || !RawEqual(h, t.metaOf(b, e)) {
		return false, false
	}
	return t.call1(h, a, b).Truthy(), true
}

func (t *Thread) lessThan(a, b Value) bool {
	if a.Type() == b.Type() {
		switch {
		case a.n > tagMax:
			return a.float() < b.float()
		case a.n == tagString:
			return bytes.Compare(a.str().Bytes(), b.str().Bytes()) < 0
		}
		if less, ok := t.order(evLt, a, b); ok {
			return less
		}
	}
	t.orderError(a, b)
	return false
}

func (t *Thread) lessEqual(a, b Value) bool {
	if a.Type() == b.Type() {
		switch {
		case a.n > tagMax:
			return a.float() <= b.float()
		case a.n == tagString:
			return bytes.Compare(a.str().Bytes(), b.str().Bytes()) <= 0
		}
		if le, ok := t.order(evLe, a, b); ok {
			return le
		}
		if less, ok := t.order(evLt, b, a); ok {
			return !less
		}
	}
	t.orderError(a, b)
	return false
}

// concat joins the values from first to last on the stack, from the right; runs of strings
// and numbers at once, as PUC Lua does, which metamethods can see.
func (t *Thread) concat(first, last int) Value {
	acc := t.stack[last]
	for last > first {
		prev := t.stack[last-1]
		var b1, b2 [32]byte
		x, ok1 := toBytes(prev, &b1)
		y, ok2 := toBytes(acc, &b2)
		if !ok1 || !ok2 {
			h := t.metaOf(prev, evConcat)
			if h.n == tagNil {
				h = t.metaOf(acc, evConcat)
			}
			if h.n == tagNil {
				t.concatError(prev, acc, last)
			}
			acc = t.call1(h, prev, acc)
			last--
			continue
		}
		if last-1 == first || !isText(t.stack[last-2]) {
			t.st.spend(len(x) + len(y))
			acc = t.join2(prev, acc, x, y)
			last--
			continue
		}
		acc, last = t.joinRun(first, last, acc)
	}
	return acc
}

func isText(v Value) bool { return v.n == tagString || v.n > tagMax }

func (t *Thread) join2(a, b Value, x, y []byte) Value {
	if len(y) == 0 && a.n == tagString {
		return a
	}
	if len(x) == 0 && b.n == tagString {
		return b
	}
	s, dst := t.st.newString(len(x) + len(y))
	copy(dst[copy(dst, x):], y)
	return StringValue(s)
}

// joinRun joins acc, which stands for the value at last, with all strings and numbers
// left of it, and returns where the run begins.
func (t *Thread) joinRun(first, last int, acc Value) (Value, int) {
	begin := last
	for begin > first && isText(t.stack[begin-1]) {
		begin--
	}
	var b [32]byte
	size := 0
	for i := begin; i <= last; i++ {
		v := acc
		if i < last {
			v = t.stack[i]
		}
		x, _ := toBytes(v, &b)
		size += len(x)
	}
	t.st.spend(size)
	s, dst := t.st.newString(size)
	n := 0
	for i := begin; i <= last; i++ {
		v := acc
		if i < last {
			v = t.stack[i]
		}
		x, _ := toBytes(v, &b)
		n += copy(dst[n:], x)
	}
	return StringValue(s), begin
}

func (t *Thread) prepareFor(regs *[window]Value, a uint8) {
	for j, what := range [...]string{"initial value", "limit", "step"} {
		v := &regs[a+uint8(j)]
		f, ok := toNumber(*v)
		if !ok {
			t.runErrorf("'for' %s must be a number", what)
		}
		*v = Number(f)
	}
	regs[a].n = ^math.Float64bits(regs[a].float() - regs[a+2].float())
}

// iterate calls the generator of a for at the stack's place fn and puts nvars results
// behind the three values of the loop. It tells whether the loop goes on.
func (t *Thread) iterate(fn, nvars int) bool {
	r := (*[window]Value)(t.stack[fn:])
	if r[0].n == tagGo && r[1].n == tagTable && r[0].function() == t.st.next && nvars <= 2 {
		key, val, ok := r[1].table().Next(r[2])
		if ok {
			r[2], r[3] = key, key
			if nvars == 2 {
				r[4] = val
			}
			return key.n != tagNil
		}
	}
	if fn+6+window > len(t.stack) {
		t.grow(fn + 6 + window)
		r = (*[window]Value)(t.stack[fn:])
	}
	r[3], r[4], r[5] = r[0], r[1], r[2]
	top := t.top
	t.top = fn + 6
	t.call(fn+3, 2, nvars)
	t.top = top
	r = (*[window]Value)(t.stack[fn:])
	if r[3].n == tagNil {
		return false
	}
	r[2] = r[3]
	return true
}

func (t *Thread) setList(base int, i instr) {
	at := base + int(i.a())
	tb := t.stack[at].table()
	n := int(i.b())
	if n == 0 {
		n = t.top - at - 1
	}
	first := i.d()
	if last := first + n; last > len(tb.arr) {
		tb.resizeArray(last)
	}
	for j := 1; j <= n; j++ {
		tb.arr[first+j-1] = t.stack[at+j].clean()
	}
}

// varargs copies n extra arguments of the frame, or all, to the stack's place at.
func (t *Thread) varargs(ci *frame, at, n int) {
	first := ci.fn + 1 + int(ci.cl.proto.params)
	have := ci.base - first
	if n < 0 {
		n = have
		if at+n+window > len(t.stack) {
			t.grow(at + n + window)
		}
		t.top = at + n
	}
	t.st.spend(n * valueSize)
	for j := 0; j < n; j++ {
		if j < have {
			t.stack[at+j] = t.stack[first+j]
		} else {
			t.stack[at+j] = Nil
		}
	}
}

// setInt is rawseti: it stores into a table that Lua may change.
func (t *Thread) setInt(tb *Table, i int, v Value) {
	if tb.readonly {
		t.runErrorf("Attempt to modify a readonly table")
	}
	tb.SetInt(i, v)
}

// RawSet stores v in tb at key without metamethods, and raises Lua's errors for keys that
// cannot be and for tables that may not be changed.
func (t *Thread) RawSet(tb *Table, key, v Value) { t.rawSet(tb, key, v, tb.find(key)) }
