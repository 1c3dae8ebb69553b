package script

import (
	"errors"
	"strconv"
	"strings"

	"github.com/kringdb/kring/internal/lua"
	"github.com/kringdb/kring/resp"
)

// refused says why what declares its flags may not run, "" if it may.
func refused(flags Flags, r *Run) (errText string) {
	switch {
	case r.Cluster && flags&NoCluster != 0:
		return "ERR Can not run script on cluster, 'no-cluster' flag is set."
	case r.Stale != "" && (flags&Undeclared != 0 || flags&AllowStale == 0):
		return r.Stale
	case flags&Undeclared != 0:
		return ""
	case flags&NoWrites == 0 && r.Barred != "":
		return r.Barred
	case flags&NoWrites == 0 && r.ReadOnly:
		return "ERR Can not execute a script with write flag using *_ro command."
	case flags&(AllowOOM|NoWrites) == 0 && r.Full:
		return "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'"
	}
	return ""
}

// list makes a table of arguments.
func (m *machine) list(args resp.Args) *lua.Table {
	t := m.st.NewTable(len(args), 0)
	for i, a := range args {
		t.SetInt(i+1, m.st.Cached(a))
	}
	return t
}

// fill makes KEYS or ARGV the list of these arguments.
func (m *machine) fill(t *lua.Table, args resp.Args) {
	t.Refill(len(args))
	for i, a := range args {
		t.SetInt(i+1, m.st.String(a))
	}
}

// run calls f, which errors name so, and replies what it returns.
func (m *machine) run(r *Run, name string, flags Flags, f lua.Value, args ...lua.Value) {
	m.begin(r, flags)
	results, err := m.st.Run(f, args...)
	m.end(r, name, results, err)
	m.rest()
}

// begin readies the machine for a run.
func (m *machine) begin(r *Run, flags Flags) {
	m.host, m.proto, m.repl = r.Host, 2, replAll
	m.mode.ReadOnly, m.mode.AllowOOM = r.ReadOnly || flags&NoWrites != 0, flags&AllowOOM != 0
	m.mode.CrossSlot = flags&(CrossSlot|Undeclared) != 0
}

// end replies what a run has returned, or why it has ended early.
func (m *machine) end(r *Run, name string, results []lua.Value, err error) {
	switch {
	case r.Host.Leaves():
	case err != nil:
		m.fail(r, name, err)
	case len(results) == 0:
		m.reply(r.W, lua.Nil, 0)
	default:
		m.reply(r.W, results[0], 0)
	}
	m.st.Release()
	m.host = nil
}

// rest lets go of the arguments of the calls that were made.
func (m *machine) rest() {
	if cap(m.buf) > keepBytes {
		m.buf, m.args = nil, nil
	}
	clear(m.args[:cap(m.args)])
}

// fail replies why a run has ended early.
func (m *machine) fail(r *Run, name string, err error) {
	var le *lua.Error
	if !errors.As(err, &le) { // the host has ended it
		text := "ERR " + err.Error() + " script: " + name
		if source, line := m.stoppedIn, m.stoppedAt; source != "" {
			text += ", on " + source + ":" + strconv.Itoa(line) + "."
		}
		r.W.Error(oneLine(text))
		return
	}
	t, ok := le.Value.AsTable()
	if !ok {
		r.W.Error(oneLine("ERR " + le.Error() + " script: " + name))
		return
	}
	text := textOf(t.GetString(nameErr))
	if !isText(t.GetString(nameErr)) {
		text = "ERR unknown error"
	}
	text += " script: " + name
	source, line := t.GetString(nameSource), t.GetString(nameLine)
	if s := textOf(source); s != "" && !line.IsNil() {
		text += ", on " + s + ":" + textOf(line) + "."
	}
	m.writeError(r.W, text, t)
}

// writeError replies the text of an error table, which may have been counted already.
func (m *machine) writeError(w *resp.Writer, text string, t *lua.Table) {
	if counted := t.GetString(nameIgnore); counted.Type() == lua.TypeBoolean && counted.Truthy() {
		w.ErrorAgain(oneLine(text))
		return
	}
	w.Error(oneLine(text))
}

// textOf returns the text of a string or a number, "" for anything else.
func textOf(v lua.Value) string {
	if s, ok := v.AsString(); ok {
		return s.String()
	}
	if f, ok := v.AsNumber(); ok {
		return string(lua.AppendNumber(nil, f))
	}
	return ""
}

// oneLine makes a text fit for a reply of one line.
func oneLine(s string) string {
	if strings.ContainsAny(s, "\r\n") {
		s = strings.NewReplacer("\r", " ", "\n", " ").Replace(strings.TrimRight(s, "\r\n"))
	}
	return s
}
