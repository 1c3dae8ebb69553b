package compat

import (
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

var streamGroup = Group{
	Name: "stream",
	Commands: `
		xack xadd xautoclaim xclaim xdel xgroup xgroup|create xgroup|createconsumer xgroup|delconsumer xgroup|destroy xgroup|help
		xgroup|setid xinfo xinfo|consumers xinfo|groups xinfo|help xinfo|stream xlen xpending xrange xread xreadgroup xrevrange
		xsetid xtrim`,
	Weight: 40,
	Gens:   streamGens,
	Cases:  streamCases,
	Dumpers: map[string]Dumper{
		"stream": {
			Command: func(key string) []string { return []string{"XINFO", "STREAM", key, "FULL", "COUNT", "0"} },
			Same:    func(o, s rawclient.Value) bool { return infoStreamAgrees(Step{}, o, s) },
		},
	},
}

var streamGens = []Gen{
	{Name: "xadd", Weight: 50, Make: genXadd},
	{Name: "xlen", Weight: 5, Make: func(g *G) []string { return []string{"XLEN", g.streamKey()} }},
	{Name: "xrange", Make: func(g *G) []string { return g.xrange("XRANGE") }},
	{Name: "xrevrange", Make: func(g *G) []string { return g.xrange("XREVRANGE") }},
	{Name: "xdel", Make: func(g *G) []string { return append([]string{"XDEL", g.streamKey()}, g.streamIDs(4)...) }},
	{Name: "xtrim", Make: func(g *G) []string { return append([]string{"XTRIM", g.streamKey()}, g.trimming()...) }},
	{Name: "xsetid", Weight: 4, Make: genXsetid},
	{Name: "xread", Make: genXread},
	{Name: "xgroup", Weight: 22, Make: genXgroup},
	{Name: "xreadgroup", Weight: 22, Make: genXreadgroup},
	{Name: "xack", Make: func(g *G) []string {
		return append([]string{"XACK", g.streamKey(), g.streamGroup()}, g.streamIDs(4)...)
	}},
	{Name: "xpending", Weight: 12, Make: genXpending},
	{Name: "xclaim", Weight: 14, Make: genXclaim},
	{Name: "xautoclaim", Make: genXautoclaim},
	{Name: "xinfo", Weight: 12, Make: genXinfo},
}

func init() {
	comparators["xgroup|help"] = helpAgrees
	comparators["xinfo|help"] = helpAgrees
	comparators["xinfo|stream"] = infoStreamAgrees
	comparators["xinfo|consumers"] = infoStreamAgrees
	comparators["xinfo|groups"] = infoStreamAgrees
	comparators["xpending"] = pendingAgrees
	Differences = append(Differences, Difference{
		Name:   "xread-last-entry",
		Reason: "XREAD takes + for the last entry since 7.4",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return st.Name() == "xread" && o.Str == "ERR Invalid stream ID specified as stream command argument" && hasWord(st.Args, "+")
		},
	}, Difference{
		Name:   "xadd-full-millisecond",
		Reason: "7.0 answers ms-* after the last number of a millisecond by whatever errno holds",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return st.Name() == "xadd" && o.Str == "ERR Elements are too large to be stored" && strings.Contains(s.Str, "equal or smaller")
		},
	}, Difference{
		Name:   "xsetid-below-deleted",
		Reason: "since 7.2 XSETID refuses an id below the largest deleted one",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return st.Name() == "xsetid" && o.Str == "OK" && strings.HasSuffix(s.Str, "smaller than current max_deleted_entry_id")
		},
	}, Difference{
		Name:   "unbalanced-streams",
		Reason: "the error for an odd number of keys and ids names the command since 7.2",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return strings.HasPrefix(o.Str, "ERR Unbalanced XREAD list of streams") &&
				strings.HasPrefix(s.Str, "ERR Unbalanced '"+st.Name()+"' list of streams")
		},
	}, Difference{
		Name:   "consumers-that-got-nothing",
		Reason: "since 7.2 XREADGROUP, XCLAIM and XAUTOCLAIM make the consumer even if they deliver nothing to it",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return st.Name() == "xgroup|createconsumer" && bothInts(o, s) && o.Int == 1 && s.Int == 0
		},
	}, Difference{
		Name:   "xreadgroup-plus",
		Reason: "XREADGROUP has an error of its own for + since 7.4",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return st.Name() == "xreadgroup" && o.Str == "ERR Invalid stream ID specified as stream command argument" &&
				strings.HasPrefix(s.Str, "ERR The + ID is meaningless")
		},
	})
}

