package script

import (
	"bytes"
	"strconv"

	"github.com/kringdb/kring/internal/lua"
)

// reader makes values of a reply in RESP, which is whole and well-formed: a handler wrote it.
type reader struct {
	m *machine
	b []byte
}

// line returns the rest of the line.
func (r *reader) line() []byte {
	i := bytes.IndexByte(r.b, '\r')
	line := r.b[:i]
	r.b = r.b[i+2:]
	return line
}

// integer reads the line of an integer.
func (r *reader) integer() int64 {
	var n uint64
	at, negative := 0, r.b[0] == '-'
	if negative {
		at = 1
	}
	for ; r.b[at] != '\r'; at++ {
		n = 10*n + uint64(r.b[at]-'0')
	}
	r.b = r.b[at+2:]
	if negative {
		n = -n
	}
	return int64(n)
}

func (r *reader) number() int { return int(r.integer()) }

// bulk returns n bytes and skips the end of their line.
func (r *reader) bulk(n int) []byte {
	b := r.b[:n]
	r.b = r.b[n+2:]
	return b
}

// value reads one reply.
func (r *reader) value() lua.Value {
	st := r.m.st
	kind := r.b[0]
	r.b = r.b[1:]
	switch kind {
	case ':':
		return lua.Number(float64(r.integer()))
	case '$':
		if n := r.number(); n >= 0 {
			return st.Cached(r.bulk(n))
		}
		return lua.False
	case '+':
		return r.field(nameOk, st.String(r.line()))
	case '-':
		return r.m.errorTable(r.line())
	case '*':
		n := r.number()
		if n < 0 {
			return lua.False
		}
		return r.array(n)
	default:
		return r.value3(kind)
	}
}

func (r *reader) array(n int) lua.Value {
	t := r.m.st.NewTable(n, 0)
	for i := range n {
		t.SetInt(i+1, r.value())
	}
	return lua.TableValue(t)
}

// value3 reads a reply that only RESP3 has, of the kind that its first byte said.
func (r *reader) value3(kind byte) lua.Value {
	st := r.m.st
	switch kind {
	case '_':
		r.line()
		return lua.Nil
	case '#':
		return lua.Bool(r.line()[0] == 't')
	case ',':
		f, _ := strconv.ParseFloat(string(r.line()), 64)
		return r.field(nameDouble, lua.Number(f))
	case '(':
		return r.field(nameBig, st.String(r.line()))
	case '=':
		text := r.bulk(r.number())
		t := st.NewTable(0, 2)
		t.SetString(nameFormat, st.String(text[:3]))
		t.SetString(nameString, st.String(text[4:]))
		return r.field(nameText, lua.TableValue(t))
	case '%':
		n := r.number()
		t := st.NewTable(0, n)
		for range n {
			k := r.value()
			v := r.value()
			if !k.IsNil() {
				t.Set(k, v)
			}
		}
		return r.field(nameMap, lua.TableValue(t))
	case '~':
		n := r.number()
		t := st.NewTable(0, n)
		for range n {
			if k := r.value(); !k.IsNil() {
				t.Set(k, lua.True)
			}
		}
		return r.field(nameSet, lua.TableValue(t))
	default: // '>': pushes are no replies; '|': nobody writes attributes
		return r.array(r.number())
	}
}

// field makes a table with one field.
func (r *reader) field(name *lua.String, v lua.Value) lua.Value {
	t := r.m.st.NewTable(0, 1)
	t.SetString(name, v)
	return lua.TableValue(t)
}
