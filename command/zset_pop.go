package command

import (
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/zset"
)

const zpopComplexity = "O(M log N) where N is the number of members and M that of those removed."

var zsetBlockSpecs = []*Spec{
	zpopSpec("zpopmin", "Removes and returns the members with the lowest scores.", false),
	zpopSpec("zpopmax", "Removes and returns the members with the highest scores.", true),
	{
		Name: "zmpop", Arity: -4, Flags: Write, Group: GroupSortedSet,
		Keys: []KeySpec{KeyCount(1, KeyRW|KeyAccess|KeyDelete)}, Handler: func(c *Ctx) { zmpop(c, 1) },
		Cost: func(c *Ctx) int64 { return zmpopCost(c, 1) }, Since: "7.0.0", Complexity: zpopComplexity,
		Summary: "Removes and returns members with the lowest or highest scores of the first sorted set that has any.",
		Syntax:  "numkeys:integer key... <MIN | MAX> [COUNT count:integer]",
	},
	bzpopSpec("bzpopmin", "Removes and returns the member with the lowest score of the first sorted set that has any, or waits for one.", false),
	bzpopSpec("bzpopmax", "Removes and returns the member with the highest score of the first sorted set that has any, or waits for one.", true),
	{
		Name: "bzmpop", Arity: -5, Flags: Write | Blocking, WaitsFor: entry.ZSet, Group: GroupSortedSet,
		Keys: []KeySpec{KeyCount(2, KeyRW|KeyAccess|KeyDelete)}, Handler: func(c *Ctx) { zmpop(c, 2) },
		Cost: func(c *Ctx) int64 { return zmpopCost(c, 2) }, Since: "7.0.0", Complexity: zpopComplexity,
		Summary: "Removes and returns members with the lowest or highest scores of the first sorted set that has any, or waits for one.",
		Syntax:  "timeout:double numkeys:integer key... <MIN | MAX> [COUNT count:integer]",
	},
}

func zpopSpec(name, summary string, max bool) *Spec {
	return &Spec{
		Name: name, Arity: -2, Flags: Write | Fast, Group: GroupSortedSet,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyDelete)}, Handler: func(c *Ctx) { zpop(c, max) }, Cost: zpopCost,
		Since: "5.0.0", Complexity: zpopComplexity, Summary: summary, Syntax: "key [count:integer]",
	}
}

func bzpopSpec(name, summary string, max bool) *Spec {
	return &Spec{
		Name: name, Arity: -3, Flags: Write | Blocking | Fast, WaitsFor: entry.ZSet, Group: GroupSortedSet,
		Keys: []KeySpec{KeyRange(1, -2, 1, KeyRW|KeyAccess|KeyDelete)}, Handler: func(c *Ctx) { bzpop(c, max) },
		Since: "5.0.0", Complexity: "O(log N) where N is the number of members.", Summary: summary, Syntax: "key... timeout:double",
	}
}

// popForm is how a command replies what it popped.
type popForm struct {
	named  bool // the key comes first
	nested bool // each member with its score in an array of its own
}

// popScored removes the n lowest or highest entries of k's set, replies them, and records the
// effect; n > 0.
func popScored(c *Ctx, k store.Key, e entry.Entry, max bool, n uint64, f popForm) {
	w, all := c.W, zset.Len(e)
	n = min(n, all)
	switch {
	case f.named && f.nested:
		w.Array(2)
		w.Bulk(k.Name)
		w.Array(int(n))
	case f.named:
		w.Array(int(2*n) + 1)
		w.Bulk(k.Name)
	case f.nested:
		w.Array(int(n))
	default:
		w.Array(int(2 * n))
	}
	from, ev, name := uint64(0), EventZPopMin, "ZPOPMIN"
	first := uint64(0)
	if max {
		from, ev, name = all-n, EventZPopMax, "ZPOPMAX"
		first = all - 1
	}
	var it zset.Iter
	it.Seek(e, first, n, max)
	for it.Next() {
		if f.nested {
			w.Array(2)
		}
		w.Bulk(it.Member())
		w.Double(it.Score())
	}
	if n == all {
		c.Store.Delete(c.DB, k)
		c.Changed(k, ev, int(n))
		c.Changed(k, EventDel, 0)
	} else {
		ar := c.Store.Edit(c.DB, k)
		zsetShrunk(c, k, e, zset.RemoveRange(ar, e, from, from+n), ev, int(n))
	}
	c.BeginEffect(3, name)
	c.EffectArg(k.Name)
	c.EffectInt(int64(n))
}

