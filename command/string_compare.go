package command

import (
	"bytes"

	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/str"
)

// Beyond Redis 7.4: changes on condition of the present value, as in Valkey (SET IFEQ,
// DELIFEQ) and Redis 8.4 (SET IFEQ and IFNE, DELEX).

var stringCompareSpecs = []*Spec{
	{
		Name: "delifeq", Arity: 3, Flags: Write | Fast, Group: GroupString, Handler: delIfEq, Keys: []KeySpec{KeyAt(1, KeyRM|KeyAccess|KeyDelete)},
		Since: "9.0.0", Complexity: "O(1)", Summary: "Removes a key whose string value is the given one; as in Valkey.", Syntax: "key value",
	},
	{
		Name: "delex", Arity: -2, Flags: Write | Fast, Group: GroupString, Handler: delEx, Keys: []KeySpec{KeyAt(1, KeyRM|KeyAccess|KeyDelete)},
		Since: "8.4.0", Complexity: "O(1)", Summary: "Removes a key, on condition of its string value; as in Redis 8.4.",
		Syntax: "key [<IFEQ comparison-value | IFNE comparison-value>]",
	},
}

// comparesAs tells whether e, a string or none, has (differ: has not) the value val. A
// key that is not there has no value: it equals none and differs from all.
func comparesAs(c *Ctx, e entry.Entry, val []byte, differ bool) bool {
	if e.A == 0 {
		return differ
	}
	if str.Len(e) != int64(len(val)) {
		return differ
	}
	equal, at := true, 0
	str.Segments(e, 0, int64(len(val)), func(b []byte) bool {
		equal = bytes.Equal(b, val[at:at+len(b)])
		at += len(b)
		return equal
	})
	return equal != differ
}

func delIfEq(c *Ctx) { delOn(c, c.Args[2], false) }

func delEx(c *Ctx) {
	switch {
	case len(c.Args) == 2:
		dirty := c.Dirty
		del(c)
		if c.Dirty != dirty {
			c.Effect("DEL", c.Args[1]) // other servers may not know the call
		}
	case len(c.Args) == 4 && equalFold(c.Args[2], "ifeq"):
		delOn(c, c.Args[3], false)
	case len(c.Args) == 4 && equalFold(c.Args[2], "ifne"):
		delOn(c, c.Args[3], true)
	default:
		c.W.Error(ErrSyntax)
	}
}

func delOn(c *Ctx, val []byte, differ bool) {
	k := c.Keys[0]
	e := c.Find(k)
	if e.A == 0 {
		c.W.Int(0)
		return
	}
	if !c.IsType(e, entry.String) {
		return
	}
	if !comparesAs(c, e, val, differ) {
		c.W.Int(0)
		return
	}
	c.Store.Delete(c.DB, k)
	c.Changed(k, EventDel, 1)
	c.Effect("DEL", c.Args[1])
	c.W.Int(1)
}
