package compat

import (
	"math"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

var zsetGroup = Group{
	Name: "zset",
	Commands: `
		bzmpop bzpopmax bzpopmin zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop
		zmscore zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex
		zremrangebyrank zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion zunionstore`,
	Weight: 60,
	Gens:   zsetGens,
	Cases:  zsetCases,
	Dumpers: map[string]Dumper{
		"zset": {
			Command: func(key string) []string { return []string{"ZRANGE", key, "0", "-1", "WITHSCORES"} },
			Same:    sameDoubles,
		},
	},
}

func init() {
	comparators["zscan"] = zscanAgrees
	comparators["zrandmember"] = sameShape
}

// zscanAgrees is scanAgrees for members and scores; the newer double format is
// covered here too.
func zscanAgrees(st Step, o, s rawclient.Value) bool {
	if !scanShape(st, o, s) {
		return false
	}
	if o.Elems[0].Text() != "0" || s.Elems[0].Text() != "0" || st.Args[2] != "0" {
		return true
	}
	return sameDoubles(rawclient.Value{Elems: pairList(o.Elems[1])}.Sorted(), rawclient.Value{Elems: pairList(s.Elems[1])}.Sorted())
}

// pairList turns a flat array of pairs into an array of arrays.
func pairList(v rawclient.Value) (out []rawclient.Value) {
	for i := 0; i+1 < len(v.Elems); i += 2 {
		out = append(out, rawclient.Value{Kind: rawclient.Array, Elems: v.Elems[i : i+2]})
	}
	return out
}

// sameDoubles compares two replies whose numbers are written differently: 7.0 prints 17
// digits, and the subject must print exactly what later versions do (newerDouble).
func sameDoubles(o, s rawclient.Value) bool { return sameTree(o, s, newerDouble) }

// sameTree tells whether two replies are equal but for texts that rewrite turns from the
// oracle's into the subject's.
func sameTree(o, s rawclient.Value, rewrite func(string) string) bool {
	if o.Kind != s.Kind || o.Nil != s.Nil || o.Int != s.Int || len(o.Elems) != len(s.Elems) {
		return false
	}
	if o.Str != s.Str && rewrite(o.Str) != s.Str {
		return false
	}
	for i := range o.Elems {
		if !sameTree(o.Elems[i], s.Elems[i], rewrite) {
			return false
		}
	}
	return true
}

// newerDouble gives the text that 7.2 and later print for the double that text, by 7.0,
// stands for: whole numbers up to 2^62 have all their digits, others as few as give the
// number back, with an exponent where seven zeros or more would have to be added. A text
// that 7.0 does not print for a double stays as it is.
func newerDouble(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f == 0 || strconv.FormatFloat(f, 'g', 17, 64) != text {
		return text
	}
	if f == math.Trunc(f) && math.Abs(f) <= 1<<62 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	short := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(short, "e")
	exp, _ := strconv.Atoi(exponent)
	digits := len(strings.Trim(strings.ReplaceAll(mantissa, ".", ""), "-"))
	whole, magnitude := exp-digits+1 >= 0, max(exp, -exp)
	if whole && magnitude < digits+7 || !whole && (exp-digits+1 > -7 || magnitude < 4) {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return mantissa + "e" + exponent[:1] + strconv.Itoa(magnitude)
}

var zsetGens = []Gen{
	{Name: "zadd", Weight: 60, Make: genZadd},
	{Name: "zadd many", Weight: 2, Make: genZaddMany},
	{Name: "zadd lex", Weight: 14, Make: genZaddLex},
	{Name: "zincrby", Weight: 14, Make: func(g *G) []string { return []string{"ZINCRBY", g.ZKey(), g.Score(), g.Member()} }},
	{Name: "zrem", Make: func(g *G) []string { return append([]string{"ZREM", g.anyZKey()}, g.Members(3)...) }},
	{Name: "zcard", Weight: 4, Make: func(g *G) []string { return []string{"ZCARD", g.anyZKey()} }},
	{Name: "zscore", Make: func(g *G) []string { return []string{"ZSCORE", g.ZKey(), g.Member()} }},
	{Name: "zmscore", Weight: 5, Make: func(g *G) []string { return append([]string{"ZMSCORE", g.ZKey()}, g.Members(4)...) }},
	{Name: "zrank", Make: func(g *G) []string { return []string{g.Pick("ZRANK", "ZREVRANK"), g.ZKey(), g.Member()} }},
	{Name: "zrandmember", Weight: 5, Make: genZrandmember},
	{Name: "zscan", Weight: 6, Make: genZscan},
	{Name: "zrange", Weight: 30, Make: genZrange},
	{Name: "zrangestore", Weight: 8, Make: func(g *G) []string {
		args := g.rangeOptions(append([]string{"ZRANGESTORE", g.ZKey(), g.ZKey()}, g.Index(), g.Index()), false)
		return args
	}},
	{Name: "zrevrange", Make: func(g *G) []string { return g.withScores([]string{"ZREVRANGE", g.ZKey(), g.Index(), g.Index()}) }},
	{Name: "zrangebyscore", Weight: 20, Make: func(g *G) []string {
		return g.limit(g.withScores([]string{g.Pick("ZRANGEBYSCORE", "ZREVRANGEBYSCORE"), g.ZKey(), g.ScoreBound(), g.ScoreBound()}))
	}},
	{Name: "zrangebylex", Weight: 20, Make: func(g *G) []string {
		return g.limit([]string{g.Pick("ZRANGEBYLEX", "ZREVRANGEBYLEX"), g.LexKey(), g.LexBound(), g.LexBound()})
	}},
	{Name: "zcount", Make: func(g *G) []string { return []string{"ZCOUNT", g.ZKey(), g.ScoreBound(), g.ScoreBound()} }},
	{Name: "zlexcount", Make: func(g *G) []string { return []string{"ZLEXCOUNT", g.LexKey(), g.LexBound(), g.LexBound()} }},
	{Name: "zremrangebyrank", Weight: 4, Make: func(g *G) []string { return []string{"ZREMRANGEBYRANK", g.ZKey(), g.Index(), g.Index()} }},
	{Name: "zremrangebyscore", Weight: 4, Make: func(g *G) []string { return []string{"ZREMRANGEBYSCORE", g.ZKey(), g.ScoreBound(), g.ScoreBound()} }},
	{Name: "zremrangebylex", Weight: 4, Make: func(g *G) []string { return []string{"ZREMRANGEBYLEX", g.LexKey(), g.LexBound(), g.LexBound()} }},
	{Name: "zpop", Make: genZpop},
	{Name: "zmpop", Weight: 6, Make: func(g *G) []string { return genZmpop(g, "ZMPOP") }},
	{Name: "bzpop", Weight: 6, Make: func(g *G) []string {
		return append(append([]string{g.Pick("BZPOPMIN", "BZPOPMAX")}, g.zkeys(3)...), g.shortTimeout())
	}},
	{Name: "bzmpop", Weight: 4, Make: func(g *G) []string {
		args := genZmpop(g, "BZMPOP")
		return append([]string{args[0], g.shortTimeout()}, args[1:]...)
	}},
	{Name: "zop", Weight: 20, Make: genZop},
	{Name: "zopstore", Weight: 14, Make: genZopStore},
	{Name: "zop set", Weight: 6, Make: func(g *G) []string { return append([]string{"SADD", "sset"}, g.Members(5)...) }},
	{Name: "zintercard", Weight: 6, Make: genZinterCard},
}

var shortTimeouts = []string{"0.01", "0.001", "0.005", "x", "-1", ""}

// shortTimeout gives a timeout that does not hold up a run, or is none.
func (g *G) shortTimeout() string { return g.Pick(shortTimeouts...) }

var zsetKeys = []string{"z0", "z1", "z2", "z3"}

// ZKey gives mostly a key that holds a sorted set; never one for lexical ranges: in a
// large set with different scores their results are a matter of chance.
func (g *G) ZKey() string {
	if g.P(12) {
		return g.Key()
	}
	return zsetKeys[g.N(len(zsetKeys))]
}

// LexKey gives a key for lexical ranges: one whose scores are all 0, or mixedKey.
func (g *G) LexKey() string {
	return g.Pick("lex0", "lex1", "lex0", "lex1", mixedKey, mixedKey, "nolex")
}

// mixedKey is a small set with different scores.
const mixedKey = "mixed"

// mixedScores makes mixedKey, and looks at it by its members, or removes some, and at what it holds then.
func (g *G) mixedScores(conn int) []Step {
	add := []string{"ZADD", mixedKey}
	for i := range 2 + g.N(6) {
		add = append(add, strconv.Itoa(i*g.N(3)), g.lexMember())
	}
	by := []string{g.Pick("ZRANGEBYLEX", "ZREVRANGEBYLEX", "ZLEXCOUNT", "ZREMRANGEBYLEX"), mixedKey, g.LexBound(), g.LexBound()}
	return []Step{{Conn: conn, Args: add}, {Conn: conn, Args: by}, {Conn: conn, Args: []string{"ZRANGE", mixedKey, "0", "-1", "WITHSCORES"}}}
}

func (g *G) anyZKey() string {
	if g.P(20) {
		return g.LexKey()
	}
	return g.ZKey()
}

func (g *G) zkeys(max int) []string {
	out := make([]string, 1+g.N(max))
	for i := range out {
		out[i] = g.ZKey()
	}
	return out
}

// Member gives a member, rarely one too long for a packed set.
func (g *G) Member() string {
	if g.P(90) {
		return "m" + strconv.Itoa(g.N(12))
	}
	return g.Value()
}

// Members gives 1 to max members.
func (g *G) Members(max int) []string {
	out := make([]string, 1+g.N(max))
	for i := range out {
		out[i] = g.Member()
	}
	return out
}

// Score gives a score.
func (g *G) Score() string {
	switch n := g.N(100); {
	case n < 60:
		return strconv.Itoa(g.N(12) - 3)
	case n < 75:
		return g.Float()
	case n < 90:
		return g.Pick("1.5", "2.25", "-0.5", "0.1", "0.3", "1e20", "-0", "1e-7", "123456789012", "4503599627370496", "4503599627370497")
	case n < 97:
		return g.Pick("inf", "-inf", "+inf", "Infinity", "1e308", "-1.7e308")
	}
	return g.Int()
}

// ScoreBound gives a bound by score.
func (g *G) ScoreBound() string {
	b := g.Score()
	switch g.N(6) {
	case 0:
		return "-inf"
	case 1:
		return "+inf"
	case 2:
		return "(" + b
	}
	if g.P(3) {
		return g.Pick("[1", "(", "((1", " 1", "1 ", "nan", "1e400", "0x10", "")
	}
	return b
}

// LexBound gives a bound by member.
func (g *G) LexBound() string {
	switch g.N(8) {
	case 0:
		return "-"
	case 1:
		return "+"
	case 2:
		if g.P(20) {
			return g.Pick("a", "", "[", "(", "+1", "--", "\x00")
		}
	}
	return g.Pick("[", "(") + g.lexMember()
}

func (g *G) lexMember() string {
	b := make([]byte, g.N(4))
	for i := range b {
		b[i] = "abc\xff"[g.N(4)]
	}
	return string(b)
}

func genZadd(g *G) []string {
	args := []string{"ZADD", g.ZKey()}
	if g.P(40) {
		for range 1 + g.N(2) {
			args = append(args, g.Case(g.Pick("NX", "XX", "GT", "LT", "CH", "CH", "INCR")))
		}
	}
	n := 1 + g.N(4)
	if g.P(20) {
		n = 1
	}
	for range n {
		args = append(args, g.Score(), g.Member())
	}
	return args
}

// genZaddMany makes a set that may be too large to be packed.
func genZaddMany(g *G) []string {
	args := []string{"ZADD", g.ZKey()}
	for i := range 100 + g.N(80) {
		args = append(args, strconv.Itoa(g.N(50)), "x"+strconv.Itoa(i))
	}
	return args
}

func genZaddLex(g *G) []string {
	args := []string{"ZADD", g.LexKey()}
	if args[1] == mixedKey {
		for range 1 + g.N(5) {
			args = append(args, strconv.Itoa(g.N(4)), g.Pick("a", "b", "c", "")+g.Pick("", "a", "b", "c", "d", "e"))
		}
		return args
	}
	if g.P(4) {
		for i := range 150 {
			args = append(args, "0", "a"+strconv.Itoa(i))
		}
	}
	for range 1 + g.N(5) {
		args = append(args, "0", g.lexMember())
	}
	return args
}

func genZrandmember(g *G) []string {
	args := []string{"ZRANDMEMBER", g.anyZKey()}
	if g.P(70) {
		n := strconv.Itoa(g.N(24) - 12)
		if g.P(10) {
			n = g.Pick("9223372036854775807", "-9223372036854775808", "4611686018427387904", g.Odd())
		}
		if args = append(args, n); g.P(60) {
			args = append(args, g.Pick("WITHSCORES", "withscores", "WITHVALUES"))
		}
	}
	return args
}

func genZscan(g *G) []string {
	args := []string{"ZSCAN", g.anyZKey(), g.Pick("0", "0", "0", "0", "7", g.Odd())}
	if g.P(40) {
		args = append(args, g.Case("MATCH"), g.Pick("*", "m*", "m[0-3]", "", "?1"))
	}
	if g.P(40) {
		args = append(args, g.Case("COUNT"), g.Pick("1", "5", "10000", "0", "-1", g.Odd()))
	}
	return args
}

func (g *G) withScores(args []string) []string {
	if g.P(50) {
		return append(args, g.Case("WITHSCORES"))
	}
	return args
}

func (g *G) limit(args []string) []string {
	if g.P(40) {
		return append(args, g.Case("LIMIT"), g.Pick("0", "1", "2", "-1", "5", g.Int()), g.Pick("0", "1", "2", "3", "-1", "-2", "10", g.Int()))
	}
	return args
}

func genZrange(g *G) []string {
	switch g.N(3) {
	case 0:
		return g.rangeOptions([]string{"ZRANGE", g.ZKey(), g.Index(), g.Index()}, true)
	case 1:
		args := []string{"ZRANGE", g.ZKey(), g.ScoreBound(), g.ScoreBound(), g.Case("BYSCORE")}
		if g.P(40) {
			args = append(args, g.Case("REV"))
		}
		return g.withScores(g.limit(args))
	}
	args := []string{"ZRANGE", g.LexKey(), g.LexBound(), g.LexBound(), g.Case("BYLEX")}
	if g.P(40) {
		args = append(args, g.Case("REV"))
	}
	if args = g.limit(args); g.P(10) {
		return g.withScores(args)
	}
	return args
}

// rangeOptions adds options, not always those that fit.
func (g *G) rangeOptions(args []string, withScores bool) []string {
	if g.P(30) {
		args = append(args, g.Case("REV"))
	}
	if g.P(15) {
		args = append(args, g.Case("BYSCORE"))
	}
	if g.P(10) {
		args = g.limit(args)
	}
	if withScores {
		return g.withScores(args)
	}
	return args
}

func genZpop(g *G) []string {
	args := []string{g.Pick("ZPOPMIN", "ZPOPMAX"), g.anyZKey()}
	if g.P(60) {
		args = append(args, g.Pick("0", "1", "2", "3", "200", "-1", g.Int()))
	}
	return args
}

func genZmpop(g *G, name string) []string {
	keys := g.zkeys(3)
	n := strconv.Itoa(len(keys))
	if g.P(8) {
		n = g.Int()
	}
	args := append(append([]string{name, n}, keys...), g.Case(g.Pick("MIN", "MAX")))
	if g.P(50) {
		args = append(args, g.Case("COUNT"), g.Pick("1", "2", "5", "0", "-1", g.Int()))
	}
	return args
}

// operands gives a count and keys, sometimes a wrong count.
func (g *G) operands() ([]string, int) {
	keys := g.zkeys(4)
	for i := range keys {
		if g.P(15) {
			keys[i] = "sset"
		}
	}
	n := strconv.Itoa(len(keys))
	if g.P(5) {
		n = g.Pick("0", "-1", "5", g.Int())
	}
	return append([]string{n}, keys...), len(keys)
}

func (g *G) opOptions(args []string, keys int) []string {
	if g.P(35) {
		args = append(args, g.Case("WEIGHTS"))
		for range keys {
			args = append(args, g.Pick("1", "2", "0", "-1", "0.5", "inf", g.Float()))
		}
	}
	if g.P(35) {
		args = append(args, g.Case("AGGREGATE"), g.Case(g.Pick("SUM", "MIN", "MAX", "AVG")))
	}
	return args
}

func genZop(g *G) []string {
	name := g.Pick("ZUNION", "ZINTER", "ZDIFF")
	ops, n := g.operands()
	args := append([]string{name}, ops...)
	if name != "ZDIFF" || g.P(5) {
		args = g.opOptions(args, n)
	}
	return g.withScores(args)
}

func genZopStore(g *G) []string {
	name := g.Pick("ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE")
	ops, n := g.operands()
	args := append([]string{name, g.ZKey()}, ops...)
	if name != "ZDIFFSTORE" || g.P(5) {
		args = g.opOptions(args, n)
	}
	return args
}

func genZinterCard(g *G) []string {
	ops, _ := g.operands()
	args := append([]string{"ZINTERCARD"}, ops...)
	if g.P(40) {
		args = append(args, g.Case("LIMIT"), g.Pick("0", "1", "2", "-1", g.Int()))
	}
	return args
}