func hasWord(args []string, w string) bool {
	for _, a := range args {
		if a == w {
			return true
		}
	}
	return false
}

// newFields came with 7.2; radix-tree-nodes counts blocks of memory.
var newFields = map[string]bool{"active-time": true, "inactive": true, "radix-tree-nodes": true}

// infoStreamAgrees compares XINFO's replies, where points in time and idle times may
// differ a little, and consumers without pending entries may be on the subject only.
func infoStreamAgrees(_ Step, o, s rawclient.Value) bool {
	if o.Kind != s.Kind || o.Nil != s.Nil || o.Str != s.Str || o.Kind == rawclient.Int && !closeTimes(o.Int, s.Int) {
		return false
	}
	a, b := comparable(o.Elems), comparable(s.Elems)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if i > 0 && (a[i-1].Str == "lag" || a[i-1].Str == "entries-read") {
			continue // mended in 7.2.6: store/stream tests them
		}
		if i > 0 && a[i].Kind == rawclient.Int && b[i].Kind == rawclient.Int {
			switch a[i-1].Str {
			case "consumers":
				continue
			case "radix-tree-keys": // Redis keeps a node whose last entries XDEL and then MINID removed
				if d := a[i].Int - b[i].Int; d != 0 && d != 1 {
					return false
				}
				continue
			case "idle":
				if !closeDeadlines(a[i].Int, b[i].Int, deadlineToleranceMillis) {
					return false
				}
				continue
			}
		}
		if !infoStreamAgrees(Step{}, a[i], b[i]) {
			return false
		}
	}
	return true
}

// comparable leaves out what is not compared.
func comparable(all []rawclient.Value) []rawclient.Value {
	var out []rawclient.Value
	for i := 0; i < len(all); i++ {
		if newFields[all[i].Str] {
			i++
		} else if !idleConsumer(all[i]) {
			out = append(out, all[i])
		}
	}
	return out
}

// idleConsumer tells whether v describes a consumer without pending entries.
func idleConsumer(v rawclient.Value) bool {
	fields, p := map[string]bool{}, pairs(v)
	for i := 0; i < len(v.Elems); i += 2 {
		fields[v.Elems[i].Str] = true
	}
	name := func(s string) string { return p[rawclient.Value{Kind: rawclient.Bulk, Str: s}.String()] }
	return fields["idle"] && name("pending") == ":0" || fields["seen-time"] && name("pel-count") == ":0"
}

// closeTimes compares points in time, which are large, and other numbers.
func closeTimes(a, b int64) bool {
	const largeMillis = 1e12
	if a > largeMillis && b > largeMillis {
		return closeDeadlines(a, b, deadlineToleranceMillis)
	}
	return a == b
}

// pendingAgrees compares XPENDING's replies: the third element of each entry is an idle
// time.
func pendingAgrees(st Step, o, s rawclient.Value) bool {
	if len(st.Args) == 3 || o.Kind != s.Kind || len(o.Elems) != len(s.Elems) {
		return false
	}
	for i := range o.Elems {
		a, b := o.Elems[i].Elems, s.Elems[i].Elems
		if len(a) != 4 || len(b) != 4 || !a[0].Equal(b[0]) || !a[1].Equal(b[1]) || !a[3].Equal(b[3]) ||
			!closeDeadlines(a[2].Int, b[2].Int, deadlineToleranceMillis) {
			return false
		}
	}
	return true
}

func (g *G) streamKey() string {
	if g.P(90) {
		return g.Pick("s0", "s0", "s0", "s1", "s2")
	}
	return g.Key()
}

func (g *G) streamGroup() string { return g.Pick("g0", "g0", "g0", "g1", "", "g\x00x") }

func (g *G) consumer() string { return g.Pick("c0", "c0", "c1", "c2", "streams") }

// streamID gives an id that may be there, or an odd one.
func (g *G) streamID() string {
	switch n := g.N(100); {
	case n < 70:
		return g.Pick("1", "1", "1", "2", "3") + "-" + strconv.Itoa(g.N(25))
	case n < 80:
		return strconv.Itoa(g.N(5))
	case n < 90:
		return g.Pick("0-0", "0", "0-1", "1-18446744073709551615", "2-5000000000", "18446744073709551615-18446744073709551614", "5-3")
	case n < 97:
		return "1-" + strconv.Itoa(g.N(8))
	}
	return g.Pick("-", "+", "", "1-", "-1", "1-1-1", "a", "1-a", " 1-1", "1- 1", "+1-1", "1-+1", "01-02", "1--1", "1-*", "*", "$", ">",
		"18446744073709551616-0", "0-18446744073709551616", "1-1\x00x", "1.5", g.Odd())
}

