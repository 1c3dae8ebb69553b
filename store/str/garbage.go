package str

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Garbage is what a deleted chunked string leaves behind: index and chunks, to be
// freed step by step under the shard lock. It is the only reference to them.
type Garbage struct {
	index    arena.Addr
	capacity int
	length   int64
	left     int // chunks not yet freed, from the front of the index
}

// Detach takes the memory outside the block away from e, which is about to be freed or
// replaced. Nothing is to be freed when Garbage.Done.
func Detach(e entry.Entry) Garbage {
	if e.Encoding() != entry.Chunked {
		return Garbage{}
	}
	r := chunks(e)
	return Garbage{r.index(), r.capacity(), r.length(), count(r.length())}
}

// Done tells whether nothing is left to free.
func (g *Garbage) Done() bool { return g.index == 0 }

// FreeStep frees up to max chunks, and the index after the last one, and tells
// whether nothing is left.
func (g *Garbage) FreeStep(ar *arena.Arena, max int) bool {
	if g.index == 0 {
		return true
	}
	w := indexWords(g.index, g.capacity)
	for ; g.left > 0 && max > 0; max-- {
		g.left--
		if w[g.left] != 0 {
			ar.Free(w[g.left], chunkLen(g.left, g.length))
		}
	}
	if g.left > 0 {
		return false
	}
	ar.Free(g.index, g.capacity*wordBytes)
	g.index = 0
	return true
}

// Bytes returns the bytes of arena blocks that are still to be freed.
func (g *Garbage) Bytes() int64 {
	if g.index == 0 {
		return 0
	}
	w := indexWords(g.index, g.capacity)
	sum := int64(arena.SizeOf(g.capacity * wordBytes))
	for i := range g.left {
		if w[i] != 0 {
			sum += int64(arena.SizeOf(chunkLen(i, g.length)))
		}
	}
	return sum
}

// Free frees what e holds outside its block at once.
func Free(ar *arena.Arena, e entry.Entry) {
	g := Detach(e)
	for !g.FreeStep(ar, 1<<30) {
	}
}
