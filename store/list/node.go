package list

import "github.com/kringdb/kring/store/arena"

const nodeHeader = 16

// The fields of a node: the size asked from the arena, the offsets between which the
// elements stand, their number.
func nodeSize(a arena.Addr) int  { return int(arena.U32(a)) }
func nodeBegin(a arena.Addr) int { return int(arena.U32(a + 4)) }
func nodeEnd(a arena.Addr) int   { return int(arena.U32(a + 8)) }
func nodeCount(a arena.Addr) int { return int(arena.U32(a + 12)) }

func setNodeBegin(a arena.Addr, n int) { arena.SetU32(a+4, uint32(n)) }
func setNodeEnd(a arena.Addr, n int)   { arena.SetU32(a+8, uint32(n)) }
func setNodeCount(a arena.Addr, n int) { arena.SetU32(a+12, uint32(n)) }

func nodeUsed(a arena.Addr) int { return nodeEnd(a) - nodeBegin(a) }

// nodeBytes returns the packed elements.
func nodeBytes(a arena.Addr) []byte { return arena.Bytes(a, nodeEnd(a))[nodeBegin(a):] }

// nodeTakes tells whether a node has room within the bounds for an element of size
// packed bytes.
func nodeTakes(a arena.Addr, size int, b bounds) bool {
	return nodeHeader+nodeUsed(a)+size <= b.bytes && nodeCount(a) < b.elems
}

// newNode makes a node with room for size bytes of elements, and more if the bounds and
// the length of the list justify it. It is empty: the caller fills it.
func (q quick) newNode(s Side, size int, b bounds) arena.Addr {
	n := nodeHeader + size
	if n <= b.bytes {
		n = min(max(n, minNodeBytes, int(q.bytes()/newNodeShare)), b.bytes)
	}
	a := q.alloc(n)
	arena.SetU32(a, uint32(n))
	at := nodeHeader
	if s == Head {
		at = n
	}
	setNodeBegin(a, at)
	setNodeEnd(a, at)
	setNodeCount(a, 0)
	return a
}

// packNode makes a node that holds the count elements p and has no room.
func (q quick) packNode(p []byte, count int) arena.Addr {
	n := nodeHeader + len(p)
	a := q.alloc(n)
	arena.SetU32(a, uint32(n))
	setNodeBegin(a, nodeHeader)
	setNodeEnd(a, n)
	setNodeCount(a, count)
	copy(nodeBytes(a), p)
	return a
}

func (q quick) freeNode(a arena.Addr) { q.free(a, nodeSize(a)) }

// trim gives back what a node does not need, if that is as much as a size class.
func (q quick) trim(a arena.Addr) arena.Addr {
	if arena.SizeOf(nodeHeader+nodeUsed(a)) == arena.SizeOf(nodeSize(a)) {
		return a
	}
	to := q.packNode(nodeBytes(a), nodeCount(a))
	q.freeNode(a)
	return to
}

// room makes n bytes of room at side s of an end node, which may move. alone says that
// the node serves both ends, and the other side may want room too.
func (q quick) room(a arena.Addr, s Side, n int, b bounds, alone bool) arena.Addr {
	begin, end, size := nodeBegin(a), nodeEnd(a), nodeSize(a)
	if s == Head && begin-nodeHeader >= n || s == Tail && size-end >= n {
		return a
	}
	used := end - begin
	free := size - nodeHeader - used
	to := a
	if free < n || free*shiftShare < used && size < b.bytes {
		grown := max(min(2*size, b.bytes), nodeHeader+used+n)
		to = q.alloc(grown)
		arena.SetU32(to, uint32(grown))
		setNodeCount(to, nodeCount(a))
		free = grown - nodeHeader - used
	}
	share := free
	if alone && to == a {
		share = n + (free-n)/2
	}
	at := nodeHeader + free - share
	if s == Head {
		at = nodeHeader + share
	}
	copy(arena.Bytes(to, at+used)[at:], arena.Bytes(a, end)[begin:])
	if to != a {
		q.freeNode(a)
	}
	setNodeBegin(to, at)
	setNodeEnd(to, at+used)
	return to
}

// add puts v at side s of a node that has the room.
func add(a arena.Addr, s Side, v *Elem, size int) {
	if s == Head {
		at := nodeBegin(a) - size
		v.put(arena.Bytes(a+arena.Addr(at), size))
		setNodeBegin(a, at)
	} else {
		at := nodeEnd(a)
		v.put(arena.Bytes(a+arena.Addr(at), size))
		setNodeEnd(a, at+size)
	}
	setNodeCount(a, nodeCount(a)+1)
}

// hole makes n bytes of room at off in the elements of a node, which may move, and
// returns them.
func (q quick) hole(a arena.Addr, off, n int) (arena.Addr, []byte) {
	begin, end, size := nodeBegin(a), nodeEnd(a), nodeSize(a)
	switch used := end - begin; {
	case size-end >= n:
		copy(arena.Bytes(a, end+n)[begin+off+n:], arena.Bytes(a, end)[begin+off:])
		setNodeEnd(a, end+n)
	case begin-nodeHeader >= n:
		copy(arena.Bytes(a, size)[begin-n:], arena.Bytes(a, begin+off)[begin:])
		begin -= n
		setNodeBegin(a, begin)
	default:
		total := nodeHeader + used + n
		to := q.alloc(total)
		arena.SetU32(to, uint32(total))
		old, p := arena.Bytes(a, end)[begin:], arena.Bytes(to, total)[nodeHeader:]
		copy(p, old[:off])
		copy(p[off+n:], old[off:])
		setNodeBegin(to, nodeHeader)
		setNodeEnd(to, total)
		setNodeCount(to, nodeCount(a))
		q.freeNode(a)
		a, begin = to, nodeHeader
	}
	return a, arena.Bytes(a, begin+off+n)[begin+off:]
}

// cut removes the n bytes at off from the elements of a node.
func cut(a arena.Addr, off, n int) {
	begin, end := nodeBegin(a), nodeEnd(a)
	if off == 0 {
		setNodeBegin(a, begin+n)
		return
	}
	p := arena.Bytes(a, end)
	copy(p[begin+off:], p[begin+off+n:])
	setNodeEnd(a, end-n)
}
