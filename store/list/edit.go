package list

import "github.com/kringdb/kring/store/arena"

// split makes element i, 0 < i < count, the first of a node.
func (q quick) split(i int64) {
	l := q.find(i)
	k := int(i - l.first)
	if k == 0 {
		return
	}
	n := nodeCount(l.a)
	p := nodeBytes(l.a)
	off := offset(p, n, k)
	if l.in == inTail { // the rest stays the tail node
		front := q.packNode(p[:off], k)
		cut(l.a, 0, off)
		setNodeCount(l.a, n-k)
		q.plant(q.treeCount()-int64(k), front, int64(k)) // the count has both halves still
		return
	}
	rest := q.packNode(p[off:], n-k)
	cut(l.a, off, len(p)-off)
	setNodeCount(l.a, k)
	a := l.a
	if l.in == inTree {
		a = q.trim(a)
	}
	q.put(l, a, int64(k-n))
	q.plant(i-q.endCount(Head), rest, int64(n-k))
	q.addCount(int64(n - k))
}

// insertAt makes v element i, 0 < i < count.
func (q quick) insertAt(i int64, v *Elem, b bounds) {
	size := v.size()
	for {
		l := q.find(i)
		n := nodeCount(l.a)
		if nodeTakes(l.a, size, b) {
			a, hole := q.hole(l.a, offset(nodeBytes(l.a), n, int(i-l.first)), size)
			v.put(hole)
			setNodeCount(a, n+1)
			q.put(l, a, 1)
			return
		}
		if n == 1 || nodeHeader+size > b.bytes {
			break
		}
		q.split(l.first + int64(n/2))
	}
	q.split(i)
	a := q.newNode(Tail, size, bounds{})
	add(a, Tail, v, size)
	q.graft(i, a, 1)
}

// set makes v element i, 0 <= i < count.
func (q quick) set(i int64, v *Elem, b bounds) {
	l := q.find(i)
	n := nodeCount(l.a)
	p := nodeBytes(l.a)
	off := offset(p, n, int(i-l.first))
	old, size := sizeOf(p[off:]), v.size()
	switch {
	case size == old:
		v.put(p[off : off+size])
	case n == 1:
		q.freeNode(l.a)
		a := q.newNode(Tail, size, bounds{})
		add(a, Tail, v, size)
		q.put(l, a, 0)
	case size < old:
		cut(l.a, off, old-size)
		v.put(nodeBytes(l.a)[off : off+size])
		q.put(l, q.fit(l), 0)
	case nodeHeader+len(p)+size-old <= b.bytes:
		a, _ := q.hole(l.a, off, size-old)
		v.put(nodeBytes(a)[off : off+size])
		q.put(l, a, 0)
	default:
		q.delete(i, 1)
		switch i {
		case 0:
			q.push(Head, v, b)
		case q.count():
			q.push(Tail, v, b)
		default:
			q.insertAt(i, v, b)
		}
	}
}

// fit trims a node that became smaller; end nodes keep their room.
func (q quick) fit(l place) arena.Addr {
	if l.in != inTree {
		return l.a
	}
	return q.trim(l.a)
}

// delete removes the n elements from i on.
func (q quick) delete(i, n int64) {
	for n > 0 {
		l := q.find(i)
		has, at := nodeCount(l.a), int(i-l.first)
		k := int(min(n, int64(has-at)))
		n -= int64(k)
		if k == has {
			q.drop(l)
			continue
		}
		p := nodeBytes(l.a)
		from := offset(p, has, at)
		cut(l.a, from, from+offset(p[from:], has-at, k)-from)
		setNodeCount(l.a, has-k)
		q.put(l, q.fit(l), -int64(k))
	}
}

// strip removes up to most elements equal to d, from the front or the back, and returns
// how many they were.
func (q quick) strip(d *Needle, most int64, back bool, b bounds) (removed int64) {
	for i, end := int64(0), q.count(); i < end && removed < most; {
		at := i
		if back {
			at = end - 1
		}
		l := q.find(at)
		n := int64(nodeCount(l.a))
		gone := q.stripNode(l, d, most-removed, back)
		removed += gone
		if back {
			end = l.first
		} else {
			i, end = i+n-gone, end-gone
		}
		if gone > 0 && gone < n {
			q.merge(l.first, b)
		}
	}
	return removed
}

// stripNode is strip in one node.
func (q quick) stripNode(l place, d *Needle, most int64, back bool) int64 {
	p, n := nodeBytes(l.a), nodeCount(l.a)
	found := d.countIn(p)
	switch gone := min(int64(found), most); gone {
	case 0:
		return 0
	case int64(n):
		q.drop(l)
		return gone
	default:
		skip := 0
		if back {
			skip = found - int(gone)
		}
		size, _ := d.strip(p, skip, int(gone))
		setNodeEnd(l.a, nodeBegin(l.a)+size)
		setNodeCount(l.a, n-int(gone))
		q.put(l, q.fit(l), -gone)
		return gone
	}
}

// merge joins the leaf whose first element is i with the leaf before it, if both fit in
// three quarters of the bounds.
func (q quick) merge(i int64, b bounds) {
	h := q.endCount(Head)
	if i <= h || i >= q.count()-q.endCount(Tail) {
		return
	}
	l, r := q.find(i-1), q.find(i)
	n := nodeCount(l.a) + nodeCount(r.a)
	if nodeHeader+nodeUsed(l.a)+nodeUsed(r.a) > b.bytes*3/4 || n > b.elems {
		return
	}
	p := nodeBytes(r.a)
	a, hole := q.hole(l.a, nodeUsed(l.a), len(p))
	copy(hole, p)
	setNodeCount(a, n)
	k := int64(nodeCount(r.a))
	q.drop(r)
	q.put(l, a, k)
}
