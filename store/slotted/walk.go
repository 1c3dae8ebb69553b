package slotted

// Walk emits the records from the position pos on, in the order of their hashes, until
// at least want are emitted, and returns where to go on, or done. A walk begins at 0.
// A record that is in the table throughout a series of calls is emitted exactly once,
// whatever is inserted, deleted, split and merged between the calls; one that comes or
// goes meanwhile at most once. fn must not change the table but for values in place.
func (t *Table) Walk(pos uint64, want int, fn func(r Ref)) (next uint64, done bool) {
	if t.empty() || pos >= positions {
		return 0, true
	}
	for emitted := 0; ; {
		var n int
		n, pos = t.walkPage(pos, want-emitted, fn)
		emitted += n
		if pos >= positions {
			return 0, true
		}
		if emitted >= want {
			return pos, false
		}
	}
}

// walkPage is Walk within the page of pos.
func (t *Table) walkPage(pos uint64, want int, fn func(r Ref)) (emitted int, next uint64) {
	p, mode := t.pageAt(pos<<positionOff), t.Mode()
	width := uint(MaxDepthBits) - p.depth() // of what a position has below the tag, in bits
	start := pos &^ (1<<(width+tagBits) - 1)
	n, s := uint32(p.header().count), p.slots()
	first := uint32((pos - start) >> width)
	i := lowerBound(s, n, n, first)
	// A position from deeper pages may lie among hashes of one tag.
	for ; pos&(1<<width-1) != 0 && i < n && s[i]>>tagBits == first; i++ {
		if r := makeRef(p.rec(s[i]), mode); Hash(r.Key())>>positionOff >= pos {
			fn(r)
			emitted++
		}
	}
	for i < n {
		tag := s[i] >> tagBits
		if emitted >= want {
			return emitted, start + uint64(tag)<<width
		}
		for ; i < n && s[i]>>tagBits == tag; i++ {
			fn(makeRef(p.rec(s[i]), mode))
			emitted++
		}
	}
	return emitted, start + 1<<(width+tagBits)
}

// Iter goes through all records of a table that does not change meanwhile, but for
// values in place. The zero Iter stands before the first.
type Iter struct {
	i    uint64 // of the first directory word of the next page
	page page
	slot uint32
}

// Next returns the next record, the zero Ref after the last.
func (it *Iter) Next(t *Table) Ref {
	for {
		if p := it.page; p != 0 && it.slot < uint32(p.header().count) {
			r := makeRef(p.rec(p.slots()[it.slot]), t.Mode())
			it.slot++
			return r
		}
		if t.empty() || it.i >= 1<<t.g() {
			return 0
		}
		it.page, it.slot = *t.word(it.i), 0
		it.i += 1 << (t.g() - it.page.depth())
	}
}

// Each calls fn with every record until it returns false. fn must not change the table
// but for values in place.
func (t *Table) Each(fn func(r Ref) bool) {
	var it Iter
	for r := it.Next(t); r != 0; r = it.Next(t) {
		if !fn(r) {
			return
		}
	}
}
