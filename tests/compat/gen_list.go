package compat

import (
	"math"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

var listGroup = Group{
	Name: "list",
	Commands: `
		blmove blmpop blpop brpop brpoplpush lindex linsert llen lmove lmpop lpop lpos lpush lpushx lrange lrem lset ltrim
		rpop rpoplpush rpush rpushx`,
	Weight: 40,
	Gens:   listGens,
	Cases:  listCases,
	Dumpers: map[string]Dumper{
		"list": {Command: func(key string) []string { return []string{"LRANGE", key, "0", "-1"} }},
	},
}

var listGens = []Gen{
	{Name: "lpush", Weight: 20, Make: func(g *G) []string { return append([]string{"LPUSH", g.Key()}, g.elems(5)...) }},
	{Name: "rpush", Weight: 20, Make: func(g *G) []string { return append([]string{"RPUSH", g.Key()}, g.elems(5)...) }},
	{Name: "push many", Weight: 2, Make: func(g *G) []string { return append([]string{g.Pick("LPUSH", "RPUSH"), g.Key()}, g.elems(400)...) }},
	{Name: "pushx", Make: func(g *G) []string { return append([]string{g.Pick("LPUSHX", "RPUSHX"), g.Key()}, g.elems(3)...) }},
	{Name: "pop", Weight: 12, Make: func(g *G) []string { return []string{g.Pick("LPOP", "RPOP"), g.Key()} }},
	{Name: "pop count", Weight: 6, Make: func(g *G) []string { return []string{g.Pick("LPOP", "RPOP"), g.Key(), g.Int()} }},
	{Name: "llen", Weight: 5, Make: func(g *G) []string { return []string{"LLEN", g.Key()} }},
	{Name: "lindex", Make: func(g *G) []string { return []string{"LINDEX", g.Key(), g.Index()} }},
	{Name: "lset", Weight: 14, Make: func(g *G) []string { return []string{"LSET", g.Key(), g.Index(), g.Elem()} }},
	{Name: "linsert", Weight: 16, Make: func(g *G) []string {
		return []string{"LINSERT", g.Key(), g.Case(g.Pick("BEFORE", "AFTER")), g.Elem(), g.Elem()}
	}},
	{Name: "lrange", Weight: 12, Make: func(g *G) []string { return []string{"LRANGE", g.Key(), g.Index(), g.Index()} }},
	{Name: "lrem", Weight: 12, Make: func(g *G) []string { return []string{"LREM", g.Key(), g.Int(), g.Elem()} }},
	{Name: "ltrim", Weight: 6, Make: func(g *G) []string { return []string{"LTRIM", g.Key(), g.Index(), g.Index()} }},
	{Name: "lpos", Weight: 16, Make: genLPos},
	{Name: "lmove", Weight: 12, Make: func(g *G) []string { return []string{"LMOVE", g.Key(), g.Key(), g.side(), g.side()} }},
	{Name: "rpoplpush", Weight: 6, Make: func(g *G) []string { return []string{"RPOPLPUSH", g.Key(), g.Key()} }},
	{Name: "lmpop", Make: func(g *G) []string { return append([]string{"LMPOP"}, g.mpop()...) }},
	{Name: "blpop", Weight: 4, Make: func(g *G) []string {
		return append(append([]string{g.Pick("BLPOP", "BRPOP")}, g.Keys(3)...), g.timeout())
	}},
	{Name: "blmove", Weight: 3, Make: func(g *G) []string {
		return []string{"BLMOVE", g.Key(), g.Key(), g.side(), g.side(), g.timeout()}
	}},
	{Name: "brpoplpush", Weight: 2, Make: func(g *G) []string { return []string{"BRPOPLPUSH", g.Key(), g.Key(), g.timeout()} }},
	{Name: "blmpop", Weight: 3, Make: func(g *G) []string { return append([]string{"BLMPOP", g.timeout()}, g.mpop()...) }},
}

// Elem gives an element that is often in a list already.
func (g *G) Elem() string {
	switch n := g.N(100); {
	case n < 50:
		return g.Pick("a", "b", "c", "foo", "1", "2", "-7", "100", "70000", "9223372036854775807")
	case n < 99:
		return g.Value()
	}
	return strings.Repeat("e", 4080+g.N(20)*300)
}

func (g *G) elems(max int) []string {
	out := make([]string, 1+g.N(max))
	for i := range out {
		if max > 100 {
			out[i] = strconv.Itoa(g.N(1 << 20))
		} else {
			out[i] = g.Elem()
		}
	}
	return out
}

func (g *G) side() string { return g.Case(g.Pick("LEFT", "RIGHT")) }

// timeout gives a short timeout, or one that is refused.
func (g *G) timeout() string {
	if g.P(15) {
		return g.Pick("-1", "abc", "", "-0.5", "inf")
	}
	return "0.005"
}

func (g *G) mpop() []string {
	keys := g.Keys(3)
	args := append([]string{strconv.Itoa(len(keys))}, keys...)
	args = append(args, g.side())
	if g.P(50) {
		args = append(args, g.Case("COUNT"), g.Int())
	}
	return args
}

func genLPos(g *G) []string {
	args := []string{"LPOS", g.Key(), g.Elem()}
	for _, o := range []string{"RANK", "COUNT", "MAXLEN"} {
		if g.P(40) {
			args = append(args, g.Case(o), g.Int())
		}
	}
	return args
}

// timeoutAt is where the blocking commands have their timeout; negative: from the end.
var timeoutAt = map[string]int{
	"blpop": -1, "brpop": -1, "blmove": 5, "brpoplpush": 3, "blmpop": 1, "bzpopmin": -1, "bzpopmax": -1, "bzmpop": 1,
}

// blocksLong tells whether a command may keep its client waiting longer than a moment.
func blocksLong(args []string) bool {
	at, ok := timeoutAt[strings.ToLower(args[0])]
	if !ok {
		return false
	}
	if at < 0 {
		at += len(args)
	}
	if at < 1 || at >= len(args) {
		return false
	}
	f, err := strconv.ParseFloat(args[at], 64)
	if err != nil {
		return strings.ContainsAny(args[at], "xX\x00_")
	}
	return f > -0.0011 && (f < 0.0005 || f > 0.05) && !math.IsInf(f, 0) // less than a negative millisecond is none
}

// sameEncoding compares OBJECT ENCODING of a type: the oracle keeps every list as a
// quicklist, and sets as hash tables; since 7.2 small ones are listpacks. Its SORT makes
// a skiplist of every sorted set that it reads, which serves nobody.
func sameEncoding(typ, o, s string) bool {
	switch typ {
	case "list":
		return o == s || o == "quicklist" && s == "listpack"
	case "set":
		return o == s || packedSet(o, s)
	case "zset":
		return o == s || o == "skiplist" && s == "listpack"
	}
	return o == s
}

func init() {
	Differences = append(Differences, Difference{
		Name:   "timeouts-out-of-range",
		Reason: "a timeout of more than 2^63 ms is called out of range since 7.2; the oracle takes it for a negative one",
		Covers: func(_ Step, o, s rawclient.Value) bool {
			return o.Str == "ERR timeout is negative" && s.Str == "ERR timeout is out of range"
		},
	}, Difference{
		Name:   "least-number-in-lrem-and-lpos",
		Reason: "LREM and LPOS RANK refuse -2^63, whose negative is no integer, since 7.2",
		Covers: func(st Step, _, s rawclient.Value) bool {
			return (st.Name() == "lrem" || st.Name() == "lpos") &&
				s.Str == "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
		},
	}, Difference{
		Name:   "small-lists-are-listpacks",
		Reason: "since 7.2 a small list is a listpack; the oracle has quicklists only",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return st.Name() == "object|encoding" && sameEncoding("list", o.Str, s.Str) ||
				st.Name() == "debug|object" && strings.Contains(o.Str, " encoding:quicklist ") && strings.Contains(s.Str, " encoding:listpack ")
		},
	})
}
