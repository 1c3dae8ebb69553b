package command

import (
	"slices"

	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

func init() { rebuilders[entry.Stream] = rebuildStream }

// rebuildStage is what of a stream is written next, in the order in which it comes.
type rebuildStage uint8

const (
	rebuildEntries rebuildStage = iota
	rebuildGroup
	rebuildConsumers // of the group
	rebuildPending   // of the group
	rebuildGone
	rebuildCounters
)

// rebuildStreamCursor is how far a stream has been written.
type rebuildStreamCursor struct {
	stage    rebuildStage
	id       stream.ID // from which id on, in its stage
	group    int
	consumer int

	anyGone   bool // placeholders were added
	firstGone stream.ID
}

// rebuildStream writes the entries with their ids, the groups with their consumers, who
// has which entries pending, and the counters. Entries that are pending but deleted are
// there for as long as it takes to make them pending: XCLAIM wants to see them.
func rebuildStream(r *Rebuild, e entry.Entry) (done bool) {
	switch c := &r.cursor.stream; c.stage {
	case rebuildEntries:
		r.streamEntries(e)
	case rebuildGroup:
		if c.group == stream.Groups(e) {
			r.stage(rebuildGone)
			break
		}
		g := stream.GroupAt(e, c.group)
		r.group(e, g, "CREATE", 7)
		r.streamID(g.LastID())
		r.word("ENTRIESREAD")
		r.Int(g.EntriesRead())
		c.consumer = 0
		r.stage(rebuildConsumers)
	case rebuildConsumers:
		g := stream.GroupAt(e, c.group)
		to := min(c.consumer+rebuildBatch, g.Consumers())
		for ; c.consumer < to; c.consumer++ {
			r.group(e, g, "CREATECONSUMER", 5)
			r.Arg(g.Consumer(c.consumer).Name())
		}
		if to == g.Consumers() {
			r.stage(rebuildPending)
		}
	case rebuildPending:
		r.streamPending(e, stream.GroupAt(e, c.group))
	case rebuildGone:
		r.streamGone(e)
	default:
		r.Begin(7, "XSETID")
		r.Arg(e.Key())
		r.streamID(stream.LastID(e))
		r.word("ENTRIESADDED")
		r.Int(int64(stream.EntriesAdded(e)))
		r.word("MAXDELETEDID")
		r.streamID(stream.MaxDeletedID(e))
		return true
	}
	return false
}

// stage goes on to another stage.
func (r *Rebuild) stage(s rebuildStage) { r.cursor.stream.stage, r.cursor.stream.id = s, stream.ID{} }

// goneIDs are ids that are pending in some group and deleted.
type goneIDs []stream.ID

// find replaces ids by those from the id from on, in their order, as far as one look goes: past no more than rebuildBatch
// entries of e, and pending ones of each of its groups. It returns the last id that this goes to. An id
// above the stream's last one (XSETID has lowered that) is left out: it could not be added before the others.
func (ids *goneIDs) find(e entry.Entry, from stream.ID) (to stream.ID) {
	to, *ids = stream.MaxID, (*ids)[:0]
	var it stream.Iter
	n := 0
	for it.Start(e, from, to, false); it.Next(); {
		if n++; n == rebuildBatch {
			to = it.ID()
			break
		}
	}
	last := stream.LastID(e)
	for i := range stream.Groups(e) {
		var p stream.Deliveries
		n := 0
		for p.Start(stream.GroupAt(e, i), stream.Consumer{}, from); p.Next() && !to.Less(p.ID); {
			if !last.Less(p.ID) && !stream.Has(e, p.ID) {
				*ids = append(*ids, p.ID)
			}
			if n++; n == rebuildBatch {
				to = p.ID
			}
		}
	}
	slices.SortFunc(*ids, func(a, b stream.ID) int {
		switch {
		case a.Less(b):
			return -1
		case b.Less(a):
			return 1
		}
		return 0
	})
	*ids = slices.Compact(*ids)
	if i := slices.IndexFunc(*ids, to.Less); i >= 0 {
		*ids = (*ids)[:i]
	}
	return to
}

// streamEntries writes some entries, and placeholders for those that are gone.
func (r *Rebuild) streamEntries(e entry.Entry) {
	c := &r.cursor.stream
	to := r.gone.find(e, c.id)
	gone := r.gone
	if len(gone) > 0 && !c.anyGone {
		c.anyGone, c.firstGone = true, gone[0]
	}
	var it stream.Iter
	it.Start(e, c.id, to, false)
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
	if next, ok := to.Next(); ok {
		c.id = next
		return
	}
	if !c.anyGone && stream.Len(e) == 0 {
		r.placeholder(e, stream.ID{Seq: 1})
		r.trim(e, "MAXLEN")
		r.Int(0)
	}
	r.stage(rebuildGroup)
}

// streamPending writes who has some of a group's pending entries.
func (r *Rebuild) streamPending(e entry.Entry, g stream.Group) {
	c := &r.cursor.stream
	var it stream.Deliveries
	it.Start(g, stream.Consumer{}, c.id)
	for n := 0; it.Next(); n++ {
		if n == rebuildBatch {
			c.id = it.ID
			return
		}
		if stream.LastID(e).Less(it.ID) && !stream.Has(e, it.ID) {
			continue // it has no placeholder
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
	c.group++
	r.stage(rebuildGroup)
}

// streamGone removes some of the placeholders again: those before the first entry as trimming
// does, which leaves the largest deleted id alone, the others as XDEL does.
func (r *Rebuild) streamGone(e entry.Entry) {
	c := &r.cursor.stream
	switch first := stream.FirstID(e); {
	case !c.anyGone:
		r.stage(rebuildCounters)
		return
	case stream.Len(e) == 0:
		r.trim(e, "MAXLEN")
		r.Int(0)
		r.stage(rebuildCounters)
		return
	case c.id.IsZero():
		if c.firstGone.Less(first) {
			r.trim(e, "MINID")
			r.streamID(first)
		}
		c.id = first
	}
	to := r.gone.find(e, c.id)
	for _, id := range r.gone {
		r.scratch = appendStreamID(r.scratch[:0], id)
		r.element(e, "XDEL", r.scratch)
	}
	if next, ok := to.Next(); ok {
		c.id = next
		return
	}
	r.flush(e, "XDEL")
	r.stage(rebuildCounters)
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