// popCount parses argument i as a count of at least least; otherwise it replies text.
func popCount(c *Ctx, i int, least int64, text string) (int64, bool) {
	n, ok := resp.ParseInt(c.Args[i])
	if !ok || n < least {
		c.W.Error(text)
		return 0, false
	}
	return n, true
}

func zpop(c *Ctx, max bool) {
	n, ok := int64(1), true
	switch len(c.Args) {
	case 2:
	case 3:
		if n, ok = popCount(c, 2, 0, "ERR value is out of range, must be positive"); !ok {
			return
		}
	default:
		c.W.Error(ErrSyntax)
		return
	}
	k := c.Keys[0]
	e := c.Find(k)
	if !c.IsType(e, entry.ZSet) {
		return
	}
	if e.A == 0 || n == 0 {
		c.W.Array(0)
		return
	}
	popScored(c, k, e, max, uint64(n), popForm{nested: len(c.Args) == 3 && c.W.Proto() == resp.RESP3})
}

// firstZSet returns the first of the keys that there is. ok is false when it is no sorted
// set: the error is replied. For a client that waited, keys of other types are not there.
func firstZSet(c *Ctx, keys []store.Key) (k store.Key, e entry.Entry, ok bool) {
	for _, k := range keys {
		if e := c.Find(k); e.A != 0 && (!c.Resumed || e.Type() == entry.ZSet) {
			return k, e, c.IsType(e, entry.ZSet)
		}
	}
	return k, e, true
}

func bzpop(c *Ctx, max bool) {
	timeout, ok := c.Timeout(len(c.Args) - 1)
	if !ok {
		return
	}
	k, e, ok := firstZSet(c, c.Keys)
	switch {
	case !ok:
	case e.A != 0:
		popScored(c, k, e, max, 1, popForm{named: true})
	case !c.Wait(c.Keys, timeout):
		c.W.NullArray()
	}
}

// zmpopCall is a parsed ZMPOP or BZMPOP.
type zmpopCall struct {
	max   bool
	count int64
}

// parseZMPop reads the arguments from the number of keys on, and returns the error to
// reply, or "".
func parseZMPop(args resp.Args, at int) (p zmpopCall, errText string) {
	n, ok := resp.ParseInt(args[at])
	if !ok || n < 1 {
		return p, "ERR numkeys should be greater than 0"
	}
	where := int64(at) + 1 + n
	if n > int64(len(args)) || where >= int64(len(args)) {
		return p, ErrSyntax
	}
	p.max = equalFold(args[where], "max")
	if !p.max && !equalFold(args[where], "min") {
		return p, ErrSyntax
	}
	p.count = -1
	for opts := args[where+1:]; len(opts) > 0; opts = opts[2:] {
		if p.count >= 0 || len(opts) < 2 || !equalFold(opts[0], "count") {
			return p, ErrSyntax
		}
		if p.count, ok = resp.ParseInt(opts[1]); !ok || p.count < 1 {
			return p, "ERR count should be greater than 0"
		}
	}
	if p.count < 0 {
		p.count = 1
	}
	return p, ""
}

// zmpop is ZMPOP, or BZMPOP, whose number of keys stands behind the timeout.
func zmpop(c *Ctx, at int) {
	p, errText := parseZMPop(c.Args, at)
	if errText != "" {
		c.W.Error(errText)
		return
	}
	timeout, ok := int64(0), true
	if at == 2 {
		if timeout, ok = c.Timeout(1); !ok {
			return
		}
	}
	k, e, ok := firstZSet(c, c.Keys)
	switch {
	case !ok:
	case e.A != 0:
		popScored(c, k, e, p.max, uint64(p.count), popForm{named: true, nested: true})
	case at == 1 || !c.Wait(c.Keys, timeout):
		c.W.NullArray()
	}
}

func zpopCost(c *Ctx) int64 {
	if len(c.Args) != 3 {
		return 0
	}
	n, _ := resp.ParseInt(c.Args[2])
	return popCost(c, n)
}

// popCost is the number of entries that are popped, or more, if n are asked for.
func popCost(c *Ctx, n int64) int64 {
	if n < SlowCost {
		return 0
	}
	for i := range c.Keys {
		if e, ok := c.estimated(i, entry.ZSet); ok {
			return min(n, int64(zset.Len(e)))
		}
	}
	return 0
}

func zmpopCost(c *Ctx, at int) int64 {
	if len(c.Args) < at+5 {
		return 0
	}
	p, _ := parseZMPop(c.Args, at)
	return popCost(c, p.count)
}
