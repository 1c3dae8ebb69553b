package value

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// RootWords is the size of the root that a Garbage can carry.
const RootWords = 8

// Garbage is what a deleted value leaves behind, to be freed step by step.
type Garbage struct {
	Kind uint8             // of the entry it came from
	Root [RootWords]uint64 // the type's own: root of the value, progress of the freeing
}

// Ops are the functions of one kind. Compact may be nil; the others may not.
type Ops struct {
	// Detach moves e's outside memory into g, whose Kind is set already.
	Detach func(e entry.Entry, g *Garbage)
	// FreeStep frees up to about max arena blocks of g and tells whether nothing is left.
	// It takes time in proportion to max, not to what is left.
	FreeStep func(ar *arena.Arena, g *Garbage, max int) bool
	// Bytes returns the bytes of arena blocks (as by arena.SizeOf) that g still holds.
	Bytes func(g *Garbage) int64
	// Outside returns the bytes of arena blocks that e holds besides its own.
	Outside func(e entry.Entry) int64
	// Copy makes to, whose payload is a byte copy of from's, a deep copy: to lives in
	// ar, which may be another shard's arena.
	Copy func(ar *arena.Arena, to, from entry.Entry)
	// Compact moves those of e's outside blocks for which sparse says so, about max at
	// most, to fresh blocks of ar, and returns how many it moved. The entry stays.
	Compact func(ar *arena.Arena, e entry.Entry, sparse func(block arena.Addr) bool, max int) int
}
