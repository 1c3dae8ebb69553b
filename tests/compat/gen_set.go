package compat

import (
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

var setGroup = Group{
	Name: "set",
	Commands: `
		sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers smismember smove spop srandmember srem
		sscan sunion sunionstore`,
	Weight: 40,
	Gens:   setGens,
	Cases:  setCases,
	Dumpers: map[string]Dumper{
		"set": {Command: func(key string) []string { return []string{"SMEMBERS", key} }, Unordered: true},
	},
}

func init() {
	for _, name := range []string{"smembers", "sinter", "sunion", "sdiff"} {
		comparators[name] = sameSet
	}
	comparators["sscan"] = scanAgrees
	comparators["srandmember"] = sameShape
	comparators["spop"] = sameShape
}

// packedSet: since 7.2 a small set that is not all integers is a listpack.
func packedSet(oracle, subject string) bool { return oracle == "hashtable" && subject == "listpack" }

func packedSetReply(st Step, o, s rawclient.Value) bool {
	switch st.Name() {
	case "object|encoding":
		return packedSet(o.Str, s.Str)
	case "debug|object":
		return strings.Contains(o.Str, " encoding:hashtable ") && strings.Contains(s.Str, " encoding:listpack ")
	}
	return false
}

var setGens = []Gen{
	{Name: "sadd", Weight: 40, Make: func(g *G) []string { return append([]string{"SADD", g.Key()}, g.SetMembers(5)...) }},
	{Name: "sadd many", Weight: 2, Make: func(g *G) []string { return g.manySetMembers("SADD") }},
	{Name: "srem", Weight: 15, Make: func(g *G) []string { return append([]string{"SREM", g.Key()}, g.SetMembers(4)...) }},
	{Name: "srem many", Weight: 1, Make: func(g *G) []string { return g.manySetMembers("SREM") }},
	{Name: "smove", Make: func(g *G) []string { return []string{"SMOVE", g.Key(), g.Key(), g.SetMember()} }},
	{Name: "sismember", Make: func(g *G) []string { return []string{"SISMEMBER", g.Key(), g.SetMember()} }},
	{Name: "smismember", Make: func(g *G) []string { return append([]string{"SMISMEMBER", g.Key()}, g.SetMembers(5)...) }},
	{Name: "scard", Make: func(g *G) []string { return []string{"SCARD", g.Key()} }},
	{Name: "smembers", Make: func(g *G) []string { return []string{"SMEMBERS", g.Key()} }},
	{Name: "spop", Weight: 4, Make: genSpop},
	{Name: "srandmember", Weight: 8, Make: genSrandmember},
	{Name: "sinter", Make: func(g *G) []string { return append([]string{"SINTER"}, g.Keys(4)...) }},
	{Name: "sunion", Make: func(g *G) []string { return append([]string{"SUNION"}, g.Keys(7)...) }},
	{Name: "sdiff", Make: func(g *G) []string { return append([]string{"SDIFF"}, g.Keys(4)...) }},
	{Name: "sinterstore", Make: func(g *G) []string { return append([]string{"SINTERSTORE", g.Key()}, g.Keys(3)...) }},
	{Name: "sunionstore", Make: func(g *G) []string { return append([]string{"SUNIONSTORE", g.Key()}, g.Keys(3)...) }},
	{Name: "sdiffstore", Make: func(g *G) []string { return append([]string{"SDIFFSTORE", g.Key()}, g.Keys(3)...) }},
	{Name: "sintercard", Make: genSintercard},
	{Name: "sscan", Make: genSscan},
	{Name: "about sets", Make: genAboutSets},
}

// SetMember gives a member from a small pool, mostly integers.
func (g *G) SetMember() string {
	switch n := g.N(100); {
	case n < 50:
		return strconv.Itoa(g.N(30) - 10)
	case n < 60:
		return g.Num()
	case n < 90:
		return "m" + strconv.Itoa(g.N(12))
	}
	return g.Value()
}

// SetMembers gives 1 to max members; half of the time integers only.
func (g *G) SetMembers(max int) []string {
	out, ints := make([]string, 1+g.N(max)), g.P(50)
	for i := range out {
		if out[i] = g.SetMember(); ints {
			out[i] = strconv.Itoa(g.N(40) - 10)
		}
	}
	return out
}

// manySetMembers crosses the thresholds of the encodings, over one or two calls.
func (g *G) manySetMembers(cmd string) []string {
	args := []string{cmd, g.Key()}
	format, n := g.Pick("", "m"), 60+g.N(400)
	from := g.N(3) * 130
	for i := range n {
		args = append(args, format+strconv.Itoa(from+i))
	}
	return args
}

func genSpop(g *G) []string {
	args := []string{"SPOP", g.Key()}
	// Random choices make the two sides differ, unless all or nothing goes.
	return append(args, g.Pick("0", "100000", "9223372036854775807", "-1", "abc", "1.5"))
}

func genSrandmember(g *G) []string {
	args := []string{"SRANDMEMBER", g.Key()}
	if g.P(80) {
		args = append(args, g.Pick("0", "1", "-1", "3", "-7", "20", "100", "-30", "9223372036854775807", "-9223372036854775808", "x"))
	}
	return args
}

func genSintercard(g *G) []string {
	keys := g.Keys(4)
	n := strconv.Itoa(len(keys))
	if g.P(10) {
		n = g.Int()
	}
	args := append([]string{"SINTERCARD", n}, keys...)
	if g.P(40) {
		args = append(args, g.Case("LIMIT"), g.Int())
	}
	return args
}

func genSscan(g *G) []string {
	args := []string{"SSCAN", g.Key(), "0"}
	if g.P(20) {
		args[2] = g.Pick("abc", "18446744073709551616", "1.5", "")
	}
	if g.P(50) {
		args = append(args, g.Case("MATCH"), g.Pick("m*", "*1*", "*", "1", "nosuch", "[0-9]"))
	}
	if g.P(50) {
		args = append(args, g.Case("COUNT"), g.Pick("1", "10", "100000", "0", "-5", "x"))
	}
	return args
}

// genAboutSets gives commands on keys as such, so that they meet sets often.
func genAboutSets(g *G) []string {
	switch g.N(9) {
	case 0:
		return []string{"OBJECT", "ENCODING", g.Key()}
	case 1:
		return []string{"COPY", g.Key(), g.Key(), "REPLACE"}
	case 2:
		return []string{"RENAME", g.Key(), g.Key()}
	case 3:
		return []string{"MOVE", g.Key(), "1"}
	case 4:
		return []string{"DEL", g.Key()}
	case 5:
		return []string{"UNLINK", g.Key()}
	case 6:
		return []string{"MEMORY", "USAGE", g.Key()}
	case 7:
		return []string{"DEBUG", "OBJECT", g.Key()}
	}
	return []string{"SCAN", "0", "TYPE", "set", "COUNT", "1000"}
}
