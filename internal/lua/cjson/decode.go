package cjson

import (
	"bytes"
	"unicode/utf8"

	"github.com/kringdb/kring/internal/lua"
)

type tokenKind uint8

const (
	tokenObject tokenKind = iota
	tokenObjectEnd
	tokenArray
	tokenArrayEnd
	tokenString
	tokenNumber
	tokenBool
	tokenNull
	tokenColon
	tokenComma
	tokenEnd
	tokenError
)

var tokenNames = [...]string{"T_OBJ_BEGIN", "T_OBJ_END", "T_ARR_BEGIN", "T_ARR_END", "T_STRING", "T_NUMBER", "T_BOOLEAN", "T_NULL", "T_COLON", "T_COMMA", "T_END", "T_ERROR"}

// decoder reads one text.
type decoder struct {
	*options
	t    *lua.Thread
	st   *lua.State
	data []byte
	pos  int
	tmp  []byte // a string with escapes

	kind  tokenKind
	index int       // where the token begins, or where it was found wrong
	value lua.Value // of a boolean or number
	text  []byte    // of a string
	wrong string    // what is wrong with the token
}

func (l *Library) decode(t *lua.Thread) int {
	if t.NArgs() != 1 {
		t.ArgError(0, "expected 1 argument")
	}
	data := t.CheckBytes(0)
	if len(data) >= 2 && (data[0] == 0 || data[1] == 0) {
		t.Errorf("JSON parser does not support UTF-16 or UTF-32")
	}
	t.State().Spend(len(data))
	d := decoder{options: &l.options, t: t, st: t.State(), data: data, tmp: l.tmp[:0]}
	d.next()
	v := d.parse(0, 1)
	d.next()
	if d.kind != tokenEnd {
		d.fail("the end")
	}
	if cap(d.tmp) <= keptBuffer {
		l.tmp = d.tmp
	}
	t.Push(v)
	return 1
}

func (d *decoder) fail(want string) {
	found := tokenNames[d.kind]
	if d.kind == tokenError {
		found = d.wrong
	}
	d.t.Errorf("Expected %s but found %s at character %d", want, found, d.index+1)
}

func (d *decoder) descend(depth, need int) {
	if depth > d.decodeDepth || need > stackSize {
		d.t.Errorf("Found too many nested data structures (%d) at character %d", depth, d.pos)
	}
}

// parse makes a value of the current token and what follows. It is in that many tables; top is how many values are on
// the reference's stack.
func (d *decoder) parse(depth, top int) lua.Value {
	switch d.kind {
	case tokenString:
		return d.st.String(d.text)
	case tokenNumber, tokenBool:
		return d.value
	case tokenObject:
		return d.object(depth+1, top)
	case tokenArray:
		return d.array(depth+1, top)
	case tokenNull:
		return lua.Light(0)
	}
	d.fail("value")
	return lua.Nil
}

func (d *decoder) object(depth, top int) lua.Value {
	d.descend(depth, top+decodeRoomOfObj)
	tb := d.st.NewTable(0, 0)
	d.next()
	if d.kind == tokenObjectEnd {
		return lua.TableValue(tb)
	}
	for {
		if d.kind != tokenString {
			d.fail("object key string")
		}
		key := d.st.Cached(d.text)
		d.next()
		if d.kind != tokenColon {
			d.fail("colon")
		}
		d.next()
		tb.Set(key, d.parse(depth, top+2))
		d.next()
		if d.kind == tokenObjectEnd {
			return lua.TableValue(tb)
		}
		if d.kind != tokenComma {
			d.fail("comma or object end")
		}
		d.next()
	}
}

func (d *decoder) array(depth, top int) lua.Value {
	d.descend(depth, top+decodeRoomOfArray)
	tb := d.st.NewTable(0, 0)
	d.next()
	if d.kind == tokenArrayEnd {
		return lua.TableValue(tb)
	}
	for i := 1; ; i++ {
		tb.SetInt(i, d.parse(depth, top+1))
		d.next()
		if d.kind == tokenArrayEnd {
			return lua.TableValue(tb)
		}
		if d.kind != tokenComma {
			d.fail("comma or array end")
		}
		d.next()
	}
}

// at returns a byte of the text, and 0 behind it, which ends everything.
func (d *decoder) at(i int) byte {
	if i < len(d.data) {
		return d.data[i]
	}
	return 0
}

func (d *decoder) error(wrong string) { d.kind, d.index, d.wrong = tokenError, d.pos, wrong }

