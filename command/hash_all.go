package command

import (
	"math"
	"math/rand/v2"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
)

var hashAllSpecs = []*Spec{
	hashAllSpec("hgetall", "Returns all fields and values of a hash.", func(c *Ctx) { hashAll(c, true, true) }),
	hashAllSpec("hkeys", "Returns all fields of a hash.", func(c *Ctx) { hashAll(c, true, false) }),
	hashAllSpec("hvals", "Returns all values of a hash.", func(c *Ctx) { hashAll(c, false, true) }),
	{
		Name: "hrandfield", Arity: -2, Flags: ReadOnly, Group: GroupHash, Handler: hrandfield, Cost: hrandfieldCost,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Since: "6.2.0", Complexity: "O(N) where N is the number of fields returned.",
		Summary: "Returns random fields of a hash.", Syntax: "key [count:integer [WITHVALUES]]", Tips: []string{"nondeterministic_output"},
	},
	{
		Name: "hscan", Arity: -3, Flags: ReadOnly, Group: GroupHash, Handler: hscan, Cost: scanCost, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "2.8.0", Complexity: "O(1) for every call", Summary: "Iterates over the fields of a hash.",
		Syntax: "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [NOVALUES]", Tips: []string{"nondeterministic_output"},
	},
}

func hashAllSpec(name, summary string, h Handler) *Spec {
	return &Spec{
		Name: name, Arity: 2, Flags: ReadOnly, Group: GroupHash, Handler: h, Cost: hashCost, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "2.0.0", Complexity: "O(N) where N is the number of fields.", Summary: summary, Syntax: "key",
		Tips: []string{"nondeterministic_output_order"},
	}
}

// hashCost is the number of fields of the call's hash.
func hashCost(c *Ctx) int64 {
	if e, ok := c.estimated(0, entry.Hash); ok {
		return int64(hash.Len(e))
	}
	return 0
}

func hashAll(c *Ctx, fields, values bool) {
	e, ok := readHash(c)
	if !ok {
		return
	}
	n := 0
	if e.A != 0 {
		n = hash.Visible(e, c.Now)
	}
	if fields && values {
		c.W.Map(n)
	} else {
		c.W.Array(n)
	}
	if n == 0 {
		return
	}
	i := 0
	hash.Each(e, c.Now, func(f, v []byte, _ int64) bool {
		if fields {
			c.W.Bulk(f)
		}
		if values {
			c.W.Bulk(v)
		}
		i++
		return !c.endsAt(i)
	})
}

func hrandfieldCost(c *Ctx) int64 {
	if len(c.Args) < 3 {
		return 0
	}
	n, ok := resp.ParseInt(c.Args[2])
	size := hashCost(c)
	switch {
	case !ok || size == 0 || n == math.MinInt64:
		return 0
	case n < 0:
		return -n
	case n < SlowCost/randomDrawCost:
		return 0
	}
	return size
}

func hrandfield(c *Ctx) {
	if len(c.Args) == 2 {
		e, ok := readHash(c)
		if !ok {
			return
		}
		if e.A != 0 {
			if f, _, ok := hash.Random(e, rand.Uint64(), c.Now); ok {
				c.W.Bulk(f)
				return
			}
		}
		c.W.Null()
		return
	}
	n, ok := c.Int(2)
	if !ok {
		return
	}
	if n == math.MinInt64 {
		c.W.Error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
		return
	}
	withValues := len(c.Args) == 4 && equalFold(c.Args[3], "withvalues")
	if len(c.Args) > 3 && !withValues {
		c.W.Error(ErrSyntax)
		return
	}
	if withValues && (n < -math.MaxInt64/2 || n > math.MaxInt64/2) {
		c.W.Error(ErrOutOfRange)
		return
	}
	e, ok := readHash(c)
	if !ok {
		return
	}
	replyRandomFields(c, e, n, withValues)
}

// replyRandomFields replies n different fields of e, which may be missing, or -n of which
// some may be the same.
func replyRandomFields(c *Ctx, e entry.Entry, n int64, withValues bool) {
	out := fieldList{c, withValues}
	visible := 0
	if e.A != 0 {
		visible = hash.Visible(e, c.Now)
	}
	switch {
	case n == 0 || visible == 0:
		c.W.Array(0)
	case n < 0:
		out.repeated(e, int(-n))
	case n >= int64(visible):
		out.begin(visible)
		i := 0
		hash.Each(e, c.Now, func(f, v []byte, _ int64) bool {
			out.add(f, v)
			i++
			return !c.endsAt(i)
		})
	default:
		out.distinct(e, int(n), visible)
	}
}

// fieldList writes fields, with their values if need be: in RESP3 in pairs.
type fieldList struct {
	c          *Ctx
	withValues bool
}

func (l *fieldList) begin(n int) {
	if l.withValues && l.c.W.Proto() < 3 {
		n *= 2
	}
	l.c.W.Array(n)
}

func (l *fieldList) add(f, v []byte) {
	if !l.withValues {
		l.c.W.Bulk(f)
		return
	}
	if l.c.W.Proto() >= 3 {
		l.c.W.Array(2)
	}
	l.c.W.Bulk(f)
	l.c.W.Bulk(v)
}

// repeated writes n random fields, each drawn anew.
func (l *fieldList) repeated(e entry.Entry, n int) {
	l.begin(n)
	for i := range n {
		if l.c.endsAt(i) {
			return
		}
		f, v, _ := hash.Random(e, rand.Uint64(), l.c.Now)
		l.add(f, v)
	}
}

// distinct writes n different fields of the visible ones, n < visible: it draws and
// remembers when they are few, else it goes through all and picks.
func (l *fieldList) distinct(e entry.Entry, n, visible int) {
	l.begin(n)
	if n > 1 && n*randomDrawCost > visible {
		left := visible
		hash.Each(e, l.c.Now, func(f, v []byte, _ int64) bool {
			if rand.IntN(left) < n {
				l.add(f, v)
				n--
			}
			left--
			return n > 0 && !l.c.endsAt(left)
		})
		return
	}
	seen := make(map[string]bool, n)
	for len(seen) < n {
		f, v, _ := hash.Random(e, rand.Uint64(), l.c.Now)
		if !seen[string(f)] {
			seen[string(f)] = true
			l.add(f, v)
		}
	}
}

// hscan looks at its options only if there is a hash to scan, as Redis does.
func hscan(c *Ctx) {
	var s scanCall
	if !s.parseCursor(c, 2) {
		return
	}
	e, ok := readHash(c)
	if !ok {
		return
	}
	var l nameList
	next := uint64(0)
	if e.A != 0 {
		if !s.parseOptions(c, 3, "novalues") {
			return
		}
		next = hash.Scan(e, s.cursor, s.count, c.Now, func(f, v []byte) {
			if !s.wants(f) {
				return
			}
			l.add(f)
			if !s.noValues {
				l.add(v)
			}
		})
	}
	replyCursor(c, next)
	l.write(c)
}
