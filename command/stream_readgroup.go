package command

import (
	"math"

	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

// groupRead is what XREADGROUP does with one stream.
type groupRead struct {
	e        entry.Entry
	group    stream.Group
	consumer stream.Consumer
	id       stream.ID // history: entries behind it
	isNew    bool      // >
	served   bool
}

// groupReads is room for as many streams as most calls name.
type groupReads [4]groupRead

func xreadgroup(c *Ctx) {
	var o readOptions
	if !o.parse(c) {
		return
	}
	var room groupReads
	reads := room[:0]
	for i := range o.n {
		var r groupRead
		if !r.find(c, &o, i) {
			return
		}
		reads = append(reads, r)
	}
	served := 0
	for i := range reads {
		r := &reads[i]
		c.Hits++ // Redis looks twice
		r.consumer = consumerOf(c, c.Keys[i], r.group, o.consumer)
		if r.served = !r.isNew || r.hasMore(reads[:i], o.count); r.served {
			served++
		}
	}
	if served == 0 {
		o.wait(c)
		return
	}
	replyServed(c, served)
	for i := range reads {
		r := &reads[i]
		if !r.served {
			continue
		}
		replyStreamName(c, c.Keys[i].Name)
		if r.isNew {
			r.deliver(c, c.Keys[i], &o)
		} else {
			r.history(c, c.Keys[i], o.count)
		}
		c.Dirty++
	}
	if c.Effects.N == 0 {
		c.NoEffect() // the history's delivery times are not recorded, as in Redis
	}
}

// find looks up the i-th stream and its group and parses its id. It replies the error
// itself.
func (r *groupRead) find(c *Ctx, o *readOptions, i int) bool {
	r.e = c.Read(c.Keys[i])
	if !c.IsType(r.e, entry.Stream) {
		return false
	}
	if r.e.A != 0 {
		r.group = stream.FindGroup(r.e, o.group)
	}
	if r.group.IsNone() {
		c.W.Error("NOGROUP No such key '" + cText(c.Keys[i].Name) + "' or consumer group '" + cText(o.group) +
			"' in XREADGROUP with GROUP option")
		return false
	}
	at := o.first + o.n + i
	if a := c.Args[at]; len(a) == 1 {
		switch a[0] {
		case '>':
			r.isNew = true
			return true
		case '$', '+':
			c.W.Error("ERR The " + string(a) + errXReadGroupID + string(a) + " ID would just return an empty result set.")
			return false
		}
	}
	var ok bool
	r.id, ok = streamID(c, at)
	r.isNew = r.id == stream.MaxID // which is how Redis notes >
	return ok
}

// hasMore tells whether entries are left for r after those that the reads before it get
// of the same group, count each.
func (r *groupRead) hasMore(before []groupRead, count int64) bool {
	taken := int64(0)
	if len(before) < maxStreamsCompared {
		for i := range before {
			if b := &before[i]; b.isNew && b.served && b.group == r.group {
				taken++
			}
		}
	}
	if taken == 0 {
		return hasNewer(r.e, r.group.LastID())
	}
	if count > math.MaxInt64/maxStreamsCompared {
		return false
	}
	from, _ := r.group.LastID().Next()
	return stream.Count(r.e, from, stream.MaxID, taken*count+1) > taken*count
}

// cText is CText for the whole argument.
func cText(a []byte) string { return CText(a, len(a)) }

// consumerOf finds a group's consumer, or makes it, and notes that it was seen.
func consumerOf(c *Ctx, k store.Key, g stream.Group, name []byte) stream.Consumer {
	ar := c.Store.Edit(c.DB, k)
	consumer := g.FindConsumer(name)
	if consumer.IsNone() {
		consumer, _ = g.CreateConsumer(ar, name, c.wallMs())
		c.Changed(k, EventXGroupCreateConsumer, 1)
		if c.Effects.On {
			c.BeginEffect(5, "XGROUP")
			effectWord(c, "CREATECONSUMER")
			c.EffectArg(k.Name)
			c.EffectArg(g.Name())
			c.EffectArg(name)
		}
	}
	consumer.SetSeen(c.wallMs())
	return consumer
}

// deliver writes the entries behind the group's last id and makes them pending.
func (r *groupRead) deliver(c *Ctx, k store.Key, o *readOptions) {
	ar := c.Store.Edit(c.DB, k)
	from, _ := r.group.LastID().Next()
	n := stream.Count(r.e, from, stream.MaxID, o.count)
	c.W.Array(int(n))
	var it stream.Iter
	it.Start(r.e, from, stream.MaxID, false)
	for i := range n {
		it.Next()
		replyEntry(c, &it)
		id := it.ID()
		r.group.Advance(r.e, id)
		if o.noAck {
			continue
		}
		r.group.Deliver(ar, &stream.Delivery{ID: id, AtMs: c.wallMs(), Count: 1, Consumer: r.consumer})
		if c.Effects.On {
			r.claimEffect(c, k, id, i, n)
		}
	}
	if n > 0 {
		r.consumer.SetActive(c.wallMs())
		setIDEffect(c, k, r.group)
	}
}

// claimEffect records the i-th of n deliveries, rebuildBatch of them in one XCLAIM.
func (r *groupRead) claimEffect(c *Ctx, k store.Key, id stream.ID, i, n int64) {
	at := i % rebuildBatch
	batch := min(n-(i-at), rebuildBatch)
	if at == 0 {
		beginClaimEffect(c, k, r.group, r.consumer, int(batch))
	}
	effectID(c, id)
	if at == batch-1 {
		endClaimEffect(c, r.group, c.wallMs(), 1)
	}
}

// beginClaimEffect begins an XCLAIM of n ids, which follow; endClaimEffect ends it.
func beginClaimEffect(c *Ctx, k store.Key, g stream.Group, consumer stream.Consumer, n int) {
	c.BeginEffect(5+n+8, "XCLAIM")
	c.EffectArg(k.Name)
	c.EffectArg(g.Name())
	c.EffectArg(consumer.Name())
	c.EffectInt(0)
}

func endClaimEffect(c *Ctx, g stream.Group, atMs, count int64) {
	effectWord(c, "TIME")
	c.EffectInt(atMs)
	effectWord(c, "RETRYCOUNT")
	c.EffectInt(count)
	effectWord(c, "FORCE")
	effectWord(c, "JUSTID")
	effectWord(c, "LASTID")
	effectID(c, g.LastID())
}

// setIDEffect records a group's last id and its count of entries read.
func setIDEffect(c *Ctx, k store.Key, g stream.Group) {
	if !c.Effects.On {
		return
	}
	c.BeginEffect(7, "XGROUP")
	effectWord(c, "SETID")
	c.EffectArg(k.Name)
	c.EffectArg(g.Name())
	effectID(c, g.LastID())
	effectWord(c, "ENTRIESREAD")
	c.EffectInt(g.EntriesRead())
}

// history writes the consumer's own pending entries behind r.id, up to count.
func (r *groupRead) history(c *Ctx, k store.Key, count int64) {
	c.Store.Edit(c.DB, k)
	from, _ := r.id.Next()
	n := r.consumer.CountPending(from, count)
	c.W.Array(int(n))
	var it stream.Deliveries
	it.Start(r.group, r.consumer, from)
	for range n {
		it.Next()
		if !replyEntryOf(c, r.e, it.ID) {
			c.W.Array(2) // deleted from the stream meanwhile
			replyStreamID(c, it.ID)
			c.W.NullArray()
			continue
		}
		it.AtMs = c.wallMs()
		it.Count++
		it.Save()
	}
}
