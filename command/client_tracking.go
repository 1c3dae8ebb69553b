package command

// This file answers for client-side caching, which is always off: there is none yet.

const trackingFlags = clientFlags

var clientTrackingSpecs = []*Spec{
	{
		Name: "caching", Arity: 3, Flags: trackingFlags, Group: GroupConnection, Handler: clientCaching,
		Since: "6.0.0", Complexity: "O(1)", Summary: "Says whether the keys of the next command are to be tracked.", Syntax: "<YES | NO>",
	},
	{
		Name: "getredir", Arity: 2, Flags: trackingFlags, Group: GroupConnection,
		Handler: func(c *Ctx) { c.W.Int(-1) },
		Since:   "6.0.0", Complexity: "O(1)", Summary: "Tells to which client invalidations go.",
	},
	{
		Name: "tracking", Arity: -3, Flags: trackingFlags, Group: GroupConnection, Handler: clientTracking,
		Since: "6.0.0", Complexity: "O(1). Some options may introduce additional complexity.",
		Summary: "Switches client-side caching on or off.",
		Syntax:  "<ON | OFF> [REDIRECT client-id:integer] [PREFIX prefix]... [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
	},
	{
		Name: "trackinginfo", Arity: 2, Flags: trackingFlags, Group: GroupConnection, Handler: clientTrackingInfo,
		Since: "6.2.0", Complexity: "O(1)", Summary: "Describes the connection's client-side caching.",
	},
}

func clientCaching(c *Ctx) {
	c.W.Error("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled")
}

func clientTracking(c *Ctx) {
	switch {
	case equalFold(c.Args[2], "off"):
		c.W.OK()
	case equalFold(c.Args[2], "on"):
		c.W.Error("ERR client-side caching is not there yet")
	default:
		c.W.Error(ErrSyntax)
	}
}

func clientTrackingInfo(c *Ctx) {
	w := c.W
	w.Map(3)
	w.BulkString("flags")
	w.Set(1)
	w.BulkString("off")
	w.BulkString("redirect")
	w.Int(-1)
	w.BulkString("prefixes")
	w.Array(0)
}
