package script

import (
	"errors"
	"time"

	"github.com/kringdb/kring/internal/lua"
	"github.com/kringdb/kring/resp"
)

// machine is a lua.State that scripts or functions run in, and what is true of the running one.
type machine struct {
	st    *lua.State
	host  Host // nil: nothing runs
	mode  Mode
	proto int // of replies to redis.call, see redis.setresp
	repl  int // see redis.set_repl

	args resp.Args // of the call that is being made
	buf  []byte    // of its numbers

	keys, argv *lua.Table // of scripts: KEYS and ARGV

	stoppedIn string // where the host has ended the script
	stoppedAt int

	// Of functions: the library that registers its own now, and what they see then and when they are called.
	loading                  *loading
	loadGlobals, callGlobals *lua.Table
	kept                     int // how many values are protected besides functions
}

// newMachine returns a machine whose only globals are the libraries of Lua.
func (e *Engine) newMachine() *machine {
	m := new(machine)
	m.st = lua.NewState(lua.Options{Interval: hookSteps, Hook: m.tick, Random: e.random})
	m.st.SetHandler(goFunc("__redis__err__handler", onError))
	openLibraries(m.st)
	protect(m.st.StringMeta(), map[*lua.Table]bool{}) // all strings of all scripts have it
	g := m.st.Globals()
	g.SetString(lua.Intern("pcall"), goFunc("pcall", redisPcall))
	api := m.openRedis(e.Version)
	g.SetString(lua.Intern("redis"), api)
	g.SetString(lua.Intern("server"), api)
	return m
}

// openScripts protects the globals of the machine of scripts.
func (m *machine) openScripts() {
	g := m.st.Globals()
	g.SetString(lua.Intern("__redis__err__handler"), goFunc("__redis__err__handler", onError))
	m.forbidMissing(g)
	protect(g, map[*lua.Table]bool{})
	m.keys, m.argv = m.st.NewTable(0, 0), m.st.NewTable(0, 0)
	g.SetString(lua.Intern("KEYS"), lua.TableValue(m.keys))
	g.SetString(lua.Intern("ARGV"), lua.TableValue(m.argv))
	m.st.Transient()
}

// forbidMissing makes reading a field that is not there an error.
func (m *machine) forbidMissing(t *lua.Table) {
	meta := m.st.NewTable(0, 1)
	meta.SetString(lua.Intern("__index"), goFunc("__index", missingGlobal))
	t.SetMeta(meta)
}

// protect makes a table, and those in it, read-only.
func protect(t *lua.Table, done map[*lua.Table]bool) {
	if done[t] {
		return
	}
	done[t] = true
	t.SetReadonly(true)
	if meta := t.Meta(); meta != nil {
		protect(meta, done)
	}
	for k, v, ok := t.Next(lua.Nil); ok && !k.IsNil(); k, v, ok = t.Next(k) {
		if inner, ok := v.AsTable(); ok {
			protect(inner, done)
		}
	}
}

func goFunc(name string, f lua.GoFunc, ups ...lua.Value) lua.Value {
	return lua.FunctionValue(lua.NewFunction(name, f, ups...))
}

// missingGlobal is the __index of protected tables.
func missingGlobal(t *lua.Thread) int {
	t.Errorf("Script attempted to access nonexistent global variable '%s'", textOf(t.ToString(t.Arg(1))))
	return 0
}

// tick is the machine's hook.
func (m *machine) tick() error {
	var err error
	switch {
	case m.loading != nil && time.Now().After(m.loading.end):
		err = errLoadTime
	case m.host != nil:
		err = m.host.Tick()
	}
	if err != nil {
		m.stoppedIn, m.stoppedAt = m.st.Position()
	}
	return err
}

var errLoadTime = errors.New("ERR FUNCTION LOAD timeout")

// onError turns an uncaught error into a table that says where it was raised.
func onError(t *lua.Thread) int {
	v := t.Arg(0)
	tb, ok := v.AsTable()
	if !ok {
		tb = t.State().NewTable(0, 4)
		tb.SetString(nameErr, t.State().StringOf("ERR "+textOf(t.Text(v))))
	}
	source, line, found := t.Location(1)
	if found && line < 0 {
		source, line, found = t.Location(2)
	}
	if found && !tb.Readonly() {
		tb.SetString(nameSource, t.State().StringOf(source))
		tb.SetString(nameLine, lua.Int(line))
	}
	t.Push(lua.TableValue(tb))
	return 1
}

// redisPcall is pcall, but gives of an error table only the text, as before there were any; of one that has
// none, it gives what is in its place as well.
func redisPcall(t *lua.Thread) int {
	if t.NArgs() == 0 {
		t.Push(lua.False)
		t.Push(t.State().StringOf("attempt to call a boolean value"))
		return 2
	}
	n := lua.Pcall(t)
	if t.Arg(0).Truthy() {
		return n
	}
	tb, ok := t.Arg(1).AsTable()
	if !ok {
		return n
	}
	e := tb.GetString(nameErr)
	if isText(e) {
		t.SetTop(n - 1)
		n--
	}
	t.Push(e)
	return n + 1
}

// errorTable makes the table that stands for an error reply, which has been counted.
func (m *machine) errorTable(text []byte) lua.Value {
	t := m.st.NewTable(0, 4)
	t.SetString(nameErr, m.st.String(text))
	t.SetString(nameIgnore, lua.True)
	return lua.TableValue(t)
}

// take makes the arguments of a call of those of a Lua function; false: one is neither a
// string nor a number.
func (m *machine) take(t *lua.Thread) bool {
	n := t.NArgs()
	m.args, m.buf = m.args[:0], m.buf[:0]
	for i := range n {
		v := t.Arg(i)
		if s, ok := v.AsString(); ok {
			m.args = append(m.args, s.Bytes())
			continue
		}
		f, ok := v.AsNumber()
		if !ok {
			return false
		}
		from := len(m.buf)
		m.buf = appendNumber(m.buf, f)
		m.args = append(m.args, m.buf[from:len(m.buf):len(m.buf)])
	}
	return true
}

// appendNumber writes a number as an argument, as a double is replied; but -0 is an integer like others, and -nan keeps its sign.
func appendNumber(dst []byte, f float64) []byte {
	switch {
	case f == 0:
		return append(dst, '0')
	case f != f:
		return lua.AppendNumber(dst, f)
	}
	return resp.AppendDouble(dst, f)
}
