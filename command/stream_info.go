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

// infoField writes a name and a number.
func infoField(c *Ctx, name string, n int64) {
	c.W.BulkString(name)
	c.W.Int(n)
}

func infoFieldID(c *Ctx, name string, id stream.ID) {
	c.W.BulkString(name)
	replyStreamID(c, id)
}

func infoFieldBytes(c *Ctx, name string, b []byte) {
	c.W.BulkString(name)
	c.W.Bulk(b)
}

// infoFieldMaybe is infoField for a number that may not be known.
func infoFieldMaybe(c *Ctx, name string, n int64, known bool) {
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
	infoField(c, "length", stream.Len(e))
	infoField(c, "radix-tree-keys", stream.Nodes(e))
	infoField(c, "radix-tree-nodes", stream.Blocks(e))
	infoFieldID(c, "last-generated-id", stream.LastID(e))
	infoFieldID(c, "max-deleted-entry-id", stream.MaxDeletedID(e))
	infoField(c, "entries-added", int64(stream.EntriesAdded(e)))
	infoFieldID(c, "recorded-first-entry-id", stream.FirstID(e))
	if full {
		infoFull(c, e, count)
		return
	}
	infoField(c, "groups", int64(stream.Groups(e)))
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
		infoFieldBytes(c, "name", g.Name())
		infoFieldID(c, "last-delivered-id", g.LastID())
		groupCounters(c, e, g)
		infoField(c, "pel-count", g.Pending())
		c.W.BulkString("pending")
		infoPending(c, g, stream.Consumer{}, min(g.Pending(), count))
		c.W.BulkString("consumers")
		c.W.Array(g.Consumers())
		for j := range g.Consumers() {
			consumer := g.Consumer(j)
			c.W.Map(5)
			infoFieldBytes(c, "name", consumer.Name())
			infoField(c, "seen-time", consumer.Seen())
			infoField(c, "active-time", consumer.Active())
			infoField(c, "pel-count", consumer.Pending())
			c.W.BulkString("pending")
			infoPending(c, g, consumer, min(consumer.Pending(), count))
		}
	}
}

// groupCounters writes how many entries a group has read and has still to read.
func groupCounters(c *Ctx, e entry.Entry, g stream.Group) {
	read := g.EntriesRead()
	infoFieldMaybe(c, "entries-read", read, read != stream.UnknownRead)
	lag, known := g.Lag(e)
	infoFieldMaybe(c, "lag", lag, known)
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
			replyStreamID(c, it.ID)
			c.W.Bulk(it.Consumer.Name())
		} else {
			c.W.Array(3)
			replyStreamID(c, it.ID)
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
		infoFieldBytes(c, "name", g.Name())
		infoField(c, "consumers", int64(g.Consumers()))
		infoField(c, "pending", g.Pending())
		infoFieldID(c, "last-delivered-id", g.LastID())
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
		noSuchGroup(c, 3)
		return
	}
	c.W.Array(g.Consumers())
	for i := range g.Consumers() {
		consumer := g.Consumer(i)
		c.W.Map(4)
		infoFieldBytes(c, "name", consumer.Name())
		infoField(c, "pending", consumer.Pending())
		infoField(c, "idle", max(c.wallMs()-consumer.Seen(), 0))
		inactive := int64(stream.NeverActive)
		if at := consumer.Active(); at != stream.NeverActive {
			inactive = max(c.wallMs()-at, 0)
		}
		infoField(c, "inactive", inactive)
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
