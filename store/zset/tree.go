package zset

import "github.com/kringdb/kring/store/arena"

// tree is the B+tree of a full set, read from the payload and written back to it.
type tree struct {
	ar    *arena.Arena
	root  arena.Addr // 0: no entries
	n     uint64     // entries
	bytes int64      // size classes of all blocks
}

// path is the way from the root, at level depth-1, to a slot of a leaf. at[depth-1] is
// the leaf.
type path struct {
	depth int
	at    [maxDepth]step
}

type step struct {
	a arena.Addr
	i int
}

func (t *tree) alloc(n int) arena.Addr {
	t.bytes += int64(arena.SizeOf(n))
	return t.ar.Alloc(n)
}

func (t *tree) free(a arena.Addr, n int) {
	t.bytes -= int64(arena.SizeOf(n))
	t.ar.Free(a, n)
}

// seek fills p with the way to q, and adds d to the counts on it.
func (t *tree) seek(p *path, q *bound, d uint64) {
	p.depth = 0
	for a := t.root; ; {
		b := at(a)
		s := &p.at[p.depth]
		p.depth++
		s.a = a
		if b.isLeaf() {
			s.i = b.search(0, q)
			return
		}
		s.i = b.childFor(q)
		if d != 0 {
			b.addCount(s.i, d)
		}
		a = b.child(s.i)
		b.askAll(a)
	}
}

// rank returns the number of entries before q.
func (t *tree) rank(q *bound) uint64 {
	if t.root == 0 {
		return 0
	}
	sum, total := uint64(0), t.n
	for a := t.root; ; {
		b := at(a)
		if b.isLeaf() {
			return sum + uint64(b.search(0, q))
		}
		i := b.childFor(q)
		sum += b.beforeOf(i, total)
		total = b.count(i)
		a = b.child(i)
		b.ask(a)
	}
}

// choose fills p with the way to the entry of rank r < t.n.
func (t *tree) choose(p *path, r uint64) {
	p.depth = 0
	for a := t.root; ; {
		b := at(a)
		s := &p.at[p.depth]
		p.depth++
		s.a = a
		if b.isLeaf() {
			s.i = int(r)
			return
		}
		n := b.len()
		s.i = 0
		for c := *b.countPtr(n, 0); r >= c; c = *b.countPtr(n, s.i) {
			r -= c
			s.i++
		}
		a = b.child(s.i)
		b.ask(a)
	}
}
