package command

var monitorSpecs = []*Spec{
	{
		Name: "monitor", Arity: 1, Flags: Admin | NoScript | Loading | Stale, Group: GroupServer, Handler: monitor,
		Since: "1.0.0", Complexity: "O(1)", Summary: "Shows all commands that the server runs, as it runs them.",
	},
	{
		Name: "role", Arity: 1, Flags: NoScript | Loading | Stale | Fast | Dangerous | AdminCat, Group: GroupServer, Handler: role,
		Since: "2.8.12", Complexity: "O(1)", Summary: "Tells the server's role in replication.",
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

// role describes a primary without replicas: there is no replication yet.
func role(c *Ctx) {
	c.W.Array(3)
	c.W.BulkString("master")
	c.W.Int(0)
	c.W.Array(0)
}
