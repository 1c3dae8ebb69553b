package compat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// libraryDriver is the script that calls functions of libraries as ARGV says, and returns what they
// gave: per call the library, the function, the number of arguments and these as tokens. Library c is a
// cjson of the run's own, so that what one run sets no other one sees.
const libraryDriver = `
local at, held, c = 0, {}, cjson.new()
local libs = {c = c, cjson = cjson, cmsgpack = cmsgpack, struct = struct, bit = bit, string = string, math = math, table = table, base = {tostring = tostring, tonumber = tonumber, concat = function(a, b) return a .. b end,
  add = function(a, b) return a + b end, mod = function(a, b) return a % b end, less = function(a, b) return a < b end, len = function(a) return #a end}}
local functions = {upper = string.upper, count = function(...) return select('#', ...) end, none = function() end, first = function(a) return a end, pair = function(a, b) return b and b .. a or a end}
local function token() at = at + 1 return ARGV[at] end
local function value()
  local k = token()
  if k == 's' then return token()
  elseif k == 'n' then return tonumber(token())
  elseif k == 'r' then return held[tonumber(token())]
  elseif k == 'f' then return functions[token()]
  elseif k == 't' then return true
  elseif k == 'b' then return false
  elseif k == 'z' then return cjson.null
  elseif k == '[' then
    local t = {}
    for i = 1, tonumber(token()) do t[i] = value() end
    return t
  elseif k == '{' then
    local t = {}
    for i = 1, tonumber(token()) do local key = value() t[key] = value() end
    return t
  elseif k == 'd' then
    local t = value()
    for i = 1, tonumber(token()) do t = {t} end
    return t
  end
end
local function text(v, depth)
  local t = type(v)
  if t == 'number' then return string.format('n%.17g', v) end
  if t == 'string' then return 's' .. #v .. ':' .. v end
  if v == cjson.null then return 'null' end
  if t == 'table' and depth < 12 then
    local out = {}
    for k, e in pairs(v) do out[#out + 1] = text(k, depth + 1) .. '=' .. text(e, depth + 1) end
    return '{' .. table.concat(out, ' ') .. '}'
  end
  return t == 'boolean' and tostring(v) or t
end
local out = {}
while at < #ARGV do
  local f, n, args = libs[token()][token()], tonumber(token()), {}
  for i = 1, n do args[i] = value() end
  local function results(ok, ...)
    held[#held + 1] = (...)
    local list = {tostring(ok)}
    for i = 1, select('#', ...) do list[i + 1] = text((select(i, ...)), 0) end
    out[#out + 1] = table.concat(list, ' ')
  end
  results(pcall(f, unpack(args, 1, n)))
end
return table.concat(out, '\n')`

// libraryCalls makes random calls, as arguments of libraryDriver.
type libraryCalls struct {
	*rand.Rand
	argv []string
	made int // calls
}

// p is true so often in a hundred.
func (g *libraryCalls) p(percent int) bool { return g.IntN(100) < percent }

// pick chooses one of its arguments.
func (g *libraryCalls) pick(words ...string) string { return words[g.IntN(len(words))] }

// call adds a call, and returns its place among the results.
func (g *libraryCalls) call(lib, name string, args ...string) int {
	n := 0
	for i := 0; i < len(args); n++ {
		i = tokenEnd(args, i)
	}
	g.argv = append(append(g.argv, lib, name, strconv.Itoa(n)), args...)
	g.made++
	return g.made
}

// tokenEnd returns where the value at i ends.
func tokenEnd(args []string, i int) int {
	switch args[i] {
	case "s", "n", "r", "f":
		return i + 2
	case "[", "{":
		n, _ := strconv.Atoi(args[i+1])
		if args[i] == "{" {
			n *= 2
		}
		for i += 2; n > 0; n-- {
			i = tokenEnd(args, i)
		}
		return i
	case "d":
		return tokenEnd(args, i+1) + 1
	}
	return i + 1
}

