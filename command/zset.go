package command

import (
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/zset"
)

var zsetSpecs = []*Spec{
	{
		Name: "zadd", Arity: -4, Flags: Write | DenyOOM | Fast, Group: GroupSortedSet,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyUpdate)}, Handler: zadd, Member: 3, ByArgs: true,
		Since: "1.2.0", Complexity: "O(log N) for each member added, where N is the number of members.",
		Summary: "Adds members to a sorted set or changes their scores.",
		Syntax:  "key [<NX | XX>] [<GT | LT>] [CH] [INCR] (score:double member)...",
	},
	{
		Name: "zincrby", Arity: 4, Flags: Write | DenyOOM | Fast, Group: GroupSortedSet,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyUpdate)}, Handler: zincrby, Member: 3,
		Since: "1.2.0", Complexity: "O(log N) where N is the number of members.",
		Summary: "Adds to the score of a member.", Syntax: "key increment:integer member",
	},
	{
		Name: "zrem", Arity: -3, Flags: Write | Fast, Group: GroupSortedSet,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyDelete)}, Handler: zrem, Member: 2, ByArgs: true,
		Since: "1.2.0", Complexity: "O(log N) for each member removed, where N is the number of members.",
		Summary: "Removes members from a sorted set.", Syntax: "key member...",
	},
	{
		Name: "zcard", Arity: 2, Flags: ReadOnly | Fast, Group: GroupSortedSet,
		Keys: []KeySpec{KeyAt(1, KeyRO)}, Handler: zcard,
		Since: "1.2.0", Complexity: "O(1)", Summary: "Returns the number of members of a sorted set.", Syntax: "key",
	},
	{
		Name: "zscore", Arity: 3, Flags: ReadOnly | Fast, Group: GroupSortedSet,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: zscore, Member: 2,
		Since: "1.2.0", Complexity: "O(1)", Summary: "Returns the score of a member.", Syntax: "key member",
	},
	{
		Name: "zmscore", Arity: -3, Flags: ReadOnly | Fast, Group: GroupSortedSet,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: zmscore, Member: 2, ByArgs: true,
		Since: "6.2.0", Complexity: "O(N) where N is the number of members asked for.",
		Summary: "Returns the scores of members.", Syntax: "key member...",
	},
	zrankSpec("zrank", "Returns the rank of a member, counted from the lowest score.", func(c *Ctx) { zrank(c, false) }),
	zrankSpec("zrevrank", "Returns the rank of a member, counted from the highest score.", func(c *Ctx) { zrank(c, true) }),
	{
		Name: "zrandmember", Arity: -2, Flags: ReadOnly, Group: GroupSortedSet,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: zrandmember, Cost: zrandmemberCost,
		Since: "6.2.0", Complexity: "O(N log M) where N is the number of members returned and M that of all.",
		Summary: "Returns random members of a sorted set.", Syntax: "key [(count:integer [WITHSCORES])]",
		Tips: []string{"nondeterministic_output"},
	},
	{
		Name: "zscan", Arity: -3, Flags: ReadOnly, Group: GroupSortedSet,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: zscan, Cost: scanCost,
		Since: "2.8.0", Complexity: "O(1) for every call",
		Summary: "Iterates over the members of a sorted set and their scores.",
		Syntax:  "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
		Tips:    []string{"nondeterministic_output"},
	},
}

func zrankSpec(name, summary string, h Handler) *Spec {
	return &Spec{
		Name: name, Arity: -3, Flags: ReadOnly | Fast, Group: GroupSortedSet,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: h, Member: 2,
		Since: "2.0.0", Complexity: "O(log N) where N is the number of members.", Summary: summary,
		Syntax: "key member [WITHSCORE]",
	}
}

// Error texts of the sorted sets.
const (
	errZNaN = "ERR resulting score is not a number (NaN)"
)

func zsetLimits(c *Ctx) zset.Limits {
	return zset.Limits{Entries: c.Limits.ZSetEntries, ValueBytes: c.Limits.ZSetValueBytes}
}

// newZSet makes k an empty sorted set, whatever it was, in the form that n members, the
// longest of longest bytes, will have.
func newZSet(c *Ctx, k store.Key, n, longest int) entry.Entry {
	if n > c.Limits.ZSetEntries || longest > c.Limits.ZSetValueBytes {
		e := c.Store.Put(c.DB, k, entry.ZSet, entry.Skiplist, zset.FullBytes, 0)
		zset.InitFull(e)
		return e
	}
	e := c.Store.Put(c.DB, k, entry.ZSet, entry.Listpack, zset.EmptyBytes, 0)
	zset.Init(e)
	return e
}

// zaddCall is a parsed ZADD or ZINCRBY.
type zaddCall struct {
	flags zset.Flags
	ch    bool
	at    int // of the first score
}

