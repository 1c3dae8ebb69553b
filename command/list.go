package command

import (
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/list"
)

var listSpecs = []*Spec{
	listPushSpec("lpush", lpush, "1.0.0", "Prepends elements to a list, which is created if it does not exist."),
	listPushSpec("rpush", rpush, "1.0.0", "Appends elements to a list, which is created if it does not exist."),
	listPushSpec("lpushx", lpushx, "2.2.0", "Prepends elements to a list if it exists."),
	listPushSpec("rpushx", rpushx, "2.2.0", "Appends elements to a list if it exists."),
	listPopSpec("lpop", lpop, "Removes and returns the first elements of a list."),
	listPopSpec("rpop", rpop, "Removes and returns the last elements of a list."),
	{
		Name: "llen", Arity: 2, Flags: ReadOnly | Fast, Group: GroupList, Handler: llen, Keys: []KeySpec{KeyAt(1, KeyRO)},
		Since: "1.0.0", Complexity: "O(1)", Summary: "Returns the length of a list.", Syntax: "key",
	},
	{
		Name: "lindex", Arity: 3, Flags: ReadOnly, Group: GroupList, Handler: lindex, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "1.0.0", Complexity: "O(log(N)) where N is the length of the list.",
		Summary: "Returns the element of a list at an index.", Syntax: "key index:integer",
	},
	{
		Name: "lrange", Arity: 4, Flags: ReadOnly, Group: GroupList, Handler: lrange, Cost: lrangeCost, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "1.0.0", Complexity: "O(log(N)+M) where N is the length of the list and M the number of elements returned.",
		Summary: "Returns a range of elements of a list.", Syntax: "key start:integer stop:integer",
	},
	{
		Name: "lset", Arity: 4, Flags: Write | DenyOOM, Group: GroupList, Handler: lset, Keys: []KeySpec{KeyAt(1, KeyRW|KeyUpdate)},
		Since: "1.0.0", Complexity: "O(log(N)) where N is the length of the list.",
		Summary: "Sets the element of a list at an index.", Syntax: "key index:integer element",
	},
}

func listPushSpec(name string, h Handler, since, summary string) *Spec {
	return &Spec{
		Name: name, Arity: -3, Flags: Write | DenyOOM | Fast, Group: GroupList, Handler: h, Keys: []KeySpec{KeyAt(1, KeyRW|KeyInsert)},
		Since: since, Complexity: "O(N) where N is the number of elements.", Summary: summary, Syntax: "key element...",
	}
}

func listPopSpec(name string, h Handler, summary string) *Spec {
	return &Spec{
		Name: name, Arity: -2, Flags: Write | Fast, Group: GroupList, Handler: h, Cost: lpopCost, Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyDelete)},
		Since: "1.0.0", Complexity: "O(N) where N is the number of elements returned.", Summary: summary, Syntax: "key [count:integer]",
	}
}

// The events of pushes and pops, by side.
var (
	pushEvents = [...]Event{list.Head: EventLPush, list.Tail: EventRPush}
	popEvents  = [...]Event{list.Head: EventLPop, list.Tail: EventRPop}
	popNames   = [...]string{list.Head: "LPOP", list.Tail: "RPOP"}
)

func lpush(c *Ctx)  { push(c, list.Head, false) }
func rpush(c *Ctx)  { push(c, list.Tail, false) }
func lpushx(c *Ctx) { push(c, list.Head, true) }
func rpushx(c *Ctx) { push(c, list.Tail, true) }

func push(c *Ctx, s list.Side, ifExists bool) {
	k := c.Keys[0]
	e := c.Find(k)
	if !c.IsType(e, entry.List) {
		return
	}
	if e.A == 0 && ifExists {
		c.W.Int(0)
		return
	}
	elems := c.Args[2:]
	if e.A != 0 && len(elems) == 1 {
		c.Store.Edit(c.DB, k)
		if n, ok := list.PushEnd(e, s, elems[0], c.Limits.ListSize); ok {
			c.W.Int(n)
			c.Changed(k, pushEvents[s], 1)
			return
		}
	}
	e = pushElems(c, k, e, s, elems)
	c.W.Int(list.Len(e))
	c.Changed(k, pushEvents[s], len(elems))
}

