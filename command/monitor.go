package command

var monitorSpecs = []*Spec{
	{
		Name: "monitor", Arity: 1, Flags: Admin | NoScript | Loading | Stale, Group: GroupServer, Handler: monitor,
		Since: "1.0.0", Complexity: "O(1)", Summary: "Shows all commands that the server runs, as it runs them.",
	},
}

func monitor(c *Ctx) {
	if !c.CanWait { // within EXEC
		c.W.Error("ERR MONITOR isn't allowed for DENY BLOCKING client")
		return
	}
	if c.Client.Monitor() {
		c.W.OK()
	}
}
