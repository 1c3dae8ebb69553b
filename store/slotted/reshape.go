package slotted

import (
	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/arena"
)

// start takes the memory of an empty table.
func (t *Table) start(ar *arena.Arena, need int) {
	p := t.newPage(ar, capacityFor(headerBytes+need), 0)
	a := ar.Alloc(dirBytes(0))
	t.bytes += int64(arena.SizeOf(dirBytes(0)))
	t.setDir(a, 0)
	*t.word(0) = p
	t.deepest = 1
}

// reserve makes room for need bytes in the page of h and returns it. A page that it makes is roomy if it has as much room as
// a page gets.
func (t *Table) reserve(ar *arena.Arena, h uint64, need int, roomy bool) page {
	if t.empty() {
		t.start(ar, need)
	}
	for {
		p := t.pageAt(h)
		hd := p.header()
		if p.capacity()-hd.used() >= need {
			return p
		}
		switch live := hd.live() + need; {
		case live > minSplitBytes && live > splitLimit(h, p.depth()) && t.maySplit(p, live):
			t.split(ar, p, h, roomy)
		case live <= maxPageBytes:
			t.rebuild(ar, p, h, t.capacity(live, h, p.depth(), roomy))
		default:
			panic("slotted: a page of 64 KB whose hashes cannot be told apart")
		}
	}
}

// capacity returns the block size for the page of h that holds live bytes.
func (t *Table) capacity(live int, h uint64, depth uint, roomy bool) int {
	if roomy {
		live = max(live, min(live+live/roomShare, splitLimit(h, depth)))
	}
	return capacityFor(live)
}

// Fit takes away the room that Fill and FillWord have left in pages.
func (t *Table) Fit(ar *arena.Arena) {
	if t.empty() {
		return
	}
	g := t.g()
	for i := uint64(0); i < 1<<g; {
		p, next := t.nextPage(i)
		if c := capacityFor(p.header().live()); c < p.capacity() {
			t.remake(ar, p, i<<(64-g), c)
			t.freePage(ar, p)
		}
		i = next
	}
}

// splitLimit returns the bytes above which the page of h splits, between minSplitBytes
// and twice that: another limit for each page, whatever else, so that pages that fill
// alike are of all sizes at any time. If they grew in step, they would leave one size
// class of the arena after the other, half empty.
func splitLimit(h uint64, depth uint) int {
	r := mix(h>>1>>(63-depth)<<8 | uint64(depth))
	return minSplitBytes + int(r>>32*minSplitBytes>>32)
}

// maySplit tells whether p may become deeper without the directory outgrowing the
// pages.
func (t *Table) maySplit(p page, live int) bool {
	g, d := t.g(), p.depth()
	if d < g || d >= MaxDepthBits {
		return d < MaxDepthBits
	}
	return int64(dirBytes(g+1))*directoryShare <= t.bytes || live > maxPageBytes
}

// rebuild replaces p, the page of h, by one of another capacity without dead records.
func (t *Table) rebuild(ar *arena.Arena, p page, h uint64, capacity int) {
	t.vacate(ar, p, t.remake(ar, p, h, capacity))
}

// remake is rebuild, but for p's block.
func (t *Table) remake(ar *arena.Arena, p page, h uint64, capacity int) page {
	to := t.newPage(ar, capacity, p.depth())
	hd := p.header()
	if hd.dead == 0 {
		*to.header() = *hd
		copy(to.front(), p.front())
		copy(to.heap(), p.heap())
	} else {
		mode, s := t.Mode(), p.slots()
		for _, slot := range s[:hd.count] {
			rec := p.rec(slot)
			to.take(rec, recordBytes(rec, mode), slot>>tagBits)
		}
	}
	t.setWords(to, h)
	t.assertPage(to)
	return to
}

// split replaces p, the page of h, by two pages one bit deeper.
func (t *Table) split(ar *arena.Arena, p page, h uint64, roomy bool) {
	d := p.depth()
	if d == t.g() {
		t.doubleDir(ar)
	}
	hd, s, mode := p.header(), p.slots(), t.Mode()
	n := uint32(hd.count)
	mid := lowerBound(s, n, n, 1<<(tagBits-1))
	low := headerBytes + int(mid)*slotBytes
	for _, slot := range s[:mid] {
		low += recordBytes(p.rec(slot), mode)
	}
	high := hd.live() - low + headerBytes
	if d+1 == t.g() {
		t.deepest += 2
	}
	bit := uint64(1) << (63 - d)
	t.splitOff(ar, p, s[:mid], t.capacity(low, h&^bit, d+1, roomy), h&^bit)
	t.splitOff(ar, p, s[mid:n], t.capacity(high, h|bit, d+1, roomy), h|bit)
	t.vacate(ar, p, 0)
}

// splitOff makes the page of h, one bit deeper than p and of a capacity, of some of p's records.
func (t *Table) splitOff(ar *arena.Arena, p page, from []uint32, capacity int, h uint64) {
	mode, d := t.Mode(), p.depth()+1
	to := t.newPage(ar, capacity, d)
	for _, slot := range from {
		rec := p.rec(slot)
		l := parse(rec.Ptr(), mode)
		to.take(rec, l.size(), tagOf(Hash(l.key(rec.Ptr())), d))
	}
	t.setWords(to, h)
	t.assertPage(to)
}

// tidy makes less memory of p, the page of h, after a delete: merges it with its
// sibling, repeatedly, or shrinks it.
func (t *Table) tidy(ar *arena.Arena, p page, h uint64) {
	merged := false
	for {
		sib, ok := t.mergeable(p, h)
		if !ok {
			break
		}
		t.merge(ar, p, sib, h)
		p = t.pageAt(h)
		merged = true
	}
	if merged {
		t.halveDir(ar)
	} else if c := capacityFor(p.header().live()); c < p.capacity() || p.header().dead > 0 {
		t.rebuild(ar, p, h, c)
	}
}

