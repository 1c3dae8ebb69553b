package slotted

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// The head of a record, drawn in doc.go.
const (
	escape      = 0xF0 // first byte: flags, and 2 bytes of key length follow
	flagKeyOut  = 1
	flagValOut  = 2
	flagTimed   = 4
	longValue   = 0xFF // value length byte: 2 bytes follow
	outBytes    = 12   // what stands in place of a key or value outside
	deadlineLen = 8
)

// layout is where the parts of a record are.
type layout struct {
	flags  uint8
	keyAt  int // offset of the key part; the deadline, if any, is before it
	keyLen int // of the part in the record
	valAt  int
	valLen int
}

// size returns the bytes of the whole record.
func (l *layout) size() int { return l.valAt + l.valLen }

func u16(p unsafe.Pointer, off int) int { return int(*(*uint16)(unsafe.Add(p, off))) }

// parse reads the head of the record at p.
func parse(p unsafe.Pointer, mode Mode) (l layout) {
	at := 1
	if b := *(*byte)(p); b < escape {
		l.keyLen = int(b)
	} else {
		l.flags = b &^ escape
		l.keyLen = u16(p, 1)
		at = 3
	}
	switch mode {
	case Words:
		l.valLen = 8
	case Values:
		if b := *(*byte)(unsafe.Add(p, at)); b != longValue {
			l.valLen = int(b)
			at++
		} else {
			l.valLen = u16(p, at+1)
			at += 3
		}
	}
	l.keyAt = at
	if l.flags&flagTimed != 0 {
		l.keyAt += deadlineLen
	}
	l.valAt = l.keyAt + l.keyLen
	return l
}

// recordBytes returns the size of the record at rec.
func recordBytes(rec arena.Addr, mode Mode) int {
	l := parse(rec.Ptr(), mode)
	return l.size()
}

// outside reads what stands in place of a key or value that has its own block.
func outside(p unsafe.Pointer, at int) []byte {
	a := *(*uint64)(unsafe.Add(p, at))
	return arena.Bytes(arena.Addr(a), int(*(*uint32)(unsafe.Add(p, at+8))))
}

func putOutside(p unsafe.Pointer, at int, a arena.Addr, n int) {
	*(*uint64)(unsafe.Add(p, at)) = uint64(a)
	*(*uint32)(unsafe.Add(p, at+8)) = uint32(n)
}

func (l *layout) key(p unsafe.Pointer) []byte {
	if l.flags&flagKeyOut != 0 {
		return outside(p, l.keyAt)
	}
	return unsafe.Slice((*byte)(unsafe.Add(p, l.keyAt)), l.keyLen)
}

func (l *layout) value(p unsafe.Pointer) []byte {
	if l.flags&flagValOut != 0 {
		return outside(p, l.valAt)
	}
	return unsafe.Slice((*byte)(unsafe.Add(p, l.valAt)), l.valLen)
}

// keyIs tells whether the record at p has this key.
func keyIs(p unsafe.Pointer, mode Mode, key []byte) bool {
	n := uint(*(*byte)(p))
	if n >= escape {
		l := parse(p, mode)
		return string(l.key(p)) == string(key)
	}
	if n != uint(len(key)) {
		return false
	}
	at := 1
	if mode == Values {
		at = 2
		if *(*byte)(unsafe.Add(p, 1)) == longValue {
			at = 4
		}
	}
	return string(unsafe.Slice((*byte)(unsafe.Add(p, at)), n)) == string(key)
}