// all joins values.
func joined(values ...[]string) (out []string) {
	for _, v := range values {
		out = append(out, v...)
	}
	return out
}

func argNumber(text string) []string { return []string{"n", text} }
func argInt(n int) []string          { return argNumber(strconv.Itoa(n)) }
func argString(text string) []string { return []string{"s", text} }
func argResult(i int) []string       { return []string{"r", strconv.Itoa(i)} }

// numberEdges are numbers at which conversions change their ways.
var numberEdges = []string{"0", "-0", "1", "-1", "0.5", "-0.5", "1.5", "2.5", "127", "128", "-128", "-129", "255", "256", "32767", "32768", "-32768", "-32769", "65535", "65536", "2147483647", "2147483648",
	"-2147483648", "-2147483649", "4294967295", "4294967296", "9007199254740991", "9007199254740992", "9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854774784", "18446744073709551615",
	"1e14", "1e15", "99999999999999", "999999999999999", "123456789012345", "1e16", "1e17", "1e100", "-1e100", "1e300", "1e308", "5e-324", "1e-5", "0.0001", "0.00001", "0.1", "0.2", "0.3", "3.14159265358979", "1e-300", "inf", "-inf", "nan", "-nan",
	"3.4028234663852886e38", "3.4028235677973366e38", "1e39", "1.17549435e-38", "16777216", "16777217"}

func (g *libraryCalls) float() string {
	switch g.IntN(6) {
	case 0:
		return g.pick(numberEdges...)
	case 1:
		return strconv.Itoa(g.IntN(300) - 150)
	case 2:
		return strconv.FormatInt(g.Int64()>>g.IntN(63)-1<<g.IntN(40), 10)
	case 3:
		return strconv.FormatFloat(g.NormFloat64()*1000, 'g', -1, 64)
	case 4:
		return strconv.FormatFloat(math.Float64frombits(g.Uint64()), 'g', -1, 64)
	}
	return strconv.FormatFloat((g.Float64()-0.5)*float64(uint64(1)<<g.IntN(64)), 'g', 1+g.IntN(17), 64)
}

// bytes is a string of up to most bytes.
func (g *libraryCalls) bytes(most int) string {
	var b strings.Builder
	for n := g.IntN(most + 1); n > 0; n-- {
		if g.p(20) {
			b.WriteByte(byte(g.IntN(256)))
			continue
		}
		b.WriteByte("abcxyz019 %.-+$^[](){}*?,:;/\"eEnN"[g.IntN(33)])
	}
	return b.String()
}

// value is any value, nested so deep at most.
func (g *libraryCalls) value(depth int) []string {
	n := 10
	if depth == 0 {
		n = 7
	}
	switch g.IntN(n) {
	case 0, 1, 2:
		return argNumber(g.float())
	case 3, 4:
		return argString(g.bytes(12 + g.IntN(2)*g.IntN(300)))
	case 5:
		return []string{g.pick("t", "b", "z", "-")}
	case 6:
		return [][]string{{"[", "0"}, argString(""), argString("1"), argString(" 0x1p1 "), {"f", "upper"}}[g.IntN(5)]
	case 7: // an array, perhaps with holes
		n := g.IntN(6)
		if g.p(10) {
			n = g.IntN(40)
		}
		out := []string{"[", strconv.Itoa(n)}
		for range n {
			out = append(out, g.value(depth-1)...)
		}
		return out
	case 8: // numbers as keys: sparse arrays, which options of cjson may have the oracle write out, however long
		n := 1 + g.IntN(4)
		out := []string{"{", strconv.Itoa(n)}
		for range n {
			out = append(out, joined(argNumber(g.pick("1", "2", "3", "4", "7", "11", "12", "20", "30", "1.5", "0", "-1", "20000", "2147483648", "1e300")), g.value(depth-1))...)
		}
		return out
	}
	n = 1 + g.IntN(5)
	if g.p(10) {
		n = g.IntN(20)
	}
	out := []string{"{", strconv.Itoa(n)}
	for range n {
		key := argString(g.bytes(5))
		if g.p(10) {
			key = [][]string{{"t"}, argInt(g.IntN(5)), argNumber("0.1"), argString("a")}[g.IntN(4)]
		}
		out = append(out, joined(key, g.value(depth-1))...)
	}
	return out
}

