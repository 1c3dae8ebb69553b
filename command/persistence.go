package command

var persistenceSpecs = []*Spec{
	{
		Name: "bgrewriteaof", Arity: 1, Flags: Admin | NoScript | NoAsyncLoading | Slow, Group: GroupServer, Handler: bgRewriteAOF,
		Since: "1.0.0", Complexity: "O(1)", Summary: "Begins to rewrite the append only file in the background.",
	},
	{
		Name: "bgsave", Arity: -1, Flags: Admin | NoScript | NoAsyncLoading | Slow, Group: GroupServer, Handler: bgSave,
		Since: "1.0.0", Complexity: "O(1)", Summary: "Begins to save a snapshot in the background.", Syntax: "[SCHEDULE]",
	},
	{
		Name: "lastsave", Arity: 1, Flags: Loading | Stale | Fast | AdminCat | Dangerous, Group: GroupServer, Handler: lastSave,
		Since: "1.0.0", Complexity: "O(1)", Summary: "Returns the Unix time in seconds of the last snapshot that was saved.",
		Tips: []string{"nondeterministic_output"},
	},
	{
		Name: "save", Arity: 1, Flags: Admin | NoScript | NoAsyncLoading | NoMulti | Slow, Group: GroupServer, Handler: save,
		Since: "1.0.0", Complexity: "O(N) where N is the number of all keys", Summary: "Saves a snapshot; other clients are served meanwhile.",
	},
}

func bgSave(c *Ctx) {
	schedule := false
	switch {
	case len(c.Args) == 2 && equalFold(c.Args[1], "schedule"):
		schedule = true
	case len(c.Args) > 1:
		c.W.Error(ErrSyntax)
		return
	}
	waits, errText := false, ""
	c.Lane.Unlocked(func() { waits, errText = c.Host.Persistence.BeginSave(schedule) })
	switch {
	case errText != "":
		c.W.Error(errText)
	case waits:
		c.W.Simple("Background saving scheduled")
	default:
		c.W.Simple("Background saving started")
	}
}

func lastSave(c *Ctx) { c.W.Int(c.Host.Persistence.LastSave()) }

func save(c *Ctx) {
	errText := ""
	c.Lane.Unlocked(func() { errText = c.Host.Persistence.Save() })
	if errText != "" {
		c.W.Error(errText)
		return
	}
	c.W.OK()
}

func bgRewriteAOF(c *Ctx) {
	waits, errText := false, ""
	c.Lane.Unlocked(func() { waits, errText = c.Host.Persistence.RewriteAOF() })
	switch {
	case errText != "":
		c.W.Error(errText)
	case waits:
		c.W.Simple("Background append only file rewriting scheduled")
	default:
		c.W.Simple("Background append only file rewriting started")
	}
}
