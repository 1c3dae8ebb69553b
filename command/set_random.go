package command

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	sets "github.com/kringdb/kring/store/set"
	"github.com/kringdb/kring/store/slotted"
)

var setRandomSpecs = []*Spec{
	{
		Name: "spop", Arity: -2, Flags: Write | Fast, Group: GroupSet, Handler: spop, Cost: spopCost, Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyDelete)},
		Since: "1.0.0", Complexity: "O(N) where N is the number of members removed.",
		Summary: "Removes and returns random members of a set.", Syntax: "key [count:integer]", Tips: []string{"nondeterministic_output"},
	},
	{
		Name: "srandmember", Arity: -2, Flags: ReadOnly, Group: GroupSet, Handler: srandmember, Cost: srandmemberCost,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Since: "1.0.0", Complexity: "O(N) where N is the number of members returned.",
		Summary: "Returns random members of a set.", Syntax: "key [count:integer]", Tips: []string{"nondeterministic_output"},
	},
}

func spopCost(c *Ctx) int64 {
	if len(c.Args) < 3 {
		return 1
	}
	n, ok := resp.ParseInt(c.Args[2])
	if !ok || n <= 0 {
		return 1
	}
	return min(n, setCost(c))
}

func srandmemberCost(c *Ctx) int64 {
	if len(c.Args) < 3 {
		return 1
	}
	n, ok := resp.ParseInt(c.Args[2])
	if !ok || n == math.MinInt64 {
		return 1
	}
	if have := setCost(c); n >= 0 || have == 0 {
		return min(n, have)
	}
	return -n
}

// randomMember returns a random member of e: a view, or c.Scratch.
func randomMember(c *Ctx, e entry.Entry) []byte { return sets.Random(e, rand.Uint64(), c.Scratch) }

func spop(c *Ctx) {
	k := c.Keys[0]
	if len(c.Args) == 3 {
		spopCount(c)
		return
	}
	if len(c.Args) > 3 {
		c.W.Error(ErrSyntax)
		return
	}
	e := c.Find(k)
	if !c.IsType(e, entry.Set) {
		return
	}
	if e.A == 0 {
		c.W.Null()
		return
	}
	c.BeginEffect(3, "SREM")
	c.EffectArg(k.Name)
	e = popMember(c, k, e)
	c.Changed(k, EventSPop, 1)
	dropIfEmpty(c, k, e)
}

// popMember replies a random member of e, adds it to the effect that was begun, and
// removes it.
func popMember(c *Ctx, k store.Key, e entry.Entry) entry.Entry {
	m := randomMember(c, e)
	c.W.Bulk(m)
	c.EffectArg(m)
	c.Scratch = append(c.Scratch[:0], m...)
	e, _ = removeMember(c, c.Store.Edit(c.DB, k), k, e, c.Scratch)
	return e
}

func spopCount(c *Ctx) {
	k := c.Keys[0]
	count, ok := resp.ParseInt(c.Args[2])
	if !ok || count < 0 {
		c.W.Error("ERR value is out of range, must be positive")
		return
	}
	e := c.Find(k)
	if !c.IsType(e, entry.Set) {
		return
	}
	if e.A == 0 || count == 0 {
		c.W.Set(0)
		return
	}
	n := sets.Len(e)
	if count >= int64(n) {
		replyMembers(c, e)
		c.Effect("DEL", k.Name)
		c.Changed(k, EventSPop, n)
		c.Store.Delete(c.DB, k)
		c.Changed(k, EventDel, 0)
		return
	}
	c.W.Set(int(count))
	for left := int(count); left > 0; {
		batch := min(left, popBatch)
		c.BeginEffect(2+batch, "SREM")
		c.EffectArg(k.Name)
		for range batch {
			e = popMember(c, k, e)
		}
		left -= batch
	}
	c.Changed(k, EventSPop, int(count))
}

func srandmember(c *Ctx) {
	if len(c.Args) > 3 {
		c.W.Error(ErrSyntax)
		return
	}
	if len(c.Args) < 3 {
		if e, ok := readSet(c); ok && e.A != 0 {
			c.W.Bulk(randomMember(c, e))
		} else if ok {
			c.W.Null()
		}
		return
	}
	count, ok := c.Int(2)
	if !ok {
		return
	}
	if count == math.MinInt64 {
		c.W.Error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
		return
	}
	e, ok := readSet(c)
	switch {
	case !ok:
	case e.A == 0 || count == 0:
		c.W.Array(0)
	case count < 0:
		c.W.Array(int(-count))
		for i := range -count {
			if c.endsAt(int(i)) {
				return
			}
			c.W.Bulk(randomMember(c, e))
		}
	case count >= int64(sets.Len(e)):
		c.W.Array(sets.Len(e))
		writeMembers(c, e)
	default:
		c.W.Array(int(count))
		distinctMembers(c, e, int(count))
	}
}

// distinctMembers replies n different random members of e, fewer than it has. A few of a
// table are drawn; otherwise it goes through all and picks.
func distinctMembers(c *Ctx, e entry.Entry, n int) {
	left := sets.Len(e)
	if e.Encoding() == entry.Hashtable && n*randomDrawShare <= left {
		drawMembers(c, slotted.At(e.Payload()), n)
		return
	}
	var it sets.Iter
	for m, ok := it.Next(e); ok && n > 0; m, ok = it.Next(e) {
		if rand.IntN(left) < n {
			c.W.Bulk(m)
			n--
		}
		if left--; c.endsAt(left) {
			return
		}
	}
}

// drawMembers draws until it has n different records: sorted, doubles are neighbours.
func drawMembers(c *Ctx, t *slotted.Table, n int) {
	var buf [16]slotted.Ref
	refs := buf[:0]
	for len(refs) < n {
		for range n - len(refs) {
			refs = append(refs, t.Random(rand.Uint64()))
		}
		slices.Sort(refs)
		refs = slices.Compact(refs)
	}
	for _, r := range refs {
		c.W.Bulk(r.Key())
	}
}