// json is a JSON text.
func (g *libraryCalls) json(depth int) string {
	n := 8
	if depth == 0 {
		n = 5
	}
	items := func(item func() string) string {
		var list []string
		for range g.IntN(4) {
			list = append(list, item())
		}
		return strings.Join(list, g.pick(",", " , ", ",\n\t", ",\r"))
	}
	switch g.IntN(n) {
	case 0:
		return g.pick("null", "true", "false", "1", "-0", "1e5", "0.1", "12345678901234567890", "1E-7", "nan", "NaN", "-nan", "-inf", "Infinity", "0x1f", "-0x1F", "1e999", "01", "-01", "+1", ".5", "1.", "-", "1e", "0e0", "nul", "nu", "trueX")
	case 1:
		return strconv.FormatFloat(g.NormFloat64()*1e6, "eEgGf"[g.IntN(5)], g.IntN(18), 64)
	case 2, 3, 4:
		var b strings.Builder
		for range g.IntN(6) {
			b.WriteString(g.pick("a", "b", " ", "é", `\n`, `\"`, `\\`, `\/`, `\b`, `\f`, `\r`, `\u00e9`, `\u20aC`, `\ud83d\ude00`, `\ud83d`, `\ud83dx`, `\ud83d\u0041`, `\udc00`, `\u0000`, `\u007f`, `\u07ff`, `\u0800`, `\uffff`, `\uD800\uDC00`, `\uDBFF\uDFFF`, `\u12`, `\uxyzt`, `\x`,
				"\x7f", "\x01", "\n", "\xff", `\t`))
		}
		return `"` + b.String() + `"`
	case 5, 6:
		return "[" + items(func() string { return g.json(depth - 1) }) + "]"
	}
	return "{" + items(func() string {
		return g.pick(`"a"`, `"b"`, `""`, `"1"`, `"\u0061"`) + g.pick(":", " : ", "") + g.json(depth-1)
	}) + "}"
}

// damaged changes a text in a few places.
func (g *libraryCalls) damaged(in, letters string) string {
	text := []byte(in)
	for g.p(30) && len(text) > 0 {
		at := g.IntN(len(text))
		switch g.IntN(4) {
		case 0:
			text = append(text[:at], text[at+1:]...)
		case 1:
			text[at] = letters[g.IntN(len(letters))]
		case 2:
			text = text[:at]
		default:
			text[at] ^= 1 << g.IntN(8)
		}
	}
	return string(text)
}

// options sets some of the options of library c.
func (g *libraryCalls) options() {
	for range 1 + g.IntN(3) {
		name := g.pick("encode_sparse_array", "encode_max_depth", "decode_max_depth", "encode_number_precision", "encode_keep_buffer", "encode_invalid_numbers", "decode_invalid_numbers")
		var args []string
		switch name {
		case "encode_sparse_array":
			args = [][]string{{"t"}, {"b"}, argString(g.pick("on", "off", "x")), {"-"}}[g.IntN(4)]
			for range g.IntN(3) {
				args = append(args, argNumber(g.pick("0", "1", "2", "3", "10", "12", "-1", "1.5", "1000000"))...)
			}
		case "encode_max_depth", "decode_max_depth":
			args = argNumber(g.pick("1", "2", "3", "4", "0", "-1", "1000", "2147483647", "2147483648", "1.9"))
		case "encode_number_precision":
			args = argNumber(g.pick("1", "2", "3", "7", "13", "14", "15", "16", "17", "0", "3.5"))
		case "encode_invalid_numbers":
			args = [][]string{{"t"}, {"b"}, argString("null"), argString("on"), argString("off"), argString("nil")}[g.IntN(6)]
		default:
			args = [][]string{{"t"}, {"b"}, argString("on"), argString("off"), argString("null"), argInt(1), {"[", "0"}}[g.IntN(7)]
		}
		switch {
		case g.p(8):
			args = g.value(1)
		case g.p(5):
			args = nil
		case g.p(5) && name != "encode_sparse_array": // whose ratio, times the elements, the oracle's int must hold
			args = append(args, g.value(0)...)
		}
		g.call("c", name, args...)
	}
}

