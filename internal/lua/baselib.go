package lua

import (
	"math"
)

func openBase(st *State) {
	g := st.globals
	for _, f := range []struct {
		name string
		f    GoFunc
	}{
		{"assert", baseAssert}, {"collectgarbage", baseCollect}, {"error", baseError}, {"gcinfo", baseGCInfo},
		{"getmetatable", baseGetMeta}, {"load", baseLoad}, {"loadstring", baseLoadString}, {"pcall", basePcall},
		{"rawequal", baseRawEqual}, {"rawget", baseRawGet}, {"rawset", baseRawSet}, {"select", baseSelect}, {"setmetatable", baseSetMeta},
		{"tonumber", baseToNumber}, {"tostring", baseToString}, {"type", baseType}, {"unpack", baseUnpack}, {"xpcall", baseXpcall},
	} {
		g.SetString(Intern(f.name), FunctionValue(NewFunction(f.name, f.f)))
	}
	st.next = NewFunction("next", baseNext)
	g.SetString(Intern("next"), FunctionValue(st.next))
	g.SetString(Intern("pairs"), FunctionValue(NewFunction("pairs", basePairs)))
	step := FunctionValue(NewFunction("ipairs step", ipairsStep))
	g.SetString(Intern("ipairs"), FunctionValue(NewFunction("ipairs", baseIpairs, step)))
	g.SetString(Intern("_G"), TableValue(g))
	g.SetString(Intern("_VERSION"), StringValue(Intern("Lua 5.1")))
	st.Register("os", map[string]GoFunc{"clock": osClock})
}

func baseAssert(t *Thread) int {
	t.CheckAny(0)
	if t.Arg(0).falsy() {
		msg := "assertion failed!"
		if v := t.Arg(1); v.n != tagNil {
			msg = t.CheckString(1).String()
		}
		t.Errorf("%s", cText(msg))
	}
	return t.NArgs()
}

func baseCollect(t *Thread) int {
	st := t.st
	what := t.CheckOption(0, "collect", "stop", "restart", "collect", "count", "step", "setpause", "setstepmul")
	t.OptInt(1, 0)
	switch what {
	case 2, 4:
		st.memory = st.walk()
		st.spend(st.memory)
		if what == 4 {
			t.Push(True)
			return 1
		}
		t.Push(Int(0))
	case 3:
		t.Push(Number(float64(st.memory) / 1024))
	case 5, 6:
		t.Push(Int(200))
	default:
		t.Push(Int(0))
	}
	return 1
}

func baseGCInfo(t *Thread) int {
	t.Push(Int(t.st.memory / 1024))
	return 1
}

func baseError(t *Thread) int {
	level := t.OptInt(1, 1)
	v := t.Arg(0)
	if isText(v) && level > 0 {
		var buf [32]byte
		b, _ := toBytes(v, &buf)
		v = t.st.concat2(t.Where(level), string(b))
	}
	t.Throw(v)
	return 0
}

func baseGetMeta(t *Thread) int {
	t.CheckAny(0)
	m := t.metaTable(t.Arg(0))
	if m == nil {
		t.Push(Nil)
		return 1
	}
	v := m.getStr(eventNames[evMetatable])
	if v.n == tagNil {
		v = TableValue(m)
	}
	t.Push(v)
	return 1
}

func baseSetMeta(t *Thread) int {
	tb := t.CheckTable(0)
	m, ok := t.Arg(1).AsTable()
	if !ok && t.TypeOf(1) != TypeNil {
		t.ArgError(1, "nil or table expected")
	}
	if tb.meta != nil && tb.meta.getStr(eventNames[evMetatable]).n != tagNil {
		t.Errorf("cannot change a protected metatable")
	}
	if tb.readonly {
		t.runErrorf("Attempt to modify a readonly table")
	}
	tb.meta = m
	t.SetTop(1)
	return 1
}

func baseIpairs(t *Thread) int {
	tb := t.CheckTable(0)
	t.Push(t.Upvalue(0))
	t.Push(TableValue(tb))
	t.Push(Int(0))
	return 3
}

func ipairsStep(t *Thread) int {
	i := t.CheckInt(1) + 1
	v := t.CheckTable(0).GetInt(i)
	if v.n == tagNil {
		return 0
	}
	t.Push(Int(i))
	t.Push(v)
	return 2
}

func basePairs(t *Thread) int {
	tb := t.CheckTable(0)
	t.Push(FunctionValue(t.st.next))
	t.Push(TableValue(tb))
	t.Push(Nil)
	return 3
}

func baseNext(t *Thread) int {
	k, v, ok := t.CheckTable(0).Next(t.Arg(1))
	if !ok {
		t.runErrorf("invalid key to 'next'")
	}
	t.Push(k)
	if k.n == tagNil {
		return 1
	}
	t.Push(v)
	return 2
}

// compileHere compiles for load: levels of the syntax count together with those of calls.
func compileHere(t *Thread, text, name string) int {
	t.st.spend(8 * len(text))
	t.st.charge(16 * len(text))
	p, err := compile(text, name, t.st.goCalls)
	if err != nil {
		t.Push(Nil)
		t.Push(err.(*Error).Value)
		return 2
	}
	t.Push(t.st.Load(p))
	return 1
}

