package command

import (
	"math"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

// infoStreamOf finds the stream of an XINFO subcommand; it replies what is wrong.
func infoStreamOf(c *Ctx) (e entry.Entry, ok bool) {
	e = c.Read(c.Keys[0])
	if e.A == 0 {
		c.W.Error(ErrNoSuchKey)
		return e, false
	}
	return e, c.IsType(e, entry.Stream)
}

// field writes a name and a number.
func (c *Ctx) field(name string, n int64) {
	c.W.BulkString(name)
	c.W.Int(n)
}

func (c *Ctx) fieldID(name string, id stream.ID) {
	c.W.BulkString(name)
	c.replyStreamID(id)
}

func (c *Ctx) fieldBytes(name string, b []byte) {
	c.W.BulkString(name)
	c.W.Bulk(b)
}

// fieldMaybe is field for a number that may not be known.
func (c *Ctx) fieldMaybe(name string, n int64, known bool) {
	c.W.BulkString(name)
	if known {
		c.W.Int(n)
	} else {
		c.W.Null()
	}
}

func xinfoStream(c *Ctx) {
	e, ok := infoStreamOf(c)
	if !ok {
		return
	}
	full, count := len(c.Args) > 3, int64(defaultInfoCount)
	if full {
		if len(c.Args) != 4 && len(c.Args) != 6 || !equalFold(c.Args[3], "full") || len(c.Args) == 6 && !equalFold(c.Args[4], "count") {
			c.W.Error(errSubArity(c))
			return
		}
		if len(c.Args) == 6 {
			if count, ok = c.Int(5); !ok {
				return
			}
			if count < 0 {
				count = defaultInfoCount
			}
		}
		if count == 0 {
			count = math.MaxInt64
		}
		c.W.Map(9)
	} else {
		c.W.Map(10)
	}
	c.field("length", stream.Len(e))
	c.field("radix-tree-keys", stream.Nodes(e))
	c.field("radix-tree-nodes", stream.Blocks(e))
	c.fieldID("last-generated-id", stream.LastID(e))
	c.fieldID("max-deleted-entry-id", stream.MaxDeletedID(e))
	c.field("entries-added", int64(stream.EntriesAdded(e)))
	c.fieldID("recorded-first-entry-id", stream.FirstID(e))
	if full {
		infoFull(c, e, count)
		return
	}
	c.field("groups", int64(stream.Groups(e)))
	for i, name := range []string{"first-entry", "last-entry"} {
		c.W.BulkString(name)
		var it stream.Iter
		if it.Start(e, stream.ID{}, stream.MaxID, i == 1); it.Next() {
			replyEntry(c, &it)
		} else {
			c.W.Null()
		}
	}
}

// infoFull writes entries and groups, up to count of each kind of element.
func infoFull(c *Ctx, e entry.Entry, count int64) {
	c.W.BulkString("entries")
	replyEntries(c, e, stream.ID{}, stream.MaxID, count, false)
	c.W.BulkString("groups")
	c.W.Array(stream.Groups(e))
	for i := range stream.Groups(e) {
		g := stream.GroupAt(e, i)
		c.W.Map(7)
		c.fieldBytes("name", g.Name())
		c.fieldID("last-delivered-id", g.LastID())
		groupCounters(c, e, g)
		c.field("pel-count", g.Pending())
		c.W.BulkString("pending")
		infoPending(c, g, stream.Consumer{}, min(g.Pending(), count))
		c.W.BulkString("consumers")
		c.W.Array(g.Consumers())
		for j := range g.Consumers() {
			consumer := g.Consumer(j)
			c.W.Map(5)
			c.fieldBytes("name", consumer.Name())
			c.field("seen-time", consumer.Seen())
			c.field("active-time", consumer.Active())
			c.field("pel-count", consumer.Pending())
			c.W.BulkString("pending")
			infoPending(c, g, consumer, min(consumer.Pending(), count))
		}
	}
}

// groupCounters writes how many entries a group has read and has still to read.
func groupCounters(c *Ctx, e entry.Entry, g stream.Group) {
	read := g.EntriesRead()
	c.fieldMaybe("entries-read", read, read != stream.UnknownRead)
	lag, known := g.Lag(e)
	c.fieldMaybe("lag", lag, known)
}

// infoPending writes the first n pending entries of a group, with their consumers, or of
// a consumer.
func infoPending(c *Ctx, g stream.Group, of stream.Consumer, n int64) {
	c.W.Array(int(n))
	var it stream.Deliveries
	it.Start(g, of, stream.ID{})
	for range n {
		it.Next()
		if of.IsNone() {
			c.W.Array(4)
			c.replyStreamID(it.ID)
			c.W.Bulk(it.Consumer.Name())
		} else {
			c.W.Array(3)
			c.replyStreamID(it.ID)
		}
		c.W.Int(it.AtMs)
		c.W.Int(it.Count)
	}
}

func xinfoGroups(c *Ctx) {
	e, ok := infoStreamOf(c)
	if !ok {
		return
	}
	c.W.Array(stream.Groups(e))
	for i := range stream.Groups(e) {
		g := stream.GroupAt(e, i)
		c.W.Map(6)
		c.fieldBytes("name", g.Name())
		c.field("consumers", int64(g.Consumers()))
		c.field("pending", g.Pending())
		c.fieldID("last-delivered-id", g.LastID())
		groupCounters(c, e, g)
	}
}

func xinfoConsumers(c *Ctx) {
	e, ok := infoStreamOf(c)
	if !ok {
		return
	}
	g := stream.FindGroup(e, c.Args[3])
	if g.IsNone() {
		c.noSuchGroup(3)
		return
	}
	c.W.Array(g.Consumers())
	for i := range g.Consumers() {
		consumer := g.Consumer(i)
		c.W.Map(4)
		c.fieldBytes("name", consumer.Name())
		c.field("pending", consumer.Pending())
		c.field("idle", max(c.wallMs()-consumer.Seen(), 0))
		inactive := int64(stream.NeverActive)
		if at := consumer.Active(); at != stream.NeverActive {
			inactive = max(c.wallMs()-at, 0)
		}
		c.field("inactive", inactive)
	}
}

// infoCost estimates what XINFO STREAM FULL shows: all of it with COUNT 0.
func infoCost(c *Ctx) int64 {
	if len(c.Args) != 6 {
		return 0
	}
	e, ok := c.estimated(0, entry.Stream)
	if !ok {
		return 0
	}
	count, ok := resp.ParseInt(c.Args[5])
	if !ok || count < 0 {
		return 0
	}
	if count == 0 {
		count = math.MaxInt64
	}
	n := min(stream.Len(e), count)
	for i := range stream.Groups(e) {
		n += 2 * min(stream.GroupAt(e, i).Pending(), count)
	}
	return n
}
