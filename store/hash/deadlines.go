package hash

import (
	"math"
	"math/bits"
	"unsafe"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/slotted"
)

// index is the word of a full hash that names its index: k << 56 | address >> 3.
type index uint64

const (
	noDeadline   = math.MaxInt64
	positionBits = 40 // of slotted.Table.Walk: the top bits of a hash
)

func indexOf(p []byte) index { return index(load(p, indexAt)) }

func (ix index) addr() arena.Addr { return arena.Addr(ix << 8 >> 5) }

func (ix index) k() uint { return uint(ix >> 56) }

func (ix index) bytes() int { return 8 << ix.k() }

// size returns the bytes that the index takes, 0 for none.
func (ix index) size() int64 {
	if ix == 0 {
		return 0
	}
	return int64(arena.SizeOf(ix.bytes()))
}

func (ix index) words() []int64 {
	return unsafe.Slice((*int64)(ix.addr().Ptr()), 1<<ix.k())
}

func newIndex(ar *arena.Arena, k uint) index {
	return index(uint64(ar.Alloc(8<<k))>>3 | uint64(k)<<56)
}

func (ix index) clone(ar *arena.Arena) index {
	to := newIndex(ar, ix.k())
	copy(to.words(), ix.words())
	return to
}

// indexBits returns the k for n fields.
func indexBits(n int) uint {
	return min(uint(bits.Len(uint(n/indexShare))), maxIndexBits)
}

// fitIndex makes the index, or doubles it until it fits the number of fields.
func fitIndex(ar *arena.Arena, p []byte) index {
	ix, k := indexOf(p), indexBits(slotted.At(p).Len())
	if ix != 0 && ix.k() >= k {
		return ix
	}
	to := newIndex(ar, k)
	w := to.words()
	if ix == 0 {
		for i := range w {
			w[i] = noDeadline
		}
	} else {
		// A range's bound holds for its parts.
		up := k - ix.k()
		old := ix.words()
		for i := range w {
			w[i] = old[i>>up]
		}
		ar.Free(ix.addr(), ix.bytes())
	}
	store(p, indexAt, int64(to))
	return to
}

// note records the deadline of a field of the full hash whose payload is p.
func note(ar *arena.Arena, p []byte, field []byte, deadline int64) {
	ix := fitIndex(ar, p)
	w := &ix.words()[slotted.Hash(field)>>1>>(63-ix.k())]
	*w = min(*w, deadline)
	hasten(p, nearestAt, deadline)
}

// eachInRange calls fn with the fields of range i of the index until it returns false.
func (ix index) eachInRange(t *slotted.Table, i int, fn func(r slotted.Ref) bool) {
	width := positionBits - ix.k()
	pos, end := uint64(i)<<width, uint64(i+1)<<width
	for going, done := true, false; going && !done && pos < end; {
		pos, done = t.Walk(pos, walkStep, func(r slotted.Ref) {
			if going && slotted.Hash(r.Key())>>(64-positionBits) < end {
				going = fn(r)
			}
		})
	}
}

// countExpired returns the number of expired fields of a full hash.
func countExpired(p []byte, now int64) (n int) {
	ix := indexOf(p)
	for i, d := range ix.words() {
		if d > now {
			continue
		}
		ix.eachInRange(slotted.At(p), i, func(r slotted.Ref) bool {
			if gone(r.Deadline(), now) {
				n++
			}
			return true
		})
	}
	return n
}

// ExpireFields removes fields whose deadline is <= now, about max of a full hash, calls fn
// with each before it goes, and returns how many they were and whether there may be more.
// The hash may be empty afterwards: the caller deletes the key. Without more, NextDeadline
// is then exact.
func ExpireFields(ar *arena.Arena, e entry.Entry, now int64, max int, fn func(field []byte)) (_ entry.Entry, removed int, more bool) {
	switch {
	case !due(e, now):
		return e, 0, false
	case e.Encoding() == entry.ListpackEx:
		e, removed = expirePacked(ar, e, now, fn)
		return e, removed, false
	}
	removed, more = expireFull(ar, e.Payload(), now, max, fn)
	return e, removed, more
}

func expireFull(ar *arena.Arena, p []byte, now int64, max int, fn func(field []byte)) (removed int, more bool) {
	t := slotted.At(p)
	ix := fitIndex(ar, p)
	words := ix.words()
	nearest := int64(noDeadline)
	var due names
	for i, d := range words {
		if d <= now && removed < max {
			words[i] = due.collect(ix, t, i, now)
			removed += due.remove(ar, t, fn)
		}
		nearest = min(nearest, words[i])
	}
	switch {
	case t.Timed() == 0:
		ar.Free(ix.addr(), ix.bytes())
		store(p, indexAt, 0)
		nearest = 0
	case nearest <= now:
		more = true
	}
	store(p, nearestAt, nearest)
	return removed, more
}

// names is a list of fields that are to go.
type names struct {
	block []byte
	ends  []int
}

// collect lists the expired fields of range i and returns the earliest deadline of the
// others.
func (l *names) collect(ix index, t *slotted.Table, i int, now int64) (earliest int64) {
	earliest = noDeadline
	l.block, l.ends = l.block[:0], l.ends[:0]
	ix.eachInRange(t, i, func(r slotted.Ref) bool {
		switch d := r.Deadline(); {
		case gone(d, now):
			l.block = append(l.block, r.Key()...)
			l.ends = append(l.ends, len(l.block))
		case d != 0:
			earliest = min(earliest, d)
		}
		return true
	})
	return earliest
}

// remove removes the listed fields.
func (l *names) remove(ar *arena.Arena, t *slotted.Table, fn func(field []byte)) int {
	from := 0
	for _, end := range l.ends {
		name := l.block[from:end]
		fn(name)
		t.Delete(ar, name)
		from = end
	}
	return len(l.ends)
}
