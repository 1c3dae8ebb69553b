package slotted

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// Add makes key a record of a table of the mode Keys and tells whether it was none
// before. key must not be a view of the table.
func (t *Table) Add(ar *arena.Arena, key []byte) bool {
	h := Hash(key)
	if !t.empty() {
		p := t.pageAt(h)
		i, rec := p.find(h, key, Keys)
		if rec != 0 {
			return false
		}
		if len(key) < escape {
			n := 1 + len(key)
			hd := p.header()
			if p.capacity()-hd.used() >= n+slotBytes {
				rec, off := p.carve(hd, n)
				b := arena.Bytes(rec, n)
				b[0] = byte(len(key))
				copy(b[1:], key)
				p.insertSlot(hd, i, tagOf(h, p.depth())<<tagBits|off)
				t.hint(p, h, hd.count)
				t.count++
				return true
			}
		}
	}
	t.insert(ar, h, key, nil, 0, false)
	return true
}

// Insert adds a record with a key that is absent, in the mode Values with a value; in
// the other modes val is nil. Neither may be a view of the table.
func (t *Table) Insert(ar *arena.Arena, key, val []byte) Ref {
	return makeRef(t.insert(ar, Hash(key), key, val, 0, false), t.Mode())
}

// InsertWord adds a record with a key that is absent to a table of the mode Words.
func (t *Table) InsertWord(ar *arena.Arena, key []byte, w uint64) Ref {
	var val [8]byte
	*(*uint64)(unsafe.Pointer(&val)) = w
	return t.Insert(ar, key, val[:])
}

// FillWord is InsertWord, for many in a row: h is the Hash of key. Pages get room for what will come, which Fit takes away.
func (t *Table) FillWord(ar *arena.Arena, h uint64, key []byte, w uint64) {
	var val [8]byte
	*(*uint64)(unsafe.Pointer(&val)) = w
	t.insert(ar, h, key, val[:], 0, true)
}

// Fill adds a record with a key that is absent, whose Hash is h, to a table of the mode Values with a value and a deadline (0 none), or of the
// mode Keys with neither; for many in a row, as FillWord.
func (t *Table) Fill(ar *arena.Arena, h uint64, key, val []byte, deadline int64) {
	t.insert(ar, h, key, val, deadline, true)
}

// insert adds a record with a key that is absent. roomy gives pages room for more of them.
func (t *Table) insert(ar *arena.Arena, h uint64, key, val []byte, deadline int64, roomy bool) arena.Addr {
	mode := t.Mode()
	l := layoutOf(mode, len(key), len(val), deadline)
	n := l.size()
	p := t.reserve(ar, h, n+slotBytes, roomy)
	hd, tag := p.header(), tagOf(h, p.depth())
	i := lowerBound(p.slots(), uint32(hd.count), p.hint(), tag)
	rec, off := p.carve(hd, n)
	t.write(ar, rec, &l, key, val, deadline)
	p.insertSlot(hd, i, tag<<tagBits|off)
	t.hint(p, h, hd.count)
	t.count++
	return rec
}

// write fills the record at rec.
func (t *Table) write(ar *arena.Arena, rec arena.Addr, l *layout, key, val []byte, deadline int64) {
	p := rec.Ptr()
	l.putHead(p, t.Mode(), deadline)
	if l.flags&flagKeyOut != 0 {
		t.putOut(ar, p, l.keyAt, key)
	} else {
		copy(l.key(p), key)
	}
	t.writeValue(ar, p, l, val)
	if l.flags&flagTimed != 0 {
		t.timed++
	}
}

func (t *Table) writeValue(ar *arena.Arena, p unsafe.Pointer, l *layout, val []byte) {
	if l.flags&flagValOut != 0 {
		t.putOut(ar, p, l.valAt, val)
	} else {
		copy(l.value(p), val)
	}
}

// Set gives key the value val and the deadline (0 none) in a table of the mode Values
// and tells whether it was absent before. Neither may be a view of the table.
func (t *Table) Set(ar *arena.Arena, key, val []byte, deadline int64) (created bool) {
	h := Hash(key)
	if !t.empty() {
		p := t.pageAt(h)
		if i, rec := p.find(h, key, Values); rec != 0 {
			if deadline == 0 && overwrite(rec.Ptr(), len(key), val) {
				return false
			}
			t.replace(ar, h, key, p, i, val, deadline)
			return false
		}
	}
	t.insert(ar, h, key, val, deadline, false)
	return true
}

// overwrite writes val over the value of the record at p, whose key has keyLen bytes, if
// the record has neither deadline nor blocks outside and both values are short and of one
// length.
func overwrite(p unsafe.Pointer, keyLen int, val []byte) bool {
	n := uint(*(*byte)(unsafe.Add(p, 1)))
	if *(*byte)(p) >= escape || n != uint(len(val)) || n == longValue {
		return false
	}
	copy(unsafe.Slice((*byte)(unsafe.Add(p, 2+keyLen)), n), val)
	return true
}