// layoutOf plans the record of a key with a value and a deadline (0 none).
func layoutOf(mode Mode, keyLen, valLen int, deadline int64) (l layout) {
	l.keyLen, l.valLen, l.keyAt = keyLen, valLen, 1
	if keyLen > MaxInlineBytes {
		l.flags, l.keyLen = flagKeyOut, outBytes
	}
	if valLen > MaxInlineBytes {
		l.flags |= flagValOut
		l.valLen = outBytes
	}
	if deadline != 0 {
		l.flags |= flagTimed
		l.keyAt += deadlineLen
	}
	if l.flags != 0 || l.keyLen >= escape {
		l.keyAt += 2
	}
	if mode == Values {
		l.keyAt++
		if l.valLen >= longValue {
			l.keyAt += 2
		}
	}
	l.valAt = l.keyAt + l.keyLen
	return l
}

// putHead writes the head of a planned record, and the deadline.
func (l *layout) putHead(p unsafe.Pointer, mode Mode, deadline int64) {
	at := 1
	if l.flags != 0 || l.keyLen >= escape {
		*(*byte)(p) = escape | l.flags
		*(*uint16)(unsafe.Add(p, 1)) = uint16(l.keyLen)
		at = 3
	} else {
		*(*byte)(p) = byte(l.keyLen)
	}
	if mode == Values {
		if l.valLen >= longValue {
			*(*byte)(unsafe.Add(p, at)) = longValue
			*(*uint16)(unsafe.Add(p, at+1)) = uint16(l.valLen)
		} else {
			*(*byte)(unsafe.Add(p, at)) = byte(l.valLen)
		}
	}
	if l.flags&flagTimed != 0 {
		*(*int64)(unsafe.Add(p, l.keyAt-deadlineLen)) = deadline
	}
}

// Ref names a record; the zero Ref is none. It and the views that it gives are valid
// until the next change of the table.
type Ref uint64

const refModeShift = 56

func makeRef(rec arena.Addr, mode Mode) Ref { return Ref(uint64(rec) | uint64(mode)<<refModeShift) }

func (r Ref) mode() Mode { return Mode(r >> refModeShift) }

func (r Ref) ptr() unsafe.Pointer { return arena.Addr(r & (1<<refModeShift - 1)).Ptr() }

// Key returns a view of the key.
func (r Ref) Key() []byte {
	p := r.ptr()
	if n := *(*byte)(p); n < escape && r.mode() != Values {
		return unsafe.Slice((*byte)(unsafe.Add(p, 1)), n)
	}
	l := parse(p, r.mode())
	return l.key(p)
}

// Plain returns a view of the value, false if the record, of the mode Values, is not of
// the most common form: a short key and a short value, both inline, without a deadline.
func (r Ref) Plain() (value []byte, ok bool) {
	p := r.ptr()
	k, v := *(*byte)(p), *(*byte)(unsafe.Add(p, 1))
	if k >= escape || v == longValue {
		return nil, false
	}
	return unsafe.Slice((*byte)(unsafe.Add(p, 2+uintptr(k))), v), true
}

// Value returns a view of the value, in the mode Words of its 8 bytes. Its bytes may be
// changed, not its length.
func (r Ref) Value() []byte {
	p := r.ptr()
	l := parse(p, r.mode())
	return l.value(p)
}

// KeyValue returns views of both.
func (r Ref) KeyValue() (key, value []byte) {
	p := r.ptr()
	l := parse(p, r.mode())
	return l.key(p), l.value(p)
}

func (r Ref) word() *uint64 {
	p := r.ptr()
	l := parse(p, Words)
	return (*uint64)(unsafe.Add(p, l.valAt))
}

// Word returns the 8 bytes of a record of the mode Words.
func (r Ref) Word() uint64 { return *r.word() }

// SetWord changes them.
func (r Ref) SetWord(w uint64) { *r.word() = w }

// Deadline returns the deadline in milliseconds since 1970, 0 for none. Only records
// of the mode Values can have one.
func (r Ref) Deadline() int64 {
	p := r.ptr()
	if b := *(*byte)(p); b < escape || b&flagTimed == 0 {
		return 0
	}
	l := parse(p, r.mode())
	return *(*int64)(unsafe.Add(p, l.keyAt-deadlineLen))
}
