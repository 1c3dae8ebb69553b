package compat

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// scriptGens make scripts that call what other groups generate, with the call's arguments handed
// over in all the ways that scripts have.
var scriptGens = []Gen{
	{Name: "eval", Weight: 30, Make: func(g *G) []string { return evalOf(g, g.scriptedCall()) }},
	{Name: "eval of two calls", Make: func(g *G) []string {
		a, b := g.scriptedCall(), g.scriptedCall()
		args := append(append([]string{"EVAL", "local n=tonumber(ARGV[1]) local a,b={},{} for i=2,#ARGV do if i-1<=n then a[#a+1]=ARGV[i] else b[#b+1]=ARGV[i] end end " +
			"local x=redis.pcall(unpack(a)) local y=redis.pcall(unpack(b)) return {x,y}", "0", strconv.Itoa(len(a))}, a...), b...)
		return args
	}},
	{Name: "eval of words", Make: func(g *G) []string {
		return append([]string{g.Pick("EVAL", "EVAL_RO"), g.Pick(scriptWords...)}, scriptTail(g)...)
	}},
	{Name: "evalsha", Make: func(g *G) []string {
		return append([]string{g.Pick("EVALSHA", "EVALSHA_RO"), g.Pick(shaWords...)}, scriptTail(g)...)
	}},
	{Name: "fcall", Weight: 15, Make: func(g *G) []string {
		return append([]string{g.Pick("FCALL", "FCALL_RO"), g.Pick("fa", "fb", "fc", "nosuch")}, scriptTail(g)...)
	}},
	{Name: "script", Make: func(g *G) []string {
		switch g.N(7) {
		case 0, 1:
			return []string{"SCRIPT", "LOAD", g.Pick(scriptWords...)}
		case 2, 3:
			return []string{"SCRIPT", "EXISTS", g.Pick(shaWords...), g.Pick(shaWords...)}
		case 4:
			return []string{"SCRIPT", "FLUSH", g.Pick("sync", "ASYNC", "x")}[:2+g.N(2)]
		case 5:
			return []string{"SCRIPT", "DEBUG", g.Pick("no", "x")}
		default:
			return []string{"SCRIPT", g.Pick("KILL", "HELP")}[:1+g.N(2)]
		}
	}},
	{Name: "function", Weight: 15, Make: func(g *G) []string {
		switch g.N(9) {
		case 0, 1:
			return []string{"FUNCTION", "LOAD", g.Pick(libraryWords...)}
		case 2, 3:
			return []string{"FUNCTION", "LOAD", "REPLACE", g.Pick(libraryWords...)}
		case 4:
			return []string{"FUNCTION", "DELETE", g.Pick("a", "b", "c")}
		case 5:
			return []string{"FUNCTION", "FLUSH", g.Pick("sync", "ASYNC", "x")}[:2+g.N(2)]
		case 6:
			return []string{"FUNCTION", "LIST", "LIBRARYNAME", g.Pick("b", "B", "c*"), "WITHCODE"}[:4+g.N(2)]
		case 7:
			return []string{"FUNCTION", "RESTORE", "x", g.Pick("FLUSH", "x")}[:3+g.N(2)]
		default:
			return []string{"FUNCTION", g.Pick("KILL", "STATS", "DUMP", "HELP", "HELP")}[:1+min(g.N(5), 1)]
		}
	}},
}

