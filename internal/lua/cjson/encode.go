package cjson

import (
	"math"

	"github.com/kringdb/kring/internal/lua"
)

// encoder writes one text.
type encoder struct {
	*options
	t       *lua.Thread
	out     []byte
	charged int
}

// keptBuffer is the size of buffers that are kept for the next call.
const keptBuffer = 64 << 10

func (l *Library) encode(t *lua.Thread) int {
	if t.NArgs() != 1 {
		t.ArgError(0, "expected 1 argument")
	}
	e := encoder{options: &l.options, t: t, out: l.out[:0]}
	e.value(t.Arg(0), 0, 1)
	t.State().Spend(len(e.out) - e.charged)
	t.PushString(e.out)
	if cap(e.out) <= keptBuffer {
		l.out = e.out
	}
	return 1
}

func (e *encoder) fail(v lua.Value, reason string) {
	e.t.Errorf("Cannot serialise %s: %s", v.Type(), reason)
}

// value appends v, which is in that many tables; top is how many values are on the reference's stack.
func (e *encoder) value(v lua.Value, depth, top int) {
	switch v.Type() {
	case lua.TypeString:
		s, _ := v.AsString()
		e.string(s.Bytes())
	case lua.TypeNumber:
		e.number(v)
	case lua.TypeBoolean:
		if v.Truthy() {
			e.out = append(e.out, "true"...)
		} else {
			e.out = append(e.out, "false"...)
		}
	case lua.TypeTable:
		tb, _ := v.AsTable()
		e.table(v, tb, depth+1, top)
	case lua.TypeNil:
		e.out = append(e.out, "null"...)
	default:
		if v != lua.Light(0) {
			e.fail(v, "type not supported")
		}
		e.out = append(e.out, "null"...)
	}
}

func (e *encoder) table(v lua.Value, tb *lua.Table, depth, top int) {
	if depth > e.encodeDepth || top+encodeRoom > stackSize {
		e.t.Errorf("Cannot serialise, excessive nesting (%d)", depth)
	}
	n := e.arrayLen(v, tb)
	if n > 0 {
		e.out = append(e.out, '[')
		for i := 1; i <= n; i++ {
			if i > 1 {
				e.out = append(e.out, ',')
			}
			e.value(tb.GetInt(i), depth, top+1)
			e.account(i)
		}
		e.out = append(e.out, ']')
		return
	}
	e.out = append(e.out, '{')
	comma := false
	for k, val, at := tb.Step(0); !k.IsNil(); k, val, at = tb.Step(at) {
		if comma {
			e.out = append(e.out, ',')
		}
		comma = true
		switch k.Type() {
		case lua.TypeNumber:
			e.out = append(e.out, '"')
			e.number(k)
			e.out = append(e.out, '"', ':')
		case lua.TypeString:
			s, _ := k.AsString()
			e.string(s.Bytes())
			e.out = append(e.out, ':')
		default:
			e.fail(k, "table key must be a number or string")
		}
		e.value(val, depth, top+2)
		e.account(at)
	}
	e.out = append(e.out, '}')
}

// account charges what has been written since the last time, now and then.
func (e *encoder) account(i int) {
	if n := len(e.out) - e.charged; i&15 == 0 && n > 4096 {
		e.t.State().Growing(len(e.out), n)
		e.charged = len(e.out)
	}
}

// arrayLen returns the largest key of an array, less than 1 for an object. Keys beyond 32
// bits make an object, as the reference's int does.
func (e *encoder) arrayLen(v lua.Value, tb *lua.Table) int {
	most, items := 0, 0
	for k, _, at := tb.Step(0); !k.IsNil(); k, _, at = tb.Step(at) {
		f, ok := k.AsNumber()
		if !ok || f < 1 || f != math.Floor(f) {
			return -1
		}
		if f > float64(most) {
			most = math.MinInt32
			if f <= math.MaxInt32 {
				most = int(f)
			}
		}
		items++
	}
	if e.sparseRatio > 0 && most > items*e.sparseRatio && most > e.sparseSafe {
		if !e.sparseConvert {
			e.fail(v, "excessively sparse array")
		}
		return -1
	}
	return most
}

func (e *encoder) number(v lua.Value) {
	f, _ := v.AsNumber()
	if f != f || math.IsInf(f, 0) {
		switch {
		case e.encodeInvalid == invalidOff:
			e.fail(v, "must not be NaN or Inf")
		case e.encodeInvalid == invalidNull:
			e.out = append(e.out, "null"...)
			return
		case f != f:
			e.out = append(e.out, "nan"...)
			return
		}
	}
	if e.precision == maxPrecision {
		e.out = lua.AppendNumber(e.out, f)
		return
	}
	e.out = lua.AppendNumberPrecision(e.out, f, e.precision)
}

// escapes are what stands for bytes that do not stand for themselves.
var escapes = func() (m [256]string) {
	const hex = "0123456789abcdef"
	for c := range 32 {
		m[c] = `\u00` + string(hex[c>>4]) + string(hex[c&15])
	}
	m['\b'], m['\t'], m['\n'], m['\f'], m['\r'] = `\b`, `\t`, `\n`, `\f`, `\r`
	m['"'], m['\\'], m['/'], m[127] = `\"`, `\\`, `\/`, `\u007f`
	return m
}()

func (e *encoder) string(b []byte) {
	e.out = append(e.out, '"')
	from := 0
	for i, c := range b {
		if s := escapes[c]; s != "" {
			e.out = append(append(e.out, b[from:i]...), s...)
			from = i + 1
		}
	}
	e.out = append(append(e.out, b[from:]...), '"')
}
