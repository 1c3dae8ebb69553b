package list

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Build is a list that is being made outside the keyspace, in the form that it will have.
// Store.Adopt makes it a key's value, Store.Drop frees it. The lock of the arena's shard is
// held during every call; between them others may have it.
type Build struct {
	ar      *arena.Arena
	maxSize int
	e       entry.Entry
	block   []byte   // the bytes of elements that have yet to be pushed
	ends    []int    // of each in block
	elems   [][]byte // room for flush
}

// buildBytes is how many bytes of elements are pushed together.
const buildBytes = 4 << 10

// NewBuild begins a list of about n elements. Of spec, clock and deadline count. maxSize is
// list-max-listpack-size.
func NewBuild(ar *arena.Arena, key []byte, spec entry.Spec, n int64, maxSize int) Build {
	spec.Type = entry.List
	spec.Encoding, spec.PayloadLen = entry.Listpack, compactHeader
	full := n > int64(min(boundsOf(maxSize).elems, maxCompactElems))
	if full {
		spec.Encoding, spec.PayloadLen = entry.Quicklist, rootBytes
	}
	b := Build{ar: ar, maxSize: maxSize, e: entry.New(ar, key, &spec)}
	Fill(ar, b.e, Tail, nil, maxSize)
	return b
}

// Add adds the next element. It copies v.
func (b *Build) Add(v []byte) {
	b.block = append(b.block, v...)
	b.ends = append(b.ends, len(b.block))
	if len(b.block) >= buildBytes || len(b.ends) >= buildBytes/8 {
		b.flush()
	}
}

func (b *Build) flush() {
	from := 0
	b.elems = b.elems[:0]
	for _, end := range b.ends {
		b.elems = append(b.elems, b.block[from:end])
		from = end
	}
	b.e = Push(b.ar, b.e, Tail, b.elems, b.maxSize)
	b.block, b.ends = b.block[:0], b.ends[:0]
	if cap(b.block) > 16*buildBytes {
		b.block = nil
	}
}

// Entry returns the list.
func (b *Build) Entry() entry.Entry {
	if len(b.ends) > 0 {
		b.flush()
	}
	return b.e
}

// Each calls fn with all elements, as views, in their order, until it returns false.
func Each(e entry.Entry, fn func(v Elem) bool) {
	for it := Forward(e, 0, Len(e)); it.Next(); {
		if !fn(it.Elem()) {
			return
		}
	}
}
