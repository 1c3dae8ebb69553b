package lua

import (
	"strings"
	"testing"
)

// TestTransient: what one run leaves in the memory that the next one uses is not seen, also
// beyond what fits there, and a short script allocates nothing.
func TestTransient(t *testing.T) {
	st := NewState(Options{})
	list := st.NewTable(0, 0)
	st.Globals().SetString(Intern("LIST"), TableValue(list))
	st.Transient()
	const text = `local n = #LIST
		local t = {LIST[1] .. n, name = LIST[n], {}}
		assert(t.other == nil and t[3] == nil and #t[2] == 0 and LIST.x == nil and getmetatable(LIST) == nil)
		LIST[n + 1], LIST.x, t.other = 'more', {t}, 'other'
		setmetatable(LIST, {__index = function() return 'wrong' end})
		return t[1] .. t.name .. string.upper('abc') .. #LIST`
	for i := range 300 {
		n := i%5 + 1
		list.Refill(n)
		for j := range n {
			list.SetInt(j+1, st.String([]byte(strings.Repeat("x", i*11%3000))))
		}
		x := strings.Repeat("x", i*11%3000)
		digit := func(n int) string { return string(rune('0' + n)) }
		if got, want := run(st, text), x+digit(n)+x+"ABC"+digit(n+1); got != want {
			t.Fatalf("run %d: %q, want %q", i, got, want)
		}
		if i%3 == 0 {
			run(st, "local t = {} for i = 1, 1000 do t[i] = {i .. 'x', n = {}} end return #t")
		}
		st.Release()
	}
	// Registers of an earlier run are looked at when the account is full.
	st.SetMemoryLimit(1 << 20)
	deep := "local function f(n, a, b, c, d) local t, u, v = {a .. 'x'}, {{}}, a .. b if n > 0 then return f(n - 1, v, a, t, u) .. 'y' end return a end return #f(20, 'a', 'b')"
	want := run(NewState(Options{}), deep)
	for i := range 20 {
		if got := run(st, deep); got != want {
			t.Fatalf("run %d: %s, want %s", i, got, want)
		}
		st.Release()
		if got := run(st, "local t = {} for i = 1, 3000 do t[i % 10] = string.rep('x', 2000 + i) end return #t"); got != "9" {
			t.Fatalf("run %d: %s", i, got)
		}
		st.Release()
	}
	st.SetMemoryLimit(256 << 20)
	p, err := Compile("local t = {LIST[1] .. 'suffix', 2, n = 3} return t[1]", "=test")
	if err != nil {
		t.Fatal(err)
	}
	f, arg := st.Load(p), []byte("argument")
	if n := testing.AllocsPerRun(200, func() {
		list.Refill(1)
		list.SetInt(1, st.String(arg))
		if _, err := st.Run(f); err != nil {
			t.Fatal(err)
		}
		st.Release()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