// replace gives the record at index i of p, that of key, another value and deadline.
func (t *Table) replace(ar *arena.Arena, h uint64, key []byte, p page, i uint32, val []byte, deadline int64) {
	ptr := p.rec(p.slots()[i]).Ptr()
	old := parse(ptr, Values)
	l := layoutOf(Values, len(key), len(val), deadline)
	if l.size() == old.size() && l.flags == old.flags {
		if l.flags&flagValOut != 0 {
			t.freeOut(ar, ptr, l.valAt)
		}
		l.putHead(ptr, Values, deadline)
		t.writeValue(ar, ptr, &l, val)
		return
	}
	n := l.size()
	if p.capacity()-p.header().used() < n {
		p, i = t.reserveFor(ar, h, key, n)
	}
	t.rewrite(ar, p, i, &l, val, deadline)
}

// reserveFor makes room for n bytes in the page of key, which has a record, and returns
// where that is then.
func (t *Table) reserveFor(ar *arena.Arena, h uint64, key []byte, n int) (page, uint32) {
	p := t.reserve(ar, h, n, false)
	i, _ := p.find(h, key, Values)
	return p, i
}

// rewrite writes the record at index i of p anew, in the layout l, in another place of
// the page, which has room.
func (t *Table) rewrite(ar *arena.Arena, p page, i uint32, l *layout, val []byte, deadline int64) {
	hd, s := p.header(), p.slots()
	from := p.rec(s[i]).Ptr()
	old := parse(from, Values)
	rec, off := p.carve(hd, l.size())
	to := rec.Ptr()
	l.putHead(to, Values, deadline)
	copy(arena.Bytes(rec+arena.Addr(l.keyAt), l.keyLen), unsafe.Slice((*byte)(unsafe.Add(from, old.keyAt)), old.keyLen))
	if old.flags&flagValOut != 0 {
		t.freeOut(ar, from, old.valAt)
	}
	t.writeValue(ar, to, l, val)
	t.timed += uint32(l.flags&flagTimed/flagTimed) - uint32(old.flags&flagTimed/flagTimed)
	hd.dead += uint16(old.size())
	s[i] = s[i]&^offsetMask | off
}

// SetDeadline gives the record of key a deadline in milliseconds since 1970, or none
// (0), and tells whether there is such a record. The mode is Values.
func (t *Table) SetDeadline(ar *arena.Arena, key []byte, deadline int64) bool {
	if t.empty() {
		return false
	}
	h := Hash(key)
	p := t.pageAt(h)
	i, rec := p.find(h, key, Values)
	if rec == 0 {
		return false
	}
	ptr := rec.Ptr()
	l := parse(ptr, Values)
	if l.flags&flagTimed != 0 && deadline != 0 {
		*(*int64)(unsafe.Add(ptr, l.keyAt-deadlineLen)) = deadline
		return true
	}
	if l.flags&flagTimed == 0 && deadline == 0 {
		return true
	}
	t.retime(ar, h, key, p, i, deadline)
	return true
}

// retime adds or takes away the deadline of the record at index i of p.
func (t *Table) retime(ar *arena.Arena, h uint64, key []byte, p page, i uint32, deadline int64) {
	if room := recordBytes(p.rec(p.slots()[i]), Values) + deadlineLen + 2; p.capacity()-p.header().used() < room {
		p, i = t.reserveFor(ar, h, key, room)
	}
	hd, s := p.header(), p.slots()
	from := p.rec(s[i]).Ptr()
	old := parse(from, Values)
	l := old
	l.flags ^= flagTimed
	l.keyAt = 1
	if l.flags != 0 || l.keyLen >= escape {
		l.keyAt += 2
	}
	if l.keyAt++; l.valLen >= longValue {
		l.keyAt += 2
	}
	if deadline != 0 {
		l.keyAt += deadlineLen
		t.timed++
	} else {
		t.timed--
	}
	l.valAt = l.keyAt + l.keyLen
	rec, off := p.carve(hd, l.size())
	l.putHead(rec.Ptr(), Values, deadline)
	n := l.keyLen + l.valLen
	copy(arena.Bytes(rec+arena.Addr(l.keyAt), n), unsafe.Slice((*byte)(unsafe.Add(from, old.keyAt)), n))
	hd.dead += uint16(old.size())
	s[i] = s[i]&^offsetMask | off
}

// Delete removes the record of key and tells whether there was one. key must not be a
// view of the table.
func (t *Table) Delete(ar *arena.Arena, key []byte) bool {
	if t.empty() {
		return false
	}
	h, mode := Hash(key), t.Mode()
	p := t.pageAt(h)
	i, rec := p.find(h, key, mode)
	if rec == 0 {
		return false
	}
	ptr := rec.Ptr()
	l := parse(ptr, mode)
	if l.flags != 0 {
		t.dropOutside(ar, ptr, &l)
		if l.flags&flagTimed != 0 {
			t.timed--
		}
	}
	hd := p.header()
	p.removeSlot(hd, i, l.size())
	if t.count--; t.count == 0 {
		t.drop(ar)
		return true
	}
	t.hint(p, h, hd.count)
	if waste := p.capacity() - hd.live(); waste > p.capacity()/wasteShare+wasteMinBytes {
		t.tidy(ar, p, h)
	}
	return true
}
