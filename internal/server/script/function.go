package script

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/lua"
	"github.com/kringdb/kring/internal/server/options"
)

// library is a text that has registered functions.
type library struct {
	name, text string
	functions  []*function
}

// function is one of them.
type function struct {
	name, about string
	described   bool
	flags       Flags
	lib         *library
	f           lua.Value // in the machine of functions
}

// registry is all libraries. Names of functions are known in any case of letters.
type registry struct {
	libraries map[string]*library
	functions map[string]*function // by name in lower case
}

func (g *registry) clear() {
	g.libraries, g.functions = map[string]*library{}, map[string]*function{}
}

func (g *registry) add(l *library) {
	g.libraries[l.name] = l
	for _, f := range l.functions {
		g.functions[strings.ToLower(f.name)] = f
	}
}

func (g *registry) remove(l *library) {
	delete(g.libraries, l.name)
	for _, f := range l.functions {
		delete(g.functions, strings.ToLower(f.name))
	}
}

// clash returns the name of a function of l that another library has, "" for none.
func (g *registry) clash(l *library) string {
	for _, f := range l.functions {
		if g.functions[strings.ToLower(f.name)] != nil {
			return f.name
		}
	}
	return ""
}

// libraryBytes is about what the texts and tables of libraries take.
func (g *registry) libraryBytes() (n int64) {
	for _, l := range g.libraries {
		n += int64(len(l.text) + len(l.name) + scriptBytes)
		for _, f := range l.functions {
			n += int64(len(f.name) + len(f.about) + functionBytes)
		}
	}
	return n
}

const functionBytes = 100

// sourceOfFunctions is how error messages name the text of a library.
const sourceOfFunctions = "@user_function"

// loading is a library that is being loaded.
type loading struct {
	lib *library
	end time.Time
}

// LoadLibrary adds a library, or replaces the one of its name, and returns that. The caller
// holds all gates.
func (e *Engine) LoadLibrary(text []byte, replace bool) (name, errText string) {
	e.mu.Lock()
	old, l, errText := e.mu.prepare(string(text), replace)
	e.mu.Unlock()
	if errText != "" {
		return "", errText
	}
	errText = e.register(l)
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.keepLocked()
	if errText != "" {
		return "", errText
	}
	if old != nil {
		e.mu.remove(old)
	}
	if twice := e.mu.clash(l); twice != "" {
		if old != nil {
			e.mu.add(old)
		}
		return "", "ERR Function " + twice + " already exists"
	}
	e.mu.add(l)
	return l.name, ""
}

// keepLocked has the machine of functions protect the functions that there are, and no others: those of a library that
// is gone, or was not taken, are garbage.
func (e *Engine) keepLocked() {
	m := e.functions
	if m == nil {
		return
	}
	m.st.Unkeep(m.kept)
	for _, f := range e.mu.functions {
		m.st.Keep(f.f)
	}
}

// prepare reads the first line of a library.
func (g *registry) prepare(text string, replace bool) (old, l *library, errText string) {
	l, engine, errText := readMetadata(text)
	if errText != "" {
		return nil, nil, errText
	}
	if !strings.EqualFold(engine, "lua") {
		return nil, nil, "ERR Engine '" + engine + "' not found"
	}
	if old = g.libraries[l.name]; old != nil && !replace {
		return nil, nil, "ERR Library '" + l.name + "' already exists"
	}
	return old, l, ""
}

func readMetadata(text string) (l *library, engine, errText string) {
	if !strings.HasPrefix(text, "#!") {
		return nil, "", "ERR Missing library metadata"
	}
	line, _, ok := strings.Cut(text, "\n")
	parts, err := options.SplitLine(line)
	if !ok || err != nil || len(parts) == 0 || strings.IndexByte(line, 0) >= 0 { // it is a string of C's there
		return nil, "", "ERR Invalid library metadata"
	}
	l = &library{text: text}
	for _, part := range parts[1:] {
		key, name, _ := strings.Cut(part, "=")
		switch {
		case !strings.EqualFold(key, "name") || len(part) == len(key):
			return nil, "", "ERR Invalid metadata value given: " + part
		case l.name != "":
			return nil, "", "ERR Invalid metadata value, name argument was given multiple times"
		}
		l.name = name
	}
	if len(parts) == 1 {
		return nil, "", "ERR Library name was not given"
	}
	if !validName(l.name) {
		return nil, "", errName
	}
	return l, parts[0][2:], ""
}

const errName = "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"

