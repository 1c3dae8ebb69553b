package compat

var stringGroup = Group{
	Name: "string",
	Commands: `
		append decr decrby get getdel getex getrange getset incr incrby incrbyfloat lcs mget mset msetnx psetex set
		setex setnx setrange strlen substr`,
	Weight: 40,
	Gens:   stringGens,
	Cases:  stringCases,
	Dumpers: map[string]Dumper{
		"string": {Command: func(key string) []string { return []string{"GET", key} }},
	},
}

var stringGens = []Gen{
	{Name: "set", Weight: 30, Make: genSet},
	{Name: "get", Weight: 15, Make: func(g *G) []string { return []string{"GET", g.Key()} }},
	{Name: "getset", Make: func(g *G) []string { return []string{"GETSET", g.Key(), g.Value()} }},
	{Name: "getdel", Weight: 5, Make: func(g *G) []string { return []string{"GETDEL", g.Key()} }},
	{Name: "getex", Make: genGetex},
	{Name: "setnx", Make: func(g *G) []string { return []string{"SETNX", g.Key(), g.Value()} }},
	{Name: "setex", Make: func(g *G) []string { return []string{"SETEX", g.Key(), g.Seconds(), g.Value()} }},
	{Name: "psetex", Make: func(g *G) []string { return []string{"PSETEX", g.Key(), g.Millis(), g.Value()} }},
	{Name: "mset", Make: func(g *G) []string { return append([]string{"MSET"}, g.pairs(4)...) }},
	{Name: "msetnx", Weight: 6, Make: func(g *G) []string { return append([]string{"MSETNX"}, g.pairs(3)...) }},
	{Name: "mget", Make: func(g *G) []string { return append([]string{"MGET"}, g.Keys(6)...) }},
	{Name: "incr", Make: func(g *G) []string { return []string{"INCR", g.Key()} }},
	{Name: "decr", Make: func(g *G) []string { return []string{"DECR", g.Key()} }},
	{Name: "incrby", Make: func(g *G) []string { return []string{"INCRBY", g.Key(), g.Int()} }},
	{Name: "decrby", Make: func(g *G) []string { return []string{"DECRBY", g.Key(), g.Int()} }},
	{Name: "incrbyfloat", Weight: 14, Make: func(g *G) []string { return []string{"INCRBYFLOAT", g.Key(), g.Float()} }},
	{Name: "append", Weight: 14, Make: func(g *G) []string { return []string{"APPEND", g.Key(), g.Value()} }},
	{Name: "strlen", Make: func(g *G) []string { return []string{"STRLEN", g.Key()} }},
	{Name: "getrange", Make: func(g *G) []string { return []string{"GETRANGE", g.Key(), g.Index(), g.Index()} }},
	{Name: "substr", Weight: 4, Make: func(g *G) []string { return []string{"SUBSTR", g.Key(), g.Index(), g.Index()} }},
	{Name: "setrange", Weight: 14, Make: func(g *G) []string { return []string{"SETRANGE", g.Key(), g.Offset(), g.Value()} }},
	{Name: "lcs", Make: genLCS},
}

func (g *G) pairs(max int) []string {
	var out []string
	for range 1 + g.N(max) {
		out = append(out, g.Key(), g.Value())
	}
	return out
}

func genSet(g *G) []string {
	args := []string{"SET", g.Key(), g.Value()}
	if g.P(45) {
		return args
	}
	var opts [][]string
	if g.P(35) {
		opts = append(opts, []string{g.Case("NX")})
	}
	if g.P(25) {
		opts = append(opts, []string{g.Case("XX")})
	}
	if g.P(30) {
		opts = append(opts, []string{g.Case("GET")})
	}
	if g.P(20) {
		opts = append(opts, []string{g.Case("KEEPTTL")})
	}
	for g.P(35) {
		opts = append(opts, g.Deadline())
	}
	g.r.Shuffle(len(opts), func(i, j int) { opts[i], opts[j] = opts[j], opts[i] })
	for _, o := range opts {
		args = append(args, o...)
	}
	return args
}

func genGetex(g *G) []string {
	args := []string{"GETEX", g.Key()}
	switch g.N(5) {
	case 0:
	case 1:
		args = append(args, g.Case("PERSIST"))
	default:
		args = append(args, g.Deadline()...)
	}
	if g.P(5) {
		args = append(args, g.Pick("PERSIST", "NX", "KEEPTTL"))
	}
	return args
}

func genLCS(g *G) []string {
	args := []string{"LCS", g.Key(), g.Key()}
	if g.P(30) {
		args = append(args, g.Case("LEN"))
	}
	if g.P(50) {
		args = append(args, g.Case("IDX"))
	}
	if g.P(30) {
		args = append(args, g.Case("MINMATCHLEN"), g.Int())
	}
	if g.P(30) {
		args = append(args, g.Case("WITHMATCHLEN"))
	}
	return args
}
