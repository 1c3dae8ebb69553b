package compat

// Nobody listens in generated sequences: a message would stand where a reply is expected.
// To listen is generated only with too few arguments; cases do it.
var pubsubGroup = Group{Name: "pubsub",
	Commands: `
		subscribe unsubscribe psubscribe punsubscribe ssubscribe sunsubscribe publish spublish
		pubsub pubsub|channels pubsub|numpat pubsub|numsub pubsub|shardchannels pubsub|shardnumsub`,
	Weight: 2, Gens: pubsubGens, Cases: pubsubCases}

var pubsubGens = []Gen{
	{Name: "publish", Weight: 20, Make: func(g *G) []string { return []string{g.Pick("PUBLISH", "SPUBLISH"), g.Key(), g.Value()} }},
	{Name: "unsubscribe", Weight: 6, Make: func(g *G) []string {
		return []string{g.Pick("UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"), g.Key()}[:1+g.N(2)]
	}},
	{Name: "subscribe", Weight: 3, Make: func(g *G) []string { return []string{g.Pick("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE")} }},
	{Name: "pubsub", Weight: 12, Make: func(g *G) []string {
		return append([]string{"PUBSUB", g.Pick("CHANNELS", "NUMSUB", "NUMPAT", "SHARDCHANNELS", "SHARDNUMSUB", "NOSUCH")}, g.Keys(3)[1:]...)
	}},
}
