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
