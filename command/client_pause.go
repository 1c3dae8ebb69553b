package command

var clientPauseSpecs = []*Spec{
	{
		Name: "pause", Arity: -3, Flags: clientFlags | Admin | Exclusive, Group: GroupConnection, Handler: clientPause,
		Since: "3.0.0", Complexity: "O(1)", Summary: "Lets commands wait for a while.", Syntax: "timeout:integer [<WRITE | ALL>]",
	},
	{
		Name: "unpause", Arity: 2, Flags: clientFlags | Admin, Group: GroupConnection, Handler: clientUnpause,
		Since: "6.2.0", Complexity: "O(N) where N is the number of paused clients", Summary: "Ends CLIENT PAUSE at once.",
	},
}

func clientPause(c *Ctx) {
	all := true
	switch {
	case len(c.Args) == 3:
	case len(c.Args) != 4:
		c.W.Error(errSubArity(c))
		return
	case equalFold(c.Args[3], "write"):
		all = false
	case !equalFold(c.Args[3], "all"):
		c.W.Error("ERR CLIENT PAUSE mode must be WRITE or ALL")
		return
	}
	ms, ok := c.TimeoutMs(2)
	if !ok {
		return
	}
	c.Host.Clients.Pause(ms, all)
	c.W.OK()
}

func clientUnpause(c *Ctx) {
	c.Host.Clients.Unpause()
	c.W.OK()
}
