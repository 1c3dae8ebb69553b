package command

import (
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

var streamGroupSpecs = []*Spec{
	{
		Name: "xgroup", Arity: -2, Group: GroupStream, Since: "5.0.0", Complexity: "Depends on subcommand.",
		Summary: "Commands that manage consumer groups.",
		Subs: []*Spec{
			{
				Name: "create", Arity: -5, Flags: Write | DenyOOM, Group: GroupStream, Handler: xgroupCreate,
				Keys: []KeySpec{KeyAt(2, KeyRW|KeyInsert)}, Since: "5.0.0", Complexity: "O(1)", Summary: "Creates a consumer group.",
				Syntax: "key groupname <id | $> [MKSTREAM] [ENTRIESREAD entries_read:integer]",
			},
			{
				Name: "createconsumer", Arity: 5, Flags: Write | DenyOOM, Group: GroupStream, Handler: xgroupCreateConsumer,
				Keys: []KeySpec{KeyAt(2, KeyRW|KeyInsert)}, Since: "6.2.0", Complexity: "O(1)", Summary: "Creates a consumer in a group.",
				Syntax: "key groupname consumername",
			},
			{
				Name: "delconsumer", Arity: 5, Flags: Write, Group: GroupStream, Handler: xgroupDelConsumer,
				Keys: []KeySpec{KeyAt(2, KeyRW|KeyDelete)}, Since: "5.0.0", Complexity: "O(N) where N is the number of its pending entries",
				Summary: "Removes a consumer from a group.", Syntax: "key groupname consumername", Cost: groupCost,
			},
			{
				Name: "destroy", Arity: 4, Flags: Write, Group: GroupStream, Handler: xgroupDestroy,
				Keys: []KeySpec{KeyAt(2, KeyRW|KeyDelete)}, Since: "5.0.0", Complexity: "O(N) where N is the number of pending entries",
				Summary: "Removes a consumer group.", Syntax: "key groupname", Cost: groupCost,
			},
			{
				Name: "setid", Arity: -5, Flags: Write, Group: GroupStream, Handler: xgroupSetID,
				Keys: []KeySpec{KeyAt(2, KeyRW|KeyUpdate)}, Since: "5.0.0", Complexity: "O(1)",
				Summary: "Sets the id up to which a group has read.", Syntax: "key groupname <id | $> [ENTRIESREAD entries_read:integer]",
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Group: GroupStream, Handler: writeHelp,
				Since: "5.0.0", Complexity: "O(1)", Summary: "Describes the subcommands.",
			},
		},
	},
	{
		Name: "xreadgroup", Arity: -7, Flags: Write | Blocking, WaitsFor: entry.Stream, WaitsGone: true, Group: GroupStream, Handler: xreadgroup,
		Keys:  []KeySpec{{Flags: KeyRO | KeyAccess, Keyword: "STREAMS", StartFrom: 4, Last: -1, Step: 1, Limit: 2}},
		Since: "5.0.0", Complexity: "O(N) where N is the number of entries returned",
		Summary: "Returns entries of streams to a consumer of a group, new ones or those that it has not acknowledged.",
		Syntax: "GROUP (group consumer) [COUNT count:integer] [BLOCK milliseconds:integer] [NOACK] " +
			"STREAMS (key... id...)",
		Cost: readCost,
	},
	{
		Name: "xack", Arity: -4, Flags: Write | Fast, Group: GroupStream, Handler: xack, Keys: []KeySpec{KeyAt(1, KeyRW|KeyUpdate)},
		Since: "5.0.0", Complexity: "O(1) for each id", Summary: "Marks pending entries as done and counts them.",
		Syntax: "key group id...",
	},
	{
		Name: "xpending", Arity: -3, Flags: ReadOnly, Group: GroupStream, Handler: xpending, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "5.0.0", Complexity: "O(N) where N is the number of pending entries visited",
		Summary: "Shows the entries that a group's consumers have not acknowledged.",
		Syntax:  "key group [[IDLE min-idle-time:integer] start end count:integer [consumer]]",
		Tips:    []string{"nondeterministic_output"}, Cost: pendingCost,
	},
	{
		Name: "xclaim", Arity: -6, Flags: Write | Fast, Group: GroupStream, Handler: xclaim, Keys: []KeySpec{KeyAt(1, KeyRW|KeyUpdate)},
		Since: "5.0.0", Complexity: "O(log N) for each id where N is the number of pending entries",
		Summary: "Makes a consumer the owner of pending entries.",
		Syntax: "key group consumer min-idle-time id... [IDLE ms:integer] [TIME unix-time-milliseconds:unix-time] " +
			"[RETRYCOUNT count:integer] [FORCE] [JUSTID] [LASTID id]",
		Tips: []string{"nondeterministic_output"},
	},
	{
		Name: "xautoclaim", Arity: -6, Flags: Write | Fast, Group: GroupStream, Handler: xautoclaim,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyDelete)}, Since: "6.2.0", Complexity: "O(N) where N is COUNT",
		Summary: "Makes a consumer the owner of pending entries that nobody worked on for a while.",
		Syntax:  "key group consumer min-idle-time start [COUNT count:integer] [JUSTID]",
		Tips:    []string{"nondeterministic_output"}, Cost: autoclaimCost,
	},
	{
		Name: "xinfo", Arity: -2, Group: GroupStream, Since: "5.0.0", Complexity: "Depends on subcommand.",
		Summary: "Commands that describe streams.",
		Subs: []*Spec{
			{
				Name: "consumers", Arity: 4, Flags: ReadOnly, Group: GroupStream, Handler: xinfoConsumers,
				Keys: []KeySpec{KeyAt(2, KeyRO|KeyAccess)}, Since: "5.0.0", Complexity: "O(N) where N is the number of consumers",
				Summary: "Describes the consumers of a group.", Syntax: "key groupname", Tips: []string{"nondeterministic_output"},
			},
			{
				Name: "groups", Arity: 3, Flags: ReadOnly, Group: GroupStream, Handler: xinfoGroups,
				Keys: []KeySpec{KeyAt(2, KeyRO|KeyAccess)}, Since: "5.0.0", Complexity: "O(N) where N is the number of groups",
				Summary: "Describes the consumer groups of a stream.", Syntax: "key",
			},
			{
				Name: "stream", Arity: -3, Flags: ReadOnly, Group: GroupStream, Handler: xinfoStream,
				Keys: []KeySpec{KeyAt(2, KeyRO|KeyAccess)}, Since: "5.0.0", Complexity: "O(1), with FULL O(N) where N is what is shown",
				Summary: "Describes a stream.", Syntax: "key [FULL [COUNT count:integer]]", Cost: infoCost,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Group: GroupStream, Handler: writeHelp,
				Since: "5.0.0", Complexity: "O(1)", Summary: "Describes the subcommands.",
			},
		},
	},
}

