package command

const (
	slowlogFlags          = Admin | Loading | Stale
	defaultSlowlogEntries = 10
)

var slowlogSpecs = []*Spec{{
	Name: "slowlog", Arity: -2, Group: GroupServer, Since: "2.2.12", Complexity: "Depends on subcommand.",
	Summary: "Commands about the log of slow calls.",
	Subs: []*Spec{
		{
			Name: "get", Arity: -2, Flags: slowlogFlags, Group: GroupServer, Handler: slowlogGet, Since: "2.2.12",
			Complexity: "O(N) where N is the number of entries returned", Summary: "Returns the latest slow calls.", Syntax: "[count:integer]",
			Tips: []string{"request_policy:all_nodes", "nondeterministic_output"},
		},
		{
			Name: "len", Arity: 2, Flags: slowlogFlags, Group: GroupServer, Since: "2.2.12", Complexity: "O(1)", Summary: "Returns how many slow calls are kept.",
			Handler: func(c *Ctx) { c.W.Int(int64(c.Host.Stats.SlowLogLen())) },
			Tips:    []string{"request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"},
		},
		{
			Name: "reset", Arity: 2, Flags: slowlogFlags, Group: GroupServer, Handler: slowlogReset, Since: "2.2.12",
			Complexity: "O(N) where N is the number of entries in the slowlog", Summary: "Forgets all slow calls.",
			Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		},
		helpSpec(GroupServer, "6.2.0"),
	},
}}

func slowlogGet(c *Ctx) {
	n := int64(defaultSlowlogEntries)
	switch {
	case len(c.Args) > 3:
		c.W.Error(errSubArity(c))
		return
	case len(c.Args) == 3:
		var ok bool
		if n, ok = parseAtLeast(c.Args[2], -1); !ok {
			c.W.Error("ERR count should be greater than or equal to -1")
			return
		}
	}
	calls := c.Host.Stats.SlowLog(int(n))
	w := c.W
	w.Array(len(calls))
	for i := range calls {
		s := &calls[i]
		w.Array(6)
		w.Int(s.ID)
		w.Int(s.Unix)
		w.Int(s.Micros)
		writeStrings(w, s.Args)
		w.BulkString(s.Addr)
		w.BulkString(s.Name)
	}
}

func slowlogReset(c *Ctx) {
	c.Host.Stats.SlowLogReset()
	c.W.OK()
}