// validName tells whether libraries and functions may be called so.
func validName(name string) bool {
	for _, c := range []byte(name) {
		if c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return name != ""
}

// register runs a library's text, which registers its functions.
func (e *Engine) register(l *library) (errText string) {
	body := l.text[strings.IndexByte(l.text, '\n'):]
	proto, err := lua.Compile(body, sourceOfFunctions)
	if err != nil {
		return "ERR Error compiling function: " + err.Error()
	}
	if e.functions == nil {
		e.functions = e.newMachine()
		e.functions.openFunctions(e.Version)
	}
	m := e.functions
	m.st.SetMemoryLimit(int(e.MemoryLimit()))
	m.loading = &loading{l, time.Now().Add(loadTime)}
	m.host = loadHost{e.Log}
	m.seen(m.loadGlobals)
	_, err = m.st.Run(m.st.Load(proto))
	m.seen(m.callGlobals)
	m.loading, m.host = nil, nil
	m.st.Release()
	m.st.Rest()
	e.vmBytes.Store(int64(m.st.Memory()))
	if err != nil {
		text := err.Error()
		var le *lua.Error
		if errors.As(err, &le) {
			if t, ok := le.Value.AsTable(); ok {
				text = textOf(t.GetString(nameErr))
			}
		}
		return oneLine("ERR Error registering functions: " + text)
	}
	if len(l.functions) == 0 {
		return "ERR No functions registered"
	}
	return ""
}

// openFunctions empties the globals of the machine of functions: they see what stands behind
// them, which is another table while a library is loaded.
func (m *machine) openFunctions(version string) {
	g := m.st.Globals()
	m.callGlobals = m.st.NewTable(0, 64)
	for k, v, ok := g.Next(lua.Nil); ok && !k.IsNil(); k, v, ok = g.Next(k) {
		m.callGlobals.Set(k, v)
	}
	m.callGlobals.SetString(lua.Intern("_G"), lua.TableValue(m.callGlobals))
	m.forbidMissing(m.callGlobals)

	full, _ := g.GetString(lua.Intern("redis")).AsTable()
	api := m.st.NewTable(0, 8)
	api.SetString(lua.Intern("register_function"), goFunc("register_function", m.registerFunction))
	for _, name := range append(logLevels[:], "log", "REDIS_VERSION", "REDIS_VERSION_NUM") {
		api.SetString(lua.Intern(name), full.GetString(lua.Intern(name)))
	}
	m.forbidMissing(api)
	m.loadGlobals = m.st.NewTable(0, 2)
	m.loadGlobals.SetString(lua.Intern("redis"), lua.TableValue(api))
	m.loadGlobals.SetString(lua.Intern("server"), lua.TableValue(api))
	m.forbidMissing(m.loadGlobals)

	g.Clear()
	g.SetMeta(m.st.NewTable(0, 1))
	m.seen(m.callGlobals)
	m.st.Keep(lua.TableValue(m.loadGlobals))
	m.st.Keep(lua.TableValue(m.callGlobals))
	m.kept = m.st.Kept()
	protect(g, map[*lua.Table]bool{})
	protect(m.loadGlobals, map[*lua.Table]bool{})
}

// seen decides what functions find behind their globals.
func (m *machine) seen(t *lua.Table) {
	m.st.Globals().Meta().SetString(lua.Intern("__index"), lua.TableValue(t))
}

// registerFunction is redis.register_function.
func (m *machine) registerFunction(t *lua.Thread) int {
	if m.loading == nil {
		m.raise(t, "ERR redis.register_function can only be called on FUNCTION LOAD command")
	}
	f := &function{lib: m.loading.lib}
	errText := ""
	switch n := t.NArgs(); {
	case n < 1 || n > 2:
		errText = "wrong number of arguments to redis.register_function"
	case n == 2:
		errText = f.ofPair(t.Arg(0), t.Arg(1))
	default:
		tb, ok := t.Arg(0).AsTable()
		if errText = "calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments)."; ok {
			errText = f.ofNamed(tb)
		}
	}
	switch {
	case errText != "":
		m.raise(t, "ERR "+errText)
	case !validName(f.name):
		m.raise(t, errName)
	case slices.ContainsFunc(f.lib.functions, func(o *function) bool { return strings.EqualFold(o.name, f.name) }):
		m.raise(t, "ERR Function already exists in the library")
	}
	m.st.Keep(f.f)
	f.lib.functions = append(f.lib.functions, f)
	return 0
}

// isText tells whether v is a string or a number, which in Lua stands for its text.
func isText(v lua.Value) bool { return v.Type() == lua.TypeString || v.Type() == lua.TypeNumber }

func (f *function) ofPair(name, callback lua.Value) (errText string) {
	text := textOf(name)
	switch {
	case !isText(name):
		return "first argument to redis.register_function must be a string"
	case !callback.IsFunction():
		return "second argument to redis.register_function must be a function"
	}
	f.name, f.f = strings.Clone(text), callback
	return ""
}

func (f *function) ofNamed(t *lua.Table) (errText string) {
	named := false
	for k, v, ok := t.Next(lua.Nil); ok && !k.IsNil(); k, v, ok = t.Next(k) {
		if !isText(k) {
			return "named argument key given to redis.register_function is not a string"
		}
		switch strings.ToLower(textOf(k)) {
		case "function_name":
			if !isText(v) {
				return "function_name argument given to redis.register_function must be a string"
			}
			f.name, named = strings.Clone(textOf(v)), true
		case "description":
			if !isText(v) {
				return "description argument given to redis.register_function must be a string"
			}
			f.about, f.described = strings.Clone(textOf(v)), true
		case "callback":
			if !v.IsFunction() {
				return "callback argument given to redis.register_function must be a function"
			}
			f.f = v
		case "flags":
			list, ok := v.AsTable()
			if !ok {
				return "flags argument to redis.register_function must be a table representing function flags"
			}
			for i := 1; !list.GetInt(i).IsNil(); i++ {
				flag, known := flagNamed(textOf(list.GetInt(i)))
				if !known {
					return "unknown flag given"
				}
				f.flags |= flag
			}
		default:
			return "unknown argument given to redis.register_function"
		}
	}
	switch {
	case !named:
		return "redis.register_function must get a function name argument"
	case f.f.IsNil():
		return "redis.register_function must get a callback argument"
	}
	return ""
}

// Call runs a function and replies what it returns; false: there is none of the name. The caller
// holds all gates.
func (e *Engine) Call(name []byte, r *Run) bool {
	e.mu.Lock()
	f := e.mu.functions[strings.ToLower(string(name))]
	e.mu.Unlock()
	if f == nil {
		return false
	}
	m := e.functions
	if errText := refused(f.flags, r); errText != "" {
		r.W.Error(errText)
		return true
	}
	m.st.SetMemoryLimit(int(e.MemoryLimit()))
	m.run(r, f.name, f.flags, f.f, lua.TableValue(m.list(r.Keys)), lua.TableValue(m.list(r.Args)))
	m.st.Rest()
	e.vmBytes.Store(int64(m.st.Memory()))
	return true
}

// HasFunction tells whether a library has registered a function.
func (e *Engine) HasFunction(name []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.mu.functions[strings.ToLower(string(name))] != nil
}

// DeleteLibrary removes a library; false: there is none of the name. The caller holds all gates.
func (e *Engine) DeleteLibrary(name []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.mu.libraries[string(name)]
	if l == nil {
		return false
	}
	e.mu.remove(l)
	e.keepLocked()
	return true
}

// FlushLibraries removes all libraries, and their machine. The caller holds all gates.
func (e *Engine) FlushLibraries() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mu.registry.clear()
	e.use(nil)
}