func (g *libraryCalls) jsonCalls() {
	lib := "cjson"
	if g.p(50) {
		g.options()
		lib = "c"
	}
	switch g.IntN(5) {
	case 0, 1:
		g.call(lib, "encode", g.value(4)...)
	case 2:
		g.call(lib, "decode", argString(g.damaged(g.json(4), "{}[],:\"\\x0 1eE+-.un\x00"))...)
	case 3:
		v := g.call(lib, "decode", argString(g.json(4))...)
		g.call(lib, "encode", argResult(v)...)
	default: // deep: within the bounds, at them, and beyond
		n := []int{3, 998, 999, 1000, 1001, 3999, 4000, 7997, 7998, 7999}[g.IntN(10)]
		if n > 1001 { // at the limits of Lua's stack
			lib = "c"
			g.call(lib, "encode_max_depth", argInt(10_000)...)
			g.call(lib, "decode_max_depth", argInt(10_000)...)
		}
		switch g.IntN(3) {
		case 0:
			g.call(lib, "encode", joined([]string{"d"}, g.value(1), []string{strconv.Itoa(n)})...)
			return
		case 1:
			v := g.call(lib, "decode", argString(strings.Repeat(`{"a":`, n)+g.json(1)+strings.Repeat("}", n))...)
			g.call(lib, "encode", argResult(v)...)
			return
		}
		g.call(lib, "decode", argString(strings.Repeat("[", n)+g.json(1)+strings.Repeat("]", n-g.IntN(2)))...)
	}
	if g.p(5) {
		g.call(lib, g.pick("encode", "decode"), joined(g.value(1), g.value(0))...)
	}
}

func (g *libraryCalls) packCalls() {
	var args []string
	for range g.IntN(4) {
		args = append(args, g.value(4)...)
	}
	if g.p(10) {
		args = joined([]string{"d"}, g.value(1), argInt(14 + g.IntN(4))[1:])
	}
	packed := argResult(g.call("cmsgpack", "pack", args...))
	data := packed
	if g.p(40) {
		data = argString(g.damaged(g.bytes(20), "\xc0\xc1\xc2\xc3\xc4\xca\xcb\xcc\xcd\xce\xcf\xd0\xd1\xd2\xd3\xd9\xda\xdb\xdc\xdd\xde\xdf\x80\x81\x82\x90\x91\x92\xa0\xa1\xa5"))
		if g.p(50) { // heads of the format
			b := make([]byte, 1+g.IntN(20))
			for i := range b {
				b[i] = byte(0x80 + g.IntN(0x80))
				if g.p(50) {
					b[i] = byte(g.IntN(4))
				}
			}
			data = argString(string(b))
		}
	}
	if g.p(5) { // at the limits of Lua's stack
		data = argString(strings.Repeat(g.pick("\x91", "\x81\x01", "\x93\x01\x02"), 3998+g.IntN(3)) + g.pick("\x01", "\x80", "\x90"))
	}
	small := func() []string {
		return argNumber(g.pick("0", "1", "2", "3", "5", "-1", "100", "1.5", "-3", strconv.Itoa(g.IntN(20))))
	}
	switch g.IntN(4) {
	case 0, 1:
		g.call("cmsgpack", "unpack", data...)
	case 2:
		g.call("cmsgpack", "unpack_one", joined(data, small())...)
	default:
		g.call("cmsgpack", "unpack_limit", joined(data, small(), small())...)
	}
}