const errNoStream = "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM " +
	"option to create an empty stream automatically."

// noSuchGroup replies that the group named by argument i of the key is missing.
func noSuchGroup(c *Ctx, i int) {
	c.W.Error("NOGROUP No such consumer group '" + cText(c.Args[i]) + "' for key name '" + cText(c.Keys[0].Name) + "'")
}

// noSuchKeyOrGroup is noSuchGroup in the words of the commands that are no subcommands.
func noSuchKeyOrGroup(c *Ctx) {
	c.W.Error("NOGROUP No such key '" + cText(c.Keys[0].Name) + "' or consumer group '" + cText(c.Args[2]) + "'")
}

// groupOptions parses what follows the id of XGROUP CREATE and SETID.
func groupOptions(c *Ctx, create bool) (read int64, makes, ok bool) {
	read = stream.UnknownRead
	for i := 5; i < len(c.Args); i++ {
		switch {
		case create && equalFold(c.Args[i], "mkstream"):
			makes = true
		case i+1 < len(c.Args) && equalFold(c.Args[i], "entriesread"):
			if read, ok = c.Int(i + 1); !ok {
				return 0, false, false
			}
			if read < 0 && read != stream.UnknownRead {
				c.W.Error("ERR value for ENTRIESREAD must be positive or -1")
				return 0, false, false
			}
			i++
		default:
			c.W.Error(errSubArity(c))
			return 0, false, false
		}
	}
	return read, makes, true
}

