package command

import (
	"math"

	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/list"
)

var listEditSpecs = []*Spec{
	{
		Name: "linsert", Arity: 5, Flags: Write | DenyOOM, Group: GroupList, Handler: linsert, Cost: listScanCost, Keys: []KeySpec{KeyAt(1, KeyRW|KeyInsert)},
		Since: "2.2.0", Complexity: "O(N) where N is the number of elements before the pivot.",
		Summary: "Inserts an element before or after another one.", Syntax: "key <BEFORE | AFTER> pivot element",
	},
	{
		Name: "lrem", Arity: 4, Flags: Write, Group: GroupList, Handler: lrem, Cost: listScanCost, Keys: []KeySpec{KeyAt(1, KeyRW|KeyDelete)},
		Since: "1.0.0", Complexity: "O(N) where N is the length of the list.",
		Summary: "Removes elements that are equal to one from a list.", Syntax: "key count:integer element",
	},
	{
		Name: "ltrim", Arity: 4, Flags: Write, Group: GroupList, Handler: ltrim, Cost: ltrimCost, Keys: []KeySpec{KeyAt(1, KeyRW|KeyDelete)},
		Since: "1.0.0", Complexity: "O(N) where N is the number of elements removed.",
		Summary: "Removes all elements of a list that are outside a range.", Syntax: "key start:integer stop:integer",
	},
	{
		Name: "lpos", Arity: -3, Flags: ReadOnly, Group: GroupList, Handler: lpos, Cost: listScanCost, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "6.0.6", Complexity: "O(N) where N is the number of elements compared.",
		Summary: "Returns the indexes of elements that are equal to one.",
		Syntax:  "key element [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]",
	},
}

// listScanCost is the work of comparing all elements of the call's list.
func listScanCost(c *Ctx) int64 {
	e, ok := c.estimated(0, entry.List)
	if !ok {
		return 1
	}
	return list.Len(e) / comparesPerCost
}

func linsert(c *Ctx) {
	after := equalFold(c.Args[2], "after")
	if !after && !equalFold(c.Args[2], "before") {
		c.W.Error(ErrSyntax)
		return
	}
	k := c.Keys[0]
	e := c.Find(k)
	if !c.IsType(e, entry.List) {
		return
	}
	if e.A == 0 {
		c.W.Int(0)
		return
	}
	d := list.NeedleOf(c.Args[3])
	i := list.Find(e, &d)
	if i < 0 {
		c.W.Int(-1)
		return
	}
	if after {
		i++
	}
	ar := c.Store.Edit(c.DB, k)
	e = c.Store.Settle(c.DB, k, e, list.Insert(ar, e, i, c.Args[4], c.Limits.ListSize))
	c.W.Int(list.Len(e))
	c.Changed(k, EventLInsert, 1)
}

func lrem(c *Ctx) {
	most, ok := c.notMin(2)
	if !ok {
		return
	}
	k := c.Keys[0]
	e := c.Find(k)
	if !c.IsType(e, entry.List) {
		return
	}
	if e.A == 0 {
		c.W.Int(0)
		return
	}
	back := most < 0
	if back {
		most = -most
	} else if most == 0 {
		most = math.MaxInt64
	}
	ar := c.Store.Edit(c.DB, k)
	ne, n := list.Remove(ar, e, c.Args[3], most, back, c.Limits.ListSize)
	e = c.Store.Settle(c.DB, k, e, ne)
	c.W.Int(n)
	if n > 0 {
		listShrunk(c, k, e, EventLRem, int(n))
	}
}

func ltrim(c *Ctx) {
	start, stop, ok := listRange(c)
	if !ok {
		return
	}
	k := c.Keys[0]
	e := c.Find(k)
	if !c.IsType(e, entry.List) {
		return
	}
	c.W.OK()
	if e.A == 0 {
		return
	}
	has := list.Len(e)
	from, n := span(start, stop, has)
	if n == 0 {
		listShrunk(c, k, entry.Entry{}, EventLTrim, int(has))
		return
	}
	ar := c.Store.Edit(c.DB, k)
	ne := list.Delete(ar, e, from+n, has-from-n, c.Limits.ListSize)
	ne = list.Delete(ar, ne, 0, from, c.Limits.ListSize)
	e = c.Store.Settle(c.DB, k, e, ne)
	listShrunk(c, k, e, EventLTrim, int(has-n))
}

