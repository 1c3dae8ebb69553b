package stream

import (
	"bytes"
	"unsafe"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Offsets in a group's block and in a consumer's; each ends with its name.
const (
	groupLast        = 8  // id of the last entry delivered
	groupRead        = 24 // entries read, or UnknownRead
	groupPending     = 32 // tree of the pending entries, 2 words
	groupConsumers   = 48 // table, 2 words
	groupHeaderBytes = 64

	consumerSeen        = 8  // ms since 1970
	consumerActive      = 16 // ms since 1970, or NeverActive
	consumerPending     = 24 // tree of its pending entries' ids, 2 words
	consumerHeaderBytes = 40
)

const (
	// UnknownRead stands for a group's count of entries read when it is not known.
	UnknownRead = -1
	// NeverActive stands for the time of a consumer that never got an entry.
	NeverActive = -1
)

// named is a block that ends with a name: its length stands in the first 4 bytes.
type named struct {
	a    arena.Addr
	head int // bytes before the name
}

func (b named) name() []byte { return arena.Bytes(b.a+arena.Addr(b.head), int(arena.U32(b.a))) }
func (b named) bytes() int   { return b.head + int(arena.U32(b.a)) }

// newNamed allocates a block whose head is zero but for the name's length.
func newNamed(ar *arena.Arena, head int, name []byte) named {
	b := named{ar.Alloc(head + len(name)), head}
	clear(arena.Bytes(b.a, head))
	arena.SetU32(b.a, uint32(len(name)))
	copy(b.name(), name)
	return b
}

// table is an array of the addresses of named blocks, ordered by name. It stands in two
// words: address of the array, 32 bits of count and 32 bits of capacity.
type table struct {
	at   unsafe.Pointer
	head int // of its blocks
}

func (t table) addr() arena.Addr { return arena.Addr(*(*uint64)(t.at)) }
func (t table) n() int           { return int(*(*uint32)(unsafe.Add(t.at, 8))) }
func (t table) capacity() int    { return int(*(*uint32)(unsafe.Add(t.at, 12))) }

func (t table) set(a arena.Addr, n, capacity int) {
	*(*uint64)(t.at) = uint64(a)
	*(*uint32)(unsafe.Add(t.at, 8)) = uint32(n)
	*(*uint32)(unsafe.Add(t.at, 12)) = uint32(capacity)
}

// words returns the array, used or not.
func (t table) words() []uint64 {
	if t.addr() == 0 {
		return nil
	}
	return arena.Words(t.addr(), t.capacity())
}

func (t table) block(i int) named { return named{arena.Addr(t.words()[i]), t.head} }

// find returns where a name stands, or belongs.
func (t table) find(name []byte) (i int, ok bool) {
	lo, hi := 0, t.n()
	for lo < hi {
		mid := (lo + hi) / 2
		switch bytes.Compare(t.block(mid).name(), name) {
		case 0:
			return mid, true
		case -1:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return lo, false
}

// insert puts a block at i.
func (t table) insert(ar *arena.Arena, i int, b named) {
	n, capacity := t.n(), t.capacity()
	if n == capacity {
		t.recap(ar, max(minNames, 2*n))
	}
	w := t.words()
	copy(w[i+1:n+1], w[i:n])
	w[i] = uint64(b.a)
	t.set(t.addr(), n+1, t.capacity())
}

// recap moves the array to one of another capacity.
func (t table) recap(ar *arena.Arena, capacity int) {
	to := ar.Alloc(capacity * wordBytes)
	copy(arena.Words(to, capacity), t.words()[:t.n()])
	if t.addr() != 0 {
		ar.Free(t.addr(), t.capacity()*wordBytes)
	}
	t.set(to, t.n(), capacity)
}

// drop removes the place i; the block is the caller's.
func (t table) drop(ar *arena.Arena, i int) {
	n := t.n() - 1
	w := t.words()
	copy(w[i:n], w[i+1:n+1])
	t.set(t.addr(), n, t.capacity())
	switch {
	case n == 0:
		ar.Free(t.addr(), t.capacity()*wordBytes)
		t.set(0, 0, 0)
	case n <= t.capacity()/4:
		t.recap(ar, max(minNames, 2*n))
	}
}

// Group is a consumer group. It is valid until it is destroyed, or its stream moves.
type Group struct{ b named }

func (g Group) at(off int) unsafe.Pointer { return unsafe.Add(g.b.a.Ptr(), off) }
func (g Group) tree() tree                { return tree{g.at(groupPending), pendingWidth} }
func (g Group) consumers() table          { return table{g.at(groupConsumers), consumerHeaderBytes} }

// IsNone tells whether g is no group.
func (g Group) IsNone() bool { return g.b.a == 0 }

// Name returns a view of the group's name.
func (g Group) Name() []byte { return g.b.name() }

// LastID returns the id of the last entry delivered.
func (g Group) LastID() ID { return *(*ID)(g.at(groupLast)) }

// SetLastID sets it.
func (g Group) SetLastID(id ID) { *(*ID)(g.at(groupLast)) = id }

// EntriesRead returns how many entries were read, or UnknownRead.
func (g Group) EntriesRead() int64 { return *(*int64)(g.at(groupRead)) }

// SetEntriesRead sets it.
func (g Group) SetEntriesRead(n int64) { *(*int64)(g.at(groupRead)) = n }

// Pending returns how many entries were delivered and not acknowledged.
func (g Group) Pending() int64 { return g.tree().count() }

// Consumers returns how many consumers there are.
func (g Group) Consumers() int { return g.consumers().n() }

// Consumer returns the i-th consumer by name.
func (g Group) Consumer(i int) Consumer { return Consumer{g.consumers().block(i)} }

// GroupAt returns the i-th group by name.
func GroupAt(e entry.Entry, i int) Group { return Group{rootOf(e).groups().block(i)} }

// FindGroup returns the group with that name, or none.
func FindGroup(e entry.Entry, name []byte) Group {
	t := rootOf(e).groups()
	if i, ok := t.find(name); ok {
		return Group{t.block(i)}
	}
	return Group{}
}

// CreateGroup adds a group unless one of that name exists.
func CreateGroup(ar *arena.Arena, e entry.Entry, name []byte, last ID, read int64) (g Group, ok bool) {
	t := rootOf(e).groups()
	i, found := t.find(name)
	if found {
		return Group{}, false
	}
	g = Group{newNamed(ar, groupHeaderBytes, name)}
	g.SetLastID(last)
	g.SetEntriesRead(read)
	t.insert(ar, i, g.b)
	return g, true
}

// DestroyGroup removes a group with all that it holds and tells whether it was there.
func DestroyGroup(ar *arena.Arena, e entry.Entry, name []byte) bool {
	t := rootOf(e).groups()
	i, ok := t.find(name)
	if !ok {
		return false
	}
	for gone := false; !gone; {
		_, gone = Group{t.block(i)}.freeSome(ar, 1<<30)
	}
	t.drop(ar, i)
	return true
}

// Lag returns how many entries of the stream the group has still to read, if that can
// be told: all that are there, if neither the group's last id nor a deleted one is within
// them; or those added less those read, as long as none of the rest was deleted.
func (g Group) Lag(e entry.Entry) (n int64, ok bool) {
	added, last, first := int64(EntriesAdded(e)), g.LastID(), FirstID(e)
	if added == 0 {
		return 0, true
	}
	if Len(e) > 0 && last.Less(first) && (MaxDeletedID(e).IsZero() || MaxDeletedID(e).Less(first)) {
		return Len(e), true
	}
	if read := g.EntriesRead(); read != UnknownRead && !hasDeletedFrom(e, last) {
		return added - read, true
	}
	read, ok := distance(e, last)
	return added - read, ok
}

// Advance notes that the entry id, larger than the group's last id, was delivered.
func (g Group) Advance(e entry.Entry, id ID) {
	if read := g.EntriesRead(); read != UnknownRead && !hasDeletedFrom(e, g.LastID()) {
		g.SetEntriesRead(read + 1)
	} else if EntriesAdded(e) != 0 {
		g.SetEntriesRead(ReadUpTo(e, id))
	}
	g.SetLastID(id)
}

// ReadUpTo returns how many entries were ever added up to id, or UnknownRead.
func ReadUpTo(e entry.Entry, id ID) int64 {
	if n, ok := distance(e, id); ok {
		return n
	}
	return UnknownRead
}
