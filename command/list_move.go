package command

import (
	"math"

	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/list"
)

var listMoveSpecs = []*Spec{
	{
		Name: "lmove", Arity: 5, Flags: Write | DenyOOM, Group: GroupList, Handler: lmove, Keys: listMoveKeys,
		Since: "6.2.0", Complexity: "O(1)", Summary: "Moves an element from an end of a list to an end of another one and returns it.",
		Syntax: "source destination <LEFT | RIGHT> <LEFT | RIGHT>",
	},
	{
		Name: "rpoplpush", Arity: 3, Flags: Write | DenyOOM, Group: GroupList, Handler: rpoplpush, Keys: listMoveKeys,
		Since: "1.2.0", Complexity: "O(1)", Summary: "Moves the last element of a list to the front of another one and returns it.",
		Syntax: "source destination", Deprecated: "6.2.0", ReplacedBy: "`LMOVE` with the `RIGHT` and `LEFT` arguments",
	},
	{
		Name: "lmpop", Arity: -4, Flags: Write, Group: GroupList, Handler: lmpop, Cost: lmpopCost, Keys: []KeySpec{KeyCount(1, KeyRW|KeyAccess|KeyDelete)},
		Since: "7.0.0", Complexity: "O(N+M) where N is the number of keys and M the number of elements returned.",
		Summary: "Removes and returns elements of the first of several lists that is not empty.",
		Syntax:  "numkeys:integer key... <LEFT | RIGHT> [COUNT count:integer]",
	},
}

var listMoveKeys = []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyDelete), KeyAt(2, KeyRW|KeyInsert)}

// sideArg parses argument i as LEFT or RIGHT; otherwise it replies an error.
func sideArg(c *Ctx, i int) (list.Side, bool) {
	switch {
	case equalFold(c.Args[i], "left"):
		return list.Head, true
	case equalFold(c.Args[i], "right"):
		return list.Tail, true
	}
	c.W.Error(ErrSyntax)
	return list.Head, false
}

// sideArgs parses arguments 3 and 4, where an element leaves and where it goes.
func sideArgs(c *Ctx) (from, to list.Side, ok bool) {
	if from, ok = sideArg(c, 3); ok {
		to, ok = sideArg(c, 4)
	}
	return from, to, ok
}

func lmove(c *Ctx) {
	from, to, ok := sideArgs(c)
	if !ok {
		return
	}
	if !moveElem(c, from, to) {
		c.W.Null()
	}
}

func rpoplpush(c *Ctx) {
	if !moveElem(c, list.Tail, list.Head) {
		c.W.Null()
	}
}

// moveElem moves an element between the lists of the first two keys and replies it, or
// an error. It returns false, without a reply, if there is no source.
func moveElem(c *Ctx, from, to list.Side) bool {
	src, dst := c.Keys[0], c.Keys[1]
	e := c.Find(src)
	if e.A == 0 {
		return false
	}
	if !c.IsType(e, entry.List) {
		return true
	}
	same := string(src.Name) == string(dst.Name)
	var d entry.Entry
	if !same {
		if d = c.Find(dst); !c.IsType(d, entry.List) {
			return true
		}
	}
	at := int64(0)
	if from == list.Tail {
		at = list.Len(e) - 1
	}
	v := list.At(e, at)
	c.Scratch = v.Append(c.Scratch[:0])
	elem := [1][]byte{c.Scratch}
	c.W.Bulk(elem[0])
	ar := c.Store.Edit(c.DB, src)
	e = c.Store.Settle(c.DB, src, e, list.Pop(ar, e, from, c.Limits.ListSize))
	if same {
		e = pushElems(c, src, e, to, elem[:])
	} else {
		pushElems(c, dst, d, to, elem[:])
	}
	c.Changed(dst, pushEvents[to], 0)
	listShrunk(c, src, e, popEvents[from], 1)
	return true
}

// mpopCall is a parsed LMPOP or BLMPOP.
type mpopCall struct {
	side  list.Side
	count int64
}

// parseMPop reads the arguments from the number of keys at index at on.
func parseMPop(c *Ctx, at int) (p mpopCall, ok bool) {
	keys, ok := c.atLeast(at, 1, "ERR numkeys should be greater than 0")
	if !ok {
		return p, false
	}
	if keys >= int64(len(c.Args)-at-1) {
		c.W.Error(ErrSyntax)
		return p, false
	}
	i := at + 1 + int(keys)
	if p.side, ok = sideArg(c, i); !ok {
		return p, false
	}
	switch i++; {
	case i == len(c.Args):
		p.count = 1
		return p, true
	case equalFold(c.Args[i], "count") && i+1 < len(c.Args):
		if p.count, ok = c.atLeast(i+1, 1, "ERR count should be greater than 0"); !ok {
			return p, false
		}
		if i+2 == len(c.Args) {
			return p, true
		}
	}
	c.W.Error(ErrSyntax)
	return p, false
}

func lmpop(c *Ctx) {
	p, ok := parseMPop(c, 1)
	if !ok {
		return
	}
	if !popFirst(c, &p, false) {
		c.W.NullArray()
	}
}

// popFirst pops from the first of the call's keys that holds a list and replies key and
// elements, or an error. It returns false, without a reply, if all are missing. A client
// that waited passes over other types.
func popFirst(c *Ctx, p *mpopCall, waited bool) bool {
	k, e := firstList(c, waited)
	if e.A == 0 {
		return false
	}
	if !c.IsType(e, entry.List) {
		return true
	}
	c.W.Array(2)
	c.W.Bulk(k.Name)
	n := popMany(c, k, e, p.side, p.count)
	c.BeginEffect(3, popNames[p.side])
	c.EffectArg(k.Name)
	c.EffectInt(n)
	return true
}

// firstList returns the first of the call's keys that is there. A client that waited
// passes over other types than lists.
func firstList(c *Ctx, waited bool) (store.Key, entry.Entry) {
	for i := range c.Keys {
		e := c.Find(c.Keys[i])
		if e.A != 0 && (!waited || e.Type() == entry.List) {
			return c.Keys[i], e
		}
	}
	return store.Key{}, entry.Entry{}
}

func lmpopCost(c *Ctx) int64 { return mpopCost(c, 1) }

// mpopCost is the number of elements that a call returns.
func mpopCost(c *Ctx, at int) int64 {
	if len(c.Keys) == 0 {
		return 1
	}
	n := int64(1)
	if last := len(c.Args) - 1; last > at+1+len(c.Keys) {
		n, _ = c.intArg(last)
	}
	for i := range c.Keys {
		if e, ok := c.estimated(i, entry.List); ok {
			return listCost(e, min(n, list.Len(e), math.MaxInt32))
		}
	}
	return 1
}