func baseLoadString(t *Thread) int {
	text := t.CheckString(0).String()
	name := text
	if t.Arg(1).n != tagNil {
		name = t.CheckString(1).String()
	}
	return compileHere(t, text, cText(name))
}

func baseLoad(t *Thread) int {
	f := t.CheckFunction(0)
	name := "=(load)"
	if t.Arg(1).n != tagNil {
		name = t.CheckString(1).String()
	}
	var text []byte
	failure := t.protect(t.top, func() {
		for {
			v := t.call1(f)
			if v.n == tagNil {
				return
			}
			if !isText(v) {
				t.Errorf("reader function must return a string")
			}
			b := t.ToString(v).str().Bytes()
			if len(b) == 0 {
				return
			}
			t.st.Growing(len(text), len(b))
			text = append(text, b...)
		}
	})
	if failure != nil {
		t.Push(Nil)
		t.Push(failure.Value)
		return 2
	}
	return compileHere(t, string(text), cText(name))
}

func basePcall(t *Thread) int {
	t.CheckAny(0)
	return Pcall(t)
}

// Pcall calls the first argument with the others, and leaves true and what it returns, or false and
// the error, as the arguments: for functions that are a pcall themselves, at the level of pcall.
func Pcall(t *Thread) int { return protectedCall(t, t.base, t.NArgs()-1, Nil) }

func baseXpcall(t *Thread) int {
	t.CheckAny(1)
	t.SetTop(2)
	h := t.Arg(1)
	fn := t.top
	t.Push(t.Arg(0))
	return protectedCall(t, fn, 0, h)
}

// protectedCall calls the function at fn and leaves true and its results, or false and the
// error. It is pcall, for which the stack below fn does not matter any more.
func protectedCall(t *Thread, fn, nargs int, handler Value) int {
	old := t.handler
	t.handler = handler
	failure := t.protect(fn, func() { t.call(fn, nargs, multi) })
	t.handler = old
	if failure != nil {
		t.top = fn
		t.Push(False)
		t.Push(failure.Value)
		return 2
	}
	n := t.top - fn
	t.Push(Nil)
	copy(t.stack[fn+1:t.top], t.stack[fn:t.top-1])
	t.stack[fn] = True
	return n + 1
}

func baseRawEqual(t *Thread) int {
	t.CheckAny(0)
	t.CheckAny(1)
	t.Push(Bool(RawEqual(t.Arg(0), t.Arg(1))))
	return 1
}

func baseRawGet(t *Thread) int {
	tb := t.CheckTable(0)
	t.CheckAny(1)
	t.Push(tb.Get(t.Arg(1)))
	return 1
}

func baseRawSet(t *Thread) int {
	tb := t.CheckTable(0)
	t.CheckAny(1)
	t.CheckAny(2)
	t.rawSet(tb, t.Arg(1), t.Arg(2), tb.find(t.Arg(1)))
	t.SetTop(1)
	return 1
}

func baseSelect(t *Thread) int {
	n := t.NArgs()
	if v := t.Arg(0); v.n == tagString && v.str().n > 0 && v.str().Bytes()[0] == '#' {
		t.Push(Int(n - 1))
		return 1
	}
	i := t.CheckInt(0)
	if i < 0 {
		i += n
	} else if i > n {
		i = n
	}
	if i < 1 {
		t.ArgError(0, "index out of range")
	}
	return n - i
}

func baseToNumber(t *Thread) int {
	base := t.OptInt(1, 10)
	var f float64
	var ok bool
	if base == 10 {
		t.CheckAny(0)
		f, ok = toNumber(t.Arg(0))
	} else {
		s := t.CheckString(0).String()
		if base < 2 || base > 36 {
			t.ArgError(1, "base out of range")
		}
		f, ok = parseInteger(s, base)
	}
	if !ok {
		t.Push(Nil)
		return 1
	}
	t.Push(Number(f))
	return 1
}

func baseToString(t *Thread) int {
	t.CheckAny(0)
	t.Push(t.Text(t.Arg(0)))
	return 1
}

var typeValues = func() (v [TypeNone]Value) {
	for i := range v {
		v[i] = StringValue(Intern(Type(i).String()))
	}
	return v
}()

func baseType(t *Thread) int {
	t.CheckAny(0)
	t.Push(typeValues[t.Arg(0).Type()])
	return 1
}

func baseUnpack(t *Thread) int {
	tb := t.CheckTable(0)
	i := t.OptInt(1, 1)
	e := 0
	if t.Arg(2).n == tagNil {
		e = tb.Len()
	} else {
		e = t.CheckInt(2)
	}
	if i > e {
		return 0
	}
	n := e - i + 1
	if n > math.MaxInt32 || !t.hasRoom(n) {
		t.Errorf("too many results to unpack")
	}
	for j := range n {
		t.Push(tb.GetInt(i + j))
	}
	return n
}
