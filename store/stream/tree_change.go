package stream

import (
	"math/bits"
	"unsafe"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/arena"
)

// insert adds a record for id, which is absent, and returns its words for the caller
// to fill before the tree changes again.
func (t tree) insert(ar *arena.Arena, id ID) unsafe.Pointer {
	if t.root().a == 0 {
		t.setRoot(newBlock(ar, 0, t.width, minRecords))
	}
	var c cursor
	c.descend(t.root(), id)
	t.setCount(t.count() + 1)
	return t.put(ar, &c, 0, id)
}

// put adds a record for id at c's place in level l and returns its words.
func (t tree) put(ar *arena.Arena, c *cursor, l int, id ID) unsafe.Pointer {
	s := &c.steps[l]
	if n := s.b.n(); n == s.b.capacity() {
		if n == maxRecords {
			t.split(ar, c, l, id)
		} else {
			t.recap(ar, c, l, 2*n+1)
		}
	}
	s.b.open(s.i)
	s.b.setID(s.i, id)
	return unsafe.Pointer(s.b.word(s.i, 0))
}

// recap moves the block of level l to one of another capacity.
func (t tree) recap(ar *arena.Arena, c *cursor, l, capacity int) {
	s := &c.steps[l]
	b := newBlock(ar, l, s.b.width(), capacity)
	b.appendFrom(s.b, 0)
	s.b.free(ar)
	s.b = b
	t.relink(c, l)
}

// relink records the address of level l's block in its parent.
func (t tree) relink(c *cursor, l int) {
	if l == c.depth-1 {
		t.setRoot(c.steps[l].b)
		return
	}
	p := c.steps[l+1]
	*p.b.word(p.i, 0) = uint64(c.steps[l].b.a)
}

// split divides the full block of level l and moves c to the place where id goes. At
// the right edge of the tree all records stay, so that blocks filled in order are full.
func (t tree) split(ar *arena.Arena, c *cursor, l int, id ID) {
	s := &c.steps[l]
	keep, capacity := maxRecords/2, maxRecords
	if c.atRightEdge(l) {
		keep, capacity = maxRecords, capacityFor(2)
	}
	right := newBlock(ar, l, s.b.width(), capacity)
	first := id
	if keep < maxRecords {
		first = s.b.id(keep)
	}
	right.appendFrom(s.b, keep)
	s.b.setN(keep)
	if l == c.depth-1 {
		t.grow(ar, c)
	}
	p := &c.steps[l+1]
	p.i++
	*(*uint64)(t.put(ar, c, l+1, first)) = uint64(right.a)
	if s.i > keep || keep == maxRecords {
		s.b, s.i = right, s.i-keep
		return
	}
	// c names the left block; its parent's place is the one before, which a split of the
	// parent may have left in another block, but nothing above is needed any more.
}

// atRightEdge tells whether c stands behind the last record of level l, and at the last
// child in all levels above.
func (c *cursor) atRightEdge(l int) bool {
	if c.steps[l].i != maxRecords {
		return false
	}
	for l++; l < c.depth; l++ {
		if s := &c.steps[l]; s.i != s.b.n()-1 {
			return false
		}
	}
	return true
}

// grow puts a new root above the old one.
func (t tree) grow(ar *arena.Arena, c *cursor) {
	if invariants.Enabled {
		invariants.Assert(c.depth < maxLevels, "stream: a tree of %d levels", c.depth)
	}
	old := c.steps[c.depth-1].b
	b := newBlock(ar, c.depth, innerWidth, capacityFor(2))
	b.open(0)
	b.setID(0, old.id(0))
	*b.word(0, 0) = uint64(old.a)
	c.steps[c.depth] = step{b, 0}
	c.depth++
	t.setRoot(b)
}

// remove deletes c's record; c is not valid afterwards.
func (t tree) remove(ar *arena.Arena, c *cursor) {
	t.setCount(t.count() - 1)
	t.dropAt(ar, c, 0)
}

