package stream

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Build is a stream that is being made outside the keyspace. Store.Adopt makes it a key's
// value, Store.Drop frees it. The lock of the arena's shard is held during every call;
// between them others may have it.
type Build struct {
	ar  *arena.Arena
	lim Bounds
	e   entry.Entry
}

// NewBuild begins a stream. Of spec, clock and deadline count.
func NewBuild(ar *arena.Arena, key []byte, spec entry.Spec, lim Bounds) Build {
	spec.Type, spec.Encoding, spec.PayloadLen = entry.Stream, entry.StreamNodes, PayloadBytes
	b := Build{ar: ar, lim: lim, e: entry.New(ar, key, &spec)}
	Init(b.e)
	return b
}

// Add adds an entry, whose id is above the last one's, with its fields and values in turn;
// Fits tells whether they may be.
func (b *Build) Add(id ID, items [][]byte) { Append(b.ar, b.e, id, items, b.lim) }

// Counters sets what a stream remembers besides its entries. It comes after them.
func (b *Build) Counters(last, maxDeleted ID, added uint64) {
	SetLastID(b.e, last)
	SetMaxDeletedID(b.e, maxDeleted)
	SetEntriesAdded(b.e, added)
}

// Group adds a group, which is to get its consumers and what they have pending; ok is false
// if there is one of that name.
func (b *Build) Group(name []byte, last ID, read int64) (g Group, ok bool) {
	return CreateGroup(b.ar, b.e, name, last, read)
}

// Entry returns the stream.
func (b *Build) Entry() entry.Entry { return b.e }

// Each calls fn with an iterator that stands at each entry in turn, until it returns false.
// Pair gives the fields and values of each, and must have given all of them.
func Each(e entry.Entry, fn func(it *Iter) bool) {
	var it Iter
	it.Start(e, ID{}, MaxID, false)
	for it.Next() && fn(&it) {
	}
}
