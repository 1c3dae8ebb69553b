package list

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// toFull makes a compact list full. Its elements become the node at side s.
func toFull(ar *arena.Arena, e entry.Entry, s Side) entry.Entry {
	p, n := packed(e)
	var root [rootBytes]byte
	q := quick{ar, root[:]}
	if n > 0 {
		q.setEnd(s, q.packNode(p, n))
		q.addCount(int64(n))
	}
	e = e.Resize(ar, entry.Quicklist, rootBytes, e.Deadline())
	copy(e.Payload(), root[:])
	return e
}

// shrink makes a full list compact if it has one node of at most half the bounds.
func shrink(ar *arena.Arena, e entry.Entry, maxSize int) entry.Entry {
	q := quickOf(ar, e)
	if q.tree() != 0 && q.end(Head) == 0 && q.end(Tail) == 0 && int64(nodeCount(q.find(0).a)) == q.count() {
		q.setEnd(Tail, q.uproot(0)) // the only node is a leaf
	}
	a, _ := q.only()
	half := boundsOf(maxSize).half()
	if a == 0 || nodeUsed(a)+listpackOverheadBytes > half.bytes || nodeCount(a) > half.elems {
		return e
	}
	n := nodeUsed(a)
	e = e.Resize(ar, entry.Listpack, compactHeader+n, e.Deadline())
	p := e.Payload()
	setCompactCount(p, nodeCount(a))
	setGap(p, 0)
	copy(p[compactHeader:], nodeBytes(a))
	ar.Free(a, nodeSize(a))
	return e
}
