package lua_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/lua"
	"github.com/kringdb/kring/internal/lua/bit"
	"github.com/kringdb/kring/internal/lua/cjson"
	"github.com/kringdb/kring/internal/lua/cmsgpack"
	"github.com/kringdb/kring/internal/lua/structs"
)

// redis is a redis-server whose EVAL is the oracle for the libraries of scripts.
type redis struct {
	conn net.Conn
	r    *bufio.Reader
}

func startRedis(t *testing.T) *redis {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	dir := t.TempDir()
	sock := filepath.Join(dir, "s")
	cmd := exec.Command(path, "--port", "0", "--unixsocket", sock, "--save", "", "--dir", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for end := time.Now().Add(time.Minute); ; {
		conn, err := net.Dial("unix", sock)
		if err == nil {
			t.Cleanup(func() { conn.Close() })
			return &redis{conn, bufio.NewReader(conn)}
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// eval returns the reply of a script that returns a string.
func (r *redis) eval(t *testing.T, script string) string {
	t.Helper()
	fmt.Fprintf(r.conn, "*3\r\n$4\r\nEVAL\r\n$%d\r\n%s\r\n$1\r\n0\r\n", len(script), script)
	line, err := r.r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if line[0] != '$' {
		t.Fatalf("redis-server: %s", line)
	}
	n, _ := strconv.Atoi(strings.TrimSpace(line[1:]))
	b := make([]byte, n+2)
	if _, err := io.ReadFull(r.r, b); err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func newState(o lua.Options) *lua.State {
	st := lua.NewState(o)
	bit.Open(st)
	cjson.Open(st)
	cmsgpack.Open(st)
	structs.Open(st)
	return st
}

const showText = `
local function text(v, depth)
  local t = type(v)
  if t == "string" then return string.format("%q", v):gsub("[\128-\255\1-\9\11-\31]", function(c) return "\\" .. c:byte() end) end
  if v == cjson.null then return "null" end
  if t ~= "table" then return (t == "function" or t == "userdata") and t or tostring(v) end
  if depth > 12 then return "{...}" end
  local out = {}
  for k, e in pairs(v) do out[#out + 1] = text(k, depth + 1) .. "=" .. text(e, depth + 1) end
  return "{" .. table.concat(out, " ") .. "}"
end
local out = {}
local function show(...)
  local list = {}
  for i = 1, select("#", ...) do list[i] = text((select(i, ...)), 0) end
  out[#out + 1] = table.concat(list, " ")
end
`

// compare evaluates expressions in both and compares what they give, or their errors.
func compare(t *testing.T, r *redis, exprs []string) {
	t.Helper()
	for len(exprs) > 0 {
		n := min(len(exprs), 150)
		var b strings.Builder
		b.WriteString(showText)
		for _, e := range exprs[:n] {
			fmt.Fprintf(&b, "show(pcall(function() %s end))\n", e)
		}
		b.WriteString(`return table.concat(out, "\n--\n")`)
		want := strings.Split(r.eval(t, b.String()), "\n--\n")
		got := strings.Split(evalHere(t, b.String()), "\n--\n")
		for i, e := range exprs[:n] {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Errorf("%s\nredis %s\n  got %s", e, want[min(i, len(want)-1)], got[min(i, len(got)-1)])
			}
		}
		exprs = exprs[n:]
	}
}

func evalHere(t *testing.T, script string) string {
	t.Helper()
	p, err := lua.Compile(script, "@user_script")
	if err != nil {
		t.Fatal(err)
	}
	st := newState(lua.Options{})
	res, err := st.Run(st.Load(p))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := res[0].AsString()
	return s.String()
}

// TestLibraries compares what the libraries do with redis-server.
func TestLibraries(t *testing.T) {
	r := startRedis(t)
	for name, exprs := range map[string][]string{"bit": bitCases(), "struct": structCases(), "cmsgpack": msgpackCases(), "cjson": jsonCases(), "math": mathCases()} {
		t.Run(name, func(t *testing.T) { compare(t, r, exprs) })
	}
}

func mathCases() []string {
	return []string{
		"return math.random(), math.random(), math.random(100), math.random(5, 10), math.random(-5, 5)",
		"math.randomseed(42) return math.random(), math.random(1000000)", "math.randomseed(-1) return math.random()", "math.randomseed(1e15) return math.random()",
		"return math.random(0)", "return math.random(2, 1)", "return math.random(1, 2, 3)",
		"local t = {} for i = 1, 20 do t[i] = math.random(1, 6) end return table.concat(t, ',')",
		"return string.dump(5)", "return loadstring('\\27Lua')", "return tostring(cjson.null), type(cjson.null)",
		"local c = coroutine.wrap(function() error('x') end) c()",
	}
}

var numbers = []string{"0", "1", "-1", "2^31", "2^32-1", "2^32", "-2^31", "2^31-1", "0.5", "-0.5", "1.5", "2.5", "2^53", "1e300", "1/0", "0/0", "123.75", "255", "256", "65535", "65536", "-32", "-33", "-128", "-129", "-32768", "-32769",
	"-2^31-1", "2^63", "-2^63", "2^64", "1e15", "3.14159", "'10'", "'0x10'", "127", "128"}

func bitCases() (out []string) {
	for _, f := range []string{"tobit", "bnot", "bswap", "tohex"} {
		for _, n := range numbers {
			out = append(out, fmt.Sprintf("return bit.%s(%s)", f, n))
		}
		out = append(out, "return bit."+f+"()", "return bit."+f+"({})", "return bit."+f+"('x')")
	}
	for _, f := range []string{"band", "bor", "bxor", "lshift", "rshift", "arshift", "rol", "ror", "tohex"} {
		for i, n := range numbers {
			out = append(out, fmt.Sprintf("return bit.%s(%s, %s)", f, n, numbers[(i*7+3)%len(numbers)]), fmt.Sprintf("return bit.%s(0x12345678, %d)", f, i-10))
		}
		out = append(out, "return bit."+f+"(1)", "return bit."+f+"(1, {})", "return bit."+f+"({}, 'x', nil)", "return bit."+f+"(7, 3, 1)")
	}
	return out
}

func structCases() (out []string) {
	formats := []string{"b", "B", "h", "H", "i", "I", "l", "L", "T", "i3", "I5", "i16", "I16", "f", "d", ">h", "<i4", ">I4", ">d", "<f", "i33", "x", "bx", "!4bi", "!bi", "!3b", "!b!8d", " b", "y", "c3", "c0", "s", "bc0", "c0c0", "i0", ">i7", "i99999999999"}
	for _, f := range formats {
		for _, n := range numbers {
			out = append(out, fmt.Sprintf("return struct.pack('%s', %s)", f, n))
		}
		out = append(out, fmt.Sprintf("return struct.size('%s')", f), fmt.Sprintf("return struct.pack('%s')", f),
			fmt.Sprintf("return struct.unpack('%s', '\\255\\2\\3\\0\\5\\250\\7\\200\\1\\2\\3\\4\\5\\6\\7\\8\\9')", f), fmt.Sprintf("return struct.unpack('%s', 'abc')", f),
			fmt.Sprintf("return struct.unpack('%s', 'abcdefghijklmnopqrstuvwxyz', 3)", f), fmt.Sprintf("return struct.unpack('%s', 'abc', 0)", f), fmt.Sprintf("return struct.unpack('%s', '', 1)", f))
	}
	return append(out, "return struct.pack('dLc0', 1.5, 3, 'abc')", "return struct.unpack('dLc0', struct.pack('dLc0', 1.5, 3, 'abc'))", "return struct.pack('c5', 'abc')", "return struct.pack('ss', 'a', 'bc')",
		"return struct.unpack('ss', 'a\\0bc\\0')", "return struct.unpack('s', 'abc')", "return struct.unpack('Bc0', '\\5abc')", "return struct.unpack('Bc0Bc0', '\\2ab\\1c')", "return struct.pack()", "return struct.unpack('b')",
		"return struct.unpack('b', 'a', 2^31)", "return struct.pack('>!4 i1 !2 i8 x d', 1, 2, 3)", "return struct.unpack('>!4 i1 !2 i8 x d', struct.pack('>!4 i1 !2 i8 x d', 1, 2, 3))",
		"return struct.unpack('i4i4i4', 'abc', -1)", "return struct.pack('i', {})", "return struct.size('bs')", "return struct.size('!8bd')", "return struct.size('z')")
}

func msgpackCases() (out []string) {
	for _, n := range numbers {
		out = append(out, "return cmsgpack.pack("+n+")", "return cmsgpack.unpack(cmsgpack.pack("+n+"))")
	}
	out = append(out, "return cmsgpack.pack()", "return cmsgpack.pack(nil, true, false)", "return cmsgpack.pack({})", "return cmsgpack.pack({1, 2, 3})", "return cmsgpack.pack({a = 1})", "return cmsgpack.pack({1, nil, 3})",
		"return cmsgpack.pack({['1'] = 'a'})", "return cmsgpack.pack({[1.5] = 1})", "return cmsgpack.pack({[0] = 1})", "return cmsgpack.pack(string.rep('x', 31))", "return cmsgpack.pack(string.rep('x', 32))",
		"return cmsgpack.pack(string.rep('x', 300)):sub(1, 10)", "return cmsgpack.pack(string.rep('x', 70000)):sub(1, 10)", "local t = {} for i = 1, 20 do t[i] = i end return cmsgpack.pack(t)", "local t = {} for i = 1, 70000 do t[i] = 1 end return cmsgpack.pack(t):sub(1, 10)",
		"local t = {} for i = 1, 20 do t['k' .. i] = i end return #cmsgpack.pack(t), cmsgpack.unpack(cmsgpack.pack(t))", "local t = {} for i = 1, 20 do t = {t} end return cmsgpack.pack(t)", "local t = {} t.t = t return cmsgpack.pack(t)",
		"return cmsgpack.pack(pcall, cjson.null, coroutine.create(function() end))", "return cmsgpack.unpack('')", "return cmsgpack.unpack()", "return cmsgpack.unpack({})", "return cmsgpack.unpack('\\1\\2\\3')",
		"return cmsgpack.unpack_one('\\1\\2\\3')", "return cmsgpack.unpack_one('\\1\\2\\3', 1)", "return cmsgpack.unpack_one('\\1\\2\\3', 2)", "return cmsgpack.unpack_one('\\1\\2\\3', 3)", "return cmsgpack.unpack_one('\\1\\2\\3', 4)", "return cmsgpack.unpack_one('\\1', -1)",
		"return cmsgpack.unpack_limit('\\1\\2\\3', 2)", "return cmsgpack.unpack_limit('\\1\\2\\3', 0)", "return cmsgpack.unpack_limit('\\1\\2\\3', 2, 1)", "return cmsgpack.unpack_limit('\\1\\2\\3', 5)", "return cmsgpack.unpack_limit('\\1\\2\\3', -1)", "return cmsgpack.unpack_limit('\\1')",
		"return cmsgpack.unpack(string.rep('\\145', 5000) .. '\\1')", "return cmsgpack._NAME, cmsgpack._VERSION, cmsgpack._COPYRIGHT, cmsgpack._DESCRIPTION", "return cmsgpack.unpack('\\129\\192\\1')", "return cmsgpack.unpack('\\129\\203\\127\\248\\0\\0\\0\\0\\0\\0\\1')",
		"return cmsgpack.unpack('\\130\\1\\2\\1\\3')", "return cmsgpack.unpack('\\203\\255\\255\\255\\255\\255\\255\\255\\250')", "return cmsgpack.unpack(cmsgpack.pack(1, 'a', {x = {1, 2}}, nil))")
	r := rand.New(rand.NewPCG(1, 2))
	for c := range 256 { // every type, whole and cut short
		out = append(out, fmt.Sprintf("return cmsgpack.unpack('\\%d')", c), fmt.Sprintf("return cmsgpack.unpack('\\%d\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0')", c))
	}
	for range 200 {
		var b strings.Builder
		for range 1 + r.IntN(8) {
			fmt.Fprintf(&b, "\\%d", r.IntN(256))
		}
		out = append(out, "return cmsgpack.unpack('"+b.String()+"')")
	}
	return out
}

func jsonCases() (out []string) {
	for _, n := range numbers {
		out = append(out, "return cjson.encode("+n+")", "return cjson.encode({"+n+"})", "return cjson.encode({["+n+"] = 1})")
	}
	for _, text := range []string{`{}`, `[]`, `[1,2,3]`, `{"a":1,"b":[true,false,null]}`, `"abc"`, `1`, `-1`, `1.5e3`, `1E-2`, ` [ 1 , 2 ] `, `[1,]`, `[,1]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{1:2}`, `[1 2]`, `{"a":1 "b":2}`, `[`, `{`, `]`, ``, ` `,
		`nul`, `null`, `true`, `tru`, `false`, `nan`, `NaN`, `inf`, `-inf`, `Infinity`, `+1`, `01`, `-01`, `0x10`, `-0x10`, `.5`, `1.`, `1e`, `-`, `--1`, `"a`, `"a\"`, `"\n\t\\\/\b\f\r\""`, `"\u0041\u00e9\u20ac\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`, `"\ud83dx"`,
		`"\ud83d\u0041"`, `"\u12"`, `"\x"`, `"\u0000a"`, "\"a\nb\"", `[1]x`, `{"a":1}}`, `{"a":{"b":{"c":[[[]]]}}}`, `{"a":1,"a":2}`, `1e400`, `-1e400`, `123456789012345678901`, `0.1`, `[1e-400]`, `{"1":2}`, `"é"`, `/* */ 1`, `'a'`, `[1,[2,[3]]]`, `truex`, `[nullx]`, `{"":""}`, `-0`, `[0.10]`, `@`, `{"a" 1}`, `{a:1}`} {
		out = append(out, fmt.Sprintf("return cjson.decode([==[%s]==])", text), fmt.Sprintf("return cjson.encode(cjson.decode([==[%s]==]))", text))
		out = append(out, fmt.Sprintf("local c = cjson.new() c.decode_invalid_numbers(false) return c.decode([==[%s]==])", text))
	}
	out = append(out, "return cjson.encode()", "return cjson.encode(1, 2)", "return cjson.encode(nil)", "return cjson.encode(true)", "return cjson.encode({})", "return cjson.encode({{}, {{}}})", "return cjson.encode(pcall)", "return cjson.encode({pcall})", "return cjson.encode({[pcall] = 1})", "return cjson.encode({[true] = 1})",
		"return cjson.encode(cjson.null)", "return cjson.encode({a = cjson.null})", "return cjson.encode({1, nil, 3})", "return cjson.encode({[1] = 1, [100] = 2})", "return cjson.encode({[1000] = 1})", "return cjson.encode({1, 2, a = 3})", "return cjson.encode({[1.5] = 1})", "return cjson.encode({[-1] = 1})", "return cjson.encode({[0] = 1})",
		"return cjson.encode('a/b\\\\c\"d\\127\\1\\31\\n\\t\\r\\b\\f\\v\\0\\200')", "local t = {} for i = 1, 999 do t = {t} end return #cjson.encode(t)", "local t = {} for i = 1, 1001 do t = {t} end return #cjson.encode(t)", "local t = {} t[1] = t return cjson.encode(t)",
		"return cjson.decode(string.rep('[', 1000) .. string.rep(']', 1000)) ~= nil", "return cjson.decode(string.rep('[', 1001) .. string.rep(']', 1001))", "return cjson.decode('\\0a')", "return cjson.decode('[\\0')", "return cjson.decode('1\\0 2')", "return cjson.decode('\\1')", "return cjson.decode()", "return cjson.decode({})", "return cjson.decode(12)",
		"return cjson._NAME, cjson._VERSION", "return cjson.encode_sparse_array()", "local c = cjson.new() return c.encode_sparse_array(true, 3, 4), c.encode({[100] = 1})", "local c = cjson.new() c.encode_sparse_array(true) return c.encode({[100] = 1})", "local c = cjson.new() c.encode_sparse_array(false, 0) return c.encode({[20] = 1})",
		"return cjson.new().encode_sparse_array('x')", "return cjson.new().encode_sparse_array(true, -1)", "return cjson.new().encode_sparse_array(1, 2, 3, 4)", "return cjson.new().encode_sparse_array('on')", "return cjson.encode_max_depth(), cjson.decode_max_depth(), cjson.encode_number_precision(), cjson.encode_keep_buffer(), cjson.encode_invalid_numbers(), cjson.decode_invalid_numbers()",
		"local c = cjson.new() c.encode_max_depth(2) return c.encode({{}}), c.encode({{{}}})", "local c = cjson.new() c.decode_max_depth(2) return c.decode('[[]]'), c.decode('[[[]]]')", "return cjson.new().encode_max_depth(0)", "return cjson.new().encode_max_depth('x')", "return cjson.new().encode_number_precision(0)", "return cjson.new().encode_number_precision(15)",
		"return cjson.new().encode_number_precision(17)", "local c = cjson.new() c.encode_number_precision(3) return c.encode({1234.5678, 0.1, 1/3, 12345, 1e10})", "return cjson.new().encode_number_precision(3, 4)", "local c = cjson.new() return c.encode_keep_buffer(false), c.encode({1})", "return cjson.new().encode_keep_buffer('off')", "return cjson.new().encode_keep_buffer(3)")
	for _, mode := range []string{"true", "false", "'on'", "'off'", "'null'", "'x'", "1"} {
		out = append(out, "local c = cjson.new() return c.encode_invalid_numbers("+mode+"), c.encode({0/0, 1/0, -1/0})", "local c = cjson.new() return c.decode_invalid_numbers("+mode+"), c.decode('[nan,0x10,inf,+1]')")
	}
	return out
}

// FuzzLibraries feeds the decoders anything: they may fail, but neither panic nor hang
// nor take more memory than the limit.
func FuzzLibraries(f *testing.F) {
	f.Add([]byte(`{"a":[1,2,{"b":null}]}`), "dLc0s", []byte("(a*)(.-)%1"))
	f.Add([]byte("\xdd\xff\xff\xff\xff"), "!8i16c0", []byte("%f[%w]%b()"))
	const script = `
		local data, format, pattern = ...
		local r = { pcall(cjson.decode, data) }
		if r[1] then pcall(cjson.encode, r[2]) end
		r = { pcall(cmsgpack.unpack, data) }
		if r[1] then pcall(cmsgpack.pack, unpack(r, 2)) end
		pcall(struct.unpack, format, data)
		pcall(struct.size, format)
		pcall(struct.pack, format, 1, 2, data, 3, data)
		pcall(string.find, data, pattern)
		pcall(string.gsub, data, pattern, format)
		pcall(string.format, pattern, data, 1, 2, 3)
		pcall(string.format, format, data, 1, 2, 3)
		pcall(loadstring, data)`
	p, err := lua.Compile(script, "=fuzz")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte, format string, pattern []byte) {
		calls := 0
		stop := fmt.Errorf("enough")
		st := newState(lua.Options{MemoryBytes: 8 << 20, Interval: 10_000, Hook: func() error {
			if calls++; calls > 200 {
				return stop
			}
			return nil
		}})
		_, err := st.Run(st.Load(p), st.String(data), st.StringOf(format), st.String(pattern))
		if err != nil && err != stop && !bytes.Contains([]byte(err.Error()), []byte("not enough memory")) {
			t.Fatal(err)
		}
	})
}