// use makes m the machine of functions; nil: there is none until a library is loaded.
func (e *Engine) use(m *machine) {
	e.functions = m
	if m == nil {
		e.vmBytes.Store(0)
		return
	}
	e.vmBytes.Store(int64(m.st.Memory()))
}

// Parked are libraries that an Engine had, and may get back.
type Parked struct {
	registry  registry
	functions *machine
	bytes     int64 // of the machine
}

// Park leaves the engine without libraries, and returns those that it had. The caller holds all gates.
func (e *Engine) Park() (p Parked) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p = Parked{e.mu.registry, e.functions, e.vmBytes.Load()}
	e.mu.registry, e.functions = registry{}, nil
	e.mu.registry.clear()
	e.vmBytes.Store(0)
	return p
}

// Unpark makes the engine's libraries those of p. The caller holds all gates.
func (e *Engine) Unpark(p Parked) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mu.registry, e.functions = p.registry, p.functions
	e.vmBytes.Store(p.bytes)
	e.keepLocked()
}

// Libraries returns what FUNCTION LIST shows, by name.
func (e *Engine) Libraries() []command.Library {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []command.Library
	for _, l := range e.mu.libraries {
		lib := command.Library{Name: l.name, Text: l.text}
		for _, f := range l.functions {
			lib.Functions = append(lib.Functions, command.LibraryFunction{Name: f.name, Description: f.about, Described: f.described, Flags: f.flags.Names()})
		}
		out = append(out, lib)
	}
	slices.SortFunc(out, func(a, b command.Library) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Restore loads libraries by a policy: all of them, or none. The caller holds all gates.
func (e *Engine) Restore(texts [][]byte, policy command.RestorePolicy) (errText string) {
	e.mu.Lock()
	old, m := e.mu.registry, e.functions
	e.mu.registry = registry{}
	e.mu.registry.clear()
	if policy != command.RestoreFlush {
		for _, l := range old.libraries {
			e.mu.add(l)
		}
	} else {
		e.use(nil)
	}
	e.mu.Unlock()
	for i, text := range texts {
		if l, _, _ := readMetadata(string(text)); l != nil && slices.ContainsFunc(texts[:i], func(o []byte) bool {
			other, _, _ := readMetadata(string(o))
			return other != nil && other.name == l.name
		}) {
			errText = "ERR Library '" + l.name + "' already exists"
		} else if _, errText = e.LoadLibrary(text, policy == command.RestoreReplace); errText != "" {
			if name, isOld := strings.CutSuffix(errText, "' already exists"); isOld && policy == command.RestoreAppend {
				errText = "ERR Library " + strings.TrimPrefix(name, "ERR Library '") + " already exists"
			}
		}
		if errText != "" {
			e.mu.Lock()
			e.mu.registry = old
			e.use(m)
			e.keepLocked()
			e.mu.Unlock()
			return errText
		}
	}
	return ""
}
