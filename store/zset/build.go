package zset

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Build is a sorted set that is being made outside the keyspace, in the form that it will
// have. Store.Adopt makes it a key's value, Store.Drop frees it. The lock of the arena's
// shard is held during every call; between them others may have it.
type Build struct {
	ar  *arena.Arena
	lim Limits
	e   entry.Entry

	bulk bulk
}

// NewBuild begins a sorted set of about n members, the longest of about longest bytes. Of
// spec, clock and deadline count.
func NewBuild(ar *arena.Arena, key []byte, spec entry.Spec, n, longest int, lim Limits) Build {
	spec.Type, spec.Encoding, spec.PayloadLen = entry.ZSet, entry.Listpack, EmptyBytes
	if n > lim.Entries || longest > lim.ValueBytes {
		spec.Encoding, spec.PayloadLen = entry.Skiplist, FullBytes
	}
	b := Build{ar: ar, lim: lim, e: entry.New(ar, key, &spec)}
	if spec.Encoding == entry.Skiplist {
		InitFull(b.e)
	} else {
		Init(b.e)
	}
	return b
}

// Add adds a member, which is no view of the set, with its score, which is not NaN, and
// tells whether it was none before. It is cheapest in the order of the set, and against it.
func (b *Build) Add(member []byte, score float64) (added bool) {
	if !isCompact(b.e) {
		return b.addFull(member, score)
	}
	var out Outcome
	if b.e, _, out = Add(b.ar, b.e, member, score, NX, b.lim); !isCompact(b.e) {
		b.bulk.way = wayMixed // it has members that did not gather
	}
	return out == Added
}

// Entry returns the set, to which nothing is added any more.
func (b *Build) Entry() entry.Entry {
	b.finish()
	return b.e
}

// Each calls fn with all members, as views, and their scores, in the set's order, until it
// returns false.
func Each(e entry.Entry, fn func(member []byte, score float64) bool) {
	var it Iter
	it.Seek(e, 0, Len(e), false)
	for it.Next() && fn(it.Member(), it.Score()) {
	}
}