// scriptWords are texts of scripts, and libraryWords of libraries.
var (
	scriptWords  = []string{"return 1", "return {KEYS,ARGV}", "return redis.call('incr',KEYS[1])", "redis.call('set',KEYS[1],ARGV[1]) error('late')", "return x", "return ("}
	shaWords     = []string{"e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "c69fa5d2fee8e8a7b2a1d2bf29a6c33c3f1ba9e7", "nosuch"}
	libraryWords = []string{
		"#!lua name=a\nredis.register_function('fa',function(k,a) return redis.call('incr',k[1]) end)",
		"#!lua name=b\nlocal n=0 redis.register_function{function_name='fb',callback=function(k,a) n=n+1 return {n,k,a} end,flags={'no-writes'}}",
		"#!lua name=a\nredis.register_function('fb',function() return 1 end) redis.register_function('fc',function() return {err='x'} end)",
		"#!lua name=c\nx=1", "#!lua\n", "x",
	}
)

// scriptTail is the number of keys, keys and arguments.
func scriptTail(g *G) []string {
	keys := g.Keys(2)
	tail := append([]string{strconv.Itoa(len(keys))}, keys...)
	if g.P(50) {
		tail = append(tail, g.Value())
	}
	if g.P(4) {
		tail[0] = g.Odd()
	}
	return tail
}

// evalOf makes a script of a call.
func evalOf(g *G, call []string) []string {
	how := []string{
		"return redis.call(unpack(ARGV))",
		"return redis.pcall(unpack(ARGV))",
		"local r=redis.call(unpack(ARGV)) return type(r)",
		"return {pcall(redis.call,unpack(ARGV))}",
		"redis.setresp(3) return redis.pcall(unpack(ARGV))",
		"local r=redis.pcall(unpack(ARGV)) if type(r)=='table' and r.err then return 'E'..r.err end return r",
		"return {1,redis.pcall(unpack(ARGV)),3}",
	}
	if g.P(30) && len(call) > 1 && slices.Contains(keyWords, call[1]) { // a text that tells which key it uses
		text := "return redis." + g.Pick("call", "pcall") + "('" + call[0] + "',KEYS[1]"
		for i := range call[2:] {
			text += ",ARGV[" + strconv.Itoa(i+1) + "]"
		}
		return append([]string{"EVAL", text + ")", "1"}, call[1:]...)
	}
	var keys []string // those that may be keys: declared, or some of them
	if g.P(60) {
		for _, a := range call[1:] {
			if slices.Contains(keyWords, a) && g.P(90) {
				keys = append(keys, a)
			}
		}
	}
	return append(append([]string{"EVAL", how[g.N(len(how))], strconv.Itoa(len(keys))}, keys...), call...)
}

// scriptedCall is a call of another group that scripts may make, and whose reply can be compared.
func (g *G) scriptedCall() []string {
	groups := []*Group{&stringGroup, &bitmapGroup, &hashGroup, &listGroup, &setGroup, &streamGroup, &hllGroup, &zsetGroup, &geoGroup}
	for {
		gr := groups[g.N(len(groups))]
		call := gr.Gens[g.N(len(gr.Gens))].Make(g)
		if len(call) > 0 && !strings.HasPrefix(call[0], "!") && isScripted(call) {
			return call
		}
	}
}

// isScripted tells whether what a script does with the call's reply can be compared.
func isScripted(call []string) bool {
	name := strings.ToLower(call[0])
	return !unscripted[name] && comparators[Step{Args: call}.Name()] == nil
}

// scriptedAllowed is allowed for a call of EVAL: the calls that its script makes must be, too, also after
// it has been damaged. Whatever may be one counts as one.
func scriptedAllowed(args []string) bool {
	if len(args) < 4 {
		return true
	}
	if _, rest, ok := strings.Cut(args[1], "call('"); ok {
		name, _, _ := strings.Cut(rest, "'")
		if !callAllowed(append([]string{name}, args[3:]...)) {
			return false
		}
	}
	for i := 3; i < len(args); i++ {
		if coveredCommands()[strings.ToLower(args[i])] && !callAllowed(args[i:]) {
			return false
		}
	}
	return true
}

// callAllowed is allowed for a call that a script makes.
func callAllowed(call []string) bool {
	switch name := strings.ToLower(call[0]); name {
	case "zrank", "zrevrank": // a third argument is one too many for the oracle
		return len(call) < 4
	case "lrem", "lpos": // the oracle takes it
		return !slices.Contains(call, strconv.Itoa(math.MinInt64))
	case "eval", "eval_ro":
		return true
	}
	return allowed(call)
}

// unscripted are commands whose replies are compared in ways of their own, or which differ from
// the oracle's in scripts.
var unscripted = map[string]bool{
	"blpop": true, "brpop": true, "blmove": true, "brpoplpush": true, "blmpop": true, "bzpopmin": true, "bzpopmax": true, "bzmpop": true,
	"spop": true, "srandmember": true, "hrandfield": true, "zrandmember": true, "xread": true, "xreadgroup": true, "xinfo": true, "xadd": true,
	"xclaim": true, "xautoclaim": true, "xpending": true, "xgroup": true, "xsetid": true, "hgetall": true, "hkeys": true, "hvals": true, "smembers": true,
	"sinter": true, "sunion": true, "sdiff": true, "hscan": true, "sscan": true, "zscan": true, "time": true, "object": true, "bitcount": true, "bitpos": true,
}
