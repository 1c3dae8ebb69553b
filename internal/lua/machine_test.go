package lua

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// stopAfter returns options whose hook stops a script at its n-th call.
func stopAfter(n int, reason error) Options {
	calls := 0
	return Options{Interval: 1000, Hook: func() error {
		if calls++; calls > n {
			return reason
		}
		return nil
	}}
}

// endless are programs that would never end, or not for very long, in every way that there
// is to spend time.
var endless = map[string]string{
	"while":         `while true do end`,
	"repeat":        `repeat until false`,
	"for":           `for i = 1, 1e18 do end`,
	"generic for":   `for x in function() return 1 end do end`,
	"goto by calls": `local function f() return f() end f()`,
	"growing call":  `local function f(...) return f(1, 2, 3, ...) end f()`,
	"recursion":     `local function f() f() f() end while true do pcall(f) end`,
	"pcall":         `while true do pcall(function() while true do end end) end`,
	"pcall error":   `while true do pcall(error, "x") end`,
	"xpcall":        `xpcall(function() while true do end end, function() while true do end end)`,
	"handler":       `while true do xpcall(error, function() error("x") end) end`,
	"coroutine":     `local c = coroutine.wrap(function() while true do coroutine.yield() end end) while true do c() end`,
	"in coroutine":  `while true do coroutine.resume(coroutine.create(function() while true do end end)) end`,
	"metamethod":    `local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true do pcall(function() return t[1] end) end`,
	"index loop":    `local t = setmetatable({}, {__index = function() return 1 end}) while t.x do end`,
	"sort":          `local t = {} for i = 1, 3000 do t[i] = i % 7 end while true do table.sort(t, function(a, b) return a < b end) end`,
	"sort numbers":  `local t = {} for i = 1, 30000 do t[i] = i % 7 end for i = 1, 1e9 do table.sort(t) end`,
	"backtracking":  `string.find(string.rep("a", 200), string.rep("a*", 100) .. "b")`,
	"question":      `string.find(string.rep("a", 60), string.rep("a?", 60) .. string.rep("a", 60) .. "b")`,
	"min expand":    `string.find(string.rep("a", 30000), ".-.-.-.-b")`,
	"gsub":          `local s = string.rep("a", 1e5) while true do s:gsub(".", "%0") end`,
	"gsub function": `local s = string.rep("a", 1e5) while true do s:gsub(".", function() end) end`,
	"gmatch":        `local s = string.rep("a", 1e5) while true do for x in s:gmatch("b*$") do end end`,
	"balance":       `local s = string.rep("(", 1e5) while true do s:find("%b()") end`,
	"find plain":    `local s = string.rep("a", 1e6) while true do s:find("b", 1, true) end`,
	"rep":           `while true do string.rep("abc", 1e6) end`,
	"concat":        `local s = string.rep("a", 1e6) while true do local x = s .. s end`,
	"table.concat":  `local t = {} for i = 1, 1e5 do t[i] = "x" end while true do table.concat(t) end`,
	"upper":         `local s = string.rep("a", 1e6) while true do s:upper():lower():reverse() end`,
	"insert":        `local t = {} for i = 1, 1e5 do t[i] = 1 end while true do table.insert(t, 1, 1) table.remove(t, 1) end`,
	"insert far":    `while true do table.insert({}, -2000000000, 1) end`,
	"unpack":        `local t = {} for i = 1, 7000 do t[i] = 1 end while true do unpack(t) end`,
	"loadstring":    `local s = string.rep("x = 1 ", 1e4) while true do loadstring(s) end`,
	"load":          `load(function() return "x = 1 " end)`,
	"next":          `local t = {} for i = 1, 1e4 do t[i] = 1 end while true do for k in pairs(t) do end end`,
	"next holes":    `local t = {} for i = 1, 1e5 do t[i] = 1 end for i = 1, 1e5 do t[i] = nil end while true do next(t) end`,
	"maxn":          `local t = {} for i = 1, 1e4 do t[i] = 1 end while true do table.maxn(t) end`,
	"foreach":       `local t = {1, 2, 3} while true do table.foreach(t, function() end) end`,
	"collect":       `local t = {} for i = 1, 1e4 do t[i] = {} end while true do collectgarbage() end`,
	"compare":       `local a, b = string.rep("a", 1e6), string.rep("a", 1e6 - 1) .. "b" while a < b and a ~= b do end`,
	"format":        `while true do string.format("%99d %99.99f", 1, 1) end`,
	"tostring":      `while true do tostring({}) end`,
}

