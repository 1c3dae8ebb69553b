package dict

import (
	"sync/atomic"

	"github.com/kringdb/kring/store/arena"
)

// Ops tells a table about its entries. One value per kind of user, which never changes; its
// functions run under the table's lock, must not change the table and must not
// allocate.
type Ops struct {
	// Equal tells whether the entry at a has this key. The tag matched before.
	Equal func(a arena.Addr, key []byte) bool
	// Hash returns the 64-bit hash of the key of the entry at a: the same value
	// that was given to Insert.
	Hash func(a arena.Addr) uint64
	// Due returns when the entry at a is due, > 0, or Never. It is nil for tables
	// that keep no due times.
	Due func(a arena.Addr) int64
	// Skew is how many of the top bits of hashes may be alike for all entries: a directory
	// may be larger by so many.
	Skew uint8
}

// Table is one hash table. It has no pointers, so it may itself lie in an arena.
// The zero value is an empty table of stagger 0. It must not be copied while in
// use (Detach and Swap move its content). Unless a method says otherwise, the
// caller holds the lock that guards the table and its arena.
type Table struct {
	dueIndex
	bytes   int64  // asked from the arena: segments and directory
	segs    uint32 // segments
	deepest uint32 // segments whose depth is g
}

// directory is a table for who looks into it: its methods find, walk and count, and change nothing.
type directory struct {
	dir     uint64 // atomic for Touch*: g<<48 | directory address>>3; 0 without memory
	count   uint64 // entries
	stamp   uint32 // atomic for Touch*, see Stamp
	stagger uint32 // index into fullBuckets
}

// dueIndex is a directory by due times: it finds what is due, and keeps the bounds that lead there.
type dueIndex struct{ directory }

// Init makes t an empty table. Tables that fill alike should have different
// staggers (any number; taken modulo 8): it picks the size of their segments. No
// memory is taken before the first Insert.
func (t *Table) Init(stagger int) {
	t.storeDir(0)
	t.count, t.bytes, t.segs, t.deepest = 0, 0, 0, 0
	t.stagger = uint32(stagger) % uint32(len(fullBuckets))
}

// Stamp tells whether what was found without the lock can be used under it: a slot that
// TouchEntry came to by a Home with the same stamp is a slot of the table. It changes
// whenever a segment or the directory has gone, after nothing refers to it any more.
func (t *directory) Stamp() uint32 { return t.stamp }

func (t *directory) changeStamp() { atomic.StoreUint32(&t.stamp, t.stamp+1) }

// Len returns the number of entries.
func (t *directory) Len() int { return int(t.count) }

// Bytes returns the bytes that the table asked from its arena: segments and
// directory, not the entries.
func (t *Table) Bytes() int64 { return t.bytes }

// storeDir publishes a directory to Home and Peek.
func (t *directory) storeDir(dir uint64) { atomic.StoreUint64(&t.dir, dir) }

// full returns how many buckets a segment of t has when it splits.
func (t *directory) full() uint64 { return uint64(fullBuckets[t.stagger&7]) }

// Drop frees the table's segments and directory, not the entries; the table is
// empty then and keeps its stagger. It takes time in proportion to Bytes.
func (t *Table) Drop(ar *arena.Arena) {
	dir := t.dir
	if dir == 0 {
		return
	}
	// Unpublish before freeing: Touch* then meets stale memory less often.
	t.Init(int(t.stagger))
	t.changeStamp()
	g := dirDepth(dir)
	for i := uint64(0); i < 1<<g; {
		e := SegmentRef(*dirWord(dir, i))
		i += 1 << (g - e.depth())
		freeSegmentBlock(ar, e)
	}
	ar.Free(wordAddr(dir), dirBytes(g))
}

// Detach moves the content of t to the table that it returns, at once, and leaves
// t empty: the caller can then free the old content without holding others up.
func (t *Table) Detach() Table {
	old := Table{bytes: t.bytes, segs: t.segs, deepest: t.deepest}
	old.dir, old.count, old.stagger = t.dir, t.count, t.stagger
	t.Init(int(t.stagger))
	t.changeStamp()
	return old
}

// Swap exchanges the contents of t and o, which share an arena. Touch* may run on
// either meanwhile.
func (t *Table) Swap(o *Table) {
	a, b := t.dir, o.dir
	atomic.StoreUint64(&t.dir, b)
	atomic.StoreUint64(&o.dir, a)
	t.changeStamp()
	o.changeStamp()
	t.count, o.count = o.count, t.count
	t.bytes, o.bytes = o.bytes, t.bytes
	t.segs, o.segs = o.segs, t.segs
	t.deepest, o.deepest = o.deepest, t.deepest
	t.stagger, o.stagger = o.stagger, t.stagger
}
