package str

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Build is a string that is being made outside the keyspace, in the form that SET gives it.
// Store.Adopt makes it a key's value, Store.Drop frees it. The lock of the arena's shard is
// held during every call; between them others may have it.
type Build struct {
	ar   *arena.Arena
	key  []byte
	spec entry.Spec
	text []byte // while there is no entry
	e    entry.Entry
}

// NewBuild begins a string of about n bytes. Of spec, clock and deadline count. key is kept
// until Entry.
func NewBuild(ar *arena.Arena, key []byte, spec entry.Spec, n int) Build {
	return Build{ar: ar, key: key, spec: spec, text: make([]byte, 0, min(n, MaxInlineBytes+1))}
}

// Add adds the next bytes. It copies p.
func (b *Build) Add(p []byte) {
	if b.e.A == 0 {
		b.text = append(b.text, p...)
		if len(b.text) <= MaxInlineBytes {
			return
		}
		b.make()
		return
	}
	b.e = Append(b.ar, b.e, p)
}

// Whole makes p, which it copies, the string. It stands in the place of Add.
func (b *Build) Whole(p []byte) {
	enc, num := Classify(p)
	b.spec.Type, b.spec.Encoding, b.spec.PayloadLen = entry.String, enc, PayloadLen(enc, len(p))
	b.e = entry.New(b.ar, b.key, &b.spec)
	Fill(b.ar, b.e, enc, p, num)
}

func (b *Build) make() {
	b.Whole(b.text)
	b.text = nil
}

// Entry returns the string.
func (b *Build) Entry() entry.Entry {
	if b.e.A == 0 {
		b.make()
	}
	return b.e
}

// Each calls fn with the bytes of e, in pieces that are good until the next call, in order,
// until it returns false.
func Each(e entry.Entry, fn func(piece []byte) bool) { Segments(e, 0, Len(e), fn) }