// pushElems pushes elements at side s of k's list e, which it creates if there is none.
// They are no views of e.
func pushElems(c *Ctx, k store.Key, e entry.Entry, s list.Side, elems [][]byte) entry.Entry {
	if e.A == 0 {
		enc, n := list.Plan(elems, c.Limits.ListSize)
		e = c.Store.Create(c.DB, k, entry.List, enc, n)
		list.Fill(c.Store.Edit(c.DB, k), e, s, elems, c.Limits.ListSize)
		return e
	}
	ar := c.Store.Edit(c.DB, k)
	return c.Store.Settle(c.DB, k, e, list.Push(ar, e, s, elems, c.Limits.ListSize))
}

func lpop(c *Ctx) { pop(c, list.Head) }
func rpop(c *Ctx) { pop(c, list.Tail) }

func pop(c *Ctx, s list.Side) {
	if len(c.Args) > 3 {
		c.wrongArity()
		return
	}
	n, counted := int64(1), len(c.Args) == 3
	if counted {
		var ok bool
		if n, ok = c.positive(2, "ERR value is out of range, must be positive"); !ok {
			return
		}
	}
	k := c.Keys[0]
	e := c.Find(k)
	switch {
	case e.A == 0 && counted:
		c.W.NullArray()
	case e.A == 0:
		c.W.Null()
	case !c.IsType(e, entry.List):
	case !counted:
		popOne(c, k, e, s)
	default:
		popMany(c, k, e, s, n)
	}
}

// popOne replies the last element at side s of k's list e and removes it.
func popOne(c *Ctx, k store.Key, e entry.Entry, s list.Side) {
	ar := c.Store.Edit(c.DB, k)
	if v, ok := list.PopEnd(e, s); ok {
		replyElem(c, v)
		c.Changed(k, popEvents[s], 1)
		return
	}
	at := int64(0)
	if s == list.Tail {
		at = list.Len(e) - 1
	}
	replyElem(c, list.At(e, at))
	e = c.Store.Settle(c.DB, k, e, list.Pop(ar, e, s, c.Limits.ListSize))
	listShrunk(c, k, e, popEvents[s], 1)
}

// popMany replies up to n elements from side s on of k's list e as an array, removes
// them and returns their number.
func popMany(c *Ctx, k store.Key, e entry.Entry, s list.Side, n int64) int64 {
	has := list.Len(e)
	n = min(n, has)
	c.W.Array(int(n))
	if n == 0 {
		return 0
	}
	from := int64(0)
	if s == list.Head {
		it := list.Forward(e, 0, n)
		replyRuns(c, &it)
	} else {
		from = has - n
		it := list.Backward(e, has-1, n)
		replyElems(c, &it)
	}
	if n < has { // a list that becomes empty is deleted as a whole
		ar := c.Store.Edit(c.DB, k)
		e = c.Store.Settle(c.DB, k, e, list.Delete(ar, e, from, n, c.Limits.ListSize))
	} else {
		e = entry.Entry{}
	}
	listShrunk(c, k, e, popEvents[s], int(n))
	return n
}

// listShrunk reports the removal of n elements from k's list e, and deletes it if it is
// empty. The zero Entry stands for a list of which all elements go.
func listShrunk(c *Ctx, k store.Key, e entry.Entry, ev Event, n int) {
	c.Changed(k, ev, n)
	if e.A == 0 || list.Len(e) == 0 {
		c.Store.Delete(c.DB, k)
		c.Changed(k, EventDel, 0)
	}
}

func replyElem(c *Ctx, v list.Elem) {
	if v.Int {
		c.W.BulkInt(v.N)
		return
	}
	c.W.Bulk(v.B)
}

func replyElems(c *Ctx, it *list.Iter) {
	for it.Next() {
		replyElem(c, it.Elem())
	}
}

// replyRuns is replyElems for an iterator that goes forward: short strings, of which
// most lists are made, are written without a call per element into what room there is.
func replyRuns(c *Ctx, it *list.Iter) {
	for r, ok := it.NextRun(); ok; r, ok = it.NextRun() {
		for !r.Empty() {
			room := c.W.Room(resp.ShortBulkBytes)
			at, long := 0, false
			for !r.Empty() && at <= len(room)-resp.ShortBulkBytes {
				b := r.Short()
				if long = b == nil; long {
					break
				}
				at += resp.PutShortBulk(room[at:], b)
			}
			c.W.Wrote(at)
			if long {
				replyElem(c, r.Take())
			}
		}
		if c.Halted() { // a run is many elements
			return
		}
	}
}

