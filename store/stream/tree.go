package stream

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// block is one block of a tree, see doc.go. The zero block is none.
type block struct{ a arena.Addr }

const (
	blockHeaderBytes = 8
	blockCapOff      = 2
	blockLevelOff    = 4
	blockWidthOff    = 5
	wordBytes        = 8

	// Widths of records in words: an id, then the tree's own.
	innerWidth   = 3 // address of the child
	indexWidth   = 3 // address of the node
	pendingWidth = 4 // delivery time and count, consumer
	ownedWidth   = 2 // nothing
	keyWords     = 2
	keyBytes     = keyWords * wordBytes
)

func (b block) n() int             { return int(arena.U16(b.a)) }
func (b block) setN(n int)         { arena.SetU16(b.a, uint16(n)) }
func (b block) capacity() int      { return int(arena.U16(b.a + blockCapOff)) }
func (b block) level() int         { return int(arena.U8(b.a + blockLevelOff)) }
func (b block) width() int         { return int(arena.U8(b.a + blockWidthOff)) }
func (b block) bytes() int         { return blockBytes(b.width(), b.capacity()) }
func (b block) recBytes() int      { return b.width() * wordBytes }
func (b block) view() []byte       { return arena.Bytes(b.a, b.bytes()) }
func (b block) isLeaf() bool       { return b.level() == 0 }
func (b block) id(i int) ID        { return *(*ID)(b.rec(i)) }
func (b block) setID(i int, id ID) { *(*ID)(b.rec(i)) = id }

func blockBytes(width, capacity int) int { return blockHeaderBytes + capacity*width*wordBytes }

// newBlock allocates an empty block.
func newBlock(ar *arena.Arena, level, width, capacity int) block {
	b := block{ar.Alloc(blockBytes(width, capacity))}
	arena.SetU64(b.a, uint64(capacity)<<16|uint64(level)<<32|uint64(width)<<40)
	return b
}

func (b block) free(ar *arena.Arena) { ar.Free(b.a, b.bytes()) }

// rec returns the record i: its id, then its words.
func (b block) rec(i int) unsafe.Pointer {
	return unsafe.Add(b.a.Ptr(), blockHeaderBytes+i*b.recBytes())
}

// word returns a place for the word w of record i, counted behind the id.
func (b block) word(i, w int) *uint64 {
	return (*uint64)(unsafe.Add(b.rec(i), keyBytes+w*wordBytes))
}

// child returns the child of the inner record i.
func (b block) child(i int) block { return block{arena.Addr(*b.word(i, 0))} }

// rank returns how many records have an id <= id. The last one is looked at first:
// most calls are for the right edge.
func (b block) rank(id ID) int {
	n := b.n()
	if n == 0 || !id.Less(b.id(n-1)) {
		return n
	}
	lo, hi := 0, n-1 // the records before lo are <= id, those from hi on are > id
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if id.Less(b.id(mid)) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// open makes room for a record at i; there is room for one more.
func (b block) open(i int) {
	n, size := b.n(), b.recBytes()
	v := b.view()[blockHeaderBytes:]
	copy(v[(i+1)*size:(n+1)*size], v[i*size:n*size])
	b.setN(n + 1)
}

// drop removes the record i.
func (b block) drop(i int) {
	n, size := b.n(), b.recBytes()
	v := b.view()[blockHeaderBytes:]
	copy(v[i*size:], v[(i+1)*size:n*size])
	b.setN(n - 1)
}

// appendFrom appends the records of o from i on.
func (b block) appendFrom(o block, i int) {
	n, size := b.n(), b.recBytes()
	copy(b.view()[blockHeaderBytes+n*size:], o.view()[blockHeaderBytes+i*size:blockHeaderBytes+o.n()*size])
	b.setN(n + o.n() - i)
}

// tree is an ordered map from ids to the words of its records. It stands in two words
// at at: the root block's address and the number of records.
type tree struct {
	at    unsafe.Pointer
	width int // of the leaves' records
}

func (t tree) root() block      { return block{arena.Addr(*(*uint64)(t.at))} }
func (t tree) setRoot(b block)  { *(*uint64)(t.at) = uint64(b.a) }
func (t tree) count() int64     { return *(*int64)(unsafe.Add(t.at, wordBytes)) }
func (t tree) setCount(n int64) { *(*int64)(unsafe.Add(t.at, wordBytes)) = n }

// cursor is a path from a leaf's record up to the root. It is valid until the tree
// changes.
type cursor struct {
	depth int
	steps [maxLevels]step // steps[0] is in the leaf, steps[depth-1] in the root
}

type step struct {
	b block
	i int
}

// descend goes to where id belongs: in the leaf, behind the last record <= id, at
// every other level to the child that may hold it.
func (c *cursor) descend(root block, id ID) {
	c.depth = root.level() + 1
	b := root
	for l := c.depth - 1; l > 0; l-- {
		i := max(b.rank(id)-1, 0)
		c.steps[l] = step{b, i}
		b = b.child(i)
	}
	c.steps[0] = step{b, b.rank(id)}
}

// seekLE goes to the last record <= id and tells whether there is one.
func (c *cursor) seekLE(t tree, id ID) bool {
	c.depth = 0
	if t.root().a == 0 {
		return false
	}
	c.descend(t.root(), id)
	return c.prev()
}

// seekGE goes to the first record >= id and tells whether there is one.
func (c *cursor) seekGE(t tree, id ID) bool {
	c.depth = 0
	if t.root().a == 0 {
		return false
	}
	c.descend(t.root(), id)
	s := &c.steps[0]
	if s.i > 0 && s.b.id(s.i-1) == id {
		s.i--
		return true
	}
	s.i-- // of the first leaf maybe -1, from where next goes to its first record
	return c.next()
}

// find goes to the record of id and tells whether there is one.
func (c *cursor) find(t tree, id ID) bool { return c.seekLE(t, id) && c.id() == id }

// last goes to the last record and tells whether there is one.
func (c *cursor) last(t tree) bool { return c.seekLE(t, MaxID) }

func (c *cursor) id() ID { return c.steps[0].b.id(c.steps[0].i) }

// word returns a place for the word w of the record.
func (c *cursor) word(w int) *uint64 { return c.steps[0].b.word(c.steps[0].i, w) }

// next goes to the next record; false at the end.
func (c *cursor) next() bool {
	for l := 0; l < c.depth; l++ {
		s := &c.steps[l]
		if s.i++; s.i < s.b.n() {
			for ; l > 0; l-- {
				c.steps[l-1] = step{c.steps[l].b.child(c.steps[l].i), 0}
			}
			return true
		}
	}
	c.depth = 0
	return false
}

// prev goes to the previous record; false at the beginning.
func (c *cursor) prev() bool {
	for l := 0; l < c.depth; l++ {
		s := &c.steps[l]
		if s.i--; s.i >= 0 {
			for ; l > 0; l-- {
				b := c.steps[l].b.child(c.steps[l].i)
				c.steps[l-1] = step{b, b.n() - 1}
			}
			return true
		}
	}
	c.depth = 0
	return false
}
