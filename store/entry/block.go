package entry

import (
	"unsafe"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/arena"
)

// Spec describes a block that is to be made or remade.
type Spec struct {
	Type       Type
	Encoding   Encoding
	Clock      uint32
	Deadline   int64 // milliseconds since 1970; 0 none
	PayloadLen int
}

// SizeFor returns the bytes to ask from the arena for a block.
func SizeFor(keyLen, payloadLen int, deadline bool) int {
	n := headerBytes + keyLen + payloadLen
	if deadline {
		n += deadlineBytes
	}
	if isWide(keyLen, payloadLen) {
		n += wideBytes
	}
	return n
}

func isWide(keyLen, payloadLen int) bool {
	return keyLen > maxNarrowKeyBytes || payloadLen > maxNarrowPayloadBytes
}

// New allocates and fills a block; the payload is left undefined. The caller holds
// the shard lock of ar. key must not be a view of memory that ar may free here: New
// frees nothing.
func New(ar *arena.Arena, key []byte, s *Spec) Entry {
	e := Entry{ar.Alloc(SizeFor(len(key), s.PayloadLen, s.Deadline != 0))}
	e.fill(key, s)
	return e
}

// fill writes everything but the payload.
func (e Entry) fill(key []byte, s *Spec) {
	if invariants.Enabled {
		invariants.Assert(s.Deadline >= 0 && len(key) <= MaxKeyBytes && s.PayloadLen <= MaxPayloadBytes,
			"entry: deadline %d, key %d bytes, payload %d bytes", s.Deadline, len(key), s.PayloadLen)
	}
	p := e.A.Ptr()
	off := uintptr(headerBytes)
	if s.Deadline != 0 {
		*(*uint64)(unsafe.Add(p, off)) = uint64(s.Deadline)
		off += deadlineBytes
	}
	if isWide(len(key), s.PayloadLen) {
		wide := Spec{s.Type, s.Encoding, s.Clock, s.Deadline, narrowPayloadEscape}
		*(*uint64)(p) = wide.narrowHeader(narrowKeyEscape) | wideBit
		*(*uint32)(unsafe.Add(p, off)) = uint32(len(key))
		*(*uint32)(unsafe.Add(p, off+4)) = uint32(s.PayloadLen)
		off += wideBytes
	} else {
		*(*uint64)(p) = s.narrowHeader(len(key))
	}
	copy(unsafe.Slice((*byte)(unsafe.Add(p, off)), len(key)), key)
}

// Fits tells whether e's block can hold a block of n bytes without the arena
// noticing: both sizes are of one class.
func (e Entry) Fits(n int) bool {
	old := e.Size()
	return old == n || arena.SizeOf(old) == arena.SizeOf(n)
}

// Replace makes e's block describe s with the same key, in place when its size class
// fits, else in a fresh block, and then e's block is freed. The payload is undefined
// afterwards; what it referred to is the caller's to free first. key is the entry's
// key in memory of the caller's own (not a view of the block).
func (e Entry) Replace(ar *arena.Arena, key []byte, s *Spec) Entry {
	if e.overwrite(len(key), s) {
		return e
	}
	n := SizeFor(len(key), s.PayloadLen, s.Deadline != 0)
	if e.Fits(n) {
		e.fill(key, s)
		return e
	}
	e.Free(ar)
	e = Entry{ar.Alloc(n)}
	e.fill(key, s)
	return e
}

// overwrite is Replace for the common case that nothing moves inside the block: the
// same lengths and flags, not wide.
func (e Entry) overwrite(keyLen int, s *Spec) bool {
	if isWide(keyLen, s.PayloadLen) {
		return false
	}
	h := s.narrowHeader(keyLen)
	if (e.header()^h)&^(clockMask|kindMask) != 0 {
		return false
	}
	e.setHeader(h)
	if s.Deadline != 0 {
		e.StoreDeadline(s.Deadline)
	}
	return true
}

// narrowHeader returns the header word of a block that is not wide.
func (s *Spec) narrowHeader(keyLen int) uint64 {
	h := uint64(s.Type) | uint64(s.Encoding)<<encodingShift | uint64(s.Clock&ClockMax)<<clockShift |
		uint64(keyLen)<<keyLenShift | uint64(s.PayloadLen)<<payloadLenShift
	if s.Deadline != 0 {
		h |= deadlineBit
	}
	return h
}

// Resize changes encoding, payload length and deadline of e and keeps key, type,
// clock and the first min(old, new) bytes of the payload, in place when the size
// class fits, else in a fresh block, and then the old one is freed.
func (e Entry) Resize(ar *arena.Arena, enc Encoding, payloadLen int, deadline int64) Entry {
	key, payload := e.Key(), e.Payload()
	n := SizeFor(len(key), payloadLen, deadline != 0)
	s := Spec{e.Type(), enc, e.Clock(), deadline, payloadLen}
	if e.Fits(n) {
		return e.resizeInPlace(key, payload, &s)
	}
	to := Entry{ar.Alloc(n)}
	to.fill(key, &s)
	copy(to.Payload(), payload)
	e.Free(ar)
	return to
}

// resizeInPlace moves key and payload inside the block, in the order that overwrites
// nothing which is still needed, and then writes the header.
func (e Entry) resizeInPlace(key, payload []byte, s *Spec) Entry {
	p := e.A.Ptr()
	wasAt := uintptr(headerBytes) + extra(e.header())
	at := uintptr(headerBytes)
	if s.Deadline != 0 {
		at += deadlineBytes
	}
	if isWide(len(key), s.PayloadLen) {
		at += wideBytes
	}
	keep := min(len(payload), s.PayloadLen)
	if at != wasAt {
		// Key and kept payload are adjacent: one overlapping move carries both.
		n := uintptr(len(key) + keep)
		copy(unsafe.Slice((*byte)(unsafe.Add(p, at)), n), unsafe.Slice((*byte)(unsafe.Add(p, wasAt)), n))
		key = unsafe.Slice((*byte)(unsafe.Add(p, at)), len(key))
	}
	e.fill(key, s)
	return e
}

// Clone copies the block with another key and deadline into ar, which may be another
// shard's arena. What the payload refers to is the caller's to copy.
func (e Entry) Clone(ar *arena.Arena, key []byte, deadline int64) Entry {
	payload := e.Payload()
	to := New(ar, key, &Spec{e.Type(), e.Encoding(), e.Clock(), deadline, len(payload)})
	copy(to.Payload(), payload)
	return to
}

// Free gives the block back. What the payload refers to is the caller's to free.
func (e Entry) Free(ar *arena.Arena) { ar.Free(e.A, e.Size()) }
