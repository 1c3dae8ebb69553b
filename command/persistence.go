package command

var persistenceSpecs = []*Spec{
	{
		Name: "bgrewriteaof", Arity: 1, Flags: Admin | NoScript | NoAsyncLoading | Slow, Group: GroupServer, Handler: bgRewriteAOF,
		Since: "1.0.0", Complexity: "O(1)", Summary: "Begins to rewrite the append only file in the background.",
	},
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
