package zset

import "github.com/kringdb/kring/store/arena"

// remove removes the entry that p leads to. p is of no use afterwards.
func (t *tree) remove(p *path) {
	t.n--
	for k := range p.depth - 1 {
		at(p.at[k].a).addCount(p.at[k].i, ^uint64(0))
	}
	t.dropSlot(p, p.depth-1, true)
}

// dropSlot removes the slot of p's step d, with its outside block if asked, and what
// becomes empty or too sparse by that.
func (t *tree) dropSlot(p *path, d int, withOutside bool) {
	a, i := p.at[d].a, p.at[d].i
	b := at(a)
	was := b.size()
	if withOutside {
		t.freeOutside(b, i)
	}
	if b.len() == 1 {
		t.free(a, was)
		if d == 0 {
			t.root = 0
			return
		}
		t.dropSlot(p, d-1, true)
		return
	}
	squeeze(b, b, i)
	if !b.isLeaf() && i == 0 {
		t.freeOutside(b, 0)
		b.clearSeparator()
	}
	t.point(p, d, t.shrink(a, was))
	if d == 0 {
		t.lowerRoot()
		return
	}
	if b = at(p.at[d].a); b.size() < maxBytes(b)/sparseShare {
		t.merge(p, d)
	}
}

// freeOutside frees the outside block of slot i's member, if there is one.
func (t *tree) freeOutside(b block, i int) {
	if a, n, ok := b.outside(i); ok {
		t.free(a, n)
	}
}

// lowerRoot makes an only child the root.
func (t *tree) lowerRoot() {
	for b := at(t.root); !b.isLeaf() && b.len() == 1; b = at(t.root) {
		a := t.root
		t.root = b.child(0)
		t.free(a, b.size())
	}
}

// merge joins the block of p's step d > 0 with a neighbour under the same parent, if
// they fit into one.
func (t *tree) merge(p *path, d int) {
	parent, i := at(p.at[d-1].a), p.at[d-1].i
	switch {
	case i+1 < parent.len() && fits(parent, i):
	case i > 0 && fits(parent, i-1):
		i--
	default:
		return
	}
	x, y := at(parent.child(i)), at(parent.child(i+1))
	xSize, ySize := x.size(), y.size()
	to := t.alloc(joinedSize(parent, i))
	if x.isLeaf() {
		join(at(to), x, y)
	} else {
		t.joinInner(at(to), x, y, parent, i+1)
	}
	t.free(parent.child(i), xSize)
	t.free(parent.child(i+1), ySize)
	parent.setChild(i, to)
	parent.setCount(i, parent.count(i)+parent.count(i+1))
	p.at[d-1].i = i + 1
	t.dropSlot(p, d-1, at(to).isLeaf())
}

// joinInner is join for inner blocks: the parent's separator, of slot i, comes down
// between them, with its outside block.
func (t *tree) joinInner(to, x, y, parent block, i int) {
	e := put{
		key: parent.key(i), flags: parent.endWord(i) & outsideFlag, inline: parent.inline(i),
		child: y.child(0), count: y.count(0),
	}
	n := x.len()
	squeeze(y, y, 0)
	join(to, x, y)
	spread(to, to, n, len(e.inline))
	to.fill(n, &e)
}

// joinedSize returns the size of what joins the parent's children i and i+1.
func joinedSize(parent block, i int) int {
	x, y := at(parent.child(i)), at(parent.child(i+1))
	n := x.size() + y.size() - headerBytes
	if !x.isLeaf() {
		n += parent.end(i+1) - parent.start(i+1)
	}
	return n
}

// fits tells whether the parent's children i and i+1 should be one.
func fits(parent block, i int) bool {
	return joinedSize(parent, i) <= maxBytes(at(parent.child(i)))*(sparseShare-1)/sparseShare
}

// drop frees up to max blocks of a tree that nobody uses any more and tells whether
// nothing is left. How many children of an inner block are left stands in its key 0.
func (t *tree) drop(max int) bool {
	var p path
	for max > 0 && t.root != 0 {
		p.depth = 0
		a := t.root
		for b := at(a); !b.isLeaf(); b = at(a) {
			p.at[p.depth].a = a
			p.depth++
			if b.key(0) == 0 {
				b.setKey(0, int64(b.len()))
			}
			a = b.child(int(b.key(0)) - 1)
		}
		max -= t.dropBlock(a)
		for p.depth--; p.depth >= 0; p.depth-- {
			a = p.at[p.depth].a
			b := at(a)
			b.setKey(0, b.key(0)-1)
			if b.key(0) > 0 {
				break
			}
			max -= t.dropBlock(a)
		}
		if p.depth < 0 {
			t.root = 0
		}
	}
	return t.root == 0
}

// dropBlock frees the block at a with its outside members and returns their number.
func (t *tree) dropBlock(a arena.Addr) int {
	b := at(a)
	blocks := 1
	for i := range b.len() {
		if o, n, ok := b.outside(i); ok {
			t.free(o, n)
			blocks++
		}
	}
	t.free(a, b.size())
	return blocks
}
