package command

import (
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	sets "github.com/kringdb/kring/store/set"
)

var setSpecs = []*Spec{
	{
		Name: "sadd", Arity: -3, Flags: Write | DenyOOM | Fast, Group: GroupSet, Handler: sadd, Member: 2, ByArgs: true, Keys: []KeySpec{KeyAt(1, KeyRW|KeyInsert)},
		Since: "1.0.0", Complexity: "O(N) where N is the number of members given.",
		Summary: "Adds members to a set.", Syntax: "key member...",
	},
	{
		Name: "srem", Arity: -3, Flags: Write | Fast, Group: GroupSet, Handler: srem, Member: 2, ByArgs: true, Keys: []KeySpec{KeyAt(1, KeyRW|KeyDelete)},
		Since: "1.0.0", Complexity: "O(N) where N is the number of members given.",
		Summary: "Removes members of a set, and the set with its last member.", Syntax: "key member...",
	},
	{
		Name: "smove", Arity: 4, Flags: Write | Fast, Group: GroupSet, Handler: smove,
		Keys:  []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyDelete), KeyAt(2, KeyRW|KeyInsert)},
		Since: "1.0.0", Complexity: "O(1)", Summary: "Moves a member from one set to another.", Syntax: "source destination member",
	},
	{
		Name: "sismember", Arity: 3, Flags: ReadOnly | Fast, Group: GroupSet, Handler: sismember, Member: 2, Keys: []KeySpec{KeyAt(1, KeyRO)},
		Since: "1.0.0", Complexity: "O(1)", Summary: "Tells whether a set has a member.", Syntax: "key member",
	},
	{
		Name: "smismember", Arity: -3, Flags: ReadOnly | Fast, Group: GroupSet, Handler: smismember, Member: 2, ByArgs: true, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "6.2.0", Complexity: "O(N) where N is the number of members given.",
		Summary: "Tells which of several members a set has.", Syntax: "key member...",
	},
	{
		Name: "scard", Arity: 2, Flags: ReadOnly | Fast, Group: GroupSet, Handler: scard, Keys: []KeySpec{KeyAt(1, KeyRO)},
		Since: "1.0.0", Complexity: "O(1)", Summary: "Returns the number of members of a set.", Syntax: "key",
	},
	{
		Name: "smembers", Arity: 2, Flags: ReadOnly, Group: GroupSet, Handler: smembers, Cost: setCost, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "1.0.0", Complexity: "O(N) where N is the number of members.",
		Summary: "Returns all members of a set.", Syntax: "key", Tips: []string{"nondeterministic_output_order"},
	},
	{
		Name: "sscan", Arity: -3, Flags: ReadOnly, Group: GroupSet, Handler: sscan, Cost: scanCost, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "2.8.0", Complexity: "O(1) for every call", Summary: "Iterates over the members of a set.",
		Syntax: "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]", Tips: []string{"nondeterministic_output"},
	},
}

func init() { rebuilders[entry.Set] = rebuildSet }

// argsCost is the number of arguments.
func argsCost(c *Ctx) int64 { return int64(len(c.Args)) }

// setCost is the number of members of the call's first set.
func setCost(c *Ctx) int64 { return setLen(c, c.Keys[0]) }

// setLen returns the number of members of k's set, 0 for everything else.
func setLen(c *Ctx, k store.Key) int64 {
	if e := c.Store.FindRaw(c.DB, k); e.A != 0 && e.Type() == entry.Set {
		return int64(sets.Len(e))
	}
	return 0
}

func setLimits(c *Ctx) sets.Limits {
	return sets.Limits{IntEntries: c.Limits.SetIntEntries, Entries: c.Limits.SetEntries, ValueBytes: c.Limits.SetValueBytes}
}

// readSet finds the call's first set; ok is false, with the reply written, when the key
// holds another type.
func readSet(c *Ctx) (e entry.Entry, ok bool) {
	e = c.Read(c.Keys[0])
	return e, c.IsType(e, entry.Set)
}

// createSet makes k, which is missing, an empty set that first and up to hint members
// will be added to.
func createSet(c *Ctx, k store.Key, first []byte, hint int, lim *sets.Limits) entry.Entry {
	enc, n := sets.Form(first, hint, lim)
	e := c.Store.Create(c.DB, k, entry.Set, enc, n)
	sets.Init(e)
	return e
}

func sadd(c *Ctx) {
	k, members := c.Keys[0], c.Args[2:]
	e := c.Find(k)
	if !c.IsType(e, entry.Set) {
		return
	}
	lim := setLimits(c)
	ar := c.Store.Edit(c.DB, k)
	ne := e
	if e.A == 0 {
		e = createSet(c, k, members[0], len(members), &lim)
		ne = e
	} else if len(members) > 1 {
		ne = sets.Expect(ar, e, &lim, len(members))
	}
	n := 0
	for _, m := range members {
		var added bool
		if ne, added = sets.Add(ar, ne, &lim, m); added {
			n++
		}
	}
	if ne != e {
		c.Store.Settle(c.DB, k, e, ne)
	}
	if n > 0 {
		c.Changed(k, EventSAdd, n)
	}
	c.W.Int(int64(n))
}

