package hash

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/packed"
	"github.com/kringdb/kring/store/slotted"
)

// EmptyBytes is the payload of an empty hash, which is packed.
const EmptyBytes = countBytes

// Init makes e, a Listpack with a payload of EmptyBytes, an empty hash.
func Init(e entry.Entry) { setCount(e.Payload(), 0) }

// Len returns the number of fields, expired ones included.
func Len(e entry.Entry) int {
	p := e.Payload()
	if e.Encoding() == entry.Hashtable {
		return slotted.At(p).Len()
	}
	return count(p)
}

// NextDeadline returns a time before which no field expires, 0 when no field has a
// deadline: one comparison tells whether anything may have expired.
func NextDeadline(e entry.Entry) int64 {
	switch e.Encoding() {
	case entry.Listpack, entry.PackedTable:
		return 0
	case entry.ListpackEx:
		return load(e.Payload(), countBytes)
	}
	return load(e.Payload(), nearestAt)
}

// due tells whether a field of e may have expired.
func due(e entry.Entry, now int64) bool {
	d := NextDeadline(e)
	return d != 0 && d <= now
}

// gone tells whether a field with this deadline has expired.
func gone(deadline, now int64) bool { return deadline != 0 && deadline <= now }

// Get returns a view of field's value, false if it is missing or expired.
func Get(e entry.Entry, field []byte, now int64) (val []byte, ok bool) {
	p := e.Payload()
	if e.Encoding() == entry.Listpack {
		off := packed.Find(p, countBytes, field, 2, 0)
		if off < 0 {
			return nil, false
		}
		val, _ = packed.Next(p, packed.Skip(p, off))
		return val, true
	}
	val, _, ok = Lookup(e, field, now)
	return val, ok
}

// Lookup is Get, and the field's deadline, 0 for none.
func Lookup(e entry.Entry, field []byte, now int64) (val []byte, deadline int64, ok bool) {
	p := e.Payload()
	if e.Encoding() == entry.Hashtable {
		r := slotted.At(p).Find(field)
		if r == 0 {
			return nil, 0, false
		}
		if val, ok = r.Plain(); ok {
			return val, 0, true
		}
		if deadline = r.Deadline(); gone(deadline, now) {
			return nil, 0, false
		}
		return r.Value(), deadline, true
	}
	s := shapeOf(e)
	off := s.find(p, field)
	if off < 0 {
		return nil, 0, false
	}
	_, val, deadline, _ = s.group(p, off)
	if gone(deadline, now) {
		return nil, 0, false
	}
	return val, deadline, true
}

// Set gives field the value val and a deadline (0 none, or KeepTTL) and tells whether it
// was absent before. An expired field counts as there: the caller has called
// ExpireFields.
func Set(ar *arena.Arena, e entry.Entry, lim *Limits, field, val []byte, deadline int64) (_ entry.Entry, created bool) {
	switch e.Encoding() {
	case entry.Hashtable:
		return e, setFull(ar, e, field, val, deadline)
	case entry.PackedTable:
	default:
		if lim.Fits(len(field)) && lim.Fits(len(val)) && e.PayloadLen()+len(field)+len(val) < entry.MaxPackedBytes {
			if deadline > 0 {
				e = toTimed(ar, e)
			}
			var done bool
			if e, created, done = setPacked(ar, e, lim, field, val, deadline); done {
				return e, created
			}
		}
	}
	if deadline <= 0 && staysShort(e, field, val) {
		e.SetEncoding(entry.PackedTable)
		e, created, _ = setPacked(ar, e, &shortLimits, field, val, 0)
		return e, created
	}
	e = toFull(ar, e)
	return e, setFull(ar, e, field, val, deadline)
}

