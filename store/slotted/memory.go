package slotted

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// nextPage returns the page at directory word i and the first word of the next page.
func (t *Table) nextPage(i uint64) (page, uint64) {
	p := *t.word(i)
	return p, i + 1<<(t.g()-p.depth())
}

// FreeStep frees about max arena blocks and tells whether nothing is left; the table
// has no other use then. progress begins at 0. Bytes counts what is left.
func (t *Table) FreeStep(ar *arena.Arena, progress *uint64, max int) bool {
	if t.empty() {
		return true
	}
	i, words := *progress, uint64(1)<<t.g()
	for ; i < words && max > 0; max-- {
		var p page
		p, i = t.nextPage(i)
		if t.large > 0 {
			max -= t.freeLarge(ar, p)
		}
		t.freePage(ar, p)
	}
	*progress = i
	if i < words {
		return false
	}
	n := dirBytes(t.g())
	ar.Free(wordAddr(t.dir), n)
	t.bytes -= int64(arena.SizeOf(n))
	mode := t.Mode()
	t.Init(mode)
	return true
}

// freeLarge frees what p's records have outside.
func (t *Table) freeLarge(ar *arena.Arena, p page) (blocks int) {
	mode, s := t.Mode(), p.slots()
	for _, slot := range s[:p.header().count] {
		ptr := p.rec(slot).Ptr()
		if *(*byte)(ptr) >= escape {
			l := parse(ptr, mode)
			blocks += t.dropOutside(ar, ptr, &l)
		}
	}
	return blocks
}

// drop frees all memory at once; the table is empty then.
func (t *Table) drop(ar *arena.Arena) {
	var progress uint64
	for !t.FreeStep(ar, &progress, 1<<30) {
	}
}

// Drop frees all memory at once; the table is empty then. It takes time in proportion
// to it: FreeStep is for large tables.
func (t *Table) Drop(ar *arena.Arena) { t.drop(ar) }

// Clone gives t, a byte copy of the root of another table, memory of its own in ar.
func (t *Table) Clone(ar *arena.Arena) {
	if t.empty() {
		return
	}
	words := uint64(1) << t.g()
	old := *t
	a := ar.Alloc(dirBytes(t.g()))
	t.setDir(a, t.g())
	for i := uint64(0); i < words; {
		p, next := old.nextPage(i)
		to := copyPage(ar, p)
		if t.large > 0 {
			t.copyLarge(ar, to)
		}
		for ; i < next; i++ {
			*t.word(i) = to
		}
	}
}

// copyPage copies a page's block into ar.
func copyPage(ar *arena.Arena, p page) page {
	to := makePage(ar.Alloc(p.capacity()), p.capacity(), p.depth()).hinted(p.hint())
	*to.header() = *p.header()
	copy(to.front(), p.front())
	copy(to.heap(), p.heap())
	return to
}

// copyLarge gives p's records copies of what they have outside.
func (t *Table) copyLarge(ar *arena.Arena, p page) {
	t.eachOutside(p, func(rec unsafe.Pointer, at int) { copyOut(ar, rec, at) })
}

// eachOutside calls f for every block that p's records have outside: at is where in the
// record its address and length stand.
func (t *Table) eachOutside(p page, f func(rec unsafe.Pointer, at int)) {
	mode, s := t.Mode(), p.slots()
	for _, slot := range s[:p.header().count] {
		rec := p.rec(slot).Ptr()
		if *(*byte)(rec) < escape {
			continue
		}
		l := parse(rec, mode)
		if l.flags&flagKeyOut != 0 {
			f(rec, l.keyAt)
		}
		if l.flags&flagValOut != 0 {
			f(rec, l.valAt)
		}
	}
}

// copyOut lets the record at p refer to a copy of the block that it refers to.
func copyOut(ar *arena.Arena, p unsafe.Pointer, at int) {
	b := outside(p, at)
	a := ar.Alloc(len(b))
	copy(arena.Bytes(a, len(b)), b)
	putOutside(p, at, a, len(b))
}

// Compact moves those blocks for which sparse says so, about max at most, to fresh
// ones of ar, and returns how many it moved.
func (t *Table) Compact(ar *arena.Arena, sparse func(block arena.Addr) bool, max int) (moved int) {
	if t.empty() {
		return 0
	}
	words := uint64(1) << t.g()
	for i := uint64(0); i < words && moved < max; {
		p, next := t.nextPage(i)
		if t.large > 0 {
			moved += t.compactLarge(ar, p, sparse)
		}
		if sparse(p.addr()) {
			to := copyPage(ar, p)
			ar.Free(p.addr(), p.capacity())
			for k := i; k < next; k++ {
				*t.word(k) = to
			}
			moved++
		}
		i = next
	}
	if dir, n := wordAddr(t.dir), dirBytes(t.g()); moved < max && sparse(dir) {
		a := ar.Alloc(n)
		copy(arena.Bytes(a, n), arena.Bytes(dir, n))
		ar.Free(dir, n)
		t.setDir(a, t.g())
		moved++
	}
	return moved
}

func (t *Table) compactLarge(ar *arena.Arena, p page, sparse func(block arena.Addr) bool) (moved int) {
	t.eachOutside(p, func(rec unsafe.Pointer, at int) { moved += moveOut(ar, rec, at, sparse) })
	return moved
}

// moveOut moves the block that the record at p refers to if it is sparse.
func moveOut(ar *arena.Arena, p unsafe.Pointer, at int, sparse func(block arena.Addr) bool) int {
	a := arena.Addr(*(*uint64)(unsafe.Add(p, at)))
	if !sparse(a) {
		return 0
	}
	n := len(outside(p, at))
	copyOut(ar, p, at)
	ar.Free(a, n)
	return 1
}

// newPage makes an empty page; it stands in no directory yet.
func (t *Table) newPage(ar *arena.Arena, capacity int, depth uint) page {
	p := makePage(ar.Alloc(capacity), capacity, depth)
	*p.header() = header{}
	t.bytes += int64(capacity)
	t.pages++
	return p
}

func (t *Table) freePage(ar *arena.Arena, p page) {
	ar.Free(p.addr(), p.capacity())
	t.bytes -= int64(p.capacity())
	t.pages--
}

// putOut copies b to a block of its own and lets the record at p refer to it.
func (t *Table) putOut(ar *arena.Arena, p unsafe.Pointer, at int, b []byte) {
	a := ar.Alloc(len(b))
	copy(arena.Bytes(a, len(b)), b)
	putOutside(p, at, a, len(b))
	t.bytes += int64(arena.SizeOf(len(b)))
	t.large++
}

// freeOut frees the block that the record at p refers to.
func (t *Table) freeOut(ar *arena.Arena, p unsafe.Pointer, at int) {
	n := int(*(*uint32)(unsafe.Add(p, at+8)))
	ar.Free(arena.Addr(*(*uint64)(unsafe.Add(p, at))), n)
	t.bytes -= int64(arena.SizeOf(n))
	t.large--
}

// dropOutside frees what the record at p, of layout l, has outside; it returns the
// number of blocks.
func (t *Table) dropOutside(ar *arena.Arena, p unsafe.Pointer, l *layout) (blocks int) {
	if l.flags&flagKeyOut != 0 {
		t.freeOut(ar, p, l.keyAt)
		blocks++
	}
	if l.flags&flagValOut != 0 {
		t.freeOut(ar, p, l.valAt)
		blocks++
	}
	return blocks
}