func (g *libraryCalls) structFormat() string {
	f := ""
	for range 1 + g.IntN(5) {
		f += g.pick("b", "B", "h", "H", "l", "L", "T", "i", "I", "f", "d", "s", "x", "c0", "c3", "c", "i1", "I2", "i3", "I5", "i7", "i8", "I8", "i9", "I16", "i32", ">", "<", "=", "!", "!1", "!2", "!4", "!8", " ", "!16", "!3", "!0", "i0", "i33", "i40", "i99999999999", "y", "Bc0", "ic0", "hs")
	}
	return f
}

func (g *libraryCalls) structCalls() {
	var args []string
	format := argString(g.structFormat())
	for range g.IntN(6) {
		if g.p(30) {
			args = append(args, argString(g.bytes(8))...)
			continue
		}
		args = append(args, argNumber(g.float())...)
	}
	packed := g.call("struct", "pack", joined(format, args)...)
	data := argResult(packed)
	if g.p(50) {
		data = argString(g.bytes(40))
	}
	if g.p(20) {
		format = argString(g.structFormat())
	}
	if g.p(30) {
		data = append(data, argNumber(g.pick("1", "2", "3", "5", "25", "41", "0", "-1", "1e15"))...)
	}
	g.call("struct", "unpack", joined(format, data)...)
	g.call("struct", "size", format...)
}

func (g *libraryCalls) bitCalls() {
	name := g.pick("band", "bor", "bxor", "lshift", "rshift", "arshift", "rol", "ror", "tohex", "tobit", "bnot", "bswap")
	var args []string
	for n := g.IntN(4); n >= 0; n-- {
		if g.p(10) {
			args = append(args, g.value(0)...)
			continue
		}
		args = append(args, argNumber(g.float())...)
	}
	if strings.Contains(name, "sh") || strings.HasPrefix(name, "ro") || name == "tohex" {
		args = joined(argNumber(g.float()), argInt(g.IntN(80)-40))
	}
	g.call("bit", name, args...)
}

// formatCalls are calls of string.format.
func (g *libraryCalls) formatCalls() {
	text := ""
	var args []string
	for range 1 + g.IntN(3) {
		flags, c := "", g.pick("d", "i", "u", "o", "x", "X", "c", "e", "E", "f", "g", "G", "s", "q", "%", "a", "A", "y", "p", "F", "")
		for range g.IntN(3) {
			flags += g.pick("-", "+", " ", "#", "0")
		}
		if g.p(50) {
			flags += strconv.Itoa(g.IntN(30))
		}
		if g.p(50) {
			flags += "." + g.pick("", "0", "1", "5", "14", "17", "20", "99")
		}
		if g.p(3) {
			flags += g.pick("-+ #00", "100", ".100", "*", "l", "h", "\x00")
		}
		text += "%" + flags + c + g.pick("", "|", "x", "\x00")
		switch {
		case g.p(5):
			args = append(args, g.value(1)...)
		case c == "s" || c == "q":
			args = append(args, argString(g.bytes(20+g.IntN(2)*120))...)
		case c == "c":
			args = append(args, argInt(g.IntN(256))...)
		default:
			args = append(args, argNumber(g.float())...)
		}
	}
	if g.p(5) {
		args = args[:0]
	}
	g.call("string", "format", joined(argString(text), args)...)
}

