package lua

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator writes random programs that end. Values of all types meet all operations, so
// most of what they print is errors. They avoid what differs by nature: addresses, the
// order of objects as keys, random numbers, the last digits of transcendental functions.
type generator struct {
	r     *rand.Rand
	depth int
	b     strings.Builder
}

func newGenerator(seed uint64) *generator { return &generator{r: rand.New(rand.NewPCG(seed, 51))} }

func pick[T any](g *generator, list ...T) T { return list[g.r.IntN(len(list))] }

// The pools that expressions are made of. Numbers whose low 32 bits are large are left out:
// string.rep takes these bits.
var (
	genNames   = []string{"a", "b", "c", "d", "g1", "g2", "u", "v"}
	genFields  = []string{"x", "y", "name", "n", "foo"}
	genNumbers = []string{"0", "1", "2", "3", "-1", "0.5", "10", "255", "1e300", "2^53", "1/0", "-1/0", "0/0", "-0.25", "7", "100", "0x1F", "1099511627781", "123456789012345678e5", "1e-7", "3.14159265358979"}
	genStrings = []string{`""`, `"a"`, `"abc"`, `"10"`, `" 7 "`, `"0x10"`, `"hello world"`, `"a,b,c"`, `"key=val"`, `"\0x"`, `"\255\1"`, `[[long]]`, `"1e2"`, `"x\ny"`}
	genPats    = []string{`"a"`, `"%a+"`, `"(%w+)=(%w+)"`, `"."`, `".-"`, `"()"`, `"[a-c]*"`, `"%s*$"`, `"^%w"`, `"%f[%w]%w+"`, `"%b()"`, `"(a)%1"`, `"[^,]+"`,
		`"%d"`, `"(.)(.)"`, `"x*"`, `"[%]]"`, `"%"`, `"["`, `"("`, `"%1"`, `"[a"`, `"(()"`, `"%f"`, `"%bx"`, `"a?b?c?"`, `"[]]"`, `"[^]]"`, `"[a-]"`, `"l+"`, `"(l)(l)"`}
	genFormats = []string{`"%d"`, `"%5d"`, `"%-5d|"`, `"%05d"`, `"%+d"`, `"% d"`, `"%x"`, `"%#x"`, `"%X"`, `"%o"`, `"%u"`, `"%c"`, `"%e"`, `"%.3f"`, `"%g"`, `"%10.4g"`, `"%s"`, `"%10s"`,
		`"%-10s|"`, `"%.2s"`, `"%q"`, `"%i"`, `"%%"`, `"%5.3d"`, `"%#g"`, `"%G"`, `"%#.0f"`, `"%y"`, `"%"`, `"%123d"`, `"%.123f"`, `"%-+ #0d"`, `"%-+ #00d"`, `"%s %s"`, `"%5c|"`, `"%.0f"`, `"%.14g"`, `"%20.10e"`, `"%#o"`}
)

func (g *generator) name() string { return pick(g, genNames...) }

func (g *generator) expr() string {
	g.depth++
	defer func() { g.depth-- }()
	if g.depth > 4 {
		return g.atom()
	}
	switch g.r.IntN(22) {
	case 0, 1, 2:
		return g.expr() + pick(g, " + ", " - ", " * ", " / ", " % ", " .. ", " == ", " ~= ", " < ", " <= ", " > ", " >= ", " and ", " or ") + g.expr()
	case 3:
		return "(" + g.expr() + ")" + pick(g, "^2", "^0.5", "^-1", "+1", "..'s'")
	case 4:
		return pick(g, "-", "not ", "#", "- -") + g.atom()
	case 5:
		return g.table()
	case 6:
		return g.name() + "." + pick(g, genFields...)
	case 7:
		return g.name() + "[" + g.expr() + "]"
	case 8, 9, 10:
		return g.stringCall()
	case 11:
		return g.baseCall()
	case 12:
		return g.name() + "(" + g.args() + ")"
	case 13:
		return g.name() + ":" + pick(g, genFields...) + "(" + g.args() + ")"
	case 14:
		return "(function(...) " + pick(g, "return ...", "return select('#', ...)", "local p, q = ... return q, p", "return arg and arg.n") + " end)(" + g.args() + ")"
	case 15:
		return g.tableCall()
	case 16:
		return "(" + pick(g, genStrings...) + "):" + pick(g, "len", "upper", "rep", "sub", "byte", "find", "nope", "format") + "(" + g.args() + ")"
	}
	return g.atom()
}

