package set

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/slotted"
)

// Build is a set that is being made outside the keyspace, in the form that it will have.
// Store.Adopt makes it a key's value, Store.Drop frees it. The lock of the arena's shard is
// held during every call; between them others may have it.
type Build struct {
	ar   *arena.Arena
	key  []byte
	spec entry.Spec
	lim  Limits
	n    int
	e    entry.Entry

	roomy bool // the table of a set that is one has more room than it needs
}

// NewBuild begins a set of about n members. Of spec, clock and deadline count. key is kept
// until the first member is there.
func NewBuild(ar *arena.Arena, key []byte, spec entry.Spec, n int, lim Limits) Build {
	return Build{ar: ar, key: key, spec: spec, lim: lim, n: n}
}

// Add adds a member, which is no view of the set, and tells whether it was none before.
func (b *Build) Add(m []byte) (added bool) {
	if b.e.A == 0 {
		b.spec.Type = entry.Set
		b.spec.Encoding, b.spec.PayloadLen = Form(m, b.n, &b.lim)
		b.e = entry.New(b.ar, b.key, &b.spec)
		Init(b.e)
	}
	if b.e.Encoding() == entry.Hashtable {
		t, h := slotted.At(b.e.Payload()), slotted.Hash(m)
		if t.FindHash(h, m) != 0 {
			return false
		}
		t.Fill(b.ar, h, m, nil, 0)
		b.roomy = true
		return true
	}
	b.e, added = Add(b.ar, b.e, &b.lim, m)
	return added
}

// Entry returns the set, to which nothing is added any more: the zero Entry if it has no members.
func (b *Build) Entry() entry.Entry {
	if b.roomy {
		slotted.At(b.e.Payload()).Fit(b.ar)
		b.roomy = false
	}
	return b.e
}

// Each calls fn with views of all members, those of integers excepted, which are good until
// the next call, until it returns false.
func Each(e entry.Entry, fn func(m []byte) bool) {
	var it Iter
	for m, ok := it.Next(e); ok && fn(m); m, ok = it.Next(e) {
	}
}
