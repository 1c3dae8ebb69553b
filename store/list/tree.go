package list

import "github.com/kringdb/kring/store/arena"

const (
	innerHeader = 8
	childBytes  = 16
)

// The fields of an inner block.
func fan(a arena.Addr) int     { return int(arena.U16(a)) }
func fanRoom(a arena.Addr) int { return int(arena.U16(a + 2)) }
func level(a arena.Addr) int   { return int(arena.U8(a + 4)) }

func childAt(a arena.Addr, i int) arena.Addr { return a + innerHeader + arena.Addr(i)*childBytes }

func child(a arena.Addr, i int) arena.Addr { return arena.Addr(arena.U64(childAt(a, i))) }
func weight(a arena.Addr, i int) int64     { return int64(arena.U64(childAt(a, i) + 8)) }

func setChild(a arena.Addr, i int, c arena.Addr) { arena.SetU64(childAt(a, i), uint64(c)) }
func setWeight(a arena.Addr, i int, n int64)     { arena.SetU64(childAt(a, i)+8, uint64(n)) }

func innerSize(room int) int { return innerHeader + room*childBytes }

// children returns the words of children i to j-1.
func children(a arena.Addr, i, j int) []uint64 { return arena.Words(childAt(a, i), 2*(j-i)) }

// weigh returns the elements below an inner block.
func weigh(a arena.Addr) (n int64) {
	for i := range fan(a) {
		n += weight(a, i)
	}
	return n
}

func (q quick) newInner(level, need int) arena.Addr {
	room := minFan
	for room < need {
		room = 2*room + 1
	}
	a := q.alloc(innerSize(room))
	arena.SetU16(a, 0)
	arena.SetU16(a+2, uint16(room))
	arena.SetU32(a+4, uint32(level))
	return a
}

func (q quick) freeInner(a arena.Addr) { q.free(a, innerSize(fanRoom(a))) }

// ofTree finds the leaf of the tree that holds the tree's element i, and the index of
// the leaf's first element in the tree.
func ofTree(a arena.Addr, i int64) (leaf arena.Addr, first int64) {
	for left := i; ; {
		s := 0
		for w := weight(a, 0); left >= w; w = weight(a, s) {
			left -= w
			s++
		}
		l := level(a)
		if a = child(a, s); l == 1 {
			return a, i - left
		}
	}
}

// plant makes leaf, of n elements, a leaf of the tree, so that its first element gets
// the index i of the tree, which is the end of the tree or the first of a leaf.
func (q quick) plant(i int64, leaf arena.Addr, n int64) {
	top := q.tree()
	if top == 0 {
		top = q.newInner(1, 1)
	}
	l, r := q.insert(top, i, leaf, n)
	if r != 0 {
		top = q.newInner(level(l)+1, 2)
		q.addChild(top, 0, l, weigh(l))
		q.addChild(top, 1, r, weigh(r))
		l = top
	}
	q.setTree(l)
}

// insert is plant below an inner block. The block may move to l, and split: then r is
// what follows it.
func (q quick) insert(a arena.Addr, i int64, leaf arena.Addr, n int64) (l, r arena.Addr) {
	s := 0
	if level(a) == 1 {
		for ; i > 0; s++ {
			i -= weight(a, s)
		}
		return q.addChild(a, s, leaf, n)
	}
	for last := fan(a) - 1; s < last && i >= weight(a, s); s++ {
		i -= weight(a, s)
	}
	cl, cr := q.insert(child(a, s), i, leaf, n)
	setChild(a, s, cl)
	if cr == 0 {
		setWeight(a, s, weight(a, s)+n)
		return a, 0
	}
	setWeight(a, s, weigh(cl))
	return q.addChild(a, s+1, cr, weigh(cr))
}

