package stream

import (
	"slices"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/str"
)

// Iter walks over the entries of a range of ids. It is valid until the stream changes.
type Iter struct {
	cur      cursor
	node     node
	from, to ID
	off      int // of the next entry
	reverse  bool
	back     int      // backwards: the entry before this one is next, 0: the one at off
	offs     []uint32 // backwards: offsets of the node's entries still to come
	entered  bool     // no entry of the node has been returned
	first    bool     // the entry is the first live one of its node, forwards

	it     item
	fields []byte // the node's fields still to come
	body   []byte // the entry's elements still to come
	text   [str.MaxIntDigits]byte
}

// Start readies it for the entries with from <= id <= to, in descending order if reverse.
func (it *Iter) Start(e entry.Entry, from, to ID, reverse bool) {
	it.from, it.to, it.reverse = from, to, reverse
	it.node = node{}
	it.offs = it.offs[:0]
	if Len(e) == 0 || to.Less(from) {
		return
	}
	t := rootOf(e).index()
	if reverse {
		if it.cur.seekLE(t, to) {
			it.enterReverse()
		}
		return
	}
	if it.cur.seekLE(t, from) || it.cur.seekGE(t, from) {
		it.enter()
	}
}

func (it *Iter) enter() {
	it.node = node{arena.Addr(*it.cur.word(0))}
	it.off = it.node.u32(nodeFirst)
	it.entered = true
}

// enterReverse notes where the node's entries begin: they can be read forwards only. The
// last one is known without that, and often it is all that is wanted.
func (it *Iter) enterReverse() {
	it.node = node{arena.Addr(*it.cur.word(0))}
	it.off, it.back = it.node.u32(nodeLast), 0
	it.offs = it.offs[:0]
}

// Next goes to the next entry and tells whether there is one.
func (it *Iter) Next() bool {
	if it.reverse {
		return it.nextReverse()
	}
	for it.node.a != 0 {
		for end := it.node.u32(nodeUsed); it.off < end; {
			it.it.read(it.node, it.off)
			it.off = it.it.next
			if it.it.flags&flagDeleted != 0 || it.it.id.Less(it.from) {
				continue
			}
			if it.to.Less(it.it.id) {
				it.node = node{}
				return false
			}
			return it.begin()
		}
		if it.node = (node{}); it.cur.next() {
			it.enter()
		}
	}
	return false
}

func (it *Iter) nextReverse() bool {
	for it.node.a != 0 {
		for it.before(); it.off != 0; it.before() {
			it.it.read(it.node, it.off)
			it.back = it.off
			if it.it.flags&flagDeleted != 0 || it.to.Less(it.it.id) {
				continue
			}
			if it.it.id.Less(it.from) {
				it.node = node{}
				return false
			}
			return it.begin()
		}
		if it.node = (node{}); it.cur.prev() {
			it.enterReverse()
		}
	}
	return false
}

// before goes to the entry before the one at back.
func (it *Iter) before() {
	off := it.back
	it.back = 0
	switch off {
	case 0:
		return
	case it.node.u32(nodeFirst):
		it.off = 0
		return
	case it.node.u32(nodeLast):
		it.offs = slices.Grow(it.offs, it.node.u32(nodeLive)+it.node.u32(nodeDead))
		for o := it.node.u32(nodeFirst); o < off; o = skip(it.node, o) {
			it.offs = append(it.offs, uint32(o))
		}
	}
	n := len(it.offs) - 1
	it.off = int(it.offs[n])
	it.offs = it.offs[:n]
}

// begin readies the elements of the entry just read.
func (it *Iter) begin() bool {
	it.body = it.it.body
	it.first, it.entered = it.entered, false
	if it.it.flags&flagSame != 0 {
		_, it.fields = uvarint(it.node.fields())
	}
	return true
}

// BeginsNode tells whether no other entry of its node came before, forwards.
func (it *Iter) BeginsNode() bool { return it.first }

// ID returns the entry's id.
func (it *Iter) ID() ID { return it.it.id }

// Pairs returns how many fields with values the entry has.
func (it *Iter) Pairs() int { return it.it.n }

// Pair returns the next field and its value, as views that the next Pair ends; Pairs says
// how often.
func (it *Iter) Pair() (field, val []byte) {
	if it.it.flags&flagSame != 0 {
		field, it.fields = element(it.fields)
	} else {
		field, it.body = element(it.body)
	}
	val, it.body = readValue(it.body, &it.text)
	return field, val
}
