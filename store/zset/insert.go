package zset

import (
	"encoding/binary"

	"github.com/kringdb/kring/store/arena"
)

// put is what goes into a slot.
type put struct {
	key    int64
	flags  uint32 // of the end word
	inline []byte // what the block itself gets: the member, or its stub
	child  arena.Addr
	count  uint64
}

// stub is the memory of the stub in a put.
type stub [stubBytes]byte

// newPut readies an entry or a separator; a long member gets its block here.
func (t *tree) newPut(key int64, member []byte, s *stub) put {
	if len(member) <= maxInlineBytes {
		return put{key: key, inline: member}
	}
	a := t.alloc(len(member))
	copy(arena.Bytes(a, len(member)), member)
	binary.NativeEndian.PutUint64(s[:], uint64(a))
	binary.NativeEndian.PutUint32(s[8:], uint32(len(member)))
	return put{key: key, inline: s[:], flags: outsideFlag}
}

// newBlock makes a block of one slot.
func (t *tree) newBlock(level int, e *put) arena.Addr {
	h := uint32(level) << levelShift
	a := t.alloc(headerBytes + shapeOf(h).slot + len(e.inline))
	b := at(a)
	b.setHeader(h | 1)
	b.setEndWord(0, uint32(len(e.inline)))
	b.fill(0, e)
	return a
}

// addSlot puts e into slot i of the block at a, which may move.
func (t *tree) addSlot(a arena.Addr, i int, e *put) arena.Addr {
	from := at(a)
	was := from.size()
	now := was + shapeOf(from.header()).slot + len(e.inline)
	to := a
	if arena.SizeOf(was) != arena.SizeOf(now) {
		to = t.alloc(now)
	}
	spread(at(to), from, i, len(e.inline))
	if to != a {
		t.free(a, was)
	}
	at(to).fill(i, e)
	return to
}

// shrink moves the block at a, which was as long as was says, to the size class that
// it needs now.
func (t *tree) shrink(a arena.Addr, was int) arena.Addr {
	b := at(a)
	now := b.size()
	if arena.SizeOf(was) == arena.SizeOf(now) {
		return a
	}
	to := t.alloc(now)
	move(at(to).p, b.p, now)
	t.free(a, was)
	return to
}

// point makes whatever pointed to the block of p's step d point to a.
func (t *tree) point(p *path, d int, a arena.Addr) {
	if p.at[d].a == a {
		return
	}
	p.at[d].a = a
	if d == 0 {
		t.root = a
		return
	}
	at(p.at[d-1].a).setChild(p.at[d-1].i, a)
}

func maxBytes(b block) int {
	if b.isLeaf() {
		return leafMaxBytes
	}
	return innerMaxBytes
}

// insert adds an entry, which is not there.
func (t *tree) insert(score float64, member []byte) {
	var s stub
	e := t.newPut(keyOf(score), member, &s)
	if isNegZero(score) {
		e.flags |= negZeroFlag
	}
	t.n++
	if t.root == 0 {
		t.root = t.newBlock(0, &e)
		return
	}
	var p path
	t.seek(&p, &bound{key: e.key, member: member}, 1)
	t.insertAt(&p, p.depth-1, p.at[p.depth-1].i, &e)
}

// insertAt puts e into slot i of the block of p's step d, or splits it.
func (t *tree) insertAt(p *path, d, i int, e *put) {
	a := p.at[d].a
	b := at(a)
	if b.size()+shapeOf(b.header()).slot+len(e.inline) <= maxBytes(b) {
		t.point(p, d, t.addSlot(a, i, e))
		return
	}
	right := t.split(p, d, i, e)
	left := p.at[d].a
	l, r := at(left), at(right)
	var up put
	var s stub
	var sep [maxInlineBytes]byte
	if l.isLeaf() {
		key, member := separate(l, r, l.len()-1, 0)
		up = t.newPut(key, member, &s)
	} else {
		// The first separator of the right half moves up, with its outside block.
		up = put{key: r.key(0), flags: r.endWord(0) & outsideFlag}
		up.inline = sep[:copy(sep[:], r.inline(0))]
		was := r.size()
		r.clearSeparator()
		right = t.shrink(right, was)
	}
	t.raise(p, d, left, right, &up)
}

// raise has up, the separator of two blocks, the left of which stands at p's step d, and the right one in no block yet, go
// into the block above.
func (t *tree) raise(p *path, d int, left, right arena.Addr, up *put) {
	l := at(left)
	up.child, up.count = right, at(right).total()
	if d == 0 {
		t.root = t.newBlock(l.level()+1, &put{child: left, count: l.total()})
		t.root = t.addSlot(t.root, 1, up)
		return
	}
	parent := at(p.at[d-1].a)
	parent.setCount(p.at[d-1].i, l.total())
	t.insertAt(p, d-1, p.at[d-1].i+1, up)
}

// attach puts the leaf at a to the right of all others, or to the left of them.
func (t *tree) attach(a arena.Addr, right bool) {
	if t.root == 0 {
		t.root = a
		return
	}
	n := at(a).total()
	var p path
	for c := t.root; ; {
		b, s := at(c), &p.at[p.depth]
		p.depth++
		s.a = c
		if right {
			s.i = b.len() - 1
		}
		if b.isLeaf() {
			break
		}
		b.addCount(s.i, n)
		c = b.child(s.i)
	}
	d := p.depth - 1
	l, r := p.at[d].a, a
	if !right {
		l, r = a, l
		t.point(&p, d, a)
	}
	var s stub
	key, member := separate(at(l), at(r), at(l).len()-1, 0)
	up := t.newPut(key, member, &s)
	t.raise(&p, d, l, r, &up)
}

// split cuts the block of p's step d and puts e into slot i, counted before. It
// returns the right half; p has the left one.
func (t *tree) split(p *path, d, i int, e *put) (right arena.Addr) {
	a := p.at[d].a
	b := at(a)
	n := b.len()
	if i == n && p.isLast(d) {
		return t.newBlock(b.level(), e)
	}
	if i == 0 && p.isFirst(d) {
		t.point(p, d, t.newBlock(b.level(), e))
		return a
	}
	was := b.size()
	s := b.middle(t.n)
	right = t.alloc(cutSize(b, s, n))
	cut(at(right), b, s, n)
	cut(b, b, 0, s)
	left := t.shrink(a, was)
	if i < s || i == s && at(left).size() < at(right).size() {
		left = t.addSlot(left, i, e)
	} else {
		right = t.addSlot(right, i-s, e)
	}
	t.point(p, d, left)
	return right
}

// isLast tells whether nothing of the tree is right of the block of step d, isFirst
// whether nothing is left of it.
func (p *path) isLast(d int) bool {
	for k := range d {
		if p.at[k].i != at(p.at[k].a).len()-1 {
			return false
		}
	}
	return true
}

func (p *path) isFirst(d int) bool {
	for k := range d {
		if p.at[k].i != 0 {
			return false
		}
	}
	return true
}
