package lua

import (
	"fmt"
	"math"
	"sort"
	"strings"
)

// callName returns how the caller of the running Go function calls it: the kind of
// variable and its name, or "" and "?".
func (t *Thread) callName() (kind, name string) {
	n := len(t.frames)
	if n >= 2 && t.frames[n-2].cl != nil {
		f := &t.frames[n-2]
		switch i := f.cl.proto.code[f.pc-1]; i.op() {
		case opCall, opTailCall, opTForLoop:
			if kind, name = f.cl.proto.describe(f.pc-1, int(i.a())); kind != "" {
				return kind, name
			}
		}
	}
	return "", "?"
}

// ArgError raises the error of a bad argument i, counted from 0. It does not return.
func (t *Thread) ArgError(i int, msg string) {
	kind, name := t.callName()
	if kind == "method" {
		if i == 0 {
			t.Errorf("calling '%s' on bad self (%s)", name, msg)
		}
		i--
	}
	t.Errorf("bad argument #%d to '%s' (%s)", i+1, name, msg)
}

// TypeOf returns the type of argument i, TypeNone if it was not given.
func (t *Thread) TypeOf(i int) Type {
	if t.base+i >= t.top {
		return TypeNone
	}
	return t.stack[t.base+i].Type()
}

// TypeError raises the error of an argument i that is no want. It does not return.
func (t *Thread) TypeError(i int, want string) {
	t.ArgError(i, want+" expected, got "+t.TypeOf(i).String())
}

// CheckAny wants argument i to be given.
func (t *Thread) CheckAny(i int) {
	if t.base+i >= t.top {
		t.ArgError(i, "value expected")
	}
}

// CheckTable returns argument i, which must be a table.
func (t *Thread) CheckTable(i int) *Table {
	if v := t.Arg(i); v.n == tagTable {
		return v.table()
	}
	t.TypeError(i, "table")
	return nil
}

// CheckFunction wants argument i to be a function.
func (t *Thread) CheckFunction(i int) Value {
	v := t.Arg(i)
	if !v.IsFunction() {
		t.TypeError(i, "function")
	}
	return v
}

// CheckBytes returns argument i, a string or a number, as bytes, which must not be changed.
func (t *Thread) CheckBytes(i int) []byte { return t.CheckString(i).Bytes() }

// CheckString returns argument i as a string. A number becomes one in its place.
func (t *Thread) CheckString(i int) *String {
	v := t.Arg(i)
	if v.n == tagString {
		return v.str()
	}
	if v.n > tagMax {
		v = t.ToString(v)
		t.stack[t.base+i] = v
		return v.str()
	}
	t.TypeError(i, "string")
	return nil
}

// ToString returns the string of a number, or v itself.
func (t *Thread) ToString(v Value) Value {
	if v.n <= tagMax {
		return v
	}
	var buf [32]byte
	return t.st.String(AppendNumber(buf[:0], v.float()))
}

// CheckNumber returns argument i as a number.
func (t *Thread) CheckNumber(i int) float64 {
	v := t.Arg(i)
	if v.n > tagMax {
		return v.float()
	}
	f, ok := toNumber(v)
	if !ok {
		t.TypeError(i, "number")
	}
	return f
}

// truncate converts as C does on a 64-bit processor: what is out of range becomes the
// smallest integer.
func truncate(f float64) int {
	if f > -0x1p63 && f < 0x1p63 {
		return int(f)
	}
	return math.MinInt64
}

// CheckInteger returns argument i as an integer of 64 bits.
func (t *Thread) CheckInteger(i int) int { return truncate(t.CheckNumber(i)) }

// CheckInt returns argument i as a C int: the low 32 bits of the integer.
func (t *Thread) CheckInt(i int) int { return int(int32(t.CheckInteger(i))) }

// OptInt is CheckInt with a value for an argument that is not given or nil.
func (t *Thread) OptInt(i, def int) int {
	if t.Arg(i).n == tagNil {
		return def
	}
	return t.CheckInt(i)
}

// OptInteger is CheckInteger with a value for an argument that is not given or nil.
func (t *Thread) OptInteger(i, def int) int {
	if t.Arg(i).n == tagNil {
		return def
	}
	return t.CheckInteger(i)
}

// CheckOption returns which of the options argument i names; def is for none, "" if there
// must be one.
func (t *Thread) CheckOption(i int, def string, options ...string) int {
	name := def
	if def == "" || t.Arg(i).n != tagNil {
		name = t.CheckString(i).String()
	}
	for j, o := range options {
		if o == name {
			return j
		}
	}
	t.ArgError(i, "invalid option '"+cText(name)+"'")
	return 0
}

// cText cuts s at its first byte 0, where C's formats end.
func cText(s string) string {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return s[:i]
	}
	return s
}

// hasRoom tells whether the running function may push n more values.
func (t *Thread) hasRoom(n int) bool {
	if n > maxPushed || t.top-t.base+n > maxPushed {
		return false
	}
	t.ensure(n)
	return true
}

// NeedRoom raises an error when the running function may not push n more values.
func (t *Thread) NeedRoom(n int, what string) {
	if !t.hasRoom(n) {
		t.Errorf("stack overflow (%s)", what)
	}
}

// PushString pushes a new string with a copy of b.
func (t *Thread) PushString(b []byte) { t.Push(t.st.String(b)) }

func sortedNames(m map[string]GoFunc) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// Text returns what tostring gives for v, which may call a metamethod.
func (t *Thread) Text(v Value) Value {
	if h := t.metaOf(v, evToString); h.n != tagNil {
		return t.call1(h, v)
	}
	switch v.n {
	case tagNil:
		return StringValue(Intern("nil"))
	case tagFalse:
		return StringValue(Intern("false"))
	case tagTrue:
		return StringValue(Intern("true"))
	case tagString:
		return v
	case tagLight:
		return StringValue(Intern("userdata: (nil)"))
	}
	if v.n > tagMax {
		return t.ToString(v)
	}
	// An address would be PUC Lua's; the object's number is as good and tells nothing.
	return t.st.StringOf(fmt.Sprintf("%s: 0x%014x", v.Type(), 0x5500_0000_0000+uint64(addressHash(v))<<4))
}

// SetArg replaces what stands at place i of the arguments and pushed values.
func (t *Thread) SetArg(i int, v Value) { t.stack[t.base+i] = v }