// parseZAdd reads the options and checks that all scores are numbers.
func parseZAdd(c *Ctx, flags zset.Flags) (a zaddCall, ok bool) {
	a.flags, a.at = flags, 2
options:
	for ; a.at < len(c.Args); a.at++ {
		switch w := c.Args[a.at]; {
		case len(w) == 0 || len(w) > 4 || w[0] < 'A':
			break options
		case equalFold(w, "nx"):
			a.flags |= zset.NX
		case equalFold(w, "xx"):
			a.flags |= zset.XX
		case equalFold(w, "gt"):
			a.flags |= zset.GT
		case equalFold(w, "lt"):
			a.flags |= zset.LT
		case equalFold(w, "ch"):
			a.ch = true
		case equalFold(w, "incr"):
			a.flags |= zset.Incr
		default:
			break options
		}
	}
	n := len(c.Args) - a.at
	has := func(f zset.Flags) bool { return a.flags&f == f }
	switch {
	case n == 0 || n%2 != 0:
		c.W.Error(ErrSyntax)
	case has(zset.NX | zset.XX):
		c.W.Error("ERR XX and NX options at the same time are not compatible")
	case has(zset.GT|zset.NX) || has(zset.LT|zset.NX) || has(zset.GT|zset.LT):
		c.W.Error("ERR GT, LT, and/or NX options at the same time are not compatible")
	case has(zset.Incr) && n > 2:
		c.W.Error("ERR INCR option supports a single increment-element pair")
	default:
		return a, true
	}
	return a, false
}

func zadd(c *Ctx) { zaddGeneric(c, 0) }

func zincrby(c *Ctx) { zaddGeneric(c, zset.Incr) }

func zaddGeneric(c *Ctx, flags zset.Flags) {
	a, ok := parseZAdd(c, flags)
	if !ok {
		return
	}
	pairs := c.Args[a.at:]
	score, ok := parseDouble(pairs[0])
	for i := 2; ok && i < len(pairs); i += 2 {
		_, ok = parseDouble(pairs[i])
	}
	if !ok {
		c.W.Error(ErrNotFloat)
		return
	}
	k := c.Keys[0]
	e := c.Find(k)
	if !c.IsType(e, entry.ZSet) {
		return
	}
	incr := a.flags&zset.Incr != 0
	if e.A == 0 {
		if a.flags&zset.XX != 0 {
			if incr {
				c.W.Null()
			} else {
				c.W.Int(0)
			}
			return
		}
		e = newZSet(c, k, 1, len(pairs[1]))
	}
	ar, limits, was := c.Store.Edit(c.DB, k), zsetLimits(c), e
	added, updated := 0, 0
	var out zset.Outcome
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			score, _ = parseDouble(pairs[i])
		}
		e, score, out = zset.Add(ar, e, pairs[i+1], score, a.flags, limits)
		switch out {
		case zset.Added:
			added++
		case zset.Updated:
			updated++
		}
	}
	if e != was {
		c.Store.Settle(c.DB, k, was, e)
	}
	if added+updated > 0 {
		ev := EventZAdd
		if incr {
			ev = EventZIncr
		}
		c.Changed(k, ev, added+updated)
	}
	switch {
	case out == zset.NaN:
		c.W.Error(errZNaN)
	case incr && out == zset.Nothing:
		c.W.Null()
	case incr:
		c.W.Double(score)
	case a.ch:
		c.W.Int(int64(added + updated))
	default:
		c.W.Int(int64(added))
	}
}

// zsetShrunk stores what is left of k's set after a removal from was, and reports it: n
// entries are gone.
func zsetShrunk(c *Ctx, k store.Key, was, e entry.Entry, ev Event, n int) {
	e = c.Store.Settle(c.DB, k, was, e)
	if zset.Len(e) > 0 {
		c.Changed(k, ev, n)
		return
	}
	c.Store.Delete(c.DB, k)
	c.Changed(k, ev, n)
	c.Changed(k, EventDel, 0)
}

func zrem(c *Ctx) {
	k := c.Keys[0]
	e := c.Find(k)
	if !c.IsType(e, entry.ZSet) {
		return
	}
	if e.A == 0 {
		c.W.Int(0)
		return
	}
	ar, was, n := c.Store.Edit(c.DB, k), e, 0
	for _, m := range c.Args[2:] {
		var ok bool
		if e, ok = zset.Remove(ar, e, m); ok {
			if n++; zset.Len(e) == 0 {
				break
			}
		}
	}
	if n > 0 {
		zsetShrunk(c, k, was, e, EventZRem, n)
	}
	c.W.Int(int64(n))
}

func zcard(c *Ctx) {
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.ZSet) {
		return
	}
	if e.A == 0 {
		c.W.Int(0)
		return
	}
	c.W.Int(int64(zset.Len(e)))
}

func zscore(c *Ctx) {
	e := c.Read(c.Keys[0])
	if c.IsType(e, entry.ZSet) {
		writeScoreOf(c, e, c.Args[2])
	}
}

// writeScoreOf replies a member's score, or null.
func writeScoreOf(c *Ctx, e entry.Entry, member []byte) {
	if e.A != 0 {
		if s, ok := zset.Score(e, member); ok {
			c.W.Double(s)
			return
		}
	}
	c.W.Null()
}

func zmscore(c *Ctx) {
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.ZSet) {
		return
	}
	c.W.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		writeScoreOf(c, e, m)
	}
}

func zrank(c *Ctx, rev bool) {
	withScore := len(c.Args) == 4
	switch {
	case len(c.Args) > 4:
		c.wrongArity()
		return
	case withScore && !equalFold(c.Args[3], "withscore"):
		c.W.Error(ErrSyntax)
		return
	}
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.ZSet) {
		return
	}
	if e.A != 0 {
		if r, s, ok := zset.Rank(e, c.Args[2]); ok {
			if rev {
				r = zset.Len(e) - 1 - r
			}
			if withScore {
				c.W.Array(2)
			}
			c.W.Int(int64(r))
			if withScore {
				c.W.Double(s)
			}
			return
		}
	}
	if withScore {
		c.W.NullArray()
		return
	}
	c.W.Null()
}