func (d *decoder) single(k tokenKind) {
	d.kind = k
	d.pos++
}

// next reads the next token.
func (d *decoder) next() {
	c := d.at(d.pos)
	for c == ' ' || c == '\t' || c == '\n' || c == '\r' {
		d.pos++
		c = d.at(d.pos)
	}
	d.index = d.pos
	switch c {
	case '{':
		d.single(tokenObject)
	case '}':
		d.single(tokenObjectEnd)
	case '[':
		d.single(tokenArray)
	case ']':
		d.single(tokenArrayEnd)
	case ',':
		d.single(tokenComma)
	case ':':
		d.single(tokenColon)
	case 0:
		d.kind = tokenEnd
	case '"':
		d.string()
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if !d.decodeInvalid && d.invalidNumber() {
			d.error("invalid number")
			return
		}
		d.number()
	default:
		d.word()
	}
}

func (d *decoder) word() {
	rest := d.data[d.pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("true")):
		d.kind, d.value = tokenBool, lua.True
		d.pos += 4
	case bytes.HasPrefix(rest, []byte("false")):
		d.kind, d.value = tokenBool, lua.False
		d.pos += 5
	case bytes.HasPrefix(rest, []byte("null")):
		d.kind = tokenNull
		d.pos += 4
	case d.decodeInvalid && bytes.IndexByte([]byte("+iInN"), rest[0]) >= 0 && d.invalidNumber():
		d.number()
	default:
		d.error("invalid token")
	}
}

// invalidNumber tells whether what follows is a number that JSON does not know: with a
// plus, hexadecimal, with leading zeros, infinite or none.
func (d *decoder) invalidNumber() bool {
	p := d.pos
	if d.at(p) == '+' {
		return true
	}
	if d.at(p) == '-' {
		p++
	}
	switch c := d.at(p); {
	case c == '0':
		next := d.at(p + 1)
		return next|0x20 == 'x' || next >= '0' && next <= '9'
	case c <= '9':
		return false
	}
	word := bytes.ToLower(d.data[p:min(p+3, len(d.data))])
	return string(word) == "inf" || string(word) == "nan"
}

func (d *decoder) number() {
	f, n := lua.ScanNumber(d.data[d.pos:])
	if n == 0 {
		d.error("invalid number")
		return
	}
	d.kind, d.value = tokenNumber, lua.Number(f)
	d.pos += n
}

var unescaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r', 'u': 'u'}

func (d *decoder) string() {
	d.pos++
	from := d.pos
	for d.pos < len(d.data) && d.data[d.pos] != '"' && d.data[d.pos] != '\\' && d.data[d.pos] != 0 {
		d.pos++
	}
	if d.at(d.pos) == '"' { // no escapes: no copy
		d.kind, d.text = tokenString, d.data[from:d.pos]
		d.pos++
		return
	}
	d.tmp = append(d.tmp[:0], d.data[from:d.pos]...)
	for c := d.at(d.pos); c != '"'; c = d.at(d.pos) {
		if c == 0 {
			d.error("unexpected end of string")
			return
		}
		if c == '\\' {
			c = unescaped[d.at(d.pos+1)]
			if c == 'u' {
				if !d.unicode() {
					d.error("invalid unicode escape code")
					return
				}
				continue
			}
			if c == 0 {
				d.error("invalid escape code")
				return
			}
			d.pos++
		}
		d.tmp = append(d.tmp, c)
		d.pos++
	}
	d.pos++
	d.kind, d.text = tokenString, d.tmp
}

// hex4 reads four hexadecimal digits, or returns -1.
func (d *decoder) hex4(p int) rune {
	n := rune(0)
	for i := range 4 {
		c := d.at(p + i)
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			n = n<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return n
}

// unicode reads \uXXXX, or two of them that are a surrogate pair.
func (d *decoder) unicode() bool {
	r := d.hex4(d.pos + 2)
	if r < 0 {
		return false
	}
	n := 6
	if r&0xF800 == 0xD800 {
		if r&0x400 != 0 || d.at(d.pos+6) != '\\' || d.at(d.pos+7) != 'u' {
			return false
		}
		low := d.hex4(d.pos + 8)
		if low < 0 || low&0xFC00 != 0xDC00 {
			return false
		}
		r = (r&0x3FF<<10 | low&0x3FF) + 0x10000
		n = 12
	}
	d.tmp = utf8.AppendRune(d.tmp, r)
	d.pos += n
	return true
}
