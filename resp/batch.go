package resp

import (
	"sync"
	"unsafe"

	"github.com/kringdb/kring/internal/invariants"
)

// Args is one command; Args[0] is its name. The elements are views, or owned by the
// batch; both are valid until Batch.Reset. Their capacity ends with them: appending to
// one copies it.
type Args [][]byte

// Clone returns a copy that owns its memory, one block.
func (args Args) Clone() Args {
	n := 0
	for _, a := range args {
		n += len(a)
	}
	block := make([]byte, 0, n)
	out := make(Args, len(args))
	for i, a := range args {
		at := len(block)
		block = append(block, a...)
		out[i] = block[at:len(block):len(block)]
	}
	return out
}

// Command is one complete command of a batch.
type Command struct {
	Args      Args
	WireBytes int // how long it was on the wire, whether or not it still is in the source
	// wire is where the whole command begins, see Wire: one word, since each command pays for it.
	wire *byte
	from int // where it begins in the source, if wire says that it is there
}

// Wire returns a view of the whole command, if it is in one piece as AppendCommand would write it; else nil.
func (c *Command) Wire() []byte {
	if c.wire == nil {
		return nil
	}
	return unsafe.Slice(c.wire, c.WireBytes)
}

// Batch holds the commands between parsing and execution. It is used by one goroutine
// and by one connection at a time.
type Batch struct {
	Cmds  [MaxBatch]Command
	N     int // how many of Cmds are set
	Bytes int // bytes at the front of the source that the commands (and skipped empty ones) take

	slots [][]byte // backing of the Args that run wrote; slots[:used] are taken
	used  int
	parts *partial // completed partials, which own the memory of their commands
}

var batchPool = sync.Pool{New: func() any {
	return &Batch{slots: make([][]byte, 4*MaxBatch)}
}}

// GetBatch returns an empty batch from the pool.
func GetBatch() *Batch { return batchPool.Get().(*Batch) }

// Release resets b and gives it back to the pool.
func (b *Batch) Release() {
	b.Reset()
	clear(b.Cmds[:])
	clear(b.slots)
	batchPool.Put(b)
}

// Reset empties b: all its views and owned memory are given up.
func (b *Batch) Reset() {
	if invariants.Enabled {
		clear(b.Cmds[:])
		clear(b.slots)
	}
	if b.parts != nil {
		b.freeParts()
	}
	if len(b.slots) > keptBatchSlots {
		b.slots = make([][]byte, 4*MaxBatch)
	}
	b.N, b.Bytes, b.used = 0, 0, 0
}

// Cut leaves the commands from i on, none of which has been looked at for good, in the source, for the next
// batch. It returns false, having done nothing, where that cannot be; the first command stays. The batch is full:
// otherwise the parser may have begun a command behind the last.
func (b *Batch) Cut(i int) bool {
	if i <= 0 {
		return false
	}
	for _, c := range b.Cmds[i:b.N] {
		if c.wire == nil {
			return false
		}
	}
	b.N, b.Bytes = i, b.Cmds[i].from
	return true
}

// freeParts gives back the completed partials.
func (b *Batch) freeParts() {
	for p := b.parts; p != nil; {
		next := p.next
		p.free()
		p = next
	}
	b.parts = nil
}

// take returns n free argument slots, without marking them used. The slots of earlier
// commands stay where they are.
func (b *Batch) take(n int) [][]byte {
	if len(b.slots)-b.used < n {
		b.growSlots(n)
	}
	return b.slots[b.used : b.used+n : b.used+n]
}

// growSlots starts a new, larger backing with at least n slots.
func (b *Batch) growSlots(n int) {
	size := max(2*len(b.slots), 4*MaxBatch)
	for size < n {
		size *= 2
	}
	b.slots = make([][]byte, size)
	b.used = 0
}

// add appends a command that a partial has completed; the batch now owns the partial.
func (b *Batch) add(p *partial) {
	b.Cmds[b.N] = Command{Args: p.args, WireBytes: p.at + p.drained}
	b.N++
	b.Bytes += p.at
	p.next = b.parts
	b.parts = p
}
