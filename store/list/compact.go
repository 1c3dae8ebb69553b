package list

import (
	"encoding/binary"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

const compactHeader = 4

// The fields of a compact list's payload.
func compactCount(p []byte) int       { return int(binary.LittleEndian.Uint16(p)) }
func setCompactCount(p []byte, n int) { binary.LittleEndian.PutUint16(p, uint16(n)) }
func gapOf(p []byte) int              { return int(binary.LittleEndian.Uint16(p[2:])) }
func setGap(p []byte, n int)          { binary.LittleEndian.PutUint16(p[2:], uint16(n)) }

// packed returns the elements of a compact list and their number.
func packed(e entry.Entry) (p []byte, n int) {
	pl := e.Payload()
	return pl[compactHeader+gapOf(pl):], compactCount(pl)
}

// compactAllows tells whether k more elements, of text bytes and size packed bytes in
// all, leave a compact list compact.
func compactAllows(e entry.Entry, k, text, size int, b bounds) bool {
	p, n := packed(e)
	return n+k <= min(b.elems, maxCompactElems) &&
		listpackOverheadBytes+len(p)+text <= b.bytes && len(p)+size <= 2*b.bytes
}

// widen makes a hole of n bytes at off in the elements of a compact list. The hole is
// the caller's to fill.
func widen(ar *arena.Arena, e entry.Entry, off, n int) (entry.Entry, []byte) {
	p := e.Payload()
	gap := gapOf(p)
	used := len(p) - compactHeader - gap
	if off == 0 {
		if gap < n {
			e = moveUp(ar, e, n)
			p = e.Payload()
			gap = gapOf(p)
		}
		setGap(p, gap-n)
		at := compactHeader + gap - n
		return e, p[at : at+n]
	}
	to := len(p) + n
	if gap > 0 && gap >= used/newGapShare && !e.Fits(entry.SizeFor(len(e.Key()), to, e.HasDeadline())) {
		closeGap(p)
		gap, to = 0, compactHeader+used+n
	}
	e = e.Resize(ar, entry.Listpack, to, e.Deadline())
	p = e.Payload()
	at := compactHeader + gap + off
	copy(p[at+n:], p[at:compactHeader+gap+used])
	return e, p[at : at+n]
}

// moveUp makes the gap of a compact list at least n bytes.
func moveUp(ar *arena.Arena, e entry.Entry, n int) entry.Entry {
	p := e.Payload()
	gap := gapOf(p)
	used := len(p) - compactHeader - gap
	if used >= gapMinBytes {
		n += used / newGapShare
	}
	e = e.Resize(ar, entry.Listpack, compactHeader+n+used, e.Deadline())
	p = e.Payload()
	copy(p[compactHeader+n:], p[compactHeader+gap:compactHeader+gap+used])
	setGap(p, n)
	return e
}

// closeGap moves the elements to the front; the payload's length stays.
func closeGap(p []byte) {
	copy(p[compactHeader:], p[compactHeader+gapOf(p):])
	setGap(p, 0)
}

// narrow removes the n bytes at off from the elements of a compact list.
func narrow(ar *arena.Arena, e entry.Entry, off, n int) entry.Entry {
	p := e.Payload()
	gap := gapOf(p)
	used := len(p) - compactHeader - gap - n
	if off == 0 {
		gap += n
		setGap(p, gap)
		if used >= gapMinBytes && gap <= used/gapShare {
			return e
		}
		closeGap(p)
		gap = 0
	} else {
		at := compactHeader + gap + off
		copy(p[at:], p[at+n:])
	}
	return e.Resize(ar, entry.Listpack, compactHeader+gap+used, e.Deadline())
}

// compactPush pushes elements, which fit, one after the other at an end.
func compactPush(ar *arena.Arena, e entry.Entry, s Side, elems [][]byte, size int) entry.Entry {
	off := 0
	if s == Tail {
		p, _ := packed(e)
		off = len(p)
	}
	e, hole := widen(ar, e, off, size)
	if s == Tail {
		fillForward(hole, elems)
	} else {
		fillBackward(hole, elems)
	}
	p := e.Payload()
	setCompactCount(p, compactCount(p)+len(elems))
	return e
}

func fillForward(hole []byte, elems [][]byte) {
	for i := range elems {
		v := ElemOf(elems[i])
		n := v.size()
		v.put(hole[:n])
		hole = hole[n:]
	}
}

func fillBackward(hole []byte, elems [][]byte) {
	for i := range elems {
		v := ElemOf(elems[i])
		at := len(hole) - v.size()
		v.put(hole[at:])
		hole = hole[:at]
	}
}

// compactReplace puts v in the place of the old bytes at off.
func compactReplace(ar *arena.Arena, e entry.Entry, off, old int, v *Elem) entry.Entry {
	size := v.size()
	if size > old {
		e, _ = widen(ar, e, off, size-old)
	} else if size < old {
		e = narrow(ar, e, off, old-size)
	}
	p, _ := packed(e)
	v.put(p[off : off+size])
	return e
}