func (g *generator) atom() string {
	switch g.r.IntN(8) {
	case 0, 1:
		return pick(g, genNumbers...)
	case 2:
		return pick(g, genStrings...)
	case 3:
		return pick(g, "nil", "true", "false")
	}
	return g.name()
}

func (g *generator) args() string {
	var list []string
	for range g.r.IntN(4) {
		list = append(list, g.expr())
	}
	return strings.Join(list, ", ")
}

func (g *generator) table() string {
	var list []string
	for range g.r.IntN(6) {
		switch g.r.IntN(4) {
		case 0:
			list = append(list, pick(g, genFields...)+" = "+g.expr())
		case 1:
			list = append(list, "["+pick(g, append(genNumbers[:8:8], genStrings...)...)+"] = "+g.expr())
		default:
			list = append(list, g.expr())
		}
	}
	return "{" + strings.Join(list, pick(g, ", ", "; ")) + "}"
}

func (g *generator) stringCall() string {
	s := pick(g, g.expr(), pick(g, genStrings...))
	switch g.r.IntN(8) {
	case 0:
		return "string.find(" + s + ", " + pick(g, genPats...) + pick(g, "", ", "+g.expr(), ", 1, true") + ")"
	case 1:
		return "string.match(" + s + ", " + pick(g, genPats...) + ")"
	case 2:
		return "string.gsub(" + s + ", " + pick(g, genPats...) + ", " + pick(g, `"<%0>"`, `"%1"`, `"%"`, `"%%"`, "{a = 1, key = false}", "function(x) return x end", "function() end", "nil", "12") + pick(g, "", ", 1", ", "+g.atom()) + ")"
	case 3:
		return "string.format(" + pick(g, genFormats...) + ", " + g.expr() + ")"
	case 4:
		return "string." + pick(g, "len", "lower", "upper", "reverse") + "(" + s + ")"
	case 5:
		return "string." + pick(g, "sub", "byte", "rep") + "(" + s + ", " + g.atom() + pick(g, "", ", "+g.atom()) + ")"
	case 6:
		return "string.char(" + g.args() + ")"
	}
	return "gm(" + s + ", " + pick(g, genPats...) + ")"
}

func (g *generator) baseCall() string {
	switch g.r.IntN(12) {
	case 0:
		return "tonumber(" + g.expr() + pick(g, "", ", "+g.atom()) + ")"
	case 1:
		return "type(" + g.expr() + ")"
	case 2:
		return "select(" + g.atom() + ", " + g.args() + ")"
	case 3:
		return "rawget(" + g.expr() + ", " + g.atom() + ")"
	case 4:
		return "rawequal(" + g.atom() + ", " + g.atom() + ")"
	case 5:
		return "pcall(" + pick(g, "error", "tostring", "next", "string.rep", g.name()) + ", " + g.atom() + ")"
	case 6:
		return "math." + pick(g, "floor", "ceil", "abs", "max", "min", "fmod", "modf", "sqrt", "frexp") + "(" + pick(g, g.args(), g.atom()+", "+g.atom()) + ")"
	case 7:
		return "unpack(" + g.expr() + pick(g, "", ", 1", ", 2, 4", ", "+g.atom()) + ")"
	case 8:
		return "assert(" + g.expr() + pick(g, "", ", "+g.atom()) + ")"
	case 9:
		return "next(" + g.expr() + ")"
	case 10:
		return "loadstring(" + pick(g, `"return 1"`, `"x ="`, `"return ..."`, g.atom()) + ")"
	}
	return "setmetatable(" + g.table() + ", M)"
}