// addChild adds a child at place s of an inner block, which may move and split. A list
// that grows at its ends leaves full blocks behind: a full block splits where the new
// child comes, if that is one of its ends.
func (q quick) addChild(a arena.Addr, s int, c arena.Addr, n int64) (l, r arena.Addr) {
	k := fan(a)
	if k == fanRoom(a) {
		if k == maxFan {
			return q.splitInner(a, s, c, n)
		}
		to := q.newInner(level(a), k+1)
		copy(children(to, 0, k), children(a, 0, k))
		q.freeInner(a)
		a = to
	}
	copy(children(a, s+1, k+1), children(a, s, k))
	setChild(a, s, c)
	setWeight(a, s, n)
	arena.SetU16(a, uint16(k+1))
	return a, 0
}

func (q quick) splitInner(a arena.Addr, s int, c arena.Addr, n int64) (l, r arena.Addr) {
	k := fan(a)
	at := k / 2
	if s == 0 || s == k {
		at = s
	}
	if at == 0 {
		l = q.newInner(level(a), 1)
		q.addChild(l, 0, c, n)
		return l, a
	}
	r = q.newInner(level(a), k-at+1)
	copy(children(r, 0, k-at), children(a, at, k))
	arena.SetU16(r, uint16(k-at))
	arena.SetU16(a, uint16(at))
	if s < at {
		q.addChild(a, s, c, n)
	} else {
		q.addChild(r, s-at, c, n)
	}
	return a, r
}

// uproot takes the leaf that holds the tree's element i out of the tree and returns it.
func (q quick) uproot(i int64) arena.Addr {
	top := q.tree()
	leaf, _ := q.remove(top, i)
	for level(top) > 1 && fan(top) == 1 {
		old := top
		top = child(old, 0)
		q.freeInner(old)
	}
	if fan(top) == 0 {
		q.freeInner(top)
		top = 0
	}
	q.setTree(top)
	return leaf
}

// remove is uproot below an inner block, which may be empty afterwards.
func (q quick) remove(a arena.Addr, i int64) (leaf arena.Addr, n int64) {
	s := 0
	for w := weight(a, 0); i >= w; w = weight(a, s) {
		i -= w
		s++
	}
	if level(a) == 1 {
		leaf, n = child(a, s), weight(a, s)
		dropChild(a, s)
		return leaf, n
	}
	leaf, n = q.remove(child(a, s), i)
	setWeight(a, s, weight(a, s)-n)
	q.mend(a, s)
	return leaf, n
}

func dropChild(a arena.Addr, s int) {
	k := fan(a)
	copy(children(a, s, k-1), children(a, s+1, k))
	arena.SetU16(a, uint16(k-1))
}

// mend removes child s of an inner block if it is empty, and joins it with a neighbour
// if together they would be half full.
func (q quick) mend(a arena.Addr, s int) {
	if c := child(a, s); fan(c) == 0 {
		q.freeInner(c)
		dropChild(a, s)
		return
	}
	if s > 0 && fan(child(a, s-1))+fan(child(a, s)) <= maxFan/2 {
		q.join(a, s-1)
	} else if s+1 < fan(a) && fan(child(a, s))+fan(child(a, s+1)) <= maxFan/2 {
		q.join(a, s)
	}
}

// join moves the children of child s+1 to child s.
func (q quick) join(a arena.Addr, s int) {
	l, r := child(a, s), child(a, s+1)
	for i := range fan(r) {
		l, _ = q.addChild(l, fan(l), child(r, i), weight(r, i))
	}
	setChild(a, s, l)
	setWeight(a, s, weight(a, s)+weight(a, s+1))
	q.freeInner(r)
	dropChild(a, s+1)
}

// update says that the leaf that held the tree's element i is leaf now and holds delta
// elements more.
func (q quick) update(i int64, leaf arena.Addr, delta int64) {
	for a := q.tree(); ; {
		s := 0
		for w := weight(a, 0); i >= w; w = weight(a, s) {
			i -= w
			s++
		}
		if delta != 0 {
			setWeight(a, s, weight(a, s)+delta)
		}
		if level(a) == 1 {
			setChild(a, s, leaf)
			return
		}
		a = child(a, s)
	}
}
