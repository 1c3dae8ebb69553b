package slotted

import "github.com/kringdb/kring/store/arena"

// Find returns the record of key, the zero Ref if there is none.
func (t *Table) Find(key []byte) Ref { return t.FindHash(Hash(key), key) }

// FindHash is Find for a key whose Hash is known.
func (t *Table) FindHash(h uint64, key []byte) Ref {
	if t.empty() {
		return 0
	}
	p, mode := t.pageAt(h), t.Mode()
	_, rec := p.find(h, key, mode)
	if rec == 0 {
		return 0
	}
	return makeRef(rec, mode)
}

// Has tells whether key is in the table.
func (t *Table) Has(key []byte) bool { return t.Find(key) != 0 }

// find returns the index and the place of key's record; if there is none, the index
// where its slot belongs, and 0.
func (p page) find(h uint64, key []byte, mode Mode) (uint32, arena.Addr) {
	n, s, tag, end := uint32(p.header().count), p.slots(), tagOf(h, p.depth()), p.end()
	i := lowerBound(s, n, p.hint(), tag)
	for ; i < n && s[i]>>tagBits == tag; i++ {
		rec := end - arena.Addr(s[i]&offsetMask)
		if keyIs(rec.Ptr(), mode, key) {
			return i, rec
		}
	}
	return i, 0
}

// Random returns some record, the zero Ref if there is none; r is a random number.
// Every record is about as likely: the page is drawn by its share of the hashes, the
// record evenly within it. Where large parts of the table are empty, because records
// went in the order of a walk, the pages around them come more often.
func (t *Table) Random(r uint64) Ref {
	if t.count == 0 {
		return 0
	}
	for range randomTries {
		r = mix(r)
		if ref := t.randomOf(t.pageAt(r), r); ref != 0 {
			return ref
		}
	}
	for i := t.dirIndex(r); ; {
		var p page
		if p, i = t.nextPage(i &^ (1<<(t.g()-t.word(i).depth()) - 1)); p.header().count > 0 {
			return t.randomOf(p, r)
		}
		if i >= 1<<t.g() {
			i = 0
		}
	}
}

// randomOf returns a record of p, the zero Ref if there is none.
func (t *Table) randomOf(p page, r uint64) Ref {
	n := uint64(p.header().count)
	if n == 0 {
		return 0
	}
	return makeRef(p.rec(p.slots()[r&(1<<32-1)*n>>32]), t.Mode())
}

// mix is the step of splitmix64: it turns one random number into the next.
func mix(r uint64) uint64 {
	r += 0x9e3779b97f4a7c15
	r = (r ^ r>>30) * 0xbf58476d1ce4e5b9
	r = (r ^ r>>27) * 0x94d049bb133111eb
	return r ^ r>>31
}

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
