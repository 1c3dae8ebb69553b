package zset

import (
	"bytes"
	"math"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/slotted"
)

// bulk is how a Build fills a tree without searching it: entries that come in the order of the set, or
// against it, gather until they fill a leaf, which is put at the tree's edge.
type bulk struct {
	way  way
	key  int64  // of the entry that came last
	last []byte // and its member

	keys  []int64
	ends  []uint32 // of members in text, with flags
	text  []byte
	roomy bool // the index has more room than it needs
}

// way is how entries come.
type way uint8

const (
	wayUnknown way = iota // there is one, or none
	wayUp
	wayDown
	wayMixed // in no order: each is searched a place for
)

// addFull adds a member to the set, which is full, and tells whether it was none before.
func (b *Build) addFull(member []byte, score float64) (added bool) {
	x, h := index(b.e), slotted.Hash(member)
	if x.FindHash(h, member) != 0 {
		return false
	}
	x.FillWord(b.ar, h, member, math.Float64bits(score))
	b.bulk.roomy = true
	if b.gather(keyOf(score), score, member) {
		return true
	}
	t := loadTree(b.ar, b.e)
	t.insert(score, member)
	t.store(b.e)
	return true
}

// gather takes an entry, unless it has to go to its place at once.
func (b *Build) gather(key int64, score float64, member []byte) bool {
	g := &b.bulk
	c := 0
	switch {
	case g.way == wayMixed:
		return false
	case len(g.keys) == 0 && b.e.U64(rootOff) == 0: // the first
	case key != g.key && key > g.key:
		c = 1
	case key != g.key:
		c = -1
	default:
		c = bytes.Compare(member, g.last)
	}
	switch {
	case len(member) > maxInlineBytes, g.way == wayUp && c < 0, g.way == wayDown && c > 0:
		b.flush()
		g.way = wayMixed
		return false
	case c > 0:
		g.way = wayUp
	case c < 0:
		g.way = wayDown
	}
	if headerBytes+leafSlotBytes*(len(g.keys)+1)+len(g.text)+len(member) > leafMaxBytes {
		b.flush()
	}
	g.text = append(g.text, member...)
	end := uint32(len(g.text))
	if isNegZero(score) {
		end |= negZeroFlag
	}
	g.keys, g.ends = append(g.keys, key), append(g.ends, end)
	g.key, g.last = key, append(g.last[:0], member...)
	return true
}

// flush makes a leaf of what has gathered.
func (b *Build) flush() {
	g := &b.bulk
	n := len(g.keys)
	if n == 0 {
		return
	}
	t := loadTree(b.ar, b.e)
	a := t.alloc(headerBytes + leafSlotBytes*n + len(g.text))
	leaf := at(a)
	leaf.setHeader(uint32(n))
	to, base := 0, leaf.base()
	for i := range n {
		j := i
		if g.way == wayDown {
			j = n - 1 - i
		}
		from := 0
		if j > 0 {
			from = int(g.ends[j-1] &^ endFlags)
		}
		member := g.text[from : g.ends[j]&^endFlags]
		copy(arena.Bytes(a+arena.Addr(base+to), len(member)), member)
		to += len(member)
		leaf.setKey(i, g.keys[j])
		leaf.setEndWord(i, uint32(to)|g.ends[j]&endFlags)
	}
	t.attach(a, g.way != wayDown)
	t.store(b.e)
	g.keys, g.ends, g.text = g.keys[:0], g.ends[:0], g.text[:0]
}

// finish brings the set into the form in which others may have it.
func (b *Build) finish() {
	if isCompact(b.e) {
		return
	}
	b.flush()
	if b.bulk.roomy {
		index(b.e).Fit(b.ar)
		b.bulk.roomy = false
	}
}