// ltrimCost counts the elements that go: whole nodes of them are freed at once.
func ltrimCost(c *Ctx) int64 {
	e, ok := c.estimated(0, entry.List)
	if !ok {
		return 1
	}
	start, _ := c.intArg(2)
	stop, _ := c.intArg(3)
	_, n := span(start, stop, list.Len(e))
	if n == 0 {
		return 1
	}
	return (list.Len(e) - n) / trimmedPerCost
}

// lposCall is a parsed LPOS.
type lposCall struct {
	rank   int64 // the first match that counts, from 1
	back   bool
	count  int64 // of replies, 0 for all; -1: one, not in an array
	maxLen int64 // elements to compare; 0: all
}

func parseLPos(c *Ctx) (p lposCall, ok bool) {
	p = lposCall{rank: 1, count: -1}
	for i := 3; i < len(c.Args); i += 2 {
		a := c.Args[i]
		switch more := i+1 < len(c.Args); {
		case more && equalFold(a, "rank"):
			if p.rank, ok = c.notMin(i + 1); !ok {
				return p, false
			}
			if p.rank == 0 {
				c.W.Error("ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list")
				return p, false
			}
		case more && equalFold(a, "count"):
			if p.count, ok = c.positive(i+1, "ERR COUNT can't be negative"); !ok {
				return p, false
			}
		case more && equalFold(a, "maxlen"):
			if p.maxLen, ok = c.positive(i+1, "ERR MAXLEN can't be negative"); !ok {
				return p, false
			}
		default:
			c.W.Error(ErrSyntax)
			return p, false
		}
	}
	if p.rank < 0 {
		p.rank, p.back = -p.rank, true
	}
	return p, true
}

func lpos(c *Ctx) {
	p, ok := parseLPos(c)
	if !ok {
		return
	}
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.List) {
		return
	}
	switch {
	case e.A == 0 && p.count >= 0:
		c.W.Array(0)
	case e.A == 0:
		c.W.Null()
	case p.count < 0:
		w := p.begin(e, c.Args[2])
		if i := w.next(); i >= 0 {
			c.W.Int(i)
		} else {
			c.W.Null()
		}
	default:
		p.replyAll(c, e)
	}
}

// replyAll replies an array, whose length must be known first: the matches are counted
// and then found again.
func (p *lposCall) replyAll(c *Ctx, e entry.Entry) {
	n := int64(0)
	for w := p.begin(e, c.Args[2]); (p.count == 0 || n < p.count) && w.next() >= 0; {
		n++
	}
	c.W.Array(int(n))
	for w := p.begin(e, c.Args[2]); n > 0; n-- {
		c.W.Int(w.next())
	}
}

// lposWalk finds matches one by one.
type lposWalk struct {
	it   list.Iter
	d    list.Needle
	at   int64 // index of the element that comes next
	step int64
	skip int64 // matches that do not count
}

func (p *lposCall) begin(e entry.Entry, val []byte) lposWalk {
	n := list.Len(e)
	most := n
	if p.maxLen > 0 {
		most = min(n, p.maxLen)
	}
	w := lposWalk{d: list.NeedleOf(val), step: 1, skip: p.rank - 1}
	if p.back {
		w.at, w.step = n-1, -1
		w.it = list.Backward(e, n-1, most)
	} else {
		w.it = list.Forward(e, 0, most)
	}
	return w
}

// next returns the index of the next match, or -1.
func (w *lposWalk) next() int64 {
	for w.it.Next() {
		at := w.at
		w.at += w.step
		if !w.it.Is(&w.d) {
			continue
		}
		if w.skip == 0 {
			return at
		}
		w.skip--
	}
	return -1
}
