package command

import (
	"slices"

	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

func init() { rebuilders[entry.Stream] = rebuildStream }

// rebuildStream writes the entries with their ids, the groups with their consumers, who
// has which entries pending, and the counters. Entries that are pending but deleted are
// there for as long as it takes to make them pending: XCLAIM wants to see them.
func rebuildStream(r *Rebuild, e entry.Entry) {
	gone := pendingGone(e)
	rebuildEntries(r, e, gone)
	for i := range stream.Groups(e) {
		rebuildGroup(r, e, stream.GroupAt(e, i))
	}
	rebuildGone(r, e, gone)
	r.Begin(7, "XSETID")
	r.Arg(e.Key())
	r.streamID(stream.LastID(e))
	r.word("ENTRIESADDED")
	r.Int(int64(stream.EntriesAdded(e)))
	r.word("MAXDELETEDID")
	r.streamID(stream.MaxDeletedID(e))
}

// pendingGone returns the ids, in order, that are pending in some group and deleted. One
// above the stream's last id (XSETID has lowered that) is left out: it could not be
// added before the others.
func pendingGone(e entry.Entry) (ids []stream.ID) {
	last := stream.LastID(e)
	for i := range stream.Groups(e) {
		var it stream.Deliveries
		for it.Start(stream.GroupAt(e, i), stream.Consumer{}, stream.ID{}); it.Next(); {
			if !last.Less(it.ID) && !stream.Has(e, it.ID) {
				ids = append(ids, it.ID)
			}
		}
	}
	slices.SortFunc(ids, func(a, b stream.ID) int {
		switch {
		case a.Less(b):
			return -1
		case b.Less(a):
			return 1
		}
		return 0
	})
	return slices.Compact(ids)
}

// rebuildEntries writes the entries, and others with the ids of gone at their places.
func rebuildEntries(r *Rebuild, e entry.Entry, gone []stream.ID) {
	empty := len(gone) == 0 && stream.Len(e) == 0
	var it stream.Iter
	it.Start(e, stream.ID{}, stream.MaxID, false)
	for more := it.Next(); more || len(gone) > 0; {
		if len(gone) > 0 && (!more || gone[0].Less(it.ID())) {
			r.placeholder(e, gone[0])
			gone = gone[1:]
			continue
		}
		r.Begin(3+2*it.Pairs(), "XADD")
		r.Arg(e.Key())
		r.streamID(it.ID())
		for range it.Pairs() {
			field, value := it.Pair()
			r.Arg(field)
			r.Arg(value)
		}
		more = it.Next()
	}
	if empty {
		r.placeholder(e, stream.ID{Seq: 1})
		r.trim(e, "MAXLEN")
		r.Int(0)
	}
}

// rebuildGone removes the entries of gone again: those before the first one as trimming
// does, which leaves the largest deleted id alone, the others as XDEL does.
func rebuildGone(r *Rebuild, e entry.Entry, gone []stream.ID) {
	if len(gone) == 0 {
		return
	}
	if stream.Len(e) == 0 {
		r.trim(e, "MAXLEN")
		r.Int(0)
		return
	}
	if first := stream.FirstID(e); gone[0].Less(first) {
		r.trim(e, "MINID")
		r.streamID(first)
		for len(gone) > 0 && gone[0].Less(first) {
			gone = gone[1:]
		}
	}
	for batch := range slices.Chunk(gone, rebuildBatch) {
		r.Begin(2+len(batch), "XDEL")
		r.Arg(e.Key())
		for _, id := range batch {
			r.streamID(id)
		}
	}
}

// placeholder adds an entry that does not stay.
func (r *Rebuild) placeholder(e entry.Entry, id stream.ID) {
	r.Begin(5, "XADD")
	r.Arg(e.Key())
	r.streamID(id)
	r.word("x")
	r.word("y")
}

// trim begins an XTRIM, whose threshold follows.
func (r *Rebuild) trim(e entry.Entry, by string) {
	r.Begin(4, "XTRIM")
	r.Arg(e.Key())
	r.word(by)
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
		if stream.LastID(e).Less(it.ID) && !stream.Has(e, it.ID) {
			continue // see pendingGone
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