func (g *G) streamIDs(max int) []string {
	out := make([]string, 1+g.N(max))
	for i := range out {
		out[i] = g.streamID()
	}
	return out
}

// rangeID gives an end of a range.
func (g *G) rangeID() string {
	switch n := g.N(20); {
	case n < 6:
		return g.Pick("-", "+")
	case n < 10:
		return "(" + g.streamID()
	case n < 11:
		return g.Pick("(-", "(+", "(", "((1", "(0-0", "(18446744073709551615-18446744073709551615", "(0")
	}
	return g.streamID()
}

func (g *G) count() []string {
	if g.P(50) {
		return nil
	}
	return []string{g.Case("COUNT"), g.smallCount()}
}

func (g *G) smallCount() string {
	if g.P(90) {
		return strconv.Itoa(1 + g.N(12))
	}
	return g.Pick("0", "-1", "-5", "1000", "9223372036854775807", g.Odd())
}

func genXadd(g *G) []string {
	args := []string{"XADD", g.streamKey()}
	if g.P(6) {
		args = append(args, g.Case("NOMKSTREAM"))
	}
	if g.P(20) {
		args = append(args, g.trimming()...)
	}
	switch n := g.N(100); {
	case n < 72:
		args = append(args, "1-*")
	case n < 78:
		args = append(args, g.Pick("2-*", "3-*", "0-*", "4-*"))
	case n < 80:
		args = append(args, g.Pick("0-0", "18446744073709551615-18446744073709551615", "18446744073709551615-*", "1-18446744073709551615", "5000000000000-1"))
	default:
		id := g.streamID()
		if id == "*" {
			id = "1-*" // the clocks differ
		}
		args = append(args, id)
	}
	for range 1 + g.N(3)*g.N(2) {
		args = append(args, g.Pick("f", "f", "f", "g", "field", ""), g.streamValue())
	}
	return args
}

func (g *G) streamValue() string {
	if g.P(70) {
		return g.Pick("", "v", "12", "-5000", "70000", "8000000", "12345678901", strings.Repeat("x", 62+g.N(4)), strings.Repeat("y", g.N(200)))
	}
	return g.Value()
}

func (g *G) trimming() []string {
	var args []string
	if g.P(70) {
		args = append(args, g.Case("MAXLEN"))
	} else {
		args = append(args, g.Case("MINID"))
	}
	approx := g.P(50)
	if approx {
		args = append(args, "~")
	} else if g.P(40) {
		args = append(args, "=")
	}
	if strings.EqualFold(args[0], "MAXLEN") {
		args = append(args, g.Pick("0", "1", "2", "5", "10", "15", "20", g.Int()))
	} else {
		args = append(args, g.streamID())
	}
	if approx && g.P(40) || g.P(4) {
		args = append(args, g.Case("LIMIT"), g.Pick("0", "1", "3", "10", "20", "100", g.Int()))
	}
	return args
}

func (g *G) xrange(name string) []string {
	return append([]string{name, g.streamKey(), g.rangeID(), g.rangeID()}, g.count()...)
}

// genXsetid sets ids above all deleted ones: others are refused by one side only.
func genXsetid(g *G) []string {
	args := []string{"XSETID", g.streamKey(), g.Pick("9-1", "9-2", "9-9", "10", "18446744073709551615", "x", "-")}
	if g.P(50) {
		args = append(args, g.Case("ENTRIESADDED"), g.Pick("0", "1", "10", "100", g.Int()))
	}
	if g.P(50) {
		args = append(args, g.Case("MAXDELETEDID"), g.Pick("0-0", "0", "1-3", "1-20", "2-2", "8-0", "x", "-"))
	}
	return args
}

// streams gives STREAMS with keys and ids.
func (g *G) streams(id func() string) []string {
	n := 1 + g.N(3)*g.N(2)
	args := []string{g.Case("STREAMS")}
	for range n {
		args = append(args, g.streamKey())
	}
	for range n {
		args = append(args, id())
	}
	return args
}

func genXread(g *G) []string {
	args := append([]string{"XREAD"}, g.count()...)
	if g.P(4) {
		args = append(args, g.Case("BLOCK"), g.Pick("1", "2", "-1", "x"))
	}
	return append(args, g.streams(func() string {
		if g.P(8) {
			return g.Pick("$", "+", ">")
		}
		return g.streamID()
	})...)
}

