package command

import (
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

// readGroup finds the key and the group of a command whose arguments begin with them;
// none is no error. It replies a wrong type itself.
func readGroup(c *Ctx) (e entry.Entry, g stream.Group, ok bool) {
	e = c.Read(c.Keys[0])
	if !c.IsType(e, entry.Stream) {
		return e, g, false
	}
	if e.A != 0 {
		g = stream.FindGroup(e, c.Args[2])
	}
	return e, g, true
}

func xack(c *Ctx) {
	_, g, ok := readGroup(c)
	if !ok {
		return
	}
	if g.IsNone() {
		c.W.Int(0)
		return
	}
	for i := 3; i < len(c.Args); i++ {
		if _, ok := streamID(c, i); !ok {
			return
		}
	}
	ar := c.Store.Edit(c.DB, c.Keys[0])
	n := int64(0)
	for _, a := range c.Args[3:] {
		if id, _ := parseStreamID(a, 0, true, nil); g.Ack(ar, id) {
			n++
		}
	}
	c.Dirty += n
	c.W.Int(n)
}

// pendingOptions are the arguments of XPENDING behind the group.
type pendingOptions struct {
	minIdleMs, count int64
	from, to         stream.ID
	consumer         []byte
}

func (o *pendingOptions) parse(c *Ctx) (ok bool) {
	i := 3
	if equalFold(c.Args[3], "idle") {
		if o.minIdleMs, ok = c.Int(4); !ok {
			return false
		}
		if len(c.Args) < 8 {
			c.W.Error(ErrSyntax)
			return false
		}
		i = 5
	}
	if o.count, ok = c.Int(i + 2); !ok {
		return false
	}
	if o.from, ok = intervalID(c, i, true); !ok {
		return false
	}
	if o.to, ok = intervalID(c, i+1, false); !ok {
		return false
	}
	if i+3 < len(c.Args) {
		o.consumer = c.Args[i+3]
	}
	return true
}

func xpending(c *Ctx) {
	var o pendingOptions
	if len(c.Args) != 3 {
		if len(c.Args) < 6 || len(c.Args) > 9 {
			c.W.Error(ErrSyntax)
			return
		}
		if !o.parse(c) {
			return
		}
	}
	_, g, ok := readGroup(c)
	switch {
	case !ok:
	case g.IsNone():
		noSuchKeyOrGroup(c)
	case len(c.Args) == 3:
		pendingSummary(c, g)
	default:
		pendingEntries(c, g, &o)
	}
}

func pendingSummary(c *Ctx, g stream.Group) {
	c.W.Array(4)
	c.W.Int(g.Pending())
	first, last, ok := g.PendingEnds()
	if !ok {
		c.W.Null()
		c.W.Null()
		c.W.NullArray()
		return
	}
	replyStreamID(c, first)
	replyStreamID(c, last)
	n := 0
	for i := range g.Consumers() {
		if g.Consumer(i).Pending() > 0 {
			n++
		}
	}
	c.W.Array(n)
	for i := range g.Consumers() {
		if consumer := g.Consumer(i); consumer.Pending() > 0 {
			c.W.Array(2)
			c.W.Bulk(consumer.Name())
			c.W.BulkInt(consumer.Pending())
		}
	}
}

func pendingEntries(c *Ctx, g stream.Group, o *pendingOptions) {
	var consumer stream.Consumer
	if o.consumer != nil {
		if consumer = g.FindConsumer(o.consumer); consumer.IsNone() {
			c.W.Array(0)
			return
		}
	}
	n := 0
	for it := o.start(g, consumer); int64(n) < o.count && o.next(c, &it); {
		n++
	}
	c.W.Array(n)
	it := o.start(g, consumer)
	for i := range n {
		if c.endsAt(i) {
			return
		}
		o.next(c, &it)
		c.W.Array(4)
		replyStreamID(c, it.ID)
		c.W.Bulk(it.Consumer.Name())
		c.W.Int(max(c.wallMs()-it.AtMs, 0))
		c.W.Int(it.Count)
	}
}

func (o *pendingOptions) start(g stream.Group, consumer stream.Consumer) (it stream.Deliveries) {
	it.Start(g, consumer, o.from)
	return it
}

// next goes to the next pending entry in the range that is idle long enough.
func (o *pendingOptions) next(c *Ctx, it *stream.Deliveries) bool {
	for it.Next() && !o.to.Less(it.ID) {
		if o.minIdleMs == 0 || c.wallMs()-it.AtMs >= o.minIdleMs {
			return true
		}
	}
	return false
}

// pendingCost: a filter by idle time may visit all pending entries.
func pendingCost(c *Ctx) int64 {
	if len(c.Args) < 6 {
		return 0
	}
	g, ok := largeGroup(c, 2)
	if !ok {
		return 0
	}
	if equalFold(c.Args[3], "idle") {
		return g.Pending()
	}
	count, _ := parseStreamInt(c.Args[5])
	return min(g.Pending(), int64(min(count, 1<<62)))
}
