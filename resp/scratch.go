package resp

import (
	"math/bits"
	"sync"

	"github.com/kringdb/kring/internal/invariants"
)

// scratch is one block of owned memory, in a list of them.
type scratch struct {
	buf   []byte // its length is what is in use
	class int    // index of its pool, -1: outsized
	next  *scratch
}

const scratchClasses = 11 // 4 KB, 8 KB, ... 4 MB, and scratchSlackBytes each

// scratchPools holds free blocks by class: class i has scratchMinBytes<<i bytes and the
// slack.
var scratchPools [scratchClasses]sync.Pool

// newScratch returns an empty block with room for n bytes: the next power of two from
// a pool, or exactly n beyond scratchMaxBytes.
func newScratch(n int) *scratch {
	net := max(n-scratchSlackBytes, 1)
	if net > scratchMaxBytes {
		return &scratch{buf: make([]byte, 0, n), class: -1}
	}
	class := max(bits.Len(uint(net-1))-bits.Len(scratchMinBytes-1), 0)
	if s, ok := scratchPools[class].Get().(*scratch); ok {
		return s
	}
	size := scratchMinBytes<<class + scratchSlackBytes
	return &scratch{buf: make([]byte, 0, size), class: class}
}

// free gives a block back. An outsized one goes to the garbage collector.
func (s *scratch) free() {
	if invariants.Enabled {
		invariants.Mangle(s.buf[:cap(s.buf)])
	}
	if s.class < 0 {
		return
	}
	s.buf = s.buf[:0]
	s.next = nil
	scratchPools[s.class].Put(s)
}

// memory is what one partial owns: a list of blocks, the first of which is filled.
type memory struct {
	head *scratch
	held int // bytes of all blocks
}

// alloc returns n bytes of undefined contents.
func (m *memory) alloc(n int) []byte {
	s := m.head
	if s == nil || cap(s.buf)-len(s.buf) < n {
		s = m.block(n)
	}
	at := len(s.buf)
	s.buf = s.buf[:at+n]
	return s.buf[at : at+n : at+n]
}

// trim gives back the last n bytes of the latest alloc.
func (m *memory) trim(n int) { m.head.buf = m.head.buf[:len(m.head.buf)-n] }

// own returns a copy of b.
func (m *memory) own(b []byte) []byte {
	c := m.alloc(len(b))
	copy(c, b)
	return c
}

// block links a new block with room for n bytes in front; blocks grow with what is
// held, so that a huge command does not become a huge list.
func (m *memory) block(n int) *scratch {
	s := newScratch(max(n, min(m.held/4, scratchMaxBytes)))
	s.next = m.head
	m.head = s
	m.held += cap(s.buf)
	return s
}

// adopt links a block that was taken elsewhere, behind the one that is being filled.
func (m *memory) adopt(s *scratch) {
	m.held += cap(s.buf)
	if m.head == nil {
		m.head = s
		return
	}
	s.next = m.head.next
	m.head.next = s
}

// free gives all blocks back.
func (m *memory) free() {
	for s := m.head; s != nil; {
		next := s.next
		s.free()
		s = next
	}
	m.head, m.held = nil, 0
}
