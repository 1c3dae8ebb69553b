package compat

import "strings"

var connectionGroup = Group{Name: "connection",
	Commands: `
		auth client client|getname client|help client|id client|info client|kill client|list client|no-evict
		client|reply client|setname echo hello ping quit reset select`,
	Weight: 6, Gens: connectionGens, Cases: connectionCases}

var connectionGens = []Gen{
	{Name: "select", Weight: 12, Make: func(g *G) []string { return []string{"SELECT", g.db()} }},
	{Name: "ping", Make: func(g *G) []string {
		if g.P(50) {
			return []string{"PING"}
		}
		return []string{"PING", g.Value()}
	}},
	{Name: "echo", Make: func(g *G) []string { return []string{"ECHO", g.Value()} }},
	{Name: "hello", Make: genHello},
	{Name: "auth", Weight: 4, Make: func(g *G) []string {
		if g.P(50) {
			return []string{"AUTH", g.Value()}
		}
		return []string{"AUTH", g.Pick("default", "nobody", ""), g.Value()}
	}},
	{Name: "reset", Weight: 2, Make: func(g *G) []string { return []string{"RESET"} }},
	{Name: "quit", Weight: 1, Make: func(g *G) []string { return []string{"QUIT"} }},
	{Name: "client-name", Make: func(g *G) []string {
		if g.P(40) {
			return []string{"CLIENT", "GETNAME"}
		}
		return []string{"CLIENT", "SETNAME", g.Pick("worker", "", "a b", "x\ny", "~", "\x7f", "name-1")}
	}},
	{Name: "client-info", Weight: 6, Make: func(g *G) []string { return []string{"CLIENT", "INFO"} }},
	{Name: "client-list", Weight: 6, Make: genClientList},
	{Name: "client-id", Weight: 3, Make: func(g *G) []string { return []string{"CLIENT", "ID"} }},
	{Name: "client-flags", Make: func(g *G) []string {
		return []string{"CLIENT", g.Pick("NO-EVICT", "no-evict", "NO-EVICT"), g.Pick("ON", "OFF", "on", "off", "maybe")}
	}},
	{Name: "client-kill", Weight: 3, Make: func(g *G) []string {
		if g.P(50) {
			return []string{"CLIENT", "KILL", g.Pick("127.0.0.1:1", "nonsense", "1.2.3.4:0", "")}
		}
		return []string{"CLIENT", "KILL", "ID", g.Pick("99999999", "0", "-1", "x", "9223372036854775807")}
	}},
	{Name: "client-odd", Weight: 4, Make: func(g *G) []string {
		return []string{"CLIENT", g.Pick("HELP", "NOSUCH", "REPLY", "REPLY", ""), g.Pick("ON", "x", "")}
	}},
	{Name: "unknown", Weight: 6, Make: func(g *G) []string {
		args := []string{g.Pick("NOSUCH", "gets", "\x00", "SET\r\n", "get ", "a'b", strings.Repeat("longname", 20))}
		for range g.N(5) {
			args = append(args, g.Value())
		}
		return args
	}},
}

func genHello(g *G) []string {
	args := []string{"HELLO"}
	if g.P(85) {
		args = append(args, g.Pick("2", "3", "3", "3", "1", "4", "x", "", "-1", "3.0"))
	}
	if g.P(15) {
		return append(args, "SETNAME", g.Pick("worker", "a b", ""))
	}
	if g.P(10) {
		return append(args, "AUTH", g.Pick("default", "nobody"), g.Pick("", "secret"))
	}
	if g.P(5) {
		return append(args, "bogus")
	}
	return args
}

func genClientList(g *G) []string {
	args := []string{"CLIENT", "LIST"}
	switch g.N(4) {
	case 0:
		args = append(args, "TYPE", g.Pick("normal", "NORMAL", "pubsub", "master", "replica", "slave", "bogus"))
	case 1:
		args = append(args, "ID", g.Pick("@{id0}", "@{id1}", "99999999", "x", "-1", "0"))
		if g.P(50) {
			args = append(args, g.Pick("@{id2}", "77777777", ""))
		}
	}
	return args
}
