package command

import (
	"math"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	sets "github.com/kringdb/kring/store/set"
	"github.com/kringdb/kring/store/slotted"
)

var setOpSpecs = []*Spec{
	setOpSpec("sinter", "Returns the intersection of sets.", sinter, sinterCost),
	setOpSpec("sunion", "Returns the union of sets.", sunion, setsCost),
	setOpSpec("sdiff", "Returns the members of the first set that no other one has.", sdiff, setsCost),
	setStoreSpec("sinterstore", "Stores the intersection of sets in a key.", KeyRW, sinterstore, sinterCost),
	setStoreSpec("sunionstore", "Stores the union of sets in a key.", KeyOW, sunionstore, setsCost),
	setStoreSpec("sdiffstore", "Stores the members of the first set that no other one has in a key.", KeyOW, sdiffstore, setsCost),
	{
		Name: "sintercard", Arity: -3, Flags: ReadOnly, Group: GroupSet, Handler: sintercard, Cost: sinterCost,
		Keys: []KeySpec{KeyCount(1, KeyRO|KeyAccess)}, Since: "7.0.0", Complexity: setOpComplexity,
		Summary: "Returns the number of members of the intersection of sets.", Syntax: "numkeys:integer key... [LIMIT limit:integer]",
	},
}

const setOpComplexity = "O(N) where N is the number of members of all sets; of an intersection, that of the smallest set times the number of sets."

func setOpSpec(name, summary string, h Handler, cost func(c *Ctx) int64) *Spec {
	return &Spec{
		Name: name, Arity: -2, Flags: ReadOnly, Group: GroupSet, Handler: h, Cost: cost, Keys: []KeySpec{KeyRange(1, -1, 1, KeyRO|KeyAccess)},
		Since: "1.0.0", Complexity: setOpComplexity, Summary: summary, Syntax: "key...", Tips: []string{"nondeterministic_output_order"},
	}
}

func setStoreSpec(name, summary string, dst KeyFlag, h Handler, cost func(c *Ctx) int64) *Spec {
	return &Spec{
		Name: name, Arity: -3, Flags: Write | DenyOOM, Group: GroupSet, Handler: h, Cost: cost,
		Keys:  []KeySpec{KeyAt(1, dst|KeyUpdate), KeyRange(2, -1, 1, KeyRO|KeyAccess)},
		Since: "1.0.0", Complexity: setOpComplexity, Summary: summary, Syntax: "destination key...",
	}
}

// sources returns the keys of the sets that a set operation reads.
func sources(c *Ctx) []store.Key {
	if c.Spec.Flags&Write != 0 {
		return c.Keys[1:]
	}
	return c.Keys
}

// setsCost is the number of members of all sets.
func setsCost(c *Ctx) (n int64) {
	for _, k := range sources(c) {
		n += setLen(c, k)
	}
	return n
}

// sinterCost is the number of members of the smallest set times the number of sets.
func sinterCost(c *Ctx) int64 {
	keys := sources(c)
	least := int64(math.MaxInt32)
	for _, k := range keys {
		least = min(least, setLen(c, k))
	}
	return least * int64(len(keys))
}

// operandsAtHand is how many operands need no memory of the heap.
const operandsAtHand = 8

// operands are the sets of one operation; a missing key is the zero Entry.
type operands struct {
	c       *Ctx // of a call that ends early when it is halted; nil: it stores the result, and does not
	sets    []entry.Entry
	missing int
	visited int
}

// ends counts a member that was looked at and tells whether the operation is to end early.
func (o *operands) ends() bool {
	o.visited++
	return o.c != nil && o.c.endsAt(o.visited)
}

// read finds the sets; false, with the reply written, if a key holds another type.
func (o *operands) read(c *Ctx, keys []store.Key) bool {
	for _, k := range keys {
		e := c.Read(k)
		if !c.IsType(e, entry.Set) {
			return false
		}
		if e.A == 0 {
			o.missing++
		}
		o.sets = append(o.sets, e)
	}
	return true
}

