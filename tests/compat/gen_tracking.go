package compat

// Nobody is told in generated sequences: an invalidation would stand where a reply is
// expected. Cases do it.
var trackingGroup = Group{Name: "tracking", Commands: `client|tracking client|caching client|getredir client|trackinginfo`,
	Weight: 1, Gens: trackingGens, Cases: trackingCases}

var trackingGens = []Gen{
	{Name: "caching", Make: func(g *G) []string { return []string{"CLIENT", "CACHING", g.Pick("YES", "NO", "x")} }},
	{Name: "tracking", Make: func(g *G) []string { // it is never on
		return append([]string{"CLIENT", "TRACKING", g.Pick("OFF", "off", "x")},
			[]string{g.Pick("BCAST", "OPTIN", "PREFIX", "NOSUCH"), g.Pick("OPTOUT", "NOLOOP", "a"), "BCAST"}[:g.N(4)]...)
	}},
	{Name: "info", Make: func(g *G) []string { return []string{"CLIENT", g.Pick("TRACKINGINFO", "GETREDIR")} }},
}
