package command

const configFlags = Admin | NoScript | Loading | Stale

var configSpecs = []*Spec{{
	Name: "config", Arity: -2, Group: GroupServer, Since: "2.0.0", Complexity: "Depends on subcommand.",
	Summary: "Commands about the server's options.",
	Subs: []*Spec{
		{
			Name: "get", Arity: -3, Flags: configFlags, Group: GroupServer, Handler: configGet, Since: "2.0.0",
			Complexity: "O(N) where N is the number of options", Summary: "Returns the options whose names match the patterns.", Syntax: "parameter...",
		},
		{
			Name: "resetstat", Arity: 2, Flags: configFlags | Slow, Group: GroupServer, Handler: configResetStat, Since: "2.0.0",
			Complexity: "O(1)", Summary: "Sets the counters of INFO back to zero.",
			Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		},
		{
			Name: "rewrite", Arity: 2, Flags: configFlags | Slow, Group: GroupServer, Handler: configRewrite, Since: "2.8.0",
			Complexity: "O(N) where N is the number of options", Summary: "Writes the current options into the configuration file.",
			Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		},
		{
			Name: "set", Arity: -4, Flags: configFlags | Slow, Secrets: Secrets{Options: true}, Group: GroupServer, Handler: configSet, Since: "2.0.0",
			Complexity: "O(N) where N is the number of options", Summary: "Changes options while the server runs.", Syntax: "(parameter value)...",
			Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		},
		helpSpec(GroupServer, "5.0.0"),
	},
}}

func configGet(c *Ctx) {
	pairs := c.Host.Config.Get(c.Args[2:])
	c.W.Map(len(pairs))
	for _, p := range pairs {
		c.W.BulkString(p.Name)
		c.W.BulkString(p.Value)
	}
}

// okOr replies OK, or the error text when there is one.
func okOr(c *Ctx, errText string) {
	if errText != "" {
		c.W.Error(errText)
		return
	}
	c.W.OK()
}

// configSet runs on a worker: an option's apply hook may open listeners or files.
func configSet(c *Ctx) { okOr(c, c.Host.Config.Set(c, c.Args[2:])) }

func configRewrite(c *Ctx) { okOr(c, c.Host.Config.Rewrite(c)) }

func configResetStat(c *Ctx) {
	c.Host.Stats.Reset(c)
	c.W.OK()
}
