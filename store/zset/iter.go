package zset

import "github.com/kringdb/kring/store/entry"

// Iter goes through entries of a set that does not change meanwhile.
type Iter struct {
	b    block // the current leaf
	i    int   // the current slot
	n    int   // slots of the leaf
	left uint64
	step int
	p    path // full sets: the way to b
}

// Seek readies the iterator for count entries from the one of the given rank on: up the
// order, or down it if rev is set. There must be as many.
func (it *Iter) Seek(e entry.Entry, rank, count uint64, rev bool) {
	it.left = count
	if count == 0 {
		return
	}
	if !isCompact(e) {
		t := loadTree(nil, e)
		it.seekTree(&t, rank, count, rev)
		return
	}
	it.b, it.i = compactOf(e), int(rank)
	it.p.depth = 0
	it.start(rev)
}

// seekTree is Seek for a tree; count > 0.
func (it *Iter) seekTree(t *tree, rank, count uint64, rev bool) {
	it.left = count
	t.choose(&it.p, rank)
	s := &it.p.at[it.p.depth-1]
	it.b, it.i = at(s.a), s.i
	it.start(rev)
}

// start puts the iterator before the entry that it stands at.
func (it *Iter) start(rev bool) {
	it.n = it.b.len()
	it.step = 1
	if rev {
		it.step = -1
	}
	it.i -= it.step
}

// Next goes to the next entry and tells whether there is one.
func (it *Iter) Next() bool {
	if it.left == 0 {
		return false
	}
	it.left--
	it.i += it.step
	if uint(it.i) >= uint(it.n) {
		it.turn()
	}
	return true
}

// turn goes to the next leaf.
func (it *Iter) turn() {
	d := it.p.depth - 2
	for {
		s := &it.p.at[d]
		s.i += it.step
		if uint(s.i) < uint(at(s.a).len()) {
			break
		}
		d--
	}
	for ; d < it.p.depth-1; d++ {
		s := &it.p.at[d]
		next := &it.p.at[d+1]
		next.a = at(s.a).child(s.i)
		next.i = 0
		if it.step < 0 {
			next.i = at(next.a).len() - 1
		}
	}
	s := &it.p.at[d]
	it.b, it.i = at(s.a), s.i
	it.n = it.b.len()
}

// Member returns a view of the current member.
func (it *Iter) Member() []byte { return it.b.member(it.i) }

// Score returns the current score.
func (it *Iter) Score() float64 { return it.b.score(it.i) }
