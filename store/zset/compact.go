package zset

import (
	"bytes"
	"unsafe"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

func compactOf(e entry.Entry) block { return blockOf(e.Payload()) }

// find returns the slot of a member of a block whose members are all inline, or -1.
func (b block) find(member []byte) int {
	h := b.header()
	n := int(h & lenMask)
	ends := headerBytes + keyBytes*n
	p := b.ptr(b.base())
	from := 0
	for i := range n {
		var end int
		if h&wideBit != 0 {
			end = int(*(*uint32)(b.ptr(ends + 4*i)) &^ endFlags)
		} else {
			end = int(*(*uint16)(b.ptr(ends + 2*i)) & narrowMaxBytes)
		}
		if end-from == len(member) && bytes.Equal(unsafe.Slice((*byte)(unsafe.Add(p, from)), len(member)), member) {
			return i
		}
		from = end
	}
	return -1
}

// fitsCompact tells whether a compact set may have this member more.
func fitsCompact(b block, member []byte, l Limits) bool {
	return b.len() < min(l.Entries, maxCompactEntries) && len(member) <= l.ValueBytes &&
		b.size()+len(member) < entry.MaxPackedBytes
}

func addCompact(ar *arena.Arena, e entry.Entry, member []byte, score float64, flags Flags, l Limits) (entry.Entry, float64, Outcome) {
	b := compactOf(e)
	if i := b.find(member); i >= 0 {
		score, out := decide(b.score(i), score, flags)
		if out == Updated {
			b.reposition(i, member, score)
		}
		return e, score, out
	}
	if flags&XX != 0 {
		return e, 0, Nothing
	}
	if !fitsCompact(b, member, l) {
		e = toFull(ar, e)
		score, out := addFull(ar, e, member, score, flags)
		return e, score, out
	}
	return insertCompact(ar, e, member, score), score, Added
}

// setPlain is setScore for a compact set, which does not tell -0 from 0, as in Redis.
func (b block) setPlain(i int, score float64) {
	b.setKey(i, keyOf(score))
	b.setEndWord(i, b.endWord(i)&^negZeroFlag)
}

// reposition gives the entry of slot i, whose member is known, another score.
func (b block) reposition(i int, member []byte, score float64) {
	q := bound{key: keyOf(score), member: member}
	if j := b.search(0, &q); j != i && j != i+1 {
		if j > i {
			j--
		}
		squeeze(b, b, i)
		spread(b, b, j, len(member))
		copy(b.inline(j), member)
		i = j
	}
	b.setPlain(i, score)
}

func insertCompact(ar *arena.Arena, e entry.Entry, member []byte, score float64) entry.Entry {
	b := compactOf(e)
	was, n := b.size(), b.len()
	if b.bytes()+len(member) > narrowMaxBytes && !b.isWide() {
		e = e.Resize(ar, entry.Listpack, was+2*n, e.Deadline())
		compactOf(e).widen()
		was += 2 * n
	}
	e = e.Resize(ar, entry.Listpack, was+shapeOf(compactOf(e).header()).slot+len(member), e.Deadline())
	b = compactOf(e)
	q := bound{key: keyOf(score), member: member}
	i := b.search(0, &q)
	spread(b, b, i, len(member))
	copy(b.inline(i), member)
	b.setPlain(i, score)
	return e
}

// widen gives the ends of a leaf 4 bytes; the block has room for them.
func (b block) widen() {
	n, from, bytes := b.len(), b.base(), b.bytes()
	ends := headerBytes + keyBytes*n
	move(b.ptr(from+2*n), b.ptr(from), bytes)
	for i := n - 1; i >= 0; i-- {
		w := uint32(*(*uint16)(b.ptr(ends + 2*i)))
		*(*uint32)(b.ptr(ends + 4*i)) = w&narrowMaxBytes | w&narrowFlags<<16
	}
	b.setHeader(b.header() | wideBit)
}

// removeCompact removes the slots [from, to).
func removeCompact(ar *arena.Arena, e entry.Entry, from, to int) entry.Entry {
	b := compactOf(e)
	for i := to - 1; i >= from; i-- {
		squeeze(b, b, i)
	}
	return e.Resize(ar, entry.Listpack, b.size(), e.Deadline())
}