func (g *libraryCalls) pattern() string {
	var b strings.Builder
	if g.p(10) {
		b.WriteByte('^')
	}
	open := 0
	for range 1 + g.IntN(5) {
		switch g.IntN(12) {
		case 0:
			b.WriteByte('(')
			open++
			continue
		case 1:
			if open > 0 {
				b.WriteByte(')')
				open--
			}
			continue
		case 2:
			b.WriteString(g.pick("()", "%1", "%2", "%b()", "%b[]", "%bxy", "%f[a-z]", "%f[%s]", "%f[^a]", "%f[%z]", "%b", "%f", "%"))
			continue
		case 3, 4:
			b.WriteString("%" + g.pick("a", "c", "d", "l", "p", "s", "u", "w", "x", "z", "A", "D", "S", "W", ".", "%", "-", "(", "g"))
		case 5:
			b.WriteString("[" + g.pick("", "^") + g.pick("a-z", "%a", "]", "0-9_", "a-", "-z", "%]", "x%-y", "[", "%w%s", "^", "") + g.pick("]", "]", "]", ""))
		case 6:
			b.WriteByte('.')
		default:
			b.WriteByte("abcxyz019 -$"[g.IntN(12)])
		}
		b.WriteString(g.pick("", "", "*", "+", "-", "?"))
	}
	for ; open > 0 && g.p(90); open-- {
		b.WriteByte(')')
	}
	if g.p(10) {
		b.WriteByte('$')
	}
	return b.String()
}

func (g *libraryCalls) stringCalls() {
	s, at := argString(g.bytes(30)), func() []string {
		return argNumber(g.pick("0", "1", "-1", "2", "5", "-5", "100", "-100", "1.7", "inf", "-inf", "nan", "1e300", strconv.Itoa(g.IntN(60)-30)))
	}
	switch name := g.pick("find", "find", "match", "match", "gsub", "gsub", "gsub", "rep", "sub", "byte", "char", "upper", "lower", "reverse", "len"); name {
	case "find", "match":
		args := joined(s, argString(g.pattern()))
		if g.p(30) {
			args = append(args, at()...)
			if g.p(50) {
				args = append(args, g.pick("t", "b"))
			}
		}
		g.call("string", name, args...)
	case "gsub":
		with := argString(g.pick("", "x", "%0", "%1", "<%1%2>", "%%", "%", "%a", "%9", "a%0b%0", "\x00%0"))
		switch g.IntN(5) {
		case 0:
			with = []string{"f", g.pick("upper", "count", "none", "first", "pair")}
		case 1:
			with = joined([]string{"{", "3"}, argString("a"), g.value(0), argString("x"), argString("<x>"), argInt(1), []string{"b"})
		case 2:
			with = g.value(1)
		}
		args := joined(s, argString(g.pattern()), with)
		if g.p(30) {
			args = append(args, at()...)
		}
		g.call("string", name, args...)
	case "rep":
		g.call("string", name, joined(s, argNumber(g.pick("0", "1", "2", "3", "-1", "17.9", "1000", "-inf")))...)
	case "sub", "byte":
		g.call("string", name, joined(s, at(), at())...)
	case "char":
		g.call("string", name, joined(argInt(g.IntN(256)), argNumber(g.pick("0", "255", "256", "-1", "65.9", "127")))...)
	default:
		g.call("string", name, g.value(0)...)
	}
}

// baseCalls are conversions and operators.
func (g *libraryCalls) baseCalls() {
	n := argNumber(g.float())
	text := argString(g.damaged(g.pick(" ", "", "\t\n", "0x", "-", "+")+g.float()+g.pick("", " ", "\x00x", "e5", "p3", "f"), "0123456789abcdefxXpPeE.+- "))
	switch g.IntN(10) {
	case 0, 1, 2:
		g.call("base", "tostring", n...)
	case 3:
		g.call("base", "tonumber", text...)
	case 4:
		g.call("base", "tonumber", joined(text, argNumber(g.pick("10", "2", "8", "16", "36", "37", "1", "10.5", "0", "-1")))...)
	case 5:
		g.call("base", "concat", joined(n, g.value(1))...)
	case 6:
		g.call("base", g.pick("add", "mod"), joined(text, n)...)
	case 7:
		g.call("base", "less", joined(g.value(0), g.value(0))...)
	case 8:
		g.call("math", g.pick("floor", "ceil", "abs", "sqrt", "modf", "frexp"), n...)
	default:
		g.call("math", g.pick("fmod", "max", "min"), joined(n, argNumber(g.float()))...)
	}
}

