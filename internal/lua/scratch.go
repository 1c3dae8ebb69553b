package lua

import "unsafe"

// scratch is memory for what a run makes, in a State of which nothing outlives a run: it
// is used again from its beginning for the next one, so short scripts leave no garbage.
// What does not fit is allocated as everywhere. It is in no account: it does not grow.
type scratch struct {
	words  []uint64 // strings: header and bytes
	tables []Table
	values []Value // array parts
	nodes  []node

	usedWords, usedTables, usedValues, usedNodes int
}

const (
	scratchWords  = 4096
	scratchTables = 64
	scratchValues = 512
	scratchNodes  = 256
	// scratchString is the length of strings up to which they may take of it: a few long ones
	// must not leave nothing for the many short ones.
	scratchString = 2048
)

// reset takes everything back.
func (s *scratch) reset() {
	if s.usedTables+s.usedNodes > 0 {
		clear(s.tables[:s.usedTables])
		clear(s.nodes[:s.usedNodes])
	}
	clear(s.values[:s.usedValues])
	s.usedWords, s.usedTables, s.usedValues, s.usedNodes = 0, 0, 0, 0
}

// has tells whether a string lies in it. Nil has none.
func (s *scratch) has(str *String) bool {
	return s != nil && uintptr(unsafe.Pointer(str))-uintptr(unsafe.Pointer(unsafe.SliceData(s.words))) < scratchWords*8
}

// newValues returns an array part of n values with room for size.
func (t *Table) newValues(n, size int) []Value {
	if t.st != nil {
		if s := t.st.scratch; s != nil && s.usedValues+size <= len(s.values) {
			at := s.usedValues
			s.usedValues += size
			return s.values[at : at+n : at+size]
		}
	}
	return make([]Value, n, size)
}

// newNodes returns n nodes.
func (t *Table) newNodes(n int) []node {
	if t.st != nil {
		if s := t.st.scratch; s != nil && s.usedNodes+n <= len(s.nodes) {
			at := s.usedNodes
			s.usedNodes += n
			return s.nodes[at : at+n : at+n]
		}
	}
	return make([]node, n)
}

// Refill empties a table that was made before Transient, as if it had just been made with room for
// n array elements.
func (t *Table) Refill(n int) {
	t.arr = t.newValues(n, n)
	t.nodes, t.logN, t.free = dummy, 0, 0
	t.meta, t.flags, t.readonly = nil, 0, false
}