// mergeable returns the sibling of p, the page of h, if the two may merge.
func (t *Table) mergeable(p page, h uint64) (sib page, ok bool) {
	d, live := p.depth(), p.header().live()
	if d == 0 || live > mergeBytes {
		return 0, false
	}
	sib = t.pageAt(h ^ 1<<(64-d))
	if sib.depth() != d {
		return 0, false
	}
	return sib, live+sib.header().live() <= mergeBytes
}

// merge replaces p, the page of h, and its sibling by one page.
func (t *Table) merge(ar *arena.Arena, p, sib page, h uint64) {
	d, mode := p.depth(), t.Mode()
	low, high := p, sib
	if h>>(64-d)&1 != 0 {
		low, high = sib, p
	}
	to := t.newPage(ar, capacityFor(p.header().live()+sib.header().live()), d-1)
	for half, from := range [2]page{low, high} {
		s := from.slots()
		for _, slot := range s[:from.header().count] {
			rec := from.rec(slot)
			to.take(rec, recordBytes(rec, mode), slot>>(tagBits+1)|uint32(half)<<(tagBits-1))
		}
	}
	t.setWords(to, h)
	if d == t.g() {
		t.deepest -= 2
	}
	t.assertPage(to)
	t.vacate(ar, p, 0)
	t.vacate(ar, sib, 0)
}

// doubleDir gives the directory one more bit.
func (t *Table) doubleDir(ar *arena.Arena) {
	g := t.g()
	a := ar.Alloc(dirBytes(g + 1))
	from, to := arena.Words(wordAddr(t.dir), 1<<g), arena.Words(a, 2<<g)
	for i, w := range from {
		to[2*i], to[2*i+1] = w, w
	}
	t.deepest = 0
	t.replaceDir(ar, a, g+1)
}

// halveDir takes bits away from the directory as long as no page uses the last one
// and the directory is large for what it holds.
func (t *Table) halveDir(ar *arena.Arena) {
	for {
		g := t.g()
		words := uint64(1) << g
		if g == 0 || t.deepest != 0 || words > directorySmallWords && words < directoryHalveRatio*uint64(t.pages) {
			return
		}
		a := ar.Alloc(dirBytes(g - 1))
		from, to := arena.Words(wordAddr(t.dir), 1<<g), arena.Words(a, 1<<(g-1))
		for i := range to {
			to[i] = from[2*i]
			if page(to[i]).depth() == g-1 {
				t.deepest++
			}
		}
		t.replaceDir(ar, a, g-1)
	}
}

// replaceDir makes the 2^g words at a the directory and frees the old one.
func (t *Table) replaceDir(ar *arena.Arena, a arena.Addr, g uint) {
	old, oldBytes := wordAddr(t.dir), dirBytes(t.g())
	t.setDir(a, g)
	t.bytes += int64(arena.SizeOf(dirBytes(g)) - arena.SizeOf(oldBytes))
	ar.Free(old, oldBytes)
}

// assertPage panics, under the invariants tag, if p is broken.
func (t *Table) assertPage(p page) {
	if invariants.Enabled {
		c := checker{t: t}
		err := c.page(p)
		invariants.Assert(err == nil, "slotted: %v", err)
	}
}

// vacate frees the block of p, which no directory word refers to any more. Pages of a
// table grow in step, because hashes are even: they leave one size class of the arena
// after the other. So that no half-empty arena pages stay behind for long, the freed
// block's neighbours follow as soon as less than half of an arena page is in use, but
// for the page stay, which was made just now.
func (t *Table) vacate(ar *arena.Arena, p, stay page) {
	at, ok := arena.PageOf(p.addr())
	t.freePage(ar, p)
	if !ok || t.pages < vacatePages || at.BlockSize < vacateBlockBytes || at.Used <= 1 || (at.Used-1)*vacateShare > at.Capacity {
		return
	}
	arena.Blocks(at.Addr, func(block arena.Addr) bool {
		if own, h := t.owner(block, at.BlockSize); own != 0 && !own.is(stay) {
			t.follow(ar, own, h)
		}
		return true
	})
}

// follow moves own, the page of h, to a block of another size class.
func (t *Table) follow(ar *arena.Arena, own page, h uint64) {
	c := capacityFor(own.header().live())
	if c == own.capacity() {
		c = arena.SizeOf(c + unitBytes)
	}
	if c <= maxPageBytes {
		t.remake(ar, own, h, c)
		t.freePage(ar, own)
	}
}

// owner returns the table's page that is the block of size bytes, and a hash in it, 0 if
// the block is none. Whatever the block holds, it is live and in this shard: what looks
// like a page is one if the directory says so.
func (t *Table) owner(block arena.Addr, size int) (page, uint64) {
	like := makePage(block, size, 0)
	hd := like.header()
	if hd.count == 0 || hd.used() > size {
		return 0, 0
	}
	off := int(like.slots()[0] & offsetMask)
	if off < minPeekBytes || off > int(hd.heap) {
		return 0, 0
	}
	ptr := like.rec(uint32(off)).Ptr()
	l := parse(ptr, t.Mode())
	if l.flags&flagKeyOut != 0 || l.size() > off {
		return 0, 0
	}
	h := Hash(l.key(ptr))
	if p := t.pageAt(h); p.addr() == block && p.capacity() == size {
		return p, h
	}
	return 0, 0
}
