package script

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/kringdb/kring/internal/lua"
)

// The parts of what set_repl takes.
const (
	replAOF     = 1
	replReplica = 2
	replAll     = replAOF | replReplica
)

// cInt is what C makes of a value where it wants an int: 0 of what is no number, and the least int of what is out of range, or NaN.
func cInt(v lua.Value) int {
	if f := v.ToNumber(); f > math.MinInt32-1 && f < math.MaxInt32+1 {
		return int(f)
	}
	return math.MinInt32
}

// logLevels are the names of the levels of redis.log, in their order.
var logLevels = [...]string{"LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING"}

// openRedis makes the table redis.
func (m *machine) openRedis(version string) lua.Value {
	funcs := map[string]lua.GoFunc{
		"call": m.call, "pcall": m.pcall, "error_reply": m.errorReply, "status_reply": m.statusReply, "sha1hex": m.sha1hex, "log": m.log,
		"setresp": m.setResp, "set_repl": m.setRepl, "replicate_commands": m.replicateCommands, "acl_check_cmd": m.aclCheck,
		"breakpoint": m.breakpoint, "debug": m.debug,
	}
	t := m.st.NewTable(0, 32)
	for name, f := range funcs {
		t.SetString(lua.Intern(name), goFunc(name, f))
	}
	set := func(name string, v lua.Value) { t.SetString(lua.Intern(name), v) }
	for i, name := range logLevels {
		set(name, lua.Int(i))
	}
	set("REPL_NONE", lua.Int(0))
	set("REPL_AOF", lua.Int(replAOF))
	set("REPL_REPLICA", lua.Int(replReplica))
	set("REPL_SLAVE", lua.Int(replReplica))
	set("REPL_ALL", lua.Int(replAll))
	set("REDIS_VERSION", m.st.StringOf(version))
	set("REDIS_VERSION_NUM", lua.Int(versionNumber(version)))
	return lua.TableValue(t)
}

// versionNumber is a version as one number: a byte for each part.
func versionNumber(version string) int {
	var major, minor, patch int
	_, _ = fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch)
	return major<<16 | minor<<8 | patch
}

func (m *machine) call(t *lua.Thread) int  { return m.makeCall(t, true) }
func (m *machine) pcall(t *lua.Thread) int { return m.makeCall(t, false) }

// makeCall is redis.call, which raises errors, and redis.pcall, which returns them.
func (m *machine) makeCall(t *lua.Thread, raises bool) int {
	var v lua.Value
	failed := true
	switch {
	case t.NArgs() == 0:
		v = m.misuse("ERR Please specify at least one argument for this redis lib call")
	case !m.take(t):
		v = m.misuse("ERR Lua redis lib command arguments must be strings or integers")
	default:
		m.mode.Proto, m.mode.Unrecorded = m.proto, m.repl&replAOF == 0
		reply, refused, stop := m.host.Call(m.args, m.mode)
		if stop != nil {
			m.stoppedIn = ""
			m.st.Stop(stop)
		}
		if refused != "" {
			m.host.CountError(refused)
			v = m.errorTable([]byte(refused))
			break
		}
		failed = reply[0] == '-'
		r := reader{m, reply}
		v = r.value()
	}
	if failed && raises {
		t.Throw(v)
	}
	t.Push(v)
	return 1
}

// misuse makes the error table of what no call was made for. Nothing has counted the error: it counts
// if the script replies it.
func (m *machine) misuse(text string) lua.Value {
	t := m.st.NewTable(0, 4)
	t.SetString(nameErr, m.st.StringOf(text))
	return lua.TableValue(t)
}

// raise raises the error of a misuse. It does not return.
func (m *machine) raise(t *lua.Thread, text string) { t.Throw(m.misuse(text)) }

// status makes the table that error_reply and status_reply return.
func (m *machine) status(t *lua.Thread, name *lua.String) int {
	tb := m.st.NewTable(0, 2)
	s, ok := t.Arg(0).AsString()
	switch {
	case t.NArgs() != 1 || !ok:
		t.Push(m.misuse("ERR wrong number or type of arguments"))
		return 1
	case name != nameErr:
		tb.SetString(name, t.Arg(0))
	default:
		tb.SetString(name, m.st.String(withCode(s.Bytes())))
	}
	t.Push(lua.TableValue(tb))
	return 1
}

// withCode is the text of an error reply: its first word is the error's code, a single word
// gets one. A dash before it is taken, as in Redis before 7.
func withCode(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("-"))
	if bytes.IndexByte(text, ' ') < 0 {
		return append([]byte("ERR "), text...)
	}
	return text
}

func (m *machine) errorReply(t *lua.Thread) int  { return m.status(t, nameErr) }
func (m *machine) statusReply(t *lua.Thread) int { return m.status(t, nameOk) }

func (m *machine) sha1hex(t *lua.Thread) int {
	if t.NArgs() != 1 {
		m.raise(t, "ERR wrong number of arguments")
	}
	t.PushString([]byte(Sum([]byte(textOf(t.ToString(t.Arg(0)))))))
	return 1
}

func (m *machine) log(t *lua.Thread) int {
	n := t.NArgs()
	if n < 2 {
		m.raise(t, "ERR redis.log() requires two arguments or more.")
	}
	if !t.Arg(0).IsNumeric() {
		m.raise(t, "ERR First argument must be a number (log level).")
	}
	level := cInt(t.Arg(0))
	if level < 0 || level >= len(logLevels) {
		m.raise(t, "ERR Invalid debug level.")
	}
	var parts []string
	for i := 1; i < n; i++ {
		parts = append(parts, textOf(t.Arg(i)))
	}
	if stop := m.host.Log(level, strings.Join(parts, " ")); stop != nil {
		m.st.Stop(stop)
	}
	return 0
}

func (m *machine) setResp(t *lua.Thread) int {
	if t.NArgs() != 1 {
		m.raise(t, "ERR redis.setresp() requires one argument.")
	}
	proto := cInt(t.Arg(0))
	if proto != 2 && proto != 3 {
		m.raise(t, "ERR RESP version must be 2 or 3.")
	}
	m.proto = proto
	return 0
}

func (m *machine) setRepl(t *lua.Thread) int {
	if t.NArgs() != 1 {
		m.raise(t, "ERR redis.set_repl() requires two arguments.")
	}
	repl := cInt(t.Arg(0))
	if repl&^replAll != 0 {
		m.raise(t, "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")
	}
	m.repl = repl
	return 0
}

// replicateCommands asks for what always is so: what a script did is recorded, not the script.
func (m *machine) replicateCommands(t *lua.Thread) int {
	t.Push(lua.True)
	return 1
}

func (m *machine) aclCheck(t *lua.Thread) int {
	if t.NArgs() == 0 {
		m.raise(t, "ERR Please specify at least one argument for this redis lib call")
	}
	if !m.take(t) {
		m.raise(t, "ERR Lua redis lib command arguments must be strings or integers")
	}
	may, known := m.host.MayCall(m.args)
	if !known {
		m.raise(t, "ERR Invalid command passed to redis.acl_check_cmd()")
	}
	t.Push(lua.Bool(may))
	return 1
}

// breakpoint and debug are for a debugger, which there is not.
func (m *machine) breakpoint(t *lua.Thread) int {
	t.Push(lua.False)
	return 1
}

func (m *machine) debug(*lua.Thread) int { return 0 }
