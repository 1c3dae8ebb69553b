package list

import (
	"encoding/binary"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

const rootBytes = 40

// quick is a full list at work: its root, a view of the payload, and the arena.
type quick struct {
	ar *arena.Arena
	p  []byte
}

func quickOf(ar *arena.Arena, e entry.Entry) quick { return quick{ar, e.Payload()[:rootBytes]} }

func (q quick) word(i int) uint64       { return binary.LittleEndian.Uint64(q.p[i*8:]) }
func (q quick) setWord(i int, v uint64) { binary.LittleEndian.PutUint64(q.p[i*8:], v) }

func (q quick) count() int64                { return int64(q.word(0)) }
func (q quick) addCount(n int64)            { q.setWord(0, q.word(0)+uint64(n)) }
func (q quick) end(s Side) arena.Addr       { return arena.Addr(q.word(1 + int(s))) }
func (q quick) setEnd(s Side, a arena.Addr) { q.setWord(1+int(s), uint64(a)) }
func (q quick) tree() arena.Addr            { return arena.Addr(q.word(3)) }
func (q quick) setTree(a arena.Addr)        { q.setWord(3, uint64(a)) }
func (q quick) bytes() int64                { return int64(q.word(4)) }
func (q quick) init()                       { clear(q.p) }
func (q quick) endCount(s Side) int64       { return countOf(q.end(s)) }
func (q quick) treeCount() int64            { return q.count() - q.endCount(Head) - q.endCount(Tail) }
func (q quick) alloc(n int) arena.Addr      { q.account(int64(arena.SizeOf(n))); return q.ar.Alloc(n) }
func (q quick) free(a arena.Addr, n int)    { q.account(-int64(arena.SizeOf(n))); q.ar.Free(a, n) }
func (q quick) account(n int64)             { q.setWord(4, q.word(4)+uint64(n)) }

func countOf(a arena.Addr) int64 {
	if a == 0 {
		return 0
	}
	return int64(nodeCount(a))
}

// only returns the list's node if it has just one.
func (q quick) only() (a arena.Addr, slot Side) {
	h, t := q.end(Head), q.end(Tail)
	if q.tree() != 0 || h != 0 && t != 0 {
		return 0, Head
	}
	if h != 0 {
		return h, Head
	}
	return t, Tail
}

// push adds an element at an end.
func (q quick) push(s Side, v *Elem, b bounds) {
	size := v.size()
	a, slot := q.end(s), s
	if a == 0 {
		a, slot = q.only()
	}
	if a == 0 || !nodeTakes(a, size, b) {
		if slot == s && a != 0 {
			q.seal(s)
		}
		a, slot = q.newNode(s, size, b), s
	}
	a = q.room(a, s, size, b, q.tree() == 0 && q.end(slot^1) == 0)
	q.setEnd(slot, a)
	add(a, s, v, size)
	q.addCount(1)
}

// PushEnd is Push of one element where that only takes writing it into a node at side s:
// it returns the length of the list, or false, having done nothing.
func PushEnd(e entry.Entry, s Side, val []byte, maxSize int) (length int64, ok bool) {
	if e.Encoding() == entry.Listpack {
		return 0, false
	}
	q := quickOf(nil, e)
	a := q.end(s)
	if a == 0 {
		return 0, false
	}
	var v Elem
	v.set(val)
	size, begin, end := v.size(), nodeBegin(a), nodeEnd(a)
	if !nodeTakes(a, size, boundsOf(maxSize)) || s == Head && begin-nodeHeader < size || s == Tail && nodeSize(a)-end < size {
		return 0, false
	}
	add(a, s, &v, size)
	q.addCount(1)
	return q.count(), true
}

// PopEnd is Pop where that only takes one element off a node that stays, at side s: it
// returns a view of the element, good until the next change, or false, having done nothing.
func PopEnd(e entry.Entry, s Side) (v Elem, ok bool) {
	if e.Encoding() == entry.Listpack {
		return v, false
	}
	q := quickOf(nil, e)
	a := q.end(s)
	if a == 0 || q.tree() == 0 && q.end(s^1) == 0 {
		return v, false
	}
	n := nodeCount(a)
	if n == 1 {
		return v, false
	}
	p := nodeBytes(a)
	if s == Head {
		setNodeBegin(a, nodeBegin(a)+sizeOf(p))
	} else {
		size := lastSize(p)
		setNodeEnd(a, nodeEnd(a)-size)
		p = p[len(p)-size:]
	}
	setNodeCount(a, n-1)
	q.addCount(-1)
	return decode(p), true
}

// seal makes an end node a leaf of the tree.
func (q quick) seal(s Side) {
	a := q.end(s)
	if a == 0 {
		return
	}
	at := int64(0)
	if s == Tail {
		at = q.treeCount()
	}
	a = q.trim(a)
	n := int64(nodeCount(a))
	q.setEnd(s, 0)
	q.plant(at, a, n)
}

// last returns the node with the list's last element at side s, and in which end of the
// root it is; a leaf becomes an end node for it.
func (q quick) last(s Side) (arena.Addr, Side) {
	if a := q.end(s); a != 0 {
		return a, s
	}
	if q.tree() == 0 {
		return q.end(s ^ 1), s ^ 1
	}
	at := int64(0)
	if s == Tail {
		at = q.treeCount() - 1
	}
	a := q.uproot(at)
	q.setEnd(s, a)
	return a, s
}

// pop removes the last element at side s.
func (q quick) pop(s Side) {
	a, slot := q.last(s)
	q.addCount(-1)
	n := nodeCount(a)
	if n == 1 {
		q.freeNode(a)
		q.setEnd(slot, 0)
		return
	}
	if s == Head {
		cut(a, 0, sizeOf(nodeBytes(a)))
	} else {
		setNodeEnd(a, nodeEnd(a)-lastSize(nodeBytes(a)))
	}
	setNodeCount(a, n-1)
}

// place is a node of a full list and where it is.
type place struct {
	a     arena.Addr
	first int64 // index of its first element in the list
	in    where
}

type where uint8

const (
	inHead where = iota // the root's two ends, numbered as their sides
	inTail
	inTree
)

// find returns the node that holds element i, 0 <= i < count.
func (q quick) find(i int64) place {
	h := q.end(Head)
	n := countOf(h)
	if i < n {
		return place{h, 0, inHead}
	}
	t := q.end(Tail)
	if from := q.count() - countOf(t); i >= from {
		return place{t, from, inTail}
	}
	a, first := ofTree(q.tree(), i-n)
	return place{a, first + n, inTree}
}

// put says that the node at l is a now, and holds delta elements more.
func (q quick) put(l place, a arena.Addr, delta int64) {
	if l.in != inTree {
		q.setEnd(Side(l.in), a)
	} else if a != l.a || delta != 0 {
		q.update(l.first-q.endCount(Head), a, delta)
	}
	q.addCount(delta)
}

// drop frees the node at l with its elements.
func (q quick) drop(l place) {
	n := int64(nodeCount(l.a))
	if l.in == inTree {
		q.uproot(l.first - q.endCount(Head))
	} else {
		q.setEnd(Side(l.in), 0)
	}
	q.freeNode(l.a)
	q.addCount(-n)
}

// graft makes a, a node of n elements, part of the list, so that its first element gets
// the index i, which is the first of a node.
func (q quick) graft(i int64, a arena.Addr, n int64) {
	if i == 0 {
		q.seal(Head)
		q.setEnd(Head, a)
	} else {
		q.plant(i-q.endCount(Head), a, n)
	}
	q.addCount(n)
}
