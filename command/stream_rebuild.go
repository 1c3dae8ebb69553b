package command

import (
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

func init() { rebuilders[entry.Stream] = rebuildStream }

// rebuildStream writes the entries with their ids, the counters, the groups with their
// consumers, and who has which entries pending. Entries that are pending but deleted are
// left out: no command could make them.
func rebuildStream(r *Rebuild, e entry.Entry) {
	var it stream.Iter
	for it.Start(e, stream.ID{}, stream.MaxID, false); it.Next(); {
		r.Begin(3+2*it.Pairs(), "XADD")
		r.Arg(e.Key())
		r.streamID(it.ID())
		for range it.Pairs() {
			field, value := it.Pair()
			r.Arg(field)
			r.Arg(value)
		}
	}
	if stream.Len(e) == 0 {
		// An entry that is trimmed at once makes the empty stream.
		r.Begin(7, "XADD")
		r.Arg(e.Key())
		r.word("MAXLEN")
		r.Int(0)
		r.streamID(stream.ID{Seq: 1})
		r.word("x")
		r.word("y")
	}
	r.Begin(7, "XSETID")
	r.Arg(e.Key())
	r.streamID(stream.LastID(e))
	r.word("ENTRIESADDED")
	r.Int(int64(stream.EntriesAdded(e)))
	r.word("MAXDELETEDID")
	r.streamID(stream.MaxDeletedID(e))
	for i := range stream.Groups(e) {
		rebuildGroup(r, e, stream.GroupAt(e, i))
	}
}

func rebuildGroup(r *Rebuild, e entry.Entry, g stream.Group) {
	r.group(e, g, "CREATE", 7)
	r.streamID(g.LastID())
	r.word("ENTRIESREAD")
	r.Int(g.EntriesRead())
	for i := range g.Consumers() {
		r.group(e, g, "CREATECONSUMER", 5)
		r.Arg(g.Consumer(i).Name())
	}
	var it stream.Deliveries
	it.Start(g, stream.Consumer{}, stream.ID{})
	for it.Next() {
		if !stream.Has(e, it.ID) {
			continue
		}
		r.Begin(12, "XCLAIM")
		r.Arg(e.Key())
		r.Arg(g.Name())
		r.Arg(it.Consumer.Name())
		r.Int(0)
		r.streamID(it.ID)
		r.word("TIME")
		r.Int(it.AtMs)
		r.word("RETRYCOUNT")
		r.Int(it.Count)
		r.word("JUSTID")
		r.word("FORCE")
	}
}

// group begins an XGROUP command of n arguments.
func (r *Rebuild) group(e entry.Entry, g stream.Group, sub string, n int) {
	r.Begin(n, "XGROUP")
	r.word(sub)
	r.Arg(e.Key())
	r.Arg(g.Name())
}

func (r *Rebuild) streamID(id stream.ID) {
	var text [streamIDBytes]byte
	r.Arg(appendStreamID(text[:0], id))
}

func (r *Rebuild) word(s string) { r.Arg([]byte(s)) }