// TestEverythingEnds: the hook is called soon and often, whatever a script does, and what
// it says nothing can catch.
func TestEverythingEnds(t *testing.T) {
	for name, text := range endless {
		reason := errors.New("stop " + name)
		st := NewState(stopAfter(20, reason))
		p, err := Compile(text, "=endless")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := st.Run(st.Load(p))
			done <- err
		}()
		select {
		case err := <-done:
			if err != reason {
				t.Errorf("%s ended with %v", name, err)
			}
		case <-time.After(time.Minute):
			buf := make([]byte, 1<<16)
			t.Fatalf("%s: still running\n%s", name, buf[:runtime.Stack(buf, true)])
		}
		if got := run(st, "return 1 + 1"); got != "error: stop "+name { // the hook says so for ever
			if got != "2" {
				t.Errorf("%s: the State is of no use any more: %s", name, got)
			}
		}
	}
}

// greedy are programs that want more memory than there is.
var greedy = map[string]string{
	"table":      `local t = {} for i = 1, 1e9 do t[i] = i end`,
	"fields":     `local t = {} for i = 1, 1e9 do t["k" .. i] = i end`,
	"nested":     `local t = {} while true do t = {t} end`,
	"doubling":   `local s = "x" while true do s = s .. s end`,
	"strings":    `local t = {} for i = 1, 1e9 do t[#t + 1] = "string number " .. i end`,
	"rep":        `return string.rep("x", 2e9)`,
	"rep table":  `local t = {} for i = 1, 1e9 do t[i] = string.rep("x", 1000) .. i end`,
	"closures":   `local t = {} for i = 1, 1e9 do t[i] = function() return i end end`,
	"coroutines": `local t = {} for i = 1, 1e9 do t[i] = coroutine.create(function() end) end`,
	"chain":      `local f = function() end for i = 1, 1e9 do local g = f f = function() return g end end`,
	"gsub":       `local s = string.rep("x", 1000) while true do s = s:gsub(".", s) end`,
	"concat":     `local t = {} for i = 1, 1000 do t[i] = string.rep("x", 1e6) end return table.concat(t)`,
	"format":     `local s = "x" while true do s = string.format("%s%s", s .. string.rep("y", 100), s) end`,
	"stack":      `local function f(...) return 1 + f(1, 2, 3, ...) end f()`,
	"load":       `return load(function() return string.rep("x", 1e5) end)`,
	"char":       `local t = {} for i = 1, 1e9 do t[i] = string.char(1, 2, 3, 4, 5, 6, 7, 8) end`,
	"varargs":    `local function f(...) local t = {...} return f(t, ...) end f()`,
	"gmatch":     `local t = {} for i = 1, 1e9 do t[i] = ("x"):gmatch("x") end`,
}

// TestMemoryIsBounded: an error comes before the heap is much larger than the limit.
func TestMemoryIsBounded(t *testing.T) {
	const limit = 16 << 20
	for name, text := range greedy {
		st := NewState(Options{MemoryBytes: limit})
		stop := make(chan struct{})
		var most uint64
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			var m runtime.MemStats
			for {
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond):
					runtime.ReadMemStats(&m)
					most = max(most, m.HeapAlloc)
				}
			}
		}()
		got := run(st, text)
		close(stop)
		wg.Wait()
		if !strings.Contains(got, "not enough memory") && !strings.Contains(got, "stack overflow") && !strings.Contains(got, "too many") {
			t.Errorf("%s: %.80s", name, got)
		}
		if most > 12*limit {
			t.Errorf("%s: the heap grew to %d MB", name, most>>20)
		}
		if got := run(st, `return pcall(string.rep, "x", 1e9)`); got != "false not enough memory" {
			t.Errorf("%s: afterwards %s", name, got)
		}
		if got := run(st, `local t = {} for i = 1, 10 do t[i] = {} end return #t`); got != "10" {
			t.Errorf("%s: the State is of no use any more: %s", name, got)
		}
	}
}

// TestGarbageIsNoMemory: what is not reachable any more does not count for ever.
func TestGarbageIsNoMemory(t *testing.T) {
	st := NewState(Options{MemoryBytes: 1 << 20})
	got := run(st, `
		local keep = {}
		for i = 1, 100 do keep[i] = {i, "x" .. i, function() return i end} end
		for i = 1, 2e5 do local t = {i, "garbage " .. i} end
		local c = coroutine.wrap(function() local own = {1, 2, 3} for i = 1, 1e5 do local t = {} coroutine.yield(#own) end end)
		for i = 1, 1e5 do assert(c() == 3) end
		return #keep, keep[100][1], keep[7][3]()`)
	if got != "100 100 7" {
		t.Error(got)
	}
}

