package command

import "github.com/kringdb/kring/store/entry"

const transactionFlags = NoScript | Loading | Stale | Fast | AllowBusy

var transactionSpecs = []*Spec{
	{
		Name: "multi", Arity: 1, Flags: transactionFlags | AtOnce, Group: GroupTransactions, Handler: multi,
		Since: "1.2.0", Complexity: "O(1)", Summary: "Begins a transaction: the commands that follow are queued.",
	},
	{
		// The dispatcher runs what is queued; the handler sees only calls without MULTI.
		Name: "exec", Arity: 1, Flags: NoScript | Loading | Stale | SkipSlowlog | AtOnce | Exec, Group: GroupTransactions,
		Handler: func(c *Ctx) { c.W.Error("ERR EXEC without MULTI") },
		Since:   "1.2.0", Complexity: "Depends on the commands in the transaction", Summary: "Runs the queued commands as one.",
	},
	{
		Name: "discard", Arity: 1, Flags: transactionFlags | AtOnce, Group: GroupTransactions, Handler: discard,
		Since: "2.0.0", Complexity: "O(N) where N is the number of queued commands", Summary: "Drops the queued commands and ends the transaction.",
	},
	{
		Name: "watch", Arity: -2, Flags: transactionFlags | AtOnce, Group: GroupTransactions, Handler: watch,
		Keys: []KeySpec{KeyRange(1, -1, 1, KeyRO)}, Since: "2.2.0", Complexity: "O(1) for every key",
		Summary: "Makes the next EXEC do nothing if one of the keys is changed before.", Syntax: "key...",
	},
	{
		Name: "unwatch", Arity: 1, Flags: transactionFlags, Group: GroupTransactions, Handler: unwatch,
		Since: "2.2.0", Complexity: "O(1)", Summary: "Forgets all watched keys.",
	},
}

func multi(c *Ctx) {
	if !c.Client.BeginMulti() {
		c.W.Error("ERR MULTI calls can not be nested")
		return
	}
	c.W.OK()
}

func discard(c *Ctx) {
	if !c.Client.DiscardMulti() {
		c.W.Error("ERR DISCARD without MULTI")
		return
	}
	c.W.OK()
}

func watch(c *Ctx) {
	if c.Client.InMulti() {
		c.W.Error("ERR WATCH inside MULTI is not allowed")
		return
	}
	for _, k := range c.Keys {
		// A key that has expired is deleted here: that it is gone breaks no watch.
		c.Client.Watch(c.DB, k, c.Store.Find(c.DB, k, c.Now) != entry.Entry{})
	}
	c.W.OK()
}

func unwatch(c *Ctx) {
	c.Client.Unwatch()
	c.W.OK()
}