func (t tree) dropAt(ar *arena.Arena, c *cursor, l int) {
	s := &c.steps[l]
	s.b.drop(s.i)
	n := s.b.n()
	switch {
	case n == 0:
		s.b.free(ar)
		if l == c.depth-1 {
			t.setRoot(block{})
		} else {
			t.dropAt(ar, c, l+1)
		}
	case l == c.depth-1:
		if l > 0 && n == 1 {
			t.collapse(ar)
		} else if n <= s.b.capacity()/4 {
			t.recap(ar, c, l, capacityFor(2*n))
		}
	case n <= s.b.capacity()/4:
		t.thin(ar, c, l)
	}
}

// collapse removes roots that have one child.
func (t tree) collapse(ar *arena.Arena) {
	for b := t.root(); b.level() > 0 && b.n() == 1; b = t.root() {
		t.setRoot(b.child(0))
		b.free(ar)
	}
}

// thin merges level l's block, a quarter full, with a neighbour if both together fill no
// more than half a block, or else makes it smaller.
func (t tree) thin(ar *arena.Arena, c *cursor, l int) {
	p := &c.steps[l+1]
	left := p.i
	if left == p.b.n()-1 {
		left--
	}
	if left >= 0 {
		a, b := p.b.child(left), p.b.child(left+1)
		if sum := a.n() + b.n(); sum <= maxRecords/2 {
			c.steps[l].b, p.i = a, left
			if a.capacity() < sum {
				t.recap(ar, c, l, capacityFor(sum))
				a = c.steps[l].b
			}
			if l > 0 {
				b.setID(0, p.b.id(left+1)) // as the first record its id was not kept up
			}
			a.appendFrom(b, 0)
			b.free(ar)
			p.i = left + 1
			t.dropAt(ar, c, l+1)
			return
		}
	}
	if s := &c.steps[l]; s.b.capacity() > minRecords {
		t.recap(ar, c, l, capacityFor(2*s.b.n()))
	}
}

// capacityFor returns the smallest capacity for n records.
func capacityFor(n int) int {
	return min(1<<bits.Len(uint(n))-1, maxRecords)
}

// copyTo makes to, whose words are undefined, a copy of t in ar.
func (t tree) copyTo(ar *arena.Arena, to tree) {
	to.setCount(t.count())
	to.setRoot(copyBlock(ar, t.root()))
}

func copyBlock(ar *arena.Arena, b block) block {
	if b.a == 0 {
		return b
	}
	to := block{ar.Alloc(b.bytes())}
	copy(arena.Bytes(to.a, b.bytes()), b.view())
	if !b.isLeaf() {
		for i := range b.n() {
			*to.word(i, 0) = uint64(copyBlock(ar, b.child(i)).a)
		}
	}
	return to
}

// blocksBytes returns what the blocks of a tree take.
func blocksBytes(b block) int64 {
	if b.a == 0 {
		return 0
	}
	sum := int64(arena.SizeOf(b.bytes()))
	if !b.isLeaf() {
		for i := range b.n() {
			sum += blocksBytes(b.child(i))
		}
	}
	return sum
}

// freeSome frees up to max blocks of the tree at *root from its right end, among them
// what the records of its leaves refer to, if leaf is not nil: it frees that of one
// record. It returns what is left of max; *root is 0 when all is freed.
func freeSome(ar *arena.Arena, root *uint64, max int, leaf func(ar *arena.Arena, rec unsafe.Pointer)) int {
	for max > 0 && *root != 0 {
		var path [maxLevels]block
		b := block{arena.Addr(*root)}
		top := b.level()
		for path[top] = b; !b.isLeaf(); {
			b = b.child(b.n() - 1)
			path[b.level()] = b
		}
		for ; leaf != nil && b.n() > 0 && max > 0; max-- {
			leaf(ar, b.rec(b.n()-1))
			b.setN(b.n() - 1)
		}
		if leaf != nil && b.n() > 0 {
			return 0
		}
		for l := 0; ; l++ {
			path[l].free(ar)
			max--
			if l == top {
				*root = 0
				break
			}
			path[l+1].setN(path[l+1].n() - 1)
			if path[l+1].n() > 0 {
				break
			}
		}
	}
	return max
}

func countBlocks(b block) int64 {
	if b.a == 0 {
		return 0
	}
	n := int64(1)
	if b.level() == 1 {
		return n + int64(b.n())
	}
	if !b.isLeaf() {
		for i := range b.n() {
			n += countBlocks(b.child(i))
		}
	}
	return n
}
