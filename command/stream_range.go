package command

import (
	"math"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

func xrange(c *Ctx) { rangeEntries(c, false) }

func xrevrange(c *Ctx) { rangeEntries(c, true) }

func rangeEntries(c *Ctx, reverse bool) {
	first, second := 2, 3
	if reverse {
		first, second = 3, 2
	}
	from, ok := intervalID(c, first, true)
	if !ok {
		return
	}
	to, ok := intervalID(c, second, false)
	if !ok {
		return
	}
	count := int64(math.MaxInt64)
	for i := 4; i < len(c.Args); i += 2 {
		if i+1 == len(c.Args) || !equalFold(c.Args[i], "count") {
			c.W.Error(ErrSyntax)
			return
		}
		if count, ok = c.Int(i + 1); !ok {
			return
		}
	}
	e := c.Read(c.Keys[0])
	switch {
	case !c.IsType(e, entry.Stream):
	case e.A == 0:
		c.W.Array(0)
	case count <= 0:
		c.W.NullArray()
	default:
		replyEntries(c, e, from, to, count, reverse)
	}
}

// replyEntries writes the entries of a range, up to count.
func replyEntries(c *Ctx, e entry.Entry, from, to stream.ID, count int64, reverse bool) {
	n := stream.Count(e, from, to, count)
	c.W.Array(int(n))
	var it stream.Iter
	it.Start(e, from, to, reverse)
	for i := range n {
		if c.endsAt(int(i)) {
			return
		}
		it.Next()
		replyEntry(c, &it)
	}
}

// replyEntry writes the entry at which it stands.
func replyEntry(c *Ctx, it *stream.Iter) {
	c.W.Array(2)
	replyStreamID(c, it.ID())
	c.W.Array(2 * it.Pairs())
	for range it.Pairs() {
		field, value := it.Pair()
		c.W.Bulk(field)
		c.W.Bulk(value)
	}
}

// replyEntryOf writes the entry id, if it is there.
func replyEntryOf(c *Ctx, e entry.Entry, id stream.ID) bool {
	var it stream.Iter
	it.Start(e, id, id, false)
	if !it.Next() {
		return false
	}
	replyEntry(c, &it)
	return true
}

// rangeCost estimates what XRANGE and XREVRANGE visit.
func rangeCost(c *Ctx) int64 {
	e, ok := c.estimated(0, entry.Stream)
	if !ok || stream.Len(e) <= SlowCost {
		return 0
	}
	a, b := c.Args[2], c.Args[3]
	if c.Spec.Name == "xrevrange" {
		a, b = b, a
	}
	from, _ := parseStreamID(a, 0, false, nil)
	to, ok := parseStreamID(b, 0, false, nil)
	if !ok {
		to = stream.MaxID // an exclusive end; close enough
	}
	n := stream.Estimate(e, from, to)
	if len(c.Args) == 6 {
		if count, ok := resp.ParseInt(c.Args[5]); ok && count >= 0 {
			n = min(n, count)
		}
	}
	return n
}
