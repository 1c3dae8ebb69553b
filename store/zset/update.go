package zset

// update changes the score of an entry. Both its places are searched side by side, so that
// their cache misses overlap.
func (t *tree) update(now, score float64, member []byte) {
	var from, to path
	x, y := bound{key: keyOf(now), member: member}, bound{key: keyOf(score), member: member}
	t.seekBoth(&from, &to, &x, &y)
	d := from.depth - 1
	f, g := &from.at[d], &to.at[d]
	b := at(f.a)
	switch {
	case f.a == g.a && (g.i == f.i || g.i == f.i+1):
		b.setScore(f.i, score)
	case f.a == g.a:
		b.rearrange(f.i, g.i, score)
	case b.len() == 1 || b.size()-b.slotSize(f.i) < leafMaxBytes/sparseShare:
		t.remove(&from)
		t.insert(score, member)
	default:
		t.carry(&from, &to, score)
	}
}

// seekBoth fills p with the way to x and q with that to y, in step.
func (t *tree) seekBoth(p, q *path, x, y *bound) {
	f, g := t.root, t.root
	for d := 0; ; d++ {
		b, c := at(f), at(g)
		s, u := &p.at[d], &q.at[d]
		s.a, u.a = f, g
		if b.isLeaf() {
			p.depth, q.depth = d+1, d+1
			s.i, u.i = b.search(0, x), c.search(0, y)
			return
		}
		s.i = b.childFor(x)
		f = b.child(s.i)
		b.askAll(f)
		u.i = c.childFor(y)
		g = c.child(u.i)
		c.askAll(g)
	}
}

// carry moves the entry that from leads to to the place in another leaf that to leads to,
// and gives it the score. It is not the only one of its leaf.
func (t *tree) carry(from, to *path, score float64) {
	var buf [maxInlineBytes]byte
	d := from.depth - 1
	a, i := from.at[d].a, from.at[d].i
	b := at(a)
	e := b.take(i, score, &buf)
	for k := range d {
		f, g := &from.at[k], &to.at[k]
		if f.a != g.a || f.i != g.i {
			at(f.a).addCount(f.i, ^uint64(0))
			at(g.a).addCount(g.i, 1)
		}
	}
	was := b.size()
	squeeze(b, b, i)
	t.point(from, d, t.shrink(a, was))
	t.insertAt(to, d, to.at[d].i, &e)
}