// removeMember takes m out of k's set e and tells whether it was there; an empty set
// stays.
func removeMember(c *Ctx, ar *arena.Arena, k store.Key, e entry.Entry, m []byte) (entry.Entry, bool) {
	ne, removed := sets.Remove(ar, e, m)
	if ne != e {
		ne = c.Store.Settle(c.DB, k, e, ne)
	}
	return ne, removed
}

// dropIfEmpty deletes the key of a set that has no members left. The removal has been
// reported.
func dropIfEmpty(c *Ctx, k store.Key, e entry.Entry) {
	if sets.Len(e) == 0 {
		c.Store.Delete(c.DB, k)
		c.Changed(k, EventDel, 0)
	}
}

func srem(c *Ctx) {
	k := c.Keys[0]
	e := c.Find(k)
	if !c.IsType(e, entry.Set) {
		return
	}
	if e.A == 0 {
		c.W.Int(0)
		return
	}
	ar := c.Store.Edit(c.DB, k)
	n := 0
	for _, m := range c.Args[2:] {
		var removed bool
		if e, removed = removeMember(c, ar, k, e, m); removed {
			if n++; sets.Len(e) == 0 {
				break
			}
		}
	}
	if n > 0 {
		c.Changed(k, EventSRem, n)
		dropIfEmpty(c, k, e)
	}
	c.W.Int(int64(n))
}

func smove(c *Ctx) {
	src, dst, m := c.Keys[0], c.Keys[1], c.Args[3]
	from := c.Find(src)
	if from.A == 0 {
		c.W.Int(0)
		return
	}
	to := c.Find(dst)
	if !c.IsType(from, entry.Set) || !c.IsType(to, entry.Set) {
		return
	}
	if from == to {
		replyHas(c, from, m)
		return
	}
	from, removed := removeMember(c, c.Store.Edit(c.DB, src), src, from, m)
	if !removed {
		c.W.Int(0)
		return
	}
	c.Changed(src, EventSRem, 1)
	dropIfEmpty(c, src, from)
	lim := setLimits(c)
	ar := c.Store.Edit(c.DB, dst)
	if to.A == 0 {
		to = createSet(c, dst, m, 1, &lim)
	}
	ne, added := sets.Add(ar, to, &lim, m)
	if ne != to {
		c.Store.Settle(c.DB, dst, to, ne)
	}
	if added {
		c.Changed(dst, EventSAdd, 1)
	}
	c.W.Int(1)
}

func replyHas(c *Ctx, e entry.Entry, m []byte) {
	n := int64(0)
	if e.A != 0 && sets.Has(e, m) {
		n = 1
	}
	c.W.Int(n)
}

func sismember(c *Ctx) {
	if e, ok := readSet(c); ok {
		replyHas(c, e, c.Args[2])
	}
}

func smismember(c *Ctx) {
	e, ok := readSet(c)
	if !ok {
		return
	}
	c.W.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		replyHas(c, e, m)
	}
}

func scard(c *Ctx) {
	e, ok := readSet(c)
	if !ok {
		return
	}
	n := 0
	if e.A != 0 {
		n = sets.Len(e)
	}
	c.W.Int(int64(n))
}

func smembers(c *Ctx) {
	if e, ok := readSet(c); ok {
		replyMembers(c, e)
	}
}

// replyMembers replies all members of e, which may be none.
func replyMembers(c *Ctx, e entry.Entry) {
	if e.A == 0 {
		c.W.Set(0)
		return
	}
	c.W.Set(sets.Len(e))
	writeMembers(c, e)
}

func writeMembers(c *Ctx, e entry.Entry) {
	var it sets.Iter
	i := 0
	for m, ok := it.Next(e); ok && !c.endsAt(i); m, ok = it.Next(e) {
		c.W.Bulk(m)
		i++
	}
}

// sscan looks at its options only if there is a set to scan, as Redis does.
func sscan(c *Ctx) {
	var s scanCall
	if !s.parseCursor(c, 2) {
		return
	}
	e, ok := readSet(c)
	if !ok {
		return
	}
	var l nameList
	next := uint64(0)
	if e.A != 0 {
		if !s.parseOptions(c, 3, "") {
			return
		}
		next = sets.Walk(e, s.cursor, s.count, func(m []byte) {
			if s.wants(m) {
				l.add(m)
			}
		})
	}
	replyCursor(c, next)
	l.write(c)
}

func rebuildSet(r *Rebuild, e entry.Entry) (done bool) {
	c := &r.cursor
	c.pos = sets.Walk(e, c.pos, rebuildBatch, func(m []byte) { r.element(e, "SADD", m) })
	if c.pos != 0 {
		return false
	}
	r.flush(e, "SADD")
	return true
}
