package lua

import (
	"math"
	"math/bits"
	"unsafe"
)

// Table is a Lua table: an array part for keys 1 to len(arr), and nodes in chains for the
// rest. Hashes, main positions, free places and sizes are those of PUC Lua 5.1, so that
// next goes through the keys in the same order. Writing a key that the nodes have no
// place for may move everything; assigning to existing fields never does.
type Table struct {
	arr   []Value
	nodes []node // a power of two, or dummy
	meta  *Table
	st    *State // whose account it is in; nil for tables that belong to none
	free  int32  // all nodes at or above it are taken
	id    uint32 // hash of the table as a key
	flags uint32 // a bit for each event that is known to be absent in this metatable
	logN  uint8
	mark  uint8 // by the walk over live objects
	// readonly refuses every change from Lua, as Redis's libraries do.
	readonly bool
}

type node struct {
	val  Value
	key  Value // nil: never used
	next int32 // distance to the next node of the chain, 0 at its end
}

const (
	nodeSize  = int(unsafe.Sizeof(node{}))
	valueSize = int(unsafe.Sizeof(Value{}))
	tableSize = int(unsafe.Sizeof(Table{})) + 8
	// maxBits bounds the sizes of both parts: 2^26 entries.
	maxBits = 26
)

// dummy stands for no nodes: every key misses in it, and it has no free place.
var dummy = make([]node, 1)

// NewTable returns an empty table with room for narr array elements and nhash fields.
func (st *State) NewTable(narr, nhash int) *Table {
	st.ids++
	t := st.newTable()
	t.nodes, t.st, t.id = dummy, st, st.ids*0x9E3779B1
	if narr > 0 || nhash > 0 {
		t.resize(narr, nhash)
	}
	return t
}

// newTable returns a zeroed Table.
func (st *State) newTable() *Table {
	if s := st.scratch; s != nil && s.usedTables < len(s.tables) {
		s.usedTables++
		return &s.tables[s.usedTables-1]
	}
	st.charge(tableSize)
	return new(Table)
}

func (t *Table) charge(n int) {
	if t.st != nil {
		t.st.charge(n)
	}
}

// setNodes gives the table room for n fields and forgets those it has.
func (t *Table) setNodes(n int) {
	if n == 0 {
		t.nodes, t.logN, t.free = dummy, 0, 0
		return
	}
	lg := ceilLog2(n)
	t.nodes, t.logN, t.free = t.newNodes(1<<lg), uint8(lg), int32(1)<<lg
}

func (t *Table) overflow() {
	if t.st != nil && t.st.current != nil {
		t.st.current.runErrorf("table overflow")
	}
	panic(errMemory)
}

func ceilLog2(n int) int { return bits.Len(uint(n - 1)) }

// main returns the index of the main position of a key that is neither nil nor NaN.
func (t *Table) main(k Value) int {
	switch k.n {
	case tagString:
		return int(k.str().sum()) & (len(t.nodes) - 1)
	case tagFalse:
		return 0
	case tagTrue:
		return 1 & (len(t.nodes) - 1)
	}
	odd := uint32(len(t.nodes)-1) | 1
	if k.n > tagMax {
		f := k.float()
		if f == 0 {
			return 0
		}
		b := math.Float64bits(f)
		return int((uint32(b) + uint32(b>>32)) % odd)
	}
	return int(addressHash(k) % odd)
}

// addressHash is the hash of an object that is compared by identity. PUC Lua takes the
// address, so its order is nobody's expectation; here it depends on the order of creation.
func addressHash(k Value) uint32 {
	switch k.n {
	case tagTable:
		return k.table().id
	case tagLua:
		return k.closure().id
	case tagGo:
		return k.function().id
	case tagThread:
		return k.thread().id
	}
	return uint32(k.n)
}

// getStr returns the value at a string key.
func (t *Table) getStr(s *String) Value {
	h := s.hash
	if h == 0 {
		h = s.sum()
	}
	nodes := t.nodes
	i := int(h) & (len(nodes) - 1)
	for {
		n := &nodes[i]
		if n.key.n == tagString {
			if k := n.key.str(); k == s || k.hash == h && k.n == s.n && k.String() == s.String() {
				return n.val
			}
		}
		if n.next == 0 {
			return Nil
		}
		i += int(n.next)
	}
}

