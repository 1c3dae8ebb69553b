package list

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/value"
)

// QuicklistOps are the full list's functions for the keyspace.
var QuicklistOps = value.Ops{
	Detach: detach, FreeStep: freeStep, Bytes: garbageBytes, Outside: outside, Copy: copyValue, Compact: compact,
}

// The words of a full list's Garbage.
const (
	gHead = iota
	gTail
	gTree
	gBytes
)

func outside(e entry.Entry) int64 { return quickOf(nil, e).bytes() }

func detach(e entry.Entry, g *value.Garbage) {
	q := quickOf(nil, e)
	g.Root[gHead], g.Root[gTail] = uint64(q.end(Head)), uint64(q.end(Tail))
	g.Root[gTree], g.Root[gBytes] = uint64(q.tree()), uint64(q.bytes())
}

func garbageBytes(g *value.Garbage) int64 { return int64(g.Root[gBytes]) }

// freeStep frees the end nodes, then the last leaf as long as there is one, with the
// inner blocks that become empty.
func freeStep(ar *arena.Arena, g *value.Garbage, max int) bool {
	free := func(a arena.Addr, n int) {
		g.Root[gBytes] -= uint64(arena.SizeOf(n))
		ar.Free(a, n)
		max--
	}
	for i := gHead; i <= gTail; i++ {
		if a := arena.Addr(g.Root[i]); a != 0 {
			free(a, nodeSize(a))
			g.Root[i] = 0
		}
	}
	var path [maxLevels]arena.Addr
	for top := arena.Addr(g.Root[gTree]); top != 0 && max > 0; {
		n := 0
		for a := top; ; a = child(a, fan(a)-1) {
			path[n] = a
			n++
			if level(a) == 1 {
				break
			}
		}
		low := path[n-1]
		for k := fan(low); k > 0 && max > 0; k-- {
			leaf := child(low, k-1)
			free(leaf, nodeSize(leaf))
			arena.SetU16(low, uint16(k-1))
		}
		for n--; n >= 0 && fan(path[n]) == 0; n-- {
			free(path[n], innerSize(fanRoom(path[n])))
			if n > 0 {
				arena.SetU16(path[n-1], uint16(fan(path[n-1])-1))
			} else {
				top = 0
			}
		}
		g.Root[gTree] = uint64(top)
	}
	return g.Root[gTree] == 0
}

func copyValue(ar *arena.Arena, to, from entry.Entry) {
	q := quickOf(ar, to)
	for _, s := range [...]Side{Head, Tail} {
		if a := q.end(s); a != 0 {
			q.setEnd(s, copyBlock(ar, a, nodeSize(a)))
		}
	}
	if a := q.tree(); a != 0 {
		q.setTree(copyTree(ar, a))
	}
}

func copyBlock(ar *arena.Arena, a arena.Addr, n int) arena.Addr {
	to := ar.Alloc(n)
	copy(arena.Bytes(to, n), arena.Bytes(a, n))
	return to
}

func copyTree(ar *arena.Arena, a arena.Addr) arena.Addr {
	to := copyBlock(ar, a, innerSize(fanRoom(a)))
	for i := range fan(to) {
		c := child(to, i)
		if level(a) == 1 {
			c = copyBlock(ar, c, nodeSize(c))
		} else {
			c = copyTree(ar, c)
		}
		setChild(to, i, c)
	}
	return to
}

// mover moves blocks from sparse pages.
type mover struct {
	ar     *arena.Arena
	sparse func(arena.Addr) bool
	left   int
	moved  int
}

func (m *mover) move(a arena.Addr, n int) arena.Addr {
	if m.left == 0 || !m.sparse(a) {
		return a
	}
	to := copyBlock(m.ar, a, n)
	m.ar.Free(a, n)
	m.left--
	m.moved++
	return to
}

func (m *mover) tree(a arena.Addr) arena.Addr {
	a = m.move(a, innerSize(fanRoom(a)))
	for i := 0; i < fan(a) && m.left > 0; i++ {
		c := child(a, i)
		if level(a) == 1 {
			c = m.move(c, nodeSize(c))
		} else {
			c = m.tree(c)
		}
		setChild(a, i, c)
	}
	return a
}

func compact(ar *arena.Arena, e entry.Entry, sparse func(arena.Addr) bool, max int) int {
	m := mover{ar, sparse, max, 0}
	q := quickOf(ar, e)
	for _, s := range [...]Side{Head, Tail} {
		if a := q.end(s); a != 0 {
			q.setEnd(s, m.move(a, nodeSize(a)))
		}
	}
	if a := q.tree(); a != 0 {
		q.setTree(m.tree(a))
	}
	return m.moved
}
