package set

import (
	"strconv"

	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/packed"
	"github.com/kringdb/kring/store/slotted"
)

// Iter goes through the members of a set that does not change meanwhile. The zero Iter
// stands before the first.
type Iter struct {
	at    int // index in an intset, offset in a packed set
	table slotted.Iter
	buf   [maxIntBytes]byte
}

// Next returns the next member, false after the last. It is valid until the call after.
func (it *Iter) Next(e entry.Entry) (m []byte, ok bool) {
	p := e.Payload()
	switch e.Encoding() {
	case entry.Hashtable:
		r := it.table.Next(slotted.At(p))
		if r == 0 {
			return nil, false
		}
		return r.Key(), true
	case entry.Listpack:
		off := max(it.at, countBytes)
		if off >= len(p) {
			return nil, false
		}
		m, it.at = packed.Next(p, off)
		return m, true
	}
	if it.at >= ints(p).count() {
		return nil, false
	}
	it.at++
	return strconv.AppendInt(it.buf[:0], ints(p).at(it.at-1), 10), true
}

// Run returns a view of all members of a packed set, each behind its length, a varint. ok is
// false if it is of another form.
func Run(e entry.Entry) (run []byte, ok bool) {
	if e.Encoding() != entry.Listpack {
		return nil, false
	}
	return e.Payload()[countBytes:], true
}

// Walk emits members from the position pos on, at least want of them if there are so
// many, and returns where to go on, 0 when it is through. A walk begins at 0. A compact
// set comes as a whole. What is promised of members that come and go is what
// slotted.Table.Walk says.
func Walk(e entry.Entry, pos uint64, want int, fn func(m []byte)) (next uint64) {
	if e.Encoding() == entry.Hashtable {
		next, _ = slotted.At(e.Payload()).Walk(pos, want, func(r slotted.Ref) { fn(r.Key()) })
		return next
	}
	var it Iter
	for m, ok := it.Next(e); ok; m, ok = it.Next(e) {
		fn(m)
	}
	return 0
}
