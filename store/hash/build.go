package hash

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Build is a hash that is being made outside the keyspace, in the form that it will have.
// Store.Adopt makes it a key's value, Store.Drop frees it. The lock of the arena's shard is
// held during every call; between them others may have it.
type Build struct {
	ar  *arena.Arena
	lim Limits
	e   entry.Entry
}

// NewBuild begins a hash of about n fields. Of spec, clock and deadline count.
func NewBuild(ar *arena.Arena, key []byte, spec entry.Spec, n int, lim Limits) Build {
	spec.Type, spec.Encoding, spec.PayloadLen = entry.Hash, entry.Listpack, EmptyBytes
	b := Build{ar: ar, lim: lim, e: entry.New(ar, key, &spec)}
	Init(b.e)
	if n > lim.entries() {
		b.e = toFull(ar, b.e)
	}
	return b
}

// Add adds a field with its value and deadline, 0 for none, and tells whether it was none
// before. Neither is a view of the hash.
func (b *Build) Add(field, val []byte, deadline int64) (added bool) {
	b.e, added = Set(b.ar, b.e, &b.lim, field, val, deadline)
	return added
}

// Entry returns the hash.
func (b *Build) Entry() entry.Entry { return b.e }
