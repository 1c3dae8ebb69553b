package stream

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// mover is one run of compact.
type mover struct {
	ar     *arena.Arena
	sparse func(arena.Addr) bool
	left   int // blocks that may still be moved
	moved  int
}

// move returns where the block of size bytes is afterwards.
func (m *mover) move(a arena.Addr, size int) arena.Addr {
	if m.left == 0 || !m.sparse(a) {
		return a
	}
	m.left--
	m.moved++
	to := m.ar.Alloc(size)
	copy(arena.Bytes(to, size), arena.Bytes(a, size))
	m.ar.Free(a, size)
	return to
}

// compact is value.Ops.Compact. It goes on with other work when max is reached, which
// costs time and moves nothing.
func compact(ar *arena.Arena, e entry.Entry, sparse func(arena.Addr) bool, max int) int {
	m := mover{ar: ar, sparse: sparse, left: max}
	r := rootOf(e)
	m.tree(r.index())
	var c cursor
	for more := c.seekGE(r.index(), ID{}); more && m.left > 0; more = c.next() {
		n := node{arena.Addr(*c.word(0))}
		to := node{m.move(n.a, n.u32(nodeCap))}
		*c.word(0) = uint64(to.a)
		if n == r.tail() {
			r.setTail(to)
		}
	}
	m.table(r.groups())
	for i := 0; i < r.groups().n() && m.left > 0; i++ {
		b := r.groups().block(i)
		g := Group{named{m.move(b.a, b.bytes()), b.head}}
		r.groups().words()[i] = uint64(g.b.a)
		m.group(g)
	}
	return m.moved
}

func (m *mover) group(g Group) {
	m.tree(g.tree())
	m.table(g.consumers())
	for i := 0; i < g.Consumers() && m.left > 0; i++ {
		b := g.consumers().block(i)
		c := Consumer{named{m.move(b.a, b.bytes()), b.head}}
		m.tree(c.tree())
		if c.b != b {
			g.consumers().words()[i] = uint64(c.b.a)
			g.reown(c)
		}
	}
}

func (m *mover) table(t table) {
	if t.addr() != 0 {
		t.set(m.move(t.addr(), t.capacity()*wordBytes), t.n(), t.capacity())
	}
}

func (m *mover) tree(t tree) {
	if t.root().a != 0 {
		t.setRoot(m.block(t.root()))
	}
}

// block moves b and what is below it, and returns where b is afterwards.
func (m *mover) block(b block) block {
	b.a = m.move(b.a, b.bytes())
	if !b.isLeaf() {
		for i := 0; i < b.n() && m.left > 0; i++ {
			*b.word(i, 0) = uint64(m.block(b.child(i)).a)
		}
	}
	return b
}
