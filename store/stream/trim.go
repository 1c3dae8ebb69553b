package stream

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Delete removes the entry id and tells whether it was there. If that was the first
// entry, the first id is looked up anew; the largest deleted id follows.
func Delete(ar *arena.Arena, e entry.Entry, id ID) bool {
	r := rootOf(e)
	var c cursor
	if Len(e) == 0 || !c.seekLE(r.index(), id) {
		return false
	}
	n := node{arena.Addr(*c.word(0))}
	off, ok := n.find(id)
	if !ok {
		return false
	}
	r.kill(ar, &c, n, off)
	if FirstID(e) == id {
		r.findFirst(e)
	}
	if MaxDeletedID(e).Less(id) {
		SetMaxDeletedID(e, id)
	}
	return true
}

// find returns the offset of the live entry id.
func (n node) find(id ID) (off int, ok bool) {
	var it item
	for off, end := n.u32(nodeFirst), n.u32(nodeUsed); off < end; off = it.next {
		it.read(n, off)
		if it.flags&flagDeleted == 0 && !it.id.Less(id) {
			return off, it.id == id
		}
	}
	return 0, false
}

// kill marks the live entry at off as deleted; a node without a live entry goes.
func (r root) kill(ar *arena.Arena, c *cursor, n node, off int) {
	*r.word(rootLength)--
	if n.u32(nodeLive) == 1 {
		r.dropNode(ar, c, n)
		return
	}
	n.setDeleted(off)
	n.add32(nodeLive, -1)
	n.add32(nodeDead, 1)
}

// dropNode frees the node that c points at.
func (r root) dropNode(ar *arena.Arena, c *cursor, n node) {
	r.account(-n.size())
	n.free(ar)
	r.index().remove(ar, c)
	if n == r.tail() {
		r.setTail(node{})
		if c.last(r.index()) {
			r.setTail(node{arena.Addr(*c.word(0))})
		}
	}
}

// findFirst sets the first id after the first entry is gone.
func (r root) findFirst(e entry.Entry) {
	*r.id(rootFirst) = ID{}
	var it Iter
	if it.Start(e, ID{}, MaxID, false); it.Next() {
		*r.id(rootFirst) = it.ID()
	}
}

// Trimming says down to what Trim goes: to Len entries, or, if ByID, to ids >= Min. With
// Approx only whole nodes go; then Limit, unless 0, bounds how many entries.
type Trimming struct {
	ByID   bool
	Len    int64
	Min    ID
	Approx bool
	Limit  int64
}

// Trim removes entries from the front and returns how many.
func Trim(ar *arena.Arena, e entry.Entry, t *Trimming) int64 {
	r := rootOf(e)
	removed := int64(0)
	for {
		var c cursor
		if !t.ByID && Len(e) <= t.Len || !c.seekGE(r.index(), ID{}) {
			break
		}
		n := node{arena.Addr(*c.word(0))}
		live := int64(n.u32(nodeLive))
		if t.Limit != 0 && removed+live > t.Limit {
			break
		}
		whole := Len(e)-live >= t.Len
		if t.ByID {
			whole = n.lastID().Less(t.Min)
		}
		if !whole {
			if !t.Approx {
				removed += r.trimNode(ar, &c, n, t)
			}
			break
		}
		r.dropNode(ar, &c, n)
		*r.word(rootLength) -= uint64(live)
		removed += live
	}
	if removed > 0 {
		r.findFirst(e)
	}
	return removed
}

// trimNode marks entries at the front of n, the first node, as deleted. Some are left,
// unless what follows them in the node is deleted already.
func (r root) trimNode(ar *arena.Arena, c *cursor, n node, t *Trimming) int64 {
	var it item
	removed, length := 0, int64(*r.word(rootLength))
	for off := n.u32(nodeFirst); off < n.u32(nodeUsed); off = it.next {
		it.read(n, off)
		if it.flags&flagDeleted != 0 {
			continue
		}
		if t.ByID && !it.id.Less(t.Min) || !t.ByID && length-int64(removed) <= t.Len {
			break
		}
		n.setDeleted(off)
		removed++
	}
	n.add32(nodeLive, -removed)
	n.add32(nodeDead, removed)
	*r.word(rootLength) -= uint64(removed)
	if n.u32(nodeLive) == 0 {
		r.dropNode(ar, c, n)
	}
	return int64(removed)
}
