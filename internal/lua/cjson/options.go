package cjson

import (
	"fmt"
	"math"

	"github.com/kringdb/kring/internal/lua"
)

// options are what scripts can set of a library.
type options struct {
	sparseConvert           bool
	sparseRatio, sparseSafe int
	encodeDepth             int
	decodeDepth             int
	precision               int
	keepBuffer              bool
	encodeInvalid           int // invalidOff, invalidOn, invalidNull
	decodeInvalid           bool
}

const (
	invalidOff = iota
	invalidOn
	invalidNull
)

const (
	// maxPrecision is the most significant digits that an encoded number may have.
	maxPrecision = 14
	// stackSize is how many values the reference can have on Lua's stack: its argument, and one or two of each level of
	// nesting. So tables nest no deeper whatever the options say. encodeRoom and decodeRoom are what it wants to have free.
	stackSize                          = 8000
	encodeRoom                         = 3
	decodeRoomOfArray, decodeRoomOfObj = 2, 3
)

var defaults = options{sparseRatio: 2, sparseSafe: 10, encodeDepth: 1000, decodeDepth: 1000, precision: maxPrecision, keepBuffer: true, decodeInvalid: true}

// Library is one cjson with its options and buffers.
type Library struct {
	options
	out, tmp []byte
}

// Open adds the library to the globals of st.
func Open(st *lua.State) *Library {
	l := &Library{options: defaults}
	l.fill(st.Register("cjson", nil))
	return l
}

// Reset gives the library the options that it began with.
func (l *Library) Reset() { l.options = defaults }

func (l *Library) fill(t *lua.Table) {
	set := func(name string, f lua.GoFunc) {
		t.SetString(lua.Intern(name), lua.FunctionValue(lua.NewFunction(name, f)))
	}
	set("encode", l.encode)
	set("decode", l.decode)
	set("encode_sparse_array", l.encodeSparseArray)
	set("encode_max_depth", func(t *lua.Thread) int { return intOption(t, 1, 0, &l.encodeDepth, 1, math.MaxInt32) })
	set("decode_max_depth", func(t *lua.Thread) int { return intOption(t, 1, 0, &l.decodeDepth, 1, math.MaxInt32) })
	set("encode_number_precision", func(t *lua.Thread) int { return intOption(t, 1, 0, &l.precision, 1, maxPrecision) })
	set("encode_keep_buffer", func(t *lua.Thread) int { return boolOption(t, 1, 0, &l.keepBuffer) })
	set("encode_invalid_numbers", l.encodeInvalidNumbers)
	set("decode_invalid_numbers", func(t *lua.Thread) int { return boolOption(t, 1, 0, &l.decodeInvalid) })
	set("new", newLibrary)
	t.SetString(lua.Intern("null"), lua.Light(0))
	t.SetString(lua.Intern("_NAME"), lua.StringValue(lua.Intern("cjson")))
	t.SetString(lua.Intern("_VERSION"), lua.StringValue(lua.Intern("2.1.0")))
}

func newLibrary(t *lua.Thread) int {
	lib := t.State().NewTable(0, 16)
	t.State().Charge(1024) // its functions
	(&Library{options: defaults}).fill(lib)
	t.Push(lua.TableValue(lib))
	return 1
}

func atMost(t *lua.Thread, n int) {
	if t.NArgs() > n {
		t.ArgError(n, "found too many arguments")
	}
}

// intOption sets an option from argument i if that is given, and pushes it. most is how
// many arguments there may be.
func intOption(t *lua.Thread, most, i int, option *int, low, high int) int {
	atMost(t, most)
	if !t.Arg(i).IsNil() {
		n := t.CheckInt(i)
		if n < low || n > high {
			t.ArgError(0, fmt.Sprintf("expected integer between %d and %d", low, high))
		}
		*option = n
	}
	t.Push(lua.Int(*option))
	return 1
}

func boolOption(t *lua.Thread, most, i int, option *bool) int {
	atMost(t, most)
	if v := t.Arg(i); v.Type() == lua.TypeBoolean {
		*option = v.Truthy()
	} else if !v.IsNil() {
		*option = t.CheckOption(i, "", "off", "on") == 1
	}
	t.Push(lua.Bool(*option))
	return 1
}

func (l *Library) encodeSparseArray(t *lua.Thread) int {
	atMost(t, 3)
	t.SetTop(3)
	boolOption(t, math.MaxInt, 0, &l.sparseConvert)
	intOption(t, math.MaxInt, 1, &l.sparseRatio, 0, math.MaxInt32)
	intOption(t, math.MaxInt, 2, &l.sparseSafe, 0, math.MaxInt32)
	return 3
}

func (l *Library) encodeInvalidNumbers(t *lua.Thread) int {
	atMost(t, 1)
	if v := t.Arg(0); v.Type() == lua.TypeBoolean {
		l.encodeInvalid = invalidOff
		if v.Truthy() {
			l.encodeInvalid = invalidOn
		}
	} else if !v.IsNil() {
		l.encodeInvalid = t.CheckOption(0, "", "off", "on", "null")
	}
	if l.encodeInvalid == invalidNull {
		t.Push(lua.StringValue(lua.Intern("null")))
	} else {
		t.Push(lua.Bool(l.encodeInvalid == invalidOn))
	}
	return 1
}
