package str

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/value"
)

// ChunkedOps are the chunked string's functions for the keyspace. What a deleted one
// leaves behind is its index and chunks.
var ChunkedOps = value.Ops{
	Detach: detach, FreeStep: freeStep, Bytes: garbageBytes, Outside: OutsideBytes, Copy: copyValue,
}

// The words of a chunked string's Garbage.
const (
	gIndex    = iota // address of the index, 0 when all is freed
	gCapacity        // of the index, in words
	gLength          // of the string, in bytes
	gLeft            // chunks not yet freed, from the front of the index
)

func detach(e entry.Entry, g *value.Garbage) {
	r := chunks(e)
	g.Root[gIndex], g.Root[gCapacity] = uint64(r.index()), uint64(r.capacity())
	g.Root[gLength], g.Root[gLeft] = uint64(r.length()), uint64(count(r.length()))
}

func freeStep(ar *arena.Arena, g *value.Garbage, max int) bool {
	index, capacity := arena.Addr(g.Root[gIndex]), int(g.Root[gCapacity])
	if index == 0 {
		return true
	}
	w := indexWords(index, capacity)
	left := int(g.Root[gLeft])
	for ; left > 0 && max > 0; max-- {
		left--
		if w[left] != 0 {
			ar.Free(w[left], chunkLen(left, int64(g.Root[gLength])))
		}
	}
	g.Root[gLeft] = uint64(left)
	if left > 0 {
		return false
	}
	ar.Free(index, capacity*wordBytes)
	g.Root[gIndex] = 0
	return true
}

func garbageBytes(g *value.Garbage) int64 {
	index, capacity := arena.Addr(g.Root[gIndex]), int(g.Root[gCapacity])
	if index == 0 {
		return 0
	}
	w := indexWords(index, capacity)
	sum := int64(arena.SizeOf(capacity * wordBytes))
	for i := range int(g.Root[gLeft]) {
		if w[i] != 0 {
			sum += int64(arena.SizeOf(chunkLen(i, int64(g.Root[gLength]))))
		}
	}
	return sum
}

// Free frees what e holds outside its block at once.
func Free(ar *arena.Arena, e entry.Entry) {
	if e.Encoding() != entry.Chunked {
		return
	}
	var g value.Garbage
	detach(e, &g)
	for !freeStep(ar, &g, 1<<30) {
	}
}