// SetDeadline gives field, which is there, a deadline, or none (0).
func SetDeadline(ar *arena.Arena, e entry.Entry, field []byte, deadline int64) entry.Entry {
	if e.Encoding() == entry.PackedTable && deadline != 0 {
		e = toFull(ar, e)
	}
	if e.Encoding() == entry.Hashtable {
		p := e.Payload()
		slotted.At(p).SetDeadline(ar, field, deadline)
		if deadline != 0 {
			note(ar, p, field, deadline)
		}
		return e
	}
	if deadline == 0 && e.Encoding() != entry.ListpackEx {
		return e
	}
	e = toTimed(ar, e)
	p := e.Payload()
	s := shapeOf(e)
	off := s.find(p, field)
	_, _, _, end := s.group(p, off)
	store(p, end-deadlineBytes, deadline)
	hasten(p, countBytes, deadline)
	return e
}

// Delete removes field and tells whether it was there, expired or not. The hash may be
// empty afterwards.
func Delete(ar *arena.Arena, e entry.Entry, field []byte) (_ entry.Entry, ok bool) {
	p := e.Payload()
	if e.Encoding() == entry.Hashtable {
		return e, slotted.At(p).Delete(ar, field)
	}
	s := shapeOf(e)
	off := s.find(p, field)
	if off < 0 {
		return e, false
	}
	setCount(p, count(p)-1)
	return packed.Delete(ar, e, off, 2, s.suffix), true
}

// Each calls fn with every field that has not expired until it returns false. fn must not
// change the hash.
func Each(e entry.Entry, now int64, fn func(field, val []byte, deadline int64) bool) {
	p := e.Payload()
	if e.Encoding() == entry.Hashtable {
		var it slotted.Iter
		t := slotted.At(p)
		for r := it.Next(t); r != 0; r = it.Next(t) {
			d := r.Deadline()
			if gone(d, now) {
				continue
			}
			if f, v := r.KeyValue(); !fn(f, v, d) {
				return
			}
		}
		return
	}
	s := shapeOf(e)
	for off := s.head; off < len(p); {
		var f, v []byte
		var d int64
		if f, v, d, off = s.group(p, off); !gone(d, now) && !fn(f, v, d) {
			return
		}
	}
}

// Run returns a view of all fields and values of a packed hash without deadlines, each behind
// its length, a varint. ok is false if it is of another form.
func Run(e entry.Entry) (run []byte, ok bool) {
	if e.Encoding() != entry.Listpack {
		return nil, false
	}
	return e.Payload()[countBytes:], true
}

// Scan calls fn with about want fields from cursor on, expired ones left out, and
// returns the cursor to go on with, 0 at the end; a scan begins at 0. What is there from
// beginning to end is met exactly once, but for a change of encoding. A packed hash is
// walked at once.
func Scan(e entry.Entry, cursor uint64, want int, now int64, fn func(field, val []byte)) (next uint64) {
	if e.Encoding() != entry.Hashtable {
		Each(e, now, func(f, v []byte, _ int64) bool {
			fn(f, v)
			return true
		})
		return 0
	}
	next, _ = slotted.At(e.Payload()).Walk(cursor, want, func(r slotted.Ref) {
		if !gone(r.Deadline(), now) {
			fn(r.KeyValue())
		}
	})
	return next
}

// Walk emits all fields, with their deadlines, from the position pos on, at least want of them
// if there are so many, and returns where to go on, 0 when it is through. A walk begins at 0.
// Blocks of the hash may be moved between the calls.
func Walk(e entry.Entry, pos uint64, want int, fn func(field, val []byte, deadline int64)) (next uint64) {
	if e.Encoding() == entry.Hashtable {
		next, _ = slotted.At(e.Payload()).Walk(pos, want, func(r slotted.Ref) {
			f, v := r.KeyValue()
			fn(f, v, r.Deadline())
		})
		return next
	}
	Each(e, 0, func(f, v []byte, d int64) bool {
		fn(f, v, d)
		return true
	})
	return 0
}

// Visible returns the number of fields that have not expired. It visits those that may
// have.
func Visible(e entry.Entry, now int64) int {
	n := Len(e)
	if !due(e, now) {
		return n
	}
	if e.Encoding() == entry.Hashtable {
		return n - countExpired(e.Payload(), now)
	}
	n = 0
	Each(e, now, func(_, _ []byte, _ int64) bool {
		n++
		return true
	})
	return n
}
