package command

import (
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

const trimSyntax = "[<MAXLEN | MINID> [<= | ~>] threshold [LIMIT count:integer]]"

var streamSpecs = []*Spec{
	{
		Name: "xadd", Arity: -5, Flags: Write | DenyOOM | Fast, Group: GroupStream, Handler: xadd,
		Keys: []KeySpec{{
			Flags: KeyRW | KeyUpdate, Index: 1, Step: 1, Notes: "UPDATE instead of INSERT because of the optional trimming feature",
		}},
		Since: "5.0.0", Complexity: "O(1) when adding, O(N) when trimming where N is the number of entries removed",
		Summary: "Appends an entry to a stream, and makes the stream if there is none.",
		Syntax:  "key [NOMKSTREAM] " + trimSyntax + " <* | id> (field value)...", Tips: []string{"nondeterministic_output"},
	},
	{
		Name: "xlen", Arity: 2, Flags: ReadOnly | Fast, Group: GroupStream, Handler: xlen, Keys: []KeySpec{KeyAt(1, KeyRO)},
		Since: "5.0.0", Complexity: "O(1)", Summary: "Returns the number of entries of a stream.", Syntax: "key",
	},
	{
		Name: "xrange", Arity: -4, Flags: ReadOnly, Group: GroupStream, Handler: xrange, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "5.0.0", Complexity: "O(N) where N is the number of entries returned",
		Summary: "Returns the entries whose ids are within a range.", Syntax: "key start end [COUNT count:integer]", Cost: rangeCost,
	},
	{
		Name: "xrevrange", Arity: -4, Flags: ReadOnly, Group: GroupStream, Handler: xrevrange, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "5.0.0", Complexity: "O(N) where N is the number of entries returned",
		Summary: "Returns the entries whose ids are within a range, last ones first.", Syntax: "key end start [COUNT count:integer]",
		Cost: rangeCost,
	},
	{
		Name: "xdel", Arity: -3, Flags: Write | Fast, Group: GroupStream, Handler: xdel, Keys: []KeySpec{KeyAt(1, KeyRW|KeyDelete)},
		Since: "5.0.0", Complexity: "O(N) where N is the number of ids",
		Summary: "Removes entries from a stream and counts those that were there.", Syntax: "key id...",
	},
	{
		Name: "xtrim", Arity: -4, Flags: Write, Group: GroupStream, Handler: xtrim, Keys: []KeySpec{KeyAt(1, KeyRW|KeyDelete)},
		Since: "5.0.0", Complexity: "O(N) where N is the number of entries removed",
		Summary: "Removes the oldest entries of a stream.", Syntax: "key " + trimSyntax[1:len(trimSyntax)-1],
		Tips: []string{"nondeterministic_output"}, Cost: trimCost,
	},
	{
		Name: "xsetid", Arity: -3, Flags: Write | DenyOOM | Fast, Group: GroupStream, Handler: xsetid,
		Keys:  []KeySpec{KeyAt(1, KeyRW|KeyUpdate)},
		Since: "5.0.0", Complexity: "O(1)", Summary: "Sets the last id of a stream, as replication and the AOF need it.",
		Syntax: "key last-id [ENTRIESADDED entries_added:integer] [MAXDELETEDID max_deleted_entry_id]",
	},
	{
		Name: "xread", Arity: -4, Flags: ReadOnly | Blocking, WaitsFor: entry.Stream, Group: GroupStream, Handler: xread,
		Keys:  []KeySpec{{Flags: KeyRO | KeyAccess, Keyword: "STREAMS", StartFrom: 1, Last: -1, Step: 1, Limit: 2}},
		Since: "5.0.0", Complexity: "O(N) where N is the number of entries returned",
		Summary: "Returns the entries of several streams that are newer than the given ids, and may wait for them.",
		Syntax:  "[COUNT count:integer] [BLOCK milliseconds:integer] STREAMS (key... id...)", Cost: readCost,
	},
}

// findStream finds k's stream for a command that changes it, and makes an empty one if
// there is none and create says so. It replies what is wrong.
func findStream(c *Ctx, k store.Key, create bool) (e entry.Entry, ok bool) {
	e = c.Find(k)
	if !c.IsType(e, entry.Stream) {
		return e, false
	}
	if e.A == 0 && create {
		e = c.Store.Put(c.DB, k, entry.Stream, entry.StreamNodes, stream.PayloadBytes, 0)
		stream.Init(e)
	}
	return e, true
}

func xlen(c *Ctx) {
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.Stream) {
		return
	}
	if e.A == 0 {
		c.W.Int(0)
		return
	}
	c.W.Int(stream.Len(e))
}

func xdel(c *Ctx) {
	k := c.Keys[0]
	e, ok := findStream(c, k, false)
	if !ok {
		return
	}
	if e.A == 0 {
		c.W.Int(0)
		return
	}
	for i := 2; i < len(c.Args); i++ {
		if _, ok := streamID(c, i); !ok {
			return
		}
	}
	ar := c.Store.Edit(c.DB, k)
	n := 0
	for _, a := range c.Args[2:] {
		if id, _ := parseStreamID(a, 0, true, nil); stream.Delete(ar, e, id) {
			n++
		}
	}
	if n > 0 {
		c.Changed(k, EventXDel, n)
	}
	c.W.Int(int64(n))
}

func xsetid(c *Ctx) {
	id, ok := streamID(c, 2)
	if !ok {
		return
	}
	added, deleted := int64(-1), stream.ID{}
	for i := 3; i < len(c.Args); i += 2 {
		more := i+1 < len(c.Args)
		switch {
		case more && equalFold(c.Args[i], "entriesadded"):
			if added, ok = c.Int(i + 1); !ok {
				return
			}
			if added < 0 {
				c.W.Error("ERR entries_added must be positive")
				return
			}
		case more && equalFold(c.Args[i], "maxdeletedid"):
			if deleted, ok = streamID(c, i+1); !ok {
				return
			}
			if id.Less(deleted) {
				c.W.Error("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id")
				return
			}
		default:
			c.W.Error(ErrSyntax)
			return
		}
	}
	k := c.Keys[0]
	e, ok := findStream(c, k, false)
	switch {
	case !ok:
	case e.A == 0:
		c.W.Error(ErrNoSuchKey)
	case id.Less(stream.MaxDeletedID(e)):
		c.W.Error("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")
	case stream.Len(e) > 0 && id.Less(stream.TopID(e)):
		c.W.Error("ERR The ID specified in XSETID is smaller than the target stream top item")
	case added >= 0 && stream.Len(e) > added:
		c.W.Error("ERR The entries_added specified in XSETID is smaller than the target stream length")
	default:
		c.Store.Edit(c.DB, k)
		stream.SetLastID(e, id)
		if added >= 0 {
			stream.SetEntriesAdded(e, uint64(added))
		}
		if !deleted.IsZero() {
			stream.SetMaxDeletedID(e, deleted)
		}
		c.Changed(k, EventXSetID, 1)
		c.W.OK()
	}
}
