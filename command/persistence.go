package command

var persistenceSpecs = []*Spec{
	{
		Name: "bgrewriteaof", Arity: 1, Flags: Admin | NoScript | NoAsyncLoading | Slow, Group: GroupServer, Handler: bgRewriteAOF,
		Since: "1.0.0", Complexity: "O(1)", Summary: "Begins to rewrite the append only file in the background.",
	},
}

func bgRewriteAOF(c *Ctx) {
	errText := ""
	c.Unlocked(func() { errText = c.Host.RewriteAOF() })
	if errText != "" {
		c.W.Error(errText)
		return
	}
	c.W.Simple("Background append only file rewriting started")
}