func (g *generator) tableCall() string {
	switch g.r.IntN(6) {
	case 0:
		return "table.concat(" + g.expr() + pick(g, "", `, ","`, ", "+g.atom()+", "+g.atom()) + ")"
	case 1:
		return "table.insert(" + g.expr() + ", " + g.expr() + ")"
	case 2:
		return "table.remove(" + g.name() + pick(g, "", ", 1", ", "+g.atom()) + ")"
	case 3:
		return "sorted(" + g.expr() + pick(g, "", ", function(p, q) return p > q end", ", function(p, q) return true end") + ")"
	case 4:
		return "table.maxn(" + g.expr() + ")"
	}
	return "#" + g.table()
}

func (g *generator) line(format string, args ...any) { fmt.Fprintf(&g.b, format+"\n", args...) }

func (g *generator) block(n int) {
	for range n {
		g.stmt()
	}
}

func (g *generator) stmt() {
	g.depth++
	defer func() { g.depth-- }()
	kind := g.r.IntN(16)
	if g.depth > 3 && kind > 6 {
		kind = g.r.IntN(7)
	}
	switch kind {
	case 0, 1:
		g.line("%s = %s", g.name(), g.expr())
	case 2:
		g.line("%s, %s = %s, %s", g.name(), g.name(), g.expr(), g.expr())
	case 3:
		g.line("%s.%s = %s", g.name(), pick(g, genFields...), g.expr())
	case 4:
		g.line("%s[%s] = %s", g.name(), pick(g, pick(g, genNumbers...), pick(g, genStrings...), "#"+g.name()+" + 1"), g.expr())
	case 5:
		g.line("show(%s)", g.expr())
	case 6:
		g.line("local %s = %s", g.name(), g.expr())
	case 7:
		g.line("if %s then", g.expr())
		g.block(2)
		g.line("elseif %s then", g.expr())
		g.block(1)
		g.line("else")
		g.block(1)
		g.line("end")
	case 8:
		g.line("for i = %s, %s%s do", pick(g, "1", "3", "-2", g.name()), pick(g, "4", "1", "-1", "2.5"), pick(g, "", ", 1", ", -1", ", 0.5"))
		g.line("guard() %s = i", g.name())
		g.block(2)
		g.line("end")
	case 9:
		g.line("for k, v in %s(%s) do", pick(g, "pairs", "ipairs", g.name()), pick(g, g.name(), g.table()))
		g.line("guard() show(k, v)")
		g.block(1)
		g.line(pick(g, "", "break"))
		g.line("end")
	case 10:
		g.line("local w = 0 while w < %d do w = w + 1", g.r.IntN(4))
		g.block(2)
		g.line("end")
	case 11:
		g.line("local w = 0 repeat w = w + 1 local z = w")
		g.block(1)
		g.line("%s = function() return z end", g.name())
		g.line("until z > 2")
	case 12:
		g.line("%s = function(%s) guard() local r = %s return %s end", g.name(), pick(g, "", "p", "p, q", "..."), g.expr(), g.expr())
	case 13:
		g.line("show(pcall(function()")
		g.block(2)
		g.line("return %s end))", g.expr())
	case 14:
		g.line("co(function(p, q) show(p, q) local r = coroutine.yield(%s) %s = coroutine.yield(r) return %s end)", g.args(), g.name(), g.expr())
	case 15:
		g.line("do local %s, %s = %s", g.name(), g.name(), g.expr())
		g.block(2)
		g.line("end")
	}
}

