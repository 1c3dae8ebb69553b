package list

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Side is an end of a list.
type Side uint8

// The two ends.
const (
	Head Side = iota
	Tail
)

// Len returns the number of elements.
func Len(e entry.Entry) int64 {
	if e.Encoding() == entry.Listpack {
		return int64(compactCount(e.Payload()))
	}
	return quickOf(nil, e).count()
}

// PackedBytes returns about how many bytes the elements take.
func PackedBytes(e entry.Entry) int64 {
	if e.Encoding() == entry.Listpack {
		return int64(e.PayloadLen())
	}
	return quickOf(nil, e).bytes()
}

// measure returns the bytes of the elements and what they take packed.
func measure(elems [][]byte) (text, size int) {
	for i := range elems {
		v := ElemOf(elems[i])
		text += len(elems[i])
		size += v.size()
	}
	return text, size
}

// Plan tells encoding and payload length of a new list of elems. maxSize is
// list-max-listpack-size here and below: elements, or -1 to -5 for 4 to 64 KB.
func Plan(elems [][]byte, maxSize int) (enc entry.Encoding, payloadLen int) {
	b := boundsOf(maxSize)
	text, size := measure(elems)
	if len(elems) > min(b.elems, maxCompactElems) || listpackOverheadBytes+text > b.bytes || size > 2*b.bytes {
		return entry.Quicklist, rootBytes
	}
	return entry.Listpack, compactHeader + size
}

// Fill pushes elems, one after the other, at side s of an entry whose fresh payload is
// as Plan said.
func Fill(ar *arena.Arena, e entry.Entry, s Side, elems [][]byte, maxSize int) {
	p := e.Payload()
	if e.Encoding() == entry.Quicklist {
		clear(p)
		pushAll(quickOf(ar, e), s, elems, boundsOf(maxSize))
		return
	}
	setCompactCount(p, len(elems))
	setGap(p, 0)
	if s == Tail {
		fillForward(p[compactHeader:], elems)
	} else {
		fillBackward(p[compactHeader:], elems)
	}
}

// Push adds elems, one after the other, at side s. They are no views of the list.
func Push(ar *arena.Arena, e entry.Entry, s Side, elems [][]byte, maxSize int) entry.Entry {
	b := boundsOf(maxSize)
	if e.Encoding() == entry.Listpack {
		text, size := measure(elems)
		if compactAllows(e, len(elems), text, size, b) {
			return compactPush(ar, e, s, elems, size)
		}
		e = toFull(ar, e, s)
	}
	pushAll(quickOf(ar, e), s, elems, b)
	return e
}

func pushAll(q quick, s Side, elems [][]byte, b bounds) {
	for i := range elems {
		var v Elem
		v.set(elems[i])
		q.push(s, &v, b)
	}
}

// At returns element i, 0 <= i < Len, as a view.
func At(e entry.Entry, i int64) Elem {
	p, n, first := runOf(e, i)
	return decode(p[offset(p, n, int(i-first)):])
}

// runOf returns the packed run that holds element i, its number of elements, and the
// index of its first.
func runOf(e entry.Entry, i int64) (p []byte, n int, first int64) {
	if e.Encoding() == entry.Listpack {
		p, n = packed(e)
		return p, n, 0
	}
	l := quickOf(nil, e).find(i)
	return nodeBytes(l.a), nodeCount(l.a), l.first
}

// Pop removes the last element at side s; the list has one.
func Pop(ar *arena.Arena, e entry.Entry, s Side, maxSize int) entry.Entry {
	if e.Encoding() != entry.Listpack {
		quickOf(ar, e).pop(s)
		return shrink(ar, e, maxSize)
	}
	p, n := packed(e)
	setCompactCount(e.Payload(), n-1)
	if s == Head {
		return narrow(ar, e, 0, sizeOf(p))
	}
	size := lastSize(p)
	return narrow(ar, e, len(p)-size, size)
}

// Delete removes the n elements from i on, which are there.
func Delete(ar *arena.Arena, e entry.Entry, i, n int64, maxSize int) entry.Entry {
	if n <= 0 {
		return e
	}
	if e.Encoding() != entry.Listpack {
		quickOf(ar, e).delete(i, n)
		return shrink(ar, e, maxSize)
	}
	p, has := packed(e)
	from := offset(p, has, int(i))
	size := offset(p[from:], has-int(i), int(n))
	setCompactCount(e.Payload(), has-int(n))
	return narrow(ar, e, from, size)
}

// Set makes val element i, 0 <= i < Len. val is no view of the list.
func Set(ar *arena.Arena, e entry.Entry, i int64, val []byte, maxSize int) entry.Entry {
	b := boundsOf(maxSize)
	v := ElemOf(val)
	if e.Encoding() == entry.Listpack {
		if compactAllows(e, 0, len(val), v.size(), b) {
			p, n := packed(e)
			off := offset(p, n, int(i))
			return compactReplace(ar, e, off, sizeOf(p[off:]), &v)
		}
		e = toFull(ar, e, Tail)
	}
	quickOf(ar, e).set(i, &v, b)
	return shrink(ar, e, maxSize)
}

// Insert makes val element i, 0 <= i <= Len; what stood there follows it. val is no view
// of the list.
func Insert(ar *arena.Arena, e entry.Entry, i int64, val []byte, maxSize int) entry.Entry {
	b := boundsOf(maxSize)
	v := ElemOf(val)
	if e.Encoding() == entry.Listpack {
		size := v.size()
		if compactAllows(e, 1, len(val), size, b) {
			p, n := packed(e)
			e, hole := widen(ar, e, offset(p, n, int(i)), size)
			v.put(hole)
			setCompactCount(e.Payload(), n+1)
			return e
		}
		e = toFull(ar, e, Tail)
	}
	q := quickOf(ar, e)
	switch i {
	case 0:
		q.push(Head, &v, b)
	case q.count():
		q.push(Tail, &v, b)
	default:
		q.insertAt(i, &v, b)
	}
	return e
}

// Remove removes the first most elements that are equal to val, or the last ones if
// back, and returns how many there were. val is no view of the list.
func Remove(ar *arena.Arena, e entry.Entry, val []byte, most int64, back bool, maxSize int) (ne entry.Entry, removed int64) {
	d := NeedleOf(val)
	if e.Encoding() != entry.Listpack {
		if removed = quickOf(ar, e).strip(&d, most, back, boundsOf(maxSize)); removed > 0 {
			e = shrink(ar, e, maxSize)
		}
		return e, removed
	}
	p, n := packed(e)
	found := d.countIn(p)
	gone := int(min(int64(found), most))
	if gone == 0 {
		return e, 0
	}
	skip := 0
	if back {
		skip = found - gone
	}
	size, _ := d.strip(p, skip, gone)
	setCompactCount(e.Payload(), n-gone)
	gap := gapOf(e.Payload())
	return e.Resize(ar, entry.Listpack, compactHeader+gap+size, e.Deadline()), int64(gone)
}
