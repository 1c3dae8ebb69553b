package zset

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/slotted"
	"github.com/kringdb/kring/store/value"
)

// FullOps are the full set's functions for the keyspace. A deleted one leaves its tree
// and its index behind.
var FullOps = value.Ops{
	Detach: detach, FreeStep: freeStep, Bytes: garbageBytes, Outside: outsideBytes, Copy: copyValue, Compact: compactValue,
}

// The words of a full set's Garbage.
const (
	gRoot     = 0
	gBytes    = 1
	gProgress = 2
	gIndex    = 3
	_         = uint(value.RootWords - gIndex - slotted.RootWords)
)

func garbageIndex(g *value.Garbage) *slotted.Table {
	return slotted.At(unsafe.Slice((*byte)(unsafe.Pointer(&g.Root[gIndex])), slotted.RootBytes))
}

func detach(e entry.Entry, g *value.Garbage) {
	g.Root[gRoot], g.Root[gBytes], g.Root[gProgress] = e.U64(rootOff), e.U64(bytesOff), 0
	*garbageIndex(g) = *index(e)
}

func freeStep(ar *arena.Arena, g *value.Garbage, max int) bool {
	t := tree{ar: ar, root: arena.Addr(g.Root[gRoot]), bytes: int64(g.Root[gBytes])}
	if t.root != 0 {
		done := t.drop(max)
		g.Root[gRoot], g.Root[gBytes] = uint64(t.root), uint64(t.bytes)
		if !done {
			return false
		}
	}
	return garbageIndex(g).FreeStep(ar, &g.Root[gProgress], max)
}

func garbageBytes(g *value.Garbage) int64 { return int64(g.Root[gBytes]) + garbageIndex(g).Bytes() }

func outsideBytes(e entry.Entry) int64 { return int64(e.U64(bytesOff)) + index(e).Bytes() }

func copyValue(ar *arena.Arena, to, from entry.Entry) {
	if root := arena.Addr(from.U64(rootOff)); root != 0 {
		to.PutU64(rootOff, uint64(copyBlock(ar, root)))
	}
	index(to).Clone(ar)
}

// copyBlock copies the block at a and all below it.
func copyBlock(ar *arena.Arena, a arena.Addr) arena.Addr {
	b := at(a)
	n := b.size()
	to := ar.Alloc(n)
	c := at(to)
	move(c.p, b.p, n)
	for i := range b.len() {
		if o, n, ok := b.outside(i); ok {
			fresh := ar.Alloc(n)
			copy(arena.Bytes(fresh, n), arena.Bytes(o, n))
			c.setOutside(i, fresh)
		}
		if !b.isLeaf() {
			c.setChild(i, copyBlock(ar, b.child(i)))
		}
	}
	return to
}

func compactValue(ar *arena.Arena, e entry.Entry, sparse func(block arena.Addr) bool, max int) int {
	m := mover{ar: ar, sparse: sparse, left: max}
	if root := arena.Addr(e.U64(rootOff)); root != 0 {
		e.PutU64(rootOff, uint64(m.tree(root)))
	}
	if m.left > 0 {
		return max - m.left + index(e).Compact(ar, sparse, m.left)
	}
	return max - m.left
}

// mover moves sparse blocks of a tree.
type mover struct {
	ar     *arena.Arena
	sparse func(block arena.Addr) bool
	left   int // how many may be moved yet
}

// block moves a block of n bytes if it has to, and returns where it is.
func (m *mover) block(a arena.Addr, n int) arena.Addr {
	if m.left <= 0 || !m.sparse(a) {
		return a
	}
	m.left--
	to := m.ar.Alloc(n)
	copy(arena.Bytes(to, n), arena.Bytes(a, n))
	m.ar.Free(a, n)
	return to
}

// tree goes through the block at a and all below it, and returns where it is.
func (m *mover) tree(a arena.Addr) arena.Addr {
	a = m.block(a, at(a).size())
	b := at(a)
	for i := 0; i < b.len() && m.left > 0; i++ {
		if o, n, ok := b.outside(i); ok {
			b.setOutside(i, m.block(o, n))
		}
		if !b.isLeaf() {
			b.setChild(i, m.tree(b.child(i)))
		}
	}
	return a
}
