package command

import (
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/list"
)

var listBlockSpecs = []*Spec{
	listWaitSpec("blpop", blpop, "Removes and returns the first element of a list; waits until there is one."),
	listWaitSpec("brpop", brpop, "Removes and returns the last element of a list; waits until there is one."),
	{
		Name: "blmove", Arity: 6, Flags: Write | DenyOOM | Blocking, WaitsFor: entry.List, Group: GroupList, Handler: blmove, Keys: listMoveKeys,
		Since: "6.2.0", Complexity: "O(1)",
		Summary: "Moves an element from an end of a list to an end of another one and returns it; waits until there is one.",
		Syntax:  "source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout:double",
	},
	{
		Name: "brpoplpush", Arity: 4, Flags: Write | DenyOOM | Blocking, WaitsFor: entry.List, Group: GroupList, Handler: brpoplpush, Keys: listMoveKeys,
		Since: "2.2.0", Complexity: "O(1)",
		Summary: "Moves the last element of a list to the front of another one and returns it; waits until there is one.",
		Syntax:  "source destination timeout:double", Deprecated: "6.2.0", ReplacedBy: "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
	},
	{
		Name: "blmpop", Arity: -5, Flags: Write | Blocking, WaitsFor: entry.List, Group: GroupList, Handler: blmpop, Cost: blmpopCost, Keys: []KeySpec{KeyCount(2, KeyRW|KeyAccess|KeyDelete)},
		Since: "7.0.0", Complexity: "O(N+M) where N is the number of keys and M the number of elements returned.",
		Summary: "Removes and returns elements of the first of several lists that is not empty; waits until there is one.",
		Syntax:  "timeout:double numkeys:integer key... <LEFT | RIGHT> [COUNT count:integer]",
	},
}

func listWaitSpec(name string, h Handler, summary string) *Spec {
	return &Spec{
		Name: name, Arity: -3, Flags: Write | Blocking, WaitsFor: entry.List, Group: GroupList, Handler: h, Keys: []KeySpec{KeyRange(1, -2, 1, KeyRW|KeyAccess|KeyDelete)},
		Since: "2.0.0", Complexity: "O(N) where N is the number of keys.", Summary: summary, Syntax: "key... timeout:double",
	}
}

func blpop(c *Ctx) { blockingPop(c, list.Head) }
func brpop(c *Ctx) { blockingPop(c, list.Tail) }

// blockingPop serves BLPOP and BRPOP; what it did is an LPOP or RPOP of the key found.
func blockingPop(c *Ctx, s list.Side) {
	timeout, ok := c.Timeout(len(c.Args) - 1)
	if !ok {
		return
	}
	k, e := firstList(c, c.Resumed)
	if e.A == 0 {
		if !c.Wait(c.Keys, timeout) {
			c.W.NullArray()
		}
		return
	}
	if !c.IsType(e, entry.List) {
		return
	}
	c.W.Array(2)
	c.W.Bulk(k.Name)
	popOne(c, k, e, s)
	c.Effect(popNames[s], k.Name)
}

func blmove(c *Ctx) {
	from, to, ok := sideArgs(c)
	if !ok {
		return
	}
	timeout, ok := c.Timeout(5)
	if !ok {
		return
	}
	if blockingMove(c, from, to, timeout) {
		c.Effect("LMOVE", c.Args[1], c.Args[2], c.Args[3], c.Args[4])
	}
}

func brpoplpush(c *Ctx) {
	timeout, ok := c.Timeout(3)
	if !ok {
		return
	}
	if blockingMove(c, list.Tail, list.Head, timeout) {
		c.Effect("RPOPLPUSH", c.Args[1], c.Args[2])
	}
}

// blockingMove is moveElem that waits for a source; a client that waited passes over
// another type. It tells whether it moved an element.
func blockingMove(c *Ctx, from, to list.Side, timeoutMs int64) bool {
	dirty := c.Dirty
	e := c.Find(c.Keys[0])
	if e.A != 0 && (!c.Resumed || e.Type() == entry.List) {
		moveElem(c, from, to)
		return c.Dirty != dirty
	}
	if !c.Wait(c.Keys[:1], timeoutMs) { // a timeout replies the null array here too, as in Redis
		c.W.Null()
	}
	return false
}

func blmpop(c *Ctx) {
	p, ok := parseMPop(c, 2)
	if !ok {
		return
	}
	timeout, ok := c.Timeout(1)
	if !ok {
		return
	}
	if !popFirst(c, &p, c.Resumed) && !c.Wait(c.Keys, timeout) {
		c.W.NullArray()
	}
}

func blmpopCost(c *Ctx) int64 { return mpopCost(c, 2) }