// tableCalls are calls of functions of tables, which nothing but the elements decides.
func (g *libraryCalls) tableCalls() {
	list := []string{"[", strconv.Itoa(5)}
	for range 5 {
		list = append(list, [][]string{argInt(g.IntN(100)), argNumber(g.float()), argString(g.bytes(4)), argInt(g.IntN(3))}[g.IntN(4)]...)
	}
	switch g.IntN(4) {
	case 0:
		g.call("table", "concat", joined(list, argString(g.bytes(3)), argInt(g.IntN(7)-1), argInt(g.IntN(7)))...)
	case 1:
		g.call("table", g.pick("remove", "insert"), joined(list, argInt(g.IntN(8)-1))...)
	case 2:
		g.call("table", g.pick("maxn", "getn"), g.value(2)...)
	default:
		g.call("base", "len", g.value(2)...)
	}
}

// newLibraryCalls makes the arguments of one run of libraryDriver.
func newLibraryCalls(seed uint64) []string {
	g := &libraryCalls{Rand: rand.New(rand.NewPCG(seed, 1))}
	for range 1 + g.IntN(4) {
		makers := []func(){g.jsonCalls, g.jsonCalls, g.packCalls, g.structCalls, g.bitCalls, g.formatCalls, g.stringCalls, g.baseCalls, g.tableCalls}
		makers[g.IntN(len(makers))]()
	}
	return g.argv
}

// TestLibraries compares generated calls of the libraries of scripts, their results and errors byte for
// byte. COMPAT_LIBRARIES says how many scripts run.
func TestLibraries(t *testing.T) {
	t.Parallel()
	seed := uint64(envNumber(t, "COMPAT_SEED", time.Now().UnixNano()%1_000_000_000))
	scripts := int(envNumber(t, "COMPAT_LIBRARIES", librariesCount))
	t.Logf("COMPAT_SEED=%d COMPAT_LIBRARIES=%d", seed, scripts)
	var sides [2]*rawclient.Client
	for i, bin := range []string{harness.OracleBin(t), harness.SubjectBin(t)} {
		sides[i] = harness.Start(t, bin, serverArgs()...).Connect(t)
		sides[i].Timeout = 2 * time.Minute
	}
	reported := 0
	for first := 0; first < scripts; first += librariesBatch {
		n := min(librariesBatch, scripts-first)
		var got [2][]rawclient.Value
		for i, c := range sides {
			for k := range n {
				c.Queue(append([]string{"EVAL", libraryDriver, "0"}, newLibraryCalls(seed+uint64(first+k))...)...)
			}
			var err error
			if got[i], err = c.Exchange(n); err != nil {
				t.Fatalf("from seed %d on: %v", seed+uint64(first), err)
			}
		}
		for k := range n {
			if o, s := got[0][k], got[1][k]; !o.Equal(s) {
				t.Errorf("COMPAT_SEED=%d COMPAT_LIBRARIES=1\n%s", seed+uint64(first+k), describeCalls(newLibraryCalls(seed+uint64(first+k)), o, s))
				if reported++; reported >= reportedMismatchesMax {
					t.Fatal("giving up")
				}
			}
		}
	}
}

// describeCalls shows the calls of a script, and where what they gave begins to differ.
func describeCalls(argv []string, oracle, subject rawclient.Value) string {
	o, s := oracle.Str, subject.Str
	at := 0
	for at < len(o) && at < len(s) && o[at] == s[at] {
		at++
	}
	from := max(0, at-shownReplyBytes/4)
	return fmt.Sprintf("%s\nfrom byte %d on\noracle  %s\nsubject %s", shorten(rawclient.Line(argv)), from, shorten(rawclient.Quote(o[from:])), shorten(rawclient.Quote(s[from:])))
}