func genXreadgroup(g *G) []string {
	args := []string{"XREADGROUP", g.Case("GROUP"), g.streamGroup(), g.consumer()}
	args = append(args, g.count()...)
	if g.P(3) {
		args = append(args, g.Case("BLOCK"), g.Pick("1", "2", "-1", "x"))
	}
	if g.P(15) {
		args = append(args, g.Case("NOACK"))
	}
	return append(args, g.streams(func() string {
		if g.P(65) {
			return ">"
		}
		if g.P(5) {
			return g.Pick("$", "+")
		}
		return g.streamID()
	})...)
}

func genXgroup(g *G) []string {
	id := g.streamID()
	if g.P(40) {
		id = g.Pick("$", "0", "0")
	}
	key, group := g.streamKey(), g.streamGroup()
	var args []string
	switch n := g.N(100); {
	case n < 45:
		args = []string{"XGROUP", g.Case("CREATE"), key, group, id}
		if g.P(40) {
			args = append(args, g.Case("MKSTREAM"))
		}
		if g.P(25) {
			args = append(args, g.Case("ENTRIESREAD"), g.Pick("0", "1", "5", "-1", g.Int()))
		}
	case n < 62:
		args = []string{"XGROUP", g.Case("SETID"), key, group, id}
		if g.P(40) {
			args = append(args, g.Case("ENTRIESREAD"), g.Pick("0", "1", "5", "-1", g.Int()))
		}
	case n < 77:
		args = []string{"XGROUP", g.Case("CREATECONSUMER"), key, group, g.consumer()}
	case n < 88:
		args = []string{"XGROUP", g.Case("DELCONSUMER"), key, group, g.consumer()}
	case n < 96:
		args = []string{"XGROUP", g.Case("DESTROY"), key, group}
	default:
		args = []string{"XGROUP", g.Pick("HELP", "BOGUS", "CREATE", "SETID")}
	}
	return args
}

func genXpending(g *G) []string {
	args := []string{"XPENDING", g.streamKey(), g.streamGroup()}
	if g.P(35) {
		return args
	}
	if g.P(25) {
		args = append(args, g.Case("IDLE"), g.Pick("0", "20000", "-5", "1000000000", g.Odd()))
	}
	args = append(args, g.rangeID(), g.rangeID(), g.smallCount())
	if g.P(40) {
		args = append(args, g.consumer())
	}
	return args
}

// minIdle gives a least idle time that no test comes near to: IDLE gives more or less.
func (g *G) minIdle() string { return g.Pick("0", "0", "0", "0", "20000", "500000", "-1") }

func genXclaim(g *G) []string {
	args := []string{"XCLAIM", g.streamKey(), g.streamGroup(), g.consumer(), g.minIdle()}
	args = append(args, g.streamIDs(4)...)
	if g.P(20) {
		args = append(args, g.Case("IDLE"), g.Pick("0", "60000", "2000000", "9000000000000", "-5", g.Odd()))
	}
	if g.P(10) {
		args = append(args, g.Case("TIME"), g.Pick("0", "1000", "-5", "99999999999999", g.Odd()))
	}
	if g.P(20) {
		args = append(args, g.Case("RETRYCOUNT"), g.Pick("0", "7", "1000000000000", "-1", g.Odd()))
	}
	if g.P(40) {
		args = append(args, g.Case("FORCE"))
	}
	if g.P(40) {
		args = append(args, g.Case("JUSTID"))
	}
	if g.P(10) {
		args = append(args, g.Case("LASTID"), g.streamID())
	}
	return args
}

func genXautoclaim(g *G) []string {
	args := []string{"XAUTOCLAIM", g.streamKey(), g.streamGroup(), g.consumer(), g.minIdle(), g.Pick("0", "0-0", "-", g.rangeID())}
	args = append(args, g.count()...)
	if g.P(40) {
		args = append(args, g.Case("JUSTID"))
	}
	return args
}

func genXinfo(g *G) []string {
	switch n := g.N(20); {
	case n < 5:
		return []string{"XINFO", g.Case("GROUPS"), g.streamKey()}
	case n < 10:
		return []string{"XINFO", g.Case("CONSUMERS"), g.streamKey(), g.streamGroup()}
	case n < 14:
		return []string{"XINFO", g.Case("STREAM"), g.streamKey()}
	case n < 18:
		return append([]string{"XINFO", g.Case("STREAM"), g.streamKey(), g.Case("FULL")}, g.count()...)
	}
	return []string{"XINFO", g.Pick("HELP", "BOGUS", "STREAM", "GROUPS"), g.streamKey()}
}