// findStr is getStr for writing: it returns the place, or nil.
func (t *Table) findStr(s *String) *Value {
	h := s.hash
	if h == 0 {
		h = s.sum()
	}
	nodes := t.nodes
	i := int(h) & (len(nodes) - 1)
	for {
		n := &nodes[i]
		if n.key.n == tagString {
			if k := n.key.str(); k == s || k.hash == h && k.n == s.n && k.String() == s.String() {
				return &n.val
			}
		}
		if n.next == 0 {
			return nil
		}
		i += int(n.next)
	}
}

// find returns the place of k's value, or nil when k is in neither part.
func (t *Table) find(k Value) *Value {
	switch {
	case k.n == tagString:
		return t.findStr(k.str())
	case k.n > tagMax:
		f := k.float()
		if i := int(f); float64(i) == f && uint(i-1) < uint(len(t.arr)) {
			return &t.arr[i-1]
		}
		if f != f {
			return nil
		}
	case k.n == tagNil:
		return nil
	}
	return t.findNode(k)
}

func (t *Table) findNode(k Value) *Value {
	i := t.main(k)
	for {
		n := &t.nodes[i]
		if RawEqual(n.key, k) && n.key.n != tagNil {
			return &n.val
		}
		if n.next == 0 {
			return nil
		}
		i += int(n.next)
	}
}

// Get returns the value at k, nil if there is none, without metamethods.
func (t *Table) Get(k Value) Value {
	if p := t.find(k); p != nil {
		return *p
	}
	return Nil
}

// GetInt returns the value at the key i.
func (t *Table) GetInt(i int) Value {
	if uint(i-1) < uint(len(t.arr)) {
		return t.arr[i-1]
	}
	if len(t.nodes) == 1 && t.nodes[0].key.n == tagNil {
		return Nil
	}
	return t.Get(Int(i))
}

// GetString returns the value at a string key.
func (t *Table) GetString(s *String) Value { return t.getStr(s) }

// Set stores v at k without metamethods. k must be neither nil nor NaN (the machine has
// refused these before).
func (t *Table) Set(k, v Value) {
	p := t.find(k)
	if p == nil {
		p = t.insert(k)
	}
	t.flags = 0
	*p = v.clean()
}

// SetInt stores v at the key i.
func (t *Table) SetInt(i int, v Value) {
	if uint(i-1) < uint(len(t.arr)) {
		t.arr[i-1] = v.clean()
		return
	}
	t.Set(Int(i), v)
}

// SetString stores v at a string key.
func (t *Table) SetString(s *String, v Value) { t.Set(StringValue(s), v) }

// SetReadonly decides whether Lua may change the table.
func (t *Table) SetReadonly(on bool) { t.readonly = on }

// Readonly tells whether Lua may not change the table.
func (t *Table) Readonly() bool { return t.readonly }

// Meta returns the metatable, or nil.
func (t *Table) Meta() *Table { return t.meta }

// SetMeta sets or removes (nil) the metatable.
func (t *Table) SetMeta(m *Table) { t.meta = m }

// insert makes a place for k, which has none, and returns it.
func (t *Table) insert(k Value) *Value {
	mp := t.main(k)
	n := &t.nodes[mp]
	if n.val.n != tagNil || t.isDummy() {
		f := t.freePlace()
		if f < 0 {
			t.rehash(k)
			if p := t.find(k); p != nil {
				return p
			}
			return t.insert(k)
		}
		other := t.main(n.key)
		if other != mp {
			// The node here is out of its main position: it gives way to the new key.
			for other+int(t.nodes[other].next) != mp {
				other += int(t.nodes[other].next)
			}
			t.nodes[other].next = int32(f - other)
			t.nodes[f] = *n
			if n.next != 0 {
				t.nodes[f].next += int32(mp - f)
			}
			n.next, n.val = 0, Nil
		} else {
			fn := &t.nodes[f]
			if n.next != 0 {
				fn.next = int32(mp + int(n.next) - f)
			} else {
				fn.next = 0
			}
			n.next = int32(f - mp)
			n = fn
		}
	}
	if k.n > tagMax && k.float() == 0 {
		k = Number(0) // there is no key -0
	}
	n.key = k.clean()
	return &n.val
}

func (t *Table) isDummy() bool { return &t.nodes[0] == &dummy[0] }

// freePlace returns the highest node below the last one that was never used, or -1.
func (t *Table) freePlace() int {
	for t.free > 0 {
		t.free--
		if t.nodes[t.free].key.n == tagNil {
			return int(t.free)
		}
	}
	return -1
}
