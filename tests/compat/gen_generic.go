package compat

import (
	"slices"
	"strings"
)

var genericGroup = Group{Name: "generic",
	Commands: `
		copy del dump exists expire expireat expiretime keys migrate move object object|encoding object|freq object|help
		object|idletime object|refcount persist pexpire pexpireat pexpiretime pttl randomkey rename renamenx restore scan
		touch ttl type unlink`,
	Weight: 30, Gens: slices.Concat(genericGens, dumpGens), Cases: slices.Concat(genericCases, dumpCases)}

var genericGens = []Gen{
	{Name: "del", Weight: 6, Make: func(g *G) []string { return append([]string{"DEL"}, g.Keys(3)...) }},
	{Name: "unlink", Weight: 4, Make: func(g *G) []string { return append([]string{"UNLINK"}, g.Keys(3)...) }},
	{Name: "exists", Make: func(g *G) []string { return append([]string{"EXISTS"}, g.Keys(5)...) }},
	{Name: "touch", Weight: 5, Make: func(g *G) []string { return append([]string{"TOUCH"}, g.Keys(4)...) }},
	{Name: "type", Weight: 6, Make: func(g *G) []string { return []string{"TYPE", g.Key()} }},
	{Name: "expire", Weight: 16, Make: func(g *G) []string { return g.expire("EXPIRE", g.Seconds()) }},
	{Name: "pexpire", Weight: 12, Make: func(g *G) []string { return g.expire("PEXPIRE", g.Millis()) }},
	{Name: "expireat", Make: func(g *G) []string { return g.expire("EXPIREAT", g.UnixSeconds()) }},
	{Name: "pexpireat", Make: func(g *G) []string { return g.expire("PEXPIREAT", g.UnixMillis()) }},
	{Name: "ttl", Make: func(g *G) []string { return []string{g.Pick("TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"), g.Key()} }},
	{Name: "persist", Make: func(g *G) []string { return []string{"PERSIST", g.Key()} }},
	{Name: "rename", Make: func(g *G) []string { return []string{"RENAME", g.Key(), g.Key()} }},
	{Name: "renamenx", Make: func(g *G) []string { return []string{"RENAMENX", g.Key(), g.Key()} }},
	{Name: "copy", Weight: 14, Make: genCopy},
	{Name: "move", Weight: 8, Make: func(g *G) []string { return []string{"MOVE", g.Key(), g.db()} }},
	{Name: "keys", Weight: 6, Make: func(g *G) []string { return []string{"KEYS", patternWords[g.N(len(patternWords))]} }},
	{Name: "randomkey", Weight: 3, Make: func(g *G) []string { return []string{"RANDOMKEY"} }},
	{Name: "scan", Weight: 6, Make: genScan},
	{Name: "object", Weight: 12, Make: func(g *G) []string {
		return []string{"OBJECT", g.Pick("ENCODING", "encoding", "REFCOUNT", "IDLETIME", "FREQ", "NOSUCH", "ENCODING"), g.Key()}
	}},
	{Name: "dbsize", Weight: 6, Make: func(g *G) []string { return []string{"DBSIZE"} }},
	{Name: "flush", Weight: 1, Make: func(g *G) []string {
		args := []string{g.Pick("FLUSHDB", "FLUSHDB", "FLUSHALL")}
		if g.P(60) {
			args = append(args, g.Pick("ASYNC", "SYNC", "async", "bogus"))
		}
		return args
	}},
	{Name: "swapdb", Weight: 2, Make: func(g *G) []string { return []string{"SWAPDB", g.db(), g.db()} }},
	{Name: "memory", Weight: 4, Make: func(g *G) []string {
		args := []string{"MEMORY", "USAGE", g.Key()}
		if g.P(30) {
			args = append(args, g.Pick("SAMPLES", "samples", "bogus"), g.Int())
		}
		return args
	}},
	{Name: "debug", Weight: 2, Make: func(g *G) []string { return []string{"DEBUG", "OBJECT", g.Key()} }},
}

// db gives one of few databases, or a wrong one.
func (g *G) db() string {
	if g.P(10) {
		return g.Pick("16", "-1", "99999999999", "15", g.Odd())
	}
	return g.Pick("0", "0", "1", "2")
}

func (g *G) expire(name, when string) []string {
	args := []string{name, g.Key(), when}
	for g.P(40) {
		args = append(args, g.Case(g.Pick("NX", "XX", "GT", "LT")))
	}
	return args
}

func genCopy(g *G) []string {
	args := []string{"COPY", g.Key(), g.Key()}
	if g.P(30) {
		args = append(args, g.Case("DB"), g.db())
	}
	if g.P(40) {
		args = append(args, g.Case("REPLACE"))
	}
	return args
}

func genScan(g *G) []string {
	args := []string{"SCAN", g.Pick("0", "0", "0", "1", "12345678901", "-1", "18446744073709551615", "18446744073709551616", "9223372036854775808", "x", "")}
	for g.P(45) {
		switch g.N(4) {
		case 0:
			args = append(args, "MATCH", patternWords[g.N(len(patternWords))])
		case 1:
			args = append(args, "COUNT", g.Int())
		case 2:
			args = append(args, strings.ToLower("TYPE"), g.Pick("string", "hash", "x"))
		case 3:
			args = append(args, g.Pick("MATCH", "COUNT", "NOVALUES"))
		}
	}
	return args
}
