package command

import "github.com/kringdb/kring/store/entry"

var stringGetSpecs = []*Spec{
	{
		Name: "get", Arity: 2, Flags: ReadOnly | Fast, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: get,
		Since: "1.0.0", Complexity: "O(1)",
		Summary: "Returns the string value of a key.",
		Syntax:  "key",
	},
	{
		Name: "getdel", Arity: 2, Flags: Write | Fast, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyDelete)}, Handler: getDel,
		Since: "6.2.0", Complexity: "O(1)",
		Summary: "Returns the string value of a key and deletes the key.",
		Syntax:  "key",
	},
	{
		Name: "getex", Arity: -2, Flags: Write | Fast, Group: GroupString,
		Keys: []KeySpec{{
			Flags: KeyRW | KeyAccess | KeyUpdate, Index: 1, Step: 1,
			Notes: "RW and UPDATE because it changes the TTL",
		}},
		Handler: getEx,
		Since:   "6.2.0", Complexity: "O(1)",
		Summary: "Returns the string value of a key and sets or removes its expiration.",
		Syntax:  "key [<EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | PERSIST>]",
	},
	{
		Name: "getset", Arity: 3, Flags: Write | DenyOOM | Fast, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyUpdate)}, Handler: getSet,
		Since: "1.0.0", Complexity: "O(1)",
		Summary: "Sets the string value of a key and returns the value it had.",
		Syntax:  "key value", Deprecated: "6.2.0", ReplacedBy: "`SET` with the `!GET` argument",
	},
	{
		Name: "mget", Arity: -2, Flags: ReadOnly | Fast, Group: GroupString,
		Keys: []KeySpec{KeyRange(1, -1, 1, KeyRO|KeyAccess)}, Handler: mget,
		Since: "1.0.0", Complexity: "O(N) where N is the number of keys.",
		Summary: "Returns the string values of several keys.",
		Syntax:  "key...", Tips: []string{"request_policy:multi_shard"},
	},
	{
		Name: "strlen", Arity: 2, Flags: ReadOnly | Fast, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyRO)}, Handler: strlen,
		Since: "2.2.0", Complexity: "O(1)",
		Summary: "Returns the length of a string value in bytes.",
		Syntax:  "key",
	},
}

// The kinds of a string entry: type and encoding in one byte, so that the reading
// commands tell type and form apart by one load. What the payloads hold is the
// business of store/str; this file shares only that an int is 8 bytes and an inline
// form is the bytes themselves.
var (
	kindRaw     = entry.KindOf(entry.String, entry.Raw)
	kindEmbstr  = entry.KindOf(entry.String, entry.Embstr)
	kindInt     = entry.KindOf(entry.String, entry.Int)
	kindChunked = entry.KindOf(entry.String, entry.Chunked)
)

// replyString replies the value of e, or null when e is missing; it returns false,
// with the reply WRONGTYPE, when e is no string.
func replyString(c *Ctx, e entry.Entry) bool {
	if e.A == 0 {
		c.W.Null()
		return true
	}
	switch e.Kind() {
	case kindRaw, kindEmbstr:
		c.W.Bulk(e.Payload())
	case kindInt:
		c.W.BulkInt(int64(e.U64(0)))
	case kindChunked:
		replyRange(c, e, 0, c.Store.StringLen(e))
	default:
		c.W.Error(ErrWrongType)
		return false
	}
	return true
}

func get(c *Ctx) { replyString(c, c.Read(c.Keys[0])) }

func mget(c *Ctx) {
	c.W.Array(len(c.Keys))
	for i := range c.Keys {
		e := c.Read(c.Keys[i])
		if e.A != 0 && e.Type() != entry.String {
			c.W.Null()
			continue
		}
		replyString(c, e)
	}
}

func getDel(c *Ctx) {
	k := c.Keys[0]
	e := c.Read(k)
	if replyString(c, e) && e.A != 0 {
		c.Store.Delete(c.DB, k)
		c.Changed(k, EventDel, 1)
	}
}

func getSet(c *Ctx) {
	k := c.Keys[0]
	e := c.Read(k)
	if replyString(c, e) {
		c.Store.SetString(c.DB, k, c.Args[2], 0)
		c.Changed(k, EventSet, 1)
	}
}

func getEx(c *Ctx) {
	var o setOptions
	if !o.parse(c, 2, false) {
		return
	}
	k := c.Keys[0]
	e := c.Read(k)
	if e.A == 0 {
		c.W.Null()
		return
	}
	if !c.IsType(e, entry.String) {
		return
	}
	deadline := int64(0)
	if o.expire != 0 {
		var ok bool
		if deadline, ok = c.deadlineArg(o.expire, o.seconds, o.relative); !ok {
			return
		}
	}
	replyString(c, e)
	switch {
	case o.expire != 0 && !o.relative && deadline <= c.Now:
		c.Store.Delete(c.DB, k)
		c.Changed(k, EventDel, 1)
		c.Effect("DEL", c.Args[1])
	case o.expire != 0:
		c.Store.SetDeadline(c.DB, k, e, deadline)
		c.Changed(k, EventExpire, 1)
		deadlineEffect(c, deadline)
	case o.persist && e.HasDeadline():
		c.Store.SetDeadline(c.DB, k, e, 0)
		c.Changed(k, EventPersist, 1)
		c.Effect("PERSIST", c.Args[1])
	}
}

func strlen(c *Ctx) {
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.String) {
		return
	}
	if e.A == 0 {
		c.W.Int(0)
		return
	}
	c.W.Int(c.Store.StringLen(e))
}
