package stream

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Estimate returns about how many entries, deleted ones too, have an id within from and
// to. It looks at one path of the index each.
func Estimate(e entry.Entry, from, to ID) int64 {
	if to.Less(from) || Len(e) == 0 || LastID(e).Less(from) {
		return 0
	}
	t := rootOf(e).index()
	nodes := float64(t.count())
	span := (t.share(to)-t.share(from))*nodes + 1
	return int64(min(span, nodes) * float64(Len(e)) / nodes)
}

// share returns about which part of the records is before id.
func (t tree) share(id ID) float64 {
	var c cursor
	c.descend(t.root(), id)
	part, unit := 0.0, 1.0
	for l := c.depth - 1; l >= 0; l-- {
		s := c.steps[l]
		unit /= float64(s.b.n())
		part += unit * float64(s.i)
	}
	return part
}

// Count returns how many entries have an id within from and to, but at most limit.
func Count(e entry.Entry, from, to ID, limit int64) int64 {
	var c cursor
	t := rootOf(e).index()
	n := int64(0)
	if to.Less(from) || t.root().a == 0 {
		return 0
	}
	for more := c.seekLE(t, from) || c.seekGE(t, from); more && n < limit; more = c.next() {
		nd := node{arena.Addr(*c.word(0))}
		switch {
		case to.Less(nd.id()):
			return n
		case !nd.id().Less(from) && !to.Less(nd.lastID()):
			n += int64(nd.u32(nodeLive))
		default:
			n += nd.countWithin(from, to)
		}
	}
	return min(n, limit)
}

func (n node) countWithin(from, to ID) (count int64) {
	var it item
	for off, end := n.u32(nodeFirst), n.u32(nodeUsed); off < end; off = it.next {
		it.read(n, off)
		if it.flags&flagDeleted == 0 && !it.id.Less(from) && !to.Less(it.id) {
			count++
		}
	}
	return count
}

// TopID returns the id of the last entry that is there, 0-0 when there is none.
func TopID(e entry.Entry) ID {
	var it Iter
	if it.Start(e, ID{}, MaxID, true); it.Next() {
		return it.ID()
	}
	return ID{}
}

// Has tells whether the entry id is there.
func Has(e entry.Entry, id ID) bool {
	var c cursor
	if Len(e) == 0 || !c.seekLE(rootOf(e).index(), id) {
		return false
	}
	_, ok := node{arena.Addr(*c.word(0))}.find(id)
	return ok
}
