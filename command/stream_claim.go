package command

import (
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

// claimOptions are the arguments of XCLAIM.
type claimOptions struct {
	minIdleMs int64
	atMs      int64 // -1: not given
	count     int64 // RETRYCOUNT; negative: not given
	force     bool
	justID    bool
	lastID    stream.ID
	end       int // index behind the last id
}

func (o *claimOptions) parse(c *Ctx) (ok bool) {
	if o.minIdleMs, ok = c.intOption(4, "min-idle-time argument"); !ok {
		return false
	}
	o.atMs, o.count, o.end = -1, -1, 5
	for o.end < len(c.Args) {
		if _, ok := parseStreamID(c.Args[o.end], 0, true, nil); !ok {
			break
		}
		o.end++
	}
	for i := o.end; i < len(c.Args); i++ {
		arg, more := c.Args[i], i+1 < len(c.Args)
		ok := true
		switch {
		case equalFold(arg, "force"):
			o.force = true
		case equalFold(arg, "justid"):
			o.justID = true
		case more && equalFold(arg, "idle"):
			i++
			o.atMs, ok = c.intOption(i, "IDLE option argument")
			o.atMs = c.wallMs() - o.atMs
		case more && equalFold(arg, "time"):
			i++
			o.atMs, ok = c.intOption(i, "TIME option argument")
		case more && equalFold(arg, "retrycount"):
			i++
			o.count, ok = c.intOption(i, "RETRYCOUNT option argument")
		case more && equalFold(arg, "lastid"):
			i++
			o.lastID, ok = streamID(c, i)
		default:
			ok = false
			c.W.Error("ERR Unrecognized XCLAIM option '" + cText(arg) + "'")
		}
		if !ok {
			return false
		}
	}
	if o.atMs < 0 || o.atMs > c.wallMs() {
		o.atMs = c.wallMs()
	}
	return true
}

// claims is room for the ids of as many entries as most calls claim.
type claims [16]stream.ID

func xclaim(c *Ctx) {
	e, g, ok := readGroup(c)
	if !ok {
		return
	}
	if g.IsNone() {
		noSuchKeyOrGroup(c)
		return
	}
	var o claimOptions
	if !o.parse(c) {
		return
	}
	k := c.Keys[0]
	ar := c.Store.Edit(c.DB, k)
	moved := g.LastID().Less(o.lastID)
	if moved {
		g.SetLastID(o.lastID)
	}
	consumer := consumerOf(c, k, g, c.Args[3])
	var room claims
	claimed, recorded := room[:0], false
	for _, a := range c.Args[5:o.end] {
		id, _ := parseStreamID(a, 0, true, nil)
		d, pending := g.Delivered(id)
		if !stream.Has(e, id) {
			if pending {
				claimEffect(c, k, g, &d) // which finds no entry either, and drops it
				g.Ack(ar, id)
				c.Dirty++
				recorded = true
			}
			continue
		}
		if !pending && !o.force || pending && o.minIdleMs > 0 && c.wallMs()-d.AtMs < o.minIdleMs {
			continue
		}
		if !pending {
			d = stream.Delivery{ID: id, Count: 1}
		}
		d.AtMs, d.Consumer = o.atMs, consumer
		if o.count >= 0 {
			d.Count = o.count
		} else if !o.justID {
			d.Count++
		}
		g.Deliver(ar, &d)
		consumer.SetActive(c.wallMs())
		claimEffect(c, k, g, &d)
		c.Dirty++
		claimed = append(claimed, id)
	}
	if moved && !recorded && len(claimed) == 0 { // else the claims carry it
		setIDEffect(c, k, g)
		c.Dirty++
	}
	if c.Effects.N == 0 {
		c.NoEffect()
	}
	replyClaimed(c, e, claimed, o.justID)
}

// claimEffect records what one pending entry is now.
func claimEffect(c *Ctx, k store.Key, g stream.Group, d *stream.Delivery) {
	if c.Effects.On {
		beginClaimEffect(c, k, g, d.Consumer, 1)
		effectID(c, d.ID)
		endClaimEffect(c, g, d.AtMs, d.Count)
	}
}

func replyClaimed(c *Ctx, e entry.Entry, ids []stream.ID, justID bool) {
	c.W.Array(len(ids))
	for _, id := range ids {
		if justID {
			replyStreamID(c, id)
		} else {
			replyEntryOf(c, e, id)
		}
	}
}

// autoclaimOptions are the arguments of XAUTOCLAIM behind the consumer.
type autoclaimOptions struct {
	minIdleMs, count int64
	from             stream.ID
	justID           bool
}

func (o *autoclaimOptions) parse(c *Ctx) (ok bool) {
	if o.minIdleMs, ok = c.intOption(4, "min-idle-time argument"); !ok {
		return false
	}
	if o.from, ok = intervalID(c, 5, true); !ok {
		return false
	}
	o.count = defaultAutoclaimCount
	for i := 6; i < len(c.Args); i++ {
		switch {
		case i+1 < len(c.Args) && equalFold(c.Args[i], "count"):
			n, isInt := resp.ParseInt(c.Args[i+1])
			if !isInt || n < 1 || n > maxAutoclaimCount {
				c.W.Error("ERR COUNT must be > 0")
				return false
			}
			o.count = n
			i++
		case equalFold(c.Args[i], "justid"):
			o.justID = true
		default:
			c.W.Error(ErrSyntax)
			return false
		}
	}
	return true
}

func xautoclaim(c *Ctx) {
	var o autoclaimOptions
	if !o.parse(c) {
		return
	}
	e, g, ok := readGroup(c)
	if !ok {
		return
	}
	if g.IsNone() {
		noSuchKeyOrGroup(c)
		return
	}
	if o.count >= hugeAutoclaimCount {
		c.W.Error("ERR Insufficient memory, failed allocating transient memory, COUNT too high.")
		return
	}
	k := c.Keys[0]
	ar := c.Store.Edit(c.DB, k)
	consumer := consumerOf(c, k, g, c.Args[3])
	var room, gone claims
	claimed, deleted := room[:0], gone[:0]
	var it stream.Deliveries
	it.Start(g, stream.Consumer{}, o.from)
	more := it.Next()
	for tries := o.count * autoclaimTries; more && tries > 0 && o.count > 0; tries-- {
		d := it.Delivery
		if !stream.Has(e, d.ID) {
			claimEffect(c, k, g, &d)
			g.Ack(ar, d.ID)
			c.Dirty++
			o.count--
			deleted = append(deleted, d.ID)
			it.Start(g, stream.Consumer{}, d.ID) // which is gone
			more = it.Next()
			continue
		}
		if o.minIdleMs <= 0 || c.wallMs()-d.AtMs >= o.minIdleMs {
			d.AtMs, d.Consumer = c.wallMs(), consumer
			if !o.justID {
				d.Count++
			}
			g.Deliver(ar, &d)
			consumer.SetActive(c.wallMs())
			claimEffect(c, k, g, &d)
			c.Dirty++
			o.count--
			claimed = append(claimed, d.ID)
		}
		more = it.Next()
	}
	var next stream.ID
	if more {
		next = it.ID
	}
	if c.Effects.N == 0 {
		c.NoEffect()
	}
	c.W.Array(3)
	replyStreamID(c, next)
	replyClaimed(c, e, claimed, o.justID)
	replyClaimed(c, e, deleted, true)
}

// autoclaimCost estimates what XAUTOCLAIM visits.
func autoclaimCost(c *Ctx) int64 {
	g, ok := largeGroup(c, 2)
	if !ok {
		return 0
	}
	count := int64(defaultAutoclaimCount)
	for i := 6; i+1 < len(c.Args); i++ {
		if n, ok := resp.ParseInt(c.Args[i+1]); ok && equalFold(c.Args[i], "count") {
			count = min(max(n, 0), maxAutoclaimCount)
		}
	}
	return min(g.Pending(), count*autoclaimTries)
}