// prelude is what generated programs find.
const prelude = `
arg = nil
local type, tostring, pairs, pcall, print, concat, select = type, tostring, pairs, pcall, print, table.concat, select
local function text(v, depth)
  local t = type(v)
  if t == "string" and v:find("^%a+: 0x") then return "address" end
  if t == "string" then return string.format("%q", v) end
  if t ~= "table" then return (t == "function" or t == "thread" or t == "userdata") and t or tostring(v) end
  if depth > 2 then return "{...}" end
  local out = {}
  for k, e in pairs(v) do
    if type(k) == "table" or type(k) == "function" then return "{objects}" end
    out[#out + 1] = text(k, depth + 1) .. "=" .. text(e, depth + 1)
  end
  return "{" .. concat(out, " ") .. "}"
end
local budget
function show(...)
  budget = budget - 1
  if budget < 0 then error("enough", 0) end
  local out = {}
  for i = 1, select("#", ...) do out[i] = text((select(i, ...)), 0) end
  print(concat(out, " "))
end
local turns
function guard()
  turns = turns - 1
  -- Strings that double in each turn would fill the memory.
  if type(a) == "string" and #a > 1e4 then a = "a" end
  if type(b) == "string" and #b > 1e4 then b = "b" end
  if type(c) == "string" and #c > 1e4 then c = "c" end
  if type(d) == "string" and #d > 1e4 then d = "d" end
  if type(g1) == "string" and #g1 > 1e4 then g1 = "g1" end
  if type(g2) == "string" and #g2 > 1e4 then g2 = "g2" end
  if turns < 0 then error("enough turns", 0) end
end
function gm(s, p)
  local out = {}
  for x, y in string.gmatch(s, p) do out[#out + 1] = tostring(x) .. ":" .. tostring(y) if #out > 20 then break end end
  return concat(out, ",")
end
function sorted(t, f) table.sort(t, f) return t end
function co(f)
  local c = coroutine.create(f)
  show(coroutine.resume(c, 1, "two"))
  show(coroutine.resume(c, 3))
  show(coroutine.status(c), coroutine.resume(c))
  show(coroutine.resume(c))
end
local function mm(name) return function(x, y) return name .. type(x) .. type(y) end end
M = { __add = mm "add", __concat = mm "cat", __call = mm "call", __unm = mm "unm", __index = function(t, k) return rawget(t, "x") end,
  __lt = function() return true end, __eq = function() return false end, __len = mm "len" }
local names = { "a", "b", "c", "d", "g1", "g2" }
local function program(i, src)
  print("#" .. i)
  local f, err = loadstring(src, "=p")
  if not f then print(err) return end
  budget, turns = 60, 100
  a, b, c, d, g1, g2 = 1, "str", { 1, 2, 3, x = "ex" }, nil, 10.5, function(...) return ... end
  local r = { pcall(f) }
  budget = 10
  show(unpack(r))
  show(a, b, c, d, g1)
end
`

// program returns a random program.
func (g *generator) program() string {
	g.b.Reset()
	g.line("local u, v = %s, {x = 1}", g.atom())
	for range 4 + g.r.IntN(4) {
		g.line("show(pcall(function()")
		g.block(1 + g.r.IntN(4))
		g.line("end))")
	}
	g.block(1)
	return g.b.String()
}

// broken returns a random program with some of its tokens lost, doubled or exchanged.
func (g *generator) broken() string {
	words := strings.Fields(g.program())
	for range 1 + g.r.IntN(3) {
		i, j := g.r.IntN(len(words)), g.r.IntN(len(words))
		switch g.r.IntN(4) {
		case 0:
			words = append(words[:i], words[i+1:]...)
		case 1:
			words[i] = words[j]
		case 2:
			words = append(words[:i], append([]string{pick(g, "end", "do", "=", ")", "(", "..", "local", "return", "'x", "[[", "]]", "--", "~", "goto", "...", "break", "0x", "3x", "\\", "@", "\x01")}, words[i:]...)...)
		case 3:
			words = words[:max(i, 1)]
		}
		if len(words) == 0 {
			return ""
		}
	}
	text := strings.Join(words, " ")
	return strings.ReplaceAll(text, "show(pcall(function()", "\nshow(pcall(function()")
}

// batch returns one program that runs n generated ones.
func batch(seed uint64, n int, broken bool) string {
	g := newGenerator(seed)
	var b strings.Builder
	b.WriteString(prelude)
	for i := range n {
		if broken { // may not end: it is only compiled
			fmt.Fprintf(&b, "print('#%d', (select(2, loadstring(%s, '=p'))))\n", i, quote(nil, []byte(g.broken())))
		} else {
			fmt.Fprintf(&b, "program(%d, %s)\n", i, quote(nil, []byte(g.program())))
		}
	}
	return b.String()
}
