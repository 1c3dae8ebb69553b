package compat

// Nobody is told in generated sequences: an invalidation would stand where a reply is
// expected. Cases do it.
var trackingGroup = Group{Name: "tracking", Commands: `client|tracking client|caching client|getredir client|trackinginfo`,
	Weight: 1, Gens: trackingGens, Cases: trackingCases}

var trackingGens = []Gen{
	{Name: "caching", Make: func(g *G) []string { return []string{"CLIENT", "CACHING", g.Pick("YES", "NO", "x")} }},
	{Name: "info", Make: func(g *G) []string { return []string{"CLIENT", g.Pick("TRACKINGINFO", "GETREDIR")} }},
}
