package packed

import (
	"errors"
	"fmt"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// moreBit marks a length byte that another one follows.
const moreBit = 0x80

// ShortBytes is the length from which on an element's length takes more than one byte.
const ShortBytes = moreBit

// Is tells whether a short element stands at off, which may be the end, and is elem.
func Is(b []byte, off int, elem []byte) bool {
	n := len(elem)
	return n < ShortBytes && off+n < len(b) && int(b[off]) == n && string(b[off+1:off+1+n]) == string(elem)
}

// Size returns the bytes of an element of n bytes.
func Size(n int) int {
	size := n + 1
	for ; n >= moreBit; n >>= 7 {
		size++
	}
	return size
}

// Next returns a view of the element at off and the offset behind it.
func Next(b []byte, off int) (elem []byte, next int) {
	n, at := length(b, off)
	next = at + n
	return b[at:next:next], next
}

// Skip returns the offset behind the element at off.
func Skip(b []byte, off int) int {
	n, at := length(b, off)
	return at + n
}

// length reads the length at off and returns it with the offset of the bytes.
func length(b []byte, off int) (n, at int) {
	n = int(b[off])
	if n < moreBit {
		return n, off + 1
	}
	return longLength(b, off)
}

func longLength(b []byte, off int) (n, at int) {
	for shift := 0; ; shift += 7 {
		c := b[off]
		off++
		n |= int(c&^moreBit) << shift
		if c < moreBit {
			return n, off
		}
	}
}

// SkipGroup returns the offset behind the group at off.
func SkipGroup(b []byte, off, stride, suffix int) int {
	for ; stride > 0; stride-- {
		off = Skip(b, off)
	}
	return off + suffix
}

// Find returns the offset of the first group at or behind off whose first element is
// elem, -1 when there is none.
func Find(b []byte, off int, elem []byte, stride, suffix int) int {
	if len(elem) >= moreBit {
		return findLong(b, off, elem, stride, suffix)
	}
	n := len(elem)
	for off < len(b) {
		at := off
		l := int(b[off])
		if l >= moreBit {
			off = Skip(b, off)
		} else {
			off += 1 + l
			if l == n && string(b[at+1:off]) == string(elem) {
				return at
			}
		}
		for i := 1; i < stride; i++ {
			off = Skip(b, off)
		}
		off += suffix
	}
	return -1
}

// findLong is Find for an element whose length takes more than one byte.
func findLong(b []byte, off int, elem []byte, stride, suffix int) int {
	for off < len(b) {
		if s, _ := Next(b, off); string(s) == string(elem) {
			return off
		}
		off = SkipGroup(b, off, stride, suffix)
	}
	return -1
}

// At returns the offset of group i, counted from the one at off.
func At(b []byte, off, i, stride, suffix int) int {
	for ; i > 0; i-- {
		off = SkipGroup(b, off, stride, suffix)
	}
	return off
}

// Count returns the number of groups from the one at off to the end.
func Count(b []byte, off, stride, suffix int) (n int) {
	for ; off < len(b); n++ {
		off = SkipGroup(b, off, stride, suffix)
	}
	return n
}

// Put writes an element at off, where b has Size(len(elem)) bytes for it, and returns
// the offset behind it.
func Put(b []byte, off int, elem []byte) int {
	n := len(elem)
	for ; n >= moreBit; n >>= 7 {
		b[off] = byte(n) | moreBit
		off++
	}
	b[off] = byte(n)
	off++
	return off + copy(b[off:off+len(elem)], elem)
}

// Splice replaces the del payload bytes at off by ins undefined ones, which the caller
// fills: the way to insert, replace and delete whole groups.
func Splice(ar *arena.Arena, e entry.Entry, off, del, ins int) entry.Entry {
	n := e.PayloadLen()
	switch {
	case ins > del:
		e = e.Resize(ar, e.Encoding(), n+ins-del, e.Deadline())
		p := e.Payload()
		copy(p[off+ins:], p[off+del:n])
	case ins < del:
		p := e.Payload()
		copy(p[off+ins:], p[off+del:])
		e = e.Resize(ar, e.Encoding(), n+ins-del, e.Deadline())
	}
	return e
}

// Insert puts an element in front of what stands at off, which may be the end.
func Insert(ar *arena.Arena, e entry.Entry, off int, elem []byte) entry.Entry {
	e = Splice(ar, e, off, 0, Size(len(elem)))
	Put(e.Payload(), off, elem)
	return e
}

// Append adds an element at the end.
func Append(ar *arena.Arena, e entry.Entry, elem []byte) entry.Entry {
	return Insert(ar, e, e.PayloadLen(), elem)
}

// Replace puts elem in the place of the element at off.
func Replace(ar *arena.Arena, e entry.Entry, off int, elem []byte) entry.Entry {
	e = Splice(ar, e, off, Skip(e.Payload(), off)-off, Size(len(elem)))
	Put(e.Payload(), off, elem)
	return e
}

// Delete removes the group at off.
func Delete(ar *arena.Arena, e entry.Entry, off, stride, suffix int) entry.Entry {
	return Splice(ar, e, off, SkipGroup(e.Payload(), off, stride, suffix)-off, 0)
}

var errShape = errors.New("packed: the last group does not end at the payload's end")

// Check verifies the groups from off to the end and returns their number.
func Check(b []byte, off, stride, suffix int) (groups int, err error) {
	for off < len(b) {
		for range stride {
			if off, err = checkElement(b, off); err != nil {
				return groups, err
			}
		}
		off += suffix
		groups++
	}
	if off != len(b) {
		return groups, errShape
	}
	return groups, nil
}

func checkElement(b []byte, off int) (next int, err error) {
	end := off
	for end < len(b) && b[end] >= moreBit {
		end++
	}
	if end >= len(b) || end-off > 4 {
		return 0, errShape
	}
	n, at := length(b, off)
	if n > len(b)-at {
		return 0, errShape
	}
	if Size(n) != at-off+n {
		return 0, fmt.Errorf("packed: length %d takes %d bytes", n, at-off)
	}
	return at + n, nil
}