// sortBySize orders sets by their number of members, rising or falling.
func sortBySize(s []entry.Entry, rising bool) {
	before := func(a, b entry.Entry) bool {
		if !rising {
			a, b = b, a
		}
		return sets.Len(a) < sets.Len(b)
	}
	for i := 1; i < len(s); i++ {
		for j := i; j > 0 && before(s[j], s[j-1]); j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
}

// hasAny tells whether one of s, in which there may be missing ones, has m.
func hasAny(s []entry.Entry, m []byte) bool {
	for _, e := range s {
		if e.A != 0 && sets.Has(e, m) {
			return true
		}
	}
	return false
}

// intersect calls fn with every member that all sets have until it returns false. No
// set is missing. It orders the sets by size.
func (o *operands) intersect(fn func(m []byte) bool) {
	sortBySize(o.sets, true)
	least, others := o.sets[0], o.sets[1:]
	var it sets.Iter
next:
	for m, ok := it.Next(least); ok && !o.ends(); m, ok = it.Next(least) {
		for _, e := range others {
			if e != least && !sets.Has(e, m) {
				continue next
			}
		}
		if !fn(m) {
			return
		}
	}
}

// union calls fn with every member that some set has, once.
func (o *operands) union(fn func(m []byte)) {
	if len(o.sets)-o.missing > unionProbeSets {
		o.unionOfMany(fn)
		return
	}
	for i, e := range o.sets {
		if e.A == 0 {
			continue
		}
		var it sets.Iter
		for m, ok := it.Next(e); ok && !o.ends(); m, ok = it.Next(e) {
			if !hasAny(o.sets[:i], m) {
				fn(m)
			}
		}
	}
}

// unionOfMany remembers what it has emitted, in an arena of its own.
func (o *operands) unionOfMany(fn func(m []byte)) {
	ar := arena.NewAlone()
	var t slotted.Table
	t.Init(slotted.Keys)
	for _, e := range o.sets {
		if e.A == 0 {
			continue
		}
		var it sets.Iter
		for m, ok := it.Next(e); ok && !o.ends(); m, ok = it.Next(e) {
			if t.Add(ar, m) {
				fn(m)
			}
		}
	}
	ar.Release()
}

// probes tells which way to take to the difference, as Redis does: to look up every
// member of the first set in the others, or to remove the others' from a copy of it.
func (o *operands) probes() bool {
	one, two := 0, 0
	for _, e := range o.sets {
		if e.A != 0 {
			one += sets.Len(o.sets[0])
			two += sets.Len(e)
		}
	}
	return one/2 <= two
}

// firstIsAmongOthers tells whether the difference is empty because the first set is
// subtracted from itself.
func (o *operands) firstIsAmongOthers() bool {
	for _, e := range o.sets[1:] {
		if e == o.sets[0] {
			return true
		}
	}
	return false
}

// probeDiff calls fn with every member of the first set that no other one has.
func (o *operands) probeDiff(fn func(m []byte)) {
	first, others := o.sets[0], present(o.sets[1:])
	sortBySize(others, false)
	var it sets.Iter
	for m, ok := it.Next(first); ok && !o.ends(); m, ok = it.Next(first) {
		if !hasAny(others, m) {
			fn(m)
		}
	}
}

// present moves the sets that are there to the front and returns them.
func present(s []entry.Entry) []entry.Entry {
	n := 0
	for _, e := range s {
		if e.A != 0 {
			s[n] = e
			n++
		}
	}
	return s[:n]
}

// replyCollected replies what each emits as a set.
func replyCollected(c *Ctx, each func(emit func(m []byte))) {
	var l nameList
	each(l.add)
	c.W.Set(len(l.ends))
	l.writeElems(c)
}

func sinter(c *Ctx) {
	o := operands{c: c, sets: make([]entry.Entry, 0, operandsAtHand)}
	switch {
	case !o.read(c, c.Keys):
	case o.missing > 0:
		c.W.Set(0)
	case len(o.sets) == 1:
		replyMembers(c, o.sets[0])
	default:
		replyCollected(c, func(emit func(m []byte)) {
			o.intersect(func(m []byte) bool { emit(m); return true })
		})
	}
}

func sunion(c *Ctx) {
	o := operands{c: c, sets: make([]entry.Entry, 0, operandsAtHand)}
	if !o.read(c, c.Keys) {
		return
	}
	if there := present(o.sets); len(there) == 1 {
		replyMembers(c, there[0])
		return
	}
	replyCollected(c, o.union)
}

func sdiff(c *Ctx) {
	o := operands{c: c, sets: make([]entry.Entry, 0, operandsAtHand)}
	switch {
	case !o.read(c, c.Keys):
	case o.sets[0].A == 0 || o.firstIsAmongOthers():
		c.W.Set(0)
	case o.missing == len(o.sets)-1:
		replyMembers(c, o.sets[0])
	case o.probes():
		replyCollected(c, o.probeDiff)
	default:
		ar := arena.NewAlone()
		b := newSetBuilder(ar, setLimits(c), entry.Hashtable)
		b.difference(&o)
		replyMembers(c, b.e)
		ar.Release()
	}
}

func sintercard(c *Ctx) {
	n, ok := resp.ParseInt(c.Args[1])
	if !ok || n <= 0 {
		c.W.Error("ERR numkeys should be greater than 0")
		return
	}
	if n > int64(len(c.Args)-2) {
		c.W.Error("ERR Number of keys can't be greater than number of args")
		return
	}
	limit := int64(0)
	for opts := c.Args[2+n:]; len(opts) > 0; opts = opts[2:] {
		if len(opts) < 2 || !equalFold(opts[0], "limit") {
			c.W.Error(ErrSyntax)
			return
		}
		if limit, ok = resp.ParseInt(opts[1]); !ok || limit < 0 {
			c.W.Error("ERR LIMIT can't be negative")
			return
		}
	}
	o := operands{c: c, sets: make([]entry.Entry, 0, operandsAtHand)}
	if !o.read(c, c.Keys) {
		return
	}
	found := int64(0)
	if o.missing == 0 {
		o.intersect(func([]byte) bool {
			found++
			return found != limit
		})
	}
	c.W.Int(found)
}