// lpopCost is the number of elements that LPOP or RPOP returns.
func lpopCost(c *Ctx) int64 {
	if len(c.Args) != 3 {
		return 1
	}
	e, ok := c.estimated(0, entry.List)
	if !ok {
		return 1
	}
	n, _ := c.intArg(2)
	return listCost(e, min(n, list.Len(e)))
}

// listCost is the work of returning n elements of e: large ones count more than once.
func listCost(e entry.Entry, n int64) int64 {
	if has := list.Len(e); has > 0 && n > 0 {
		return n + int64(float64(n)/float64(has)*float64(list.PackedBytes(e)))/costBytesPerElement
	}
	return 1
}

func llen(c *Ctx) {
	e := c.Read(c.Keys[0])
	switch {
	case !c.IsType(e, entry.List):
	case e.A == 0:
		c.W.Int(0)
	default:
		c.W.Int(list.Len(e))
	}
}

func lindex(c *Ctx) {
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.List) {
		return
	}
	if e.A == 0 {
		c.W.Null()
		return
	}
	i, ok := c.Int(2)
	if !ok {
		return
	}
	if i, ok = within(i, list.Len(e)); !ok {
		c.W.Null()
		return
	}
	replyElem(c, list.At(e, i))
}

// within resolves an index that may count from the end.
func within(i, n int64) (int64, bool) {
	if i < 0 {
		i += n
	}
	return i, i >= 0 && i < n
}

// listRange parses arguments 2 and 3, start and stop; otherwise it replies the error.
func listRange(c *Ctx) (start, stop int64, ok bool) {
	if start, ok = c.Int(2); ok {
		stop, ok = c.Int(3)
	}
	return start, stop, ok
}

// span resolves the inclusive range from start to stop, which may count from the end.
func span(start, stop, n int64) (from, count int64) {
	if start < 0 {
		start = max(start+n, 0)
	}
	if stop < 0 {
		stop += n
	}
	if stop = min(stop, n-1); stop < start { // the difference may not fit
		return start, 0
	}
	return start, stop - start + 1
}

func lrange(c *Ctx) {
	start, stop, ok := listRange(c)
	if !ok {
		return
	}
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.List) {
		return
	}
	if e.A == 0 {
		c.W.Array(0)
		return
	}
	from, n := span(start, stop, list.Len(e))
	c.W.Array(int(n))
	it := list.Forward(e, from, n)
	replyRuns(c, &it)
}

func lrangeCost(c *Ctx) int64 {
	e, ok := c.estimated(0, entry.List)
	if !ok {
		return 1
	}
	start, _ := c.intArg(2)
	stop, _ := c.intArg(3)
	_, n := span(start, stop, list.Len(e))
	return listCost(e, n)
}

func lset(c *Ctx) {
	k := c.Keys[0]
	e := c.Find(k)
	if e.A == 0 {
		c.W.Error(ErrNoSuchKey)
		return
	}
	if !c.IsType(e, entry.List) {
		return
	}
	i, ok := c.Int(2)
	if !ok {
		return
	}
	if i, ok = within(i, list.Len(e)); !ok {
		c.W.Error(ErrIndexRange)
		return
	}
	ar := c.Store.Edit(c.DB, k)
	c.Store.Settle(c.DB, k, e, list.Set(ar, e, i, c.Args[3], c.Limits.ListSize))
	c.W.OK()
	c.Changed(k, EventLSet, 1)
}

func rebuildList(r *Rebuild, e entry.Entry) (done bool) {
	c := &r.cursor
	n := min(list.Len(e)-c.n, rebuildBatch)
	for it := list.Forward(e, c.n, n); it.Next(); {
		v := it.Elem()
		if v.Int {
			r.scratch = v.Append(r.scratch[:0])
			v.B = r.scratch
		}
		r.element(e, "RPUSH", v.B)
	}
	if c.n += n; c.n < list.Len(e) {
		return false
	}
	r.flush(e, "RPUSH")
	return true
}