func TestSharedProto(t *testing.T) {
	p, err := Compile(`local n = 0 for i = 1, 1000 do local t = {name = i, ["k" .. i % 7] = i} n = n + t.name + #tostring(i) end return n, string.format("%d", n)`, "=shared")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			st := NewState(Options{})
			for range 20 {
				res, err := st.Run(st.Load(p))
				if err != nil || textOf(res[0]) != "503393" || textOf(res[1]) != "503393" {
					t.Error(res, err)
					return
				}
			}
		}()
	}
	wg.Wait()
}

// TestNoAllocation: entering a chunk, calling a Go function with short arguments and
// returning its result allocates nothing.
func TestNoAllocation(t *testing.T) {
	st := NewState(Options{})
	sum := 0.0
	st.Register("host", map[string]GoFunc{"call": func(t *Thread) int {
		sum += t.CheckNumber(1)
		if t.CheckString(0).Len() != 4 {
			t.Errorf("unexpected")
		}
		t.Push(Number(sum))
		return 1
	}})
	p, err := Compile(`return host.call("incr", KEYS[1] + 1)`, "@user_script")
	if err != nil {
		t.Fatal(err)
	}
	f := st.Load(p)
	keys := st.NewTable(1, 0)
	st.Globals().SetString(Intern("KEYS"), TableValue(keys))
	arg := []byte("12345")
	n := testing.AllocsPerRun(1000, func() {
		keys.SetInt(1, st.Cached(arg))
		if _, err := st.Run(f); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestReadonly(t *testing.T) {
	st := NewState(Options{})
	lib, _ := st.Globals().GetString(Intern("string")).AsTable()
	lib.SetReadonly(true)
	for _, text := range []string{`string.x = 1`, `string.len = nil`, `rawset(string, "x", 1)`, `setmetatable(string, {})`, `table.insert(string, 1)`, `string[1] = 2`, `string[{}] = 2`, `local k = "len" string[k] = 1`} {
		if got := run(st, text); !strings.HasSuffix(got, "Attempt to modify a readonly table") {
			t.Errorf("%s: %s", text, got)
		}
	}
	if got := run(st, `return string.len("abc"), ("x"):rep(3)`); got != "3 xxx" {
		t.Error(got)
	}
}

// TestRunIsNotReentrant, and a failed run leaves nothing behind.
func TestRunAgain(t *testing.T) {
	st, out := newTestState(Options{})
	var inner error
	st.Register("host", map[string]GoFunc{"again": func(t *Thread) int {
		_, inner = st.Run(Nil)
		return 0
	}})
	if got := run(st, `host.again() local t = {} setmetatable(t, {__index = error}) return t.x`); !strings.HasPrefix(got, "error: ") {
		t.Error(got)
	}
	if inner != errBusy {
		t.Error(inner)
	}
	if got := run(st, `print(pcall(error)) return coroutine.running(), #{1, 2}`); got != "nil 2" || out.String() != "false\tnil\n" {
		t.Error(got, out.String())
	}
	if got := run(st, `return 1, nil, "x", {}`); got != "1 nil x table" {
		t.Error(got)
	}
}

// TestHandler shows what a host does with errors: as Redis's handler, it finds out where
// they were raised, and protects the globals.
func TestHandler(t *testing.T) {
	st := NewState(Options{})
	st.SetHandler(FunctionValue(NewFunction("handler", func(t *Thread) int {
		source, line, _ := t.Location(1)
		if line < 0 {
			source, line, _ = t.Location(2)
		}
		e := t.State().NewTable(0, 3)
		e.SetString(Intern("err"), t.Text(t.Arg(0)))
		e.SetString(Intern("source"), t.State().StringOf(source))
		e.SetString(Intern("line"), Int(line))
		t.Push(TableValue(e))
		return 1
	})))
	meta := st.NewTable(0, 2)
	meta.SetString(Intern("__index"), FunctionValue(NewFunction("missing", func(t *Thread) int {
		t.Errorf("Script attempted to access nonexistent global variable '%s'", t.CheckString(1).String())
		return 0
	})))
	st.Globals().SetMeta(meta)
	st.Globals().SetReadonly(true)
	for text, want := range map[string]string{
		"\nlocal t = nil\nreturn t.x": "@user_script:3: attempt to index local 't' (a nil value) 3",
		"error('x')":                  "@user_script:1: x 1",
		"\nerror('x', 0)":             "x 2",
		"return nope":                 "@user_script:1: Script attempted to access nonexistent global variable 'nope' 1",
		"nope = 1":                    "@user_script:1: Attempt to modify a readonly table 1",
		"local ok, e = pcall(error, 'in') error(e)":    "@user_script:1: in 1",
		"coroutine.wrap(function() error('co') end)()": "@user_script:1: @user_script:1: co 1",
	} {
		p, err := Compile(text, "@user_script")
		if err != nil {
			t.Fatal(err)
		}
		_, err = st.Run(st.Load(p))
		var failure *Error
		if !errors.As(err, &failure) {
			t.Errorf("%s: %v", text, err)
			continue
		}
		e, _ := failure.Value.AsTable()
		got := textOf(e.GetString(Intern("err"))) + " " + textOf(e.GetString(Intern("line")))
		if got != strings.ReplaceAll(want, "@", "") || textOf(e.GetString(Intern("source"))) != "@user_script" {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// TestCompileTime: no program takes quadratic time.
func TestCompileTime(t *testing.T) {
	for what, text := range map[string]string{
		"or":     "local x return " + strings.Repeat("x or ", 100000) + "x",
		"and":    "local x return " + strings.Repeat("x and ", 100000) + "x",
		"mixed":  "local x return " + strings.Repeat("x and x or ", 50000) + "x",
		"elseif": "local x if x then " + strings.Repeat("elseif x then ", 60000) + "end",
		"breaks": "local x while true do " + strings.Repeat("if x then break end ", 40000) + "end",
	} {
		times := 5 // a quadratic one takes half a minute each time, the others milliseconds
		if testing.Short() {
			times = 1 // with the race detector, which has each take ten times as long
		}
		begin := time.Now()
		for range times {
			if _, err := Compile(text, "=x"); err != nil && !strings.Contains(err.Error(), "too long") {
				t.Fatal(what, err)
			}
		}
		if d := time.Since(begin); d > time.Minute {
			t.Errorf("%s: %v", what, d)
		}
	}
}

// TestLimits are those of PUC Lua that programs can meet.
func TestLimits(t *testing.T) {
	many := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	name := func(i int) string { return "v" + string(rune('a'+i%26)) + string(rune('a'+i/26)) }
	upvals := many(61, func(i int) string { return "local " + name(i) + " = 1 " }) + "return function() return " + many(61, func(i int) string { return name(i) + "+" }) + "1 end"
	for what, text := range map[string]string{
		"locals":     many(201, func(i int) string { return "local " + name(i) + " = 1 " }),
		"locals ok":  many(200, func(i int) string { return "local " + name(i) + " = 1 " }),
		"upvalues":   upvals,
		"parens":     "return " + strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300),
		"parens ok":  "return " + strings.Repeat("(", 150) + "1" + strings.Repeat(")", 150),
		"blocks":     strings.Repeat("do ", 300) + strings.Repeat("end ", 300),
		"registers":  "return f(" + strings.Repeat("1, ", 260) + "1)",
		"registers2": "local t = {" + strings.Repeat("f(", 240) + strings.Repeat(")", 240) + "}",
		"unary":      "return " + strings.Repeat("not ", 300) + "1",
		"concat":     "return " + strings.Repeat("1 .. ", 230) + "1",
		"assignment": strings.Repeat("a, ", 250) + "a = 1",
		"constants":  "local t = {" + many(70000, func(i int) string { return "1." + strings.Repeat("0", i%3) + string(rune('0'+i%10)) + ", " }) + "}",
		"far jump":   "while true do " + strings.Repeat("x = x ", 70000) + "end",
	} {
		compareWithOracle(t, what, "local f, e = loadstring([==["+text+"]==], '=limit') print(f ~= nil, e)", false)
	}
}

// FuzzMachine compiles and runs anything within a small budget.
func FuzzMachine(f *testing.F) {
	g := newGenerator(7)
	for range 30 {
		f.Add(g.program())
		f.Add(g.broken())
	}
	prelude, err := Compile(prelude[:strings.Index(prelude, "local names")]+"budget = 10 turns = 100 arg = nil", "=prelude")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		reason := errors.New("enough")
		o := stopAfter(100, reason)
		o.MemoryBytes = 4 << 20
		st, _ := newTestState(o)
		if _, err := st.Run(st.Load(prelude)); err != nil && err != reason {
			t.Fatal(err)
		}
		p, err := Compile(text, "=fuzz")
		if err != nil {
			return
		}
		_, err = st.Run(st.Load(p))
		var failure *Error
		if err != nil && err != reason && !errors.As(err, &failure) {
			t.Fatal(err)
		}
	})
}
