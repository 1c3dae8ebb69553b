package script

import (
	"math"

	"github.com/kringdb/kring/internal/lua"
	"github.com/kringdb/kring/resp"
)

// The fields of tables that stand for replies.
var (
	nameErr    = lua.Intern("err")
	nameOk     = lua.Intern("ok")
	nameDouble = lua.Intern("double")
	nameMap    = lua.Intern("map")
	nameSet    = lua.Intern("set")
	nameBig    = lua.Intern("big_number")
	nameText   = lua.Intern("verbatim_string")
	nameFormat = lua.Intern("format")
	nameString = lua.Intern("string")
	nameSource = lua.Intern("source")
	nameLine   = lua.Intern("line")
	nameIgnore = lua.Intern("ignore_error_stats_update")
)

// reply writes a value as a reply, in the client's protocol.
func (m *machine) reply(w *resp.Writer, v lua.Value, depth int) {
	if depth > replyDepth {
		w.Error("ERR reached lua stack limit")
		return
	}
	if s, ok := v.AsString(); ok {
		w.Bulk(s.Bytes())
		return
	}
	if f, ok := v.AsNumber(); ok {
		w.Int(integer(f))
		return
	}
	if t, ok := v.AsTable(); ok {
		m.replyTable(w, t, depth)
		return
	}
	switch {
	case v.Type() != lua.TypeBoolean:
		w.Null()
	case m.proto == 3:
		w.Bool(v.Truthy())
	case v.Truthy():
		w.Int(1)
	default:
		w.Null()
	}
}

// integer converts as C does on the machines that Redis runs on.
func integer(f float64) int64 {
	if f != f || f >= math.MaxInt64 || f <= math.MinInt64 {
		return math.MinInt64
	}
	return int64(f)
}

func (m *machine) replyTable(w *resp.Writer, t *lua.Table, depth int) {
	if s, ok := t.GetString(nameErr).AsString(); ok {
		m.writeError(w, s.String(), t)
		return
	}
	if s, ok := t.GetString(nameOk).AsString(); ok {
		w.Simple(oneLine(s.String()))
		return
	}
	if f, ok := t.GetString(nameDouble).AsNumber(); ok {
		w.Double(f)
		return
	}
	if inner, ok := t.GetString(nameMap).AsTable(); ok {
		w.Map(count(inner))
		for k, v, ok := inner.Next(lua.Nil); ok && !k.IsNil(); k, v, ok = inner.Next(k) {
			m.reply(w, k, depth+1)
			m.reply(w, v, depth+1)
		}
		return
	}
	if inner, ok := t.GetString(nameSet).AsTable(); ok {
		w.Set(count(inner))
		for k, _, ok := inner.Next(lua.Nil); ok && !k.IsNil(); k, _, ok = inner.Next(k) {
			m.reply(w, k, depth+1)
		}
		return
	}
	if s, ok := t.GetString(nameBig).AsString(); ok {
		w.BigNumber(oneLine(s.String()))
		return
	}
	if inner, ok := t.GetString(nameText).AsTable(); ok {
		format, hasFormat := inner.GetString(nameFormat).AsString()
		text, hasText := inner.GetString(nameString).AsString()
		if hasFormat && hasText {
			w.Verbatim((format.String() + "   ")[:3], text.Bytes())
			return
		}
	}
	n := 0
	for !t.GetInt(n + 1).IsNil() {
		n++
	}
	w.Array(n)
	for i := range n {
		m.reply(w, t.GetInt(i+1), depth+1)
	}
}

// count returns how many fields a table has.
func count(t *lua.Table) (n int) {
	for k, _, ok := t.Next(lua.Nil); ok && !k.IsNil(); k, _, ok = t.Next(k) {
		n++
	}
	return n
}
