package compat

import (
	"strconv"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

var hashGroup = Group{
	Name: "hash",
	Commands: `
		hdel hexists hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hrandfield hscan hset hsetnx hstrlen hvals`,
	Weight: 40,
	Gens:   hashGens,
	Cases:  hashCases,
	Dumpers: map[string]Dumper{
		"hash": {Command: func(key string) []string { return []string{"HGETALL", key} }, Unordered: true},
	},
}

func init() {
	comparators["hgetall"] = samePairs
	comparators["hkeys"] = sameSet
	comparators["hvals"] = sameSet
	comparators["hscan"] = scanAgrees
	comparators["hrandfield"] = sameShape
}

// scanAgrees compares an iteration that one call completes as a set, others by shape.
func scanAgrees(st Step, o, s rawclient.Value) bool {
	if !scanShape(st, o, s) {
		return false
	}
	if st.Args[2] == "0" && o.Elems[0].Text() == "0" && s.Elems[0].Text() == "0" {
		return sameSet(st, o.Elems[1], s.Elems[1])
	}
	return true
}

// sameShape: random choices from equal collections: as many, each of the same kind.
func sameShape(_ Step, o, s rawclient.Value) bool {
	if !sameNullness(Step{}, o, s) || len(o.Elems) != len(s.Elems) {
		return false
	}
	for i := range o.Elems {
		if !sameShape(Step{}, o.Elems[i], s.Elems[i]) {
			return false
		}
	}
	return true
}

var hashGens = []Gen{
	{Name: "hset", Weight: 30, Make: func(g *G) []string { return g.hashPairs("HSET", 5) }},
	{Name: "hmset", Weight: 5, Make: func(g *G) []string { return g.hashPairs("HMSET", 3) }},
	{Name: "hset many", Weight: 1, Make: func(g *G) []string { return g.manyPairs() }},
	{Name: "hsetnx", Make: func(g *G) []string { return []string{"HSETNX", g.Key(), g.Field(), g.Value()} }},
	{Name: "hget", Make: func(g *G) []string { return []string{"HGET", g.Key(), g.Field()} }},
	{Name: "hmget", Weight: 6, Make: func(g *G) []string { return append([]string{"HMGET", g.Key()}, g.Fields(5)...) }},
	{Name: "hdel", Weight: 12, Make: func(g *G) []string { return append([]string{"HDEL", g.Key()}, g.Fields(4)...) }},
	{Name: "hlen", Weight: 5, Make: func(g *G) []string { return []string{"HLEN", g.Key()} }},
	{Name: "hstrlen", Weight: 5, Make: func(g *G) []string { return []string{"HSTRLEN", g.Key(), g.Field()} }},
	{Name: "hexists", Weight: 5, Make: func(g *G) []string { return []string{"HEXISTS", g.Key(), g.Field()} }},
	{Name: "hgetall", Weight: 8, Make: func(g *G) []string { return []string{g.Pick("HGETALL", "HKEYS", "HVALS"), g.Key()} }},
	{Name: "hincrby", Weight: 14, Make: func(g *G) []string { return []string{"HINCRBY", g.Key(), g.Field(), g.Int()} }},
	{Name: "hincrbyfloat", Weight: 14, Make: func(g *G) []string { return []string{"HINCRBYFLOAT", g.Key(), g.Field(), g.Float()} }},
	{Name: "hrandfield", Make: genHrandfield},
	{Name: "hscan", Weight: 8, Make: genHscan},
}

// Field gives the name of a field.
func (g *G) Field() string {
	if g.P(80) {
		return "f" + strconv.Itoa(g.N(8))
	}
	return g.Value()
}

// Fields gives 1 to max fields.
func (g *G) Fields(max int) []string {
	out := make([]string, 1+g.N(max))
	for i := range out {
		out[i] = g.Field()
	}
	return out
}

func (g *G) hashPairs(name string, max int) []string {
	args := []string{name, g.Key()}
	for range 1 + g.N(max) {
		args = append(args, g.Field(), g.Value())
	}
	if g.P(3) {
		args = append(args, g.Field())
	}
	return args
}

// manyPairs makes a hash that may be too large to be packed.
func (g *G) manyPairs() []string {
	args := []string{"HSET", g.Key()}
	for i := range 500 + g.N(20) {
		args = append(args, "f"+strconv.Itoa(i), strconv.Itoa(i))
	}
	return args
}

func genHrandfield(g *G) []string {
	args := []string{"HRANDFIELD", g.Key()}
	if g.P(70) {
		n := strconv.Itoa(g.N(24) - 12)
		if g.P(10) {
			n = g.Pick("9223372036854775807", "-9223372036854775808", "4611686018427387904", g.Odd())
		}
		if args = append(args, n); g.P(60) {
			args = append(args, g.Pick("WITHVALUES", "withvalues", "WITHSCORES"))
		}
	}
	return args
}

func genHscan(g *G) []string {
	args := []string{"HSCAN", g.Key(), g.Pick("0", "0", "0", "0", "7", g.Odd())}
	if g.P(40) {
		args = append(args, g.Case("MATCH"), g.Pick("*", "f*", "f[0-3]", "", "?1"))
	}
	if g.P(40) {
		args = append(args, g.Case("COUNT"), g.Pick("1", "5", "10000", "0", "-1", g.Odd()))
	}
	return args
}
