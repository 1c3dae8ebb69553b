package compat

// What is queued comes from all the other groups: a MULTI makes the commands behind it
// queued ones, until an EXEC comes by.
var transactionGroup = Group{Name: "transaction",
	Commands: "multi exec discard watch unwatch client|unblock",
	Weight:   5, Gens: transactionGens, Cases: transactionCases}

var transactionGens = []Gen{
	{Name: "multi", Make: func(*G) []string { return []string{"MULTI"} }},
	{Name: "exec", Weight: 16, Make: func(*G) []string { return []string{"EXEC"} }},
	{Name: "discard", Weight: 2, Make: func(*G) []string { return []string{"DISCARD"} }},
	{Name: "watch", Make: func(g *G) []string { return append([]string{"WATCH"}, g.Keys(3)...) }},
	{Name: "unwatch", Weight: 2, Make: func(*G) []string { return []string{"UNWATCH"} }},
	{Name: "unblock", Weight: 1, Make: func(g *G) []string {
		return []string{"CLIENT", "UNBLOCK", g.Pick("99999999", "0", "-1", "x"), g.Pick("TIMEOUT", "error", "x")}[:3+g.N(2)]
	}},
	{Name: "transaction-odd", Weight: 1, Make: func(g *G) []string {
		return []string{g.Pick("MULTI", "EXEC", "DISCARD", "UNWATCH", "WATCH"), g.Key()}[:1+g.N(2)]
	}},
}