func xgroupCreate(c *Ctx) {
	read, makes, ok := groupOptions(c, true)
	if !ok {
		return
	}
	k := c.Keys[0]
	e, ok := findStream(c, k, false)
	if !ok {
		return
	}
	if e.A == 0 && !makes {
		c.W.Error(errNoStream)
		return
	}
	if len(c.Args) > 8 {
		c.W.Error(errSubArity(c))
		return
	}
	var last stream.ID
	if string(c.Args[4]) != "$" {
		if last, ok = streamID(c, 4); !ok {
			return
		}
	} else if e.A != 0 {
		last = stream.LastID(e)
	}
	if e.A == 0 {
		e, _ = findStream(c, k, true)
	}
	if _, ok := stream.CreateGroup(c.Store.Edit(c.DB, k), e, c.Args[3], last, read); !ok {
		c.W.Error("BUSYGROUP Consumer Group name already exists")
		return
	}
	c.Changed(k, EventXGroupCreate, 1)
	c.W.OK()
}

// groupOf finds the key and the group of an XGROUP subcommand. It replies what is
// missing.
func groupOf(c *Ctx) (e entry.Entry, g stream.Group, ok bool) {
	if e, ok = findStream(c, c.Keys[0], false); !ok {
		return e, g, false
	}
	if e.A == 0 {
		c.W.Error(errNoStream)
		return e, g, false
	}
	if g = stream.FindGroup(e, c.Args[3]); g.IsNone() {
		noSuchGroup(c, 3)
		return e, g, false
	}
	return e, g, true
}

func xgroupSetID(c *Ctx) {
	read, _, ok := groupOptions(c, false)
	if !ok {
		return
	}
	e, g, ok := groupOf(c)
	if !ok {
		return
	}
	if len(c.Args) > 7 {
		c.W.Error(errSubArity(c))
		return
	}
	last := stream.LastID(e)
	if string(c.Args[4]) != "$" {
		if last, ok = parseStreamID(c.Args[4], 0, false, nil); !ok {
			c.W.Error(errStreamID)
			return
		}
	}
	c.Store.Edit(c.DB, c.Keys[0])
	g.SetLastID(last)
	g.SetEntriesRead(read)
	c.Changed(c.Keys[0], EventXGroupSetID, 1)
	c.W.OK()
}

func xgroupDestroy(c *Ctx) {
	k := c.Keys[0]
	e, ok := findStream(c, k, false)
	if !ok {
		return
	}
	if e.A == 0 {
		c.W.Error(errNoStream)
		return
	}
	if !stream.DestroyGroup(c.Store.Edit(c.DB, k), e, c.Args[3]) {
		c.W.Int(0)
		return
	}
	c.Changed(k, EventXGroupDestroy, 1)
	c.W.Int(1)
}

func xgroupCreateConsumer(c *Ctx) {
	_, g, ok := groupOf(c)
	if !ok {
		return
	}
	if _, ok := g.CreateConsumer(c.Store.Edit(c.DB, c.Keys[0]), c.Args[4], c.wallMs()); !ok {
		c.W.Int(0)
		return
	}
	c.Changed(c.Keys[0], EventXGroupCreateConsumer, 1)
	c.W.Int(1)
}

func xgroupDelConsumer(c *Ctx) {
	_, g, ok := groupOf(c)
	if !ok {
		return
	}
	pending, ok := g.DeleteConsumer(c.Store.Edit(c.DB, c.Keys[0]), c.Args[4])
	if ok {
		c.Changed(c.Keys[0], EventXGroupDelConsumer, 1)
	}
	c.W.Int(pending)
}

// largeGroup returns, for a Spec.Cost, the group that argument i names; ok is false if there
// is none with so many pending entries that the call may be slow.
func largeGroup(c *Ctx, i int) (g stream.Group, ok bool) {
	e, ok := c.estimated(0, entry.Stream)
	if !ok {
		return g, false
	}
	g = stream.FindGroup(e, c.Args[i])
	return g, !g.IsNone() && g.Pending() > SlowCost
}

// groupCost estimates the pending entries that XGROUP DESTROY and DELCONSUMER remove. Those
// of a group go by the block.
func groupCost(c *Ctx) int64 {
	g, ok := largeGroup(c, 3)
	if !ok {
		return 0
	}
	if len(c.Args) == 4 {
		return g.Pending() / destroyedTogether
	}
	if consumer := g.FindConsumer(c.Args[4]); !consumer.IsNone() {
		return consumer.Pending()
	}
	return 0
}
