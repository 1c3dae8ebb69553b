package netio

import (
	"sync/atomic"

	"github.com/kringdb/kring/internal/invariants"
)

// Ring is an unbounded byte queue: a linked list of fixed-size nodes from a pool.
// One goroutine may produce while another one consumes, without a lock; growing
// links a node and copies nothing. The zero value is an empty ring. A Ring must not
// be copied.
//
// Producer's methods: Write, Window, ReadFrom. Consumer's: Peek, PeekAt, Discard,
// Read, WriteTo. Len belongs to both. The roles may pass from goroutine to goroutine
// as long as something orders the two (a channel, a mailbox).
//
// A drained ring gives its nodes back, unless the producer has a window open at that
// moment.
type Ring struct {
	// word is all that the two sides share: the length in bytes << wordShift, plus
	// wordOpen and wordChained. While wordOpen is set the consumer only subtracts
	// from the length, so the producer knows the flags and may change them by Add.
	word atomic.Uint64

	// The consumer's.
	head   *node // nil until it takes first
	seek   *node // a node behind head that PeekAt found last, or nil
	seekAt int   // offset in the ring of seek's first byte
	rpos   int32 // read position in head; a node never exceeds MaxWindowBytes

	// The producer's.
	opened bool                 // wordOpen is set
	deep   bool                 // Conn.fill's: the last one got more than a node holds
	bare   bool                 // opened while there was no chain: the first publish sets wordChained
	first  *node                // of a new chain; the consumer takes it, and clears it, once wordChained is set
	tail   atomic.Pointer[node] // cleared by the consumer when it drops the chain
}

const (
	wordOpen    = 1 // the producer is using the tail: the chain may not be dropped
	wordChained = 2 // there are nodes
	wordShift   = 2
)

// Len is how many bytes wait in the ring; any goroutine may ask.
func (r *Ring) Len() int { return int(r.word.Load() >> wordShift) }

// release gives all nodes back, whatever they hold. The caller is both producer and
// consumer.
func (r *Ring) release() {
	if r.opened {
		r.shut(0)
	}
	if n := r.Len(); n > 0 {
		r.Discard(n)
	}
	r.trim()
}

// nodes counts the nodes that the ring holds. The caller is both producer and
// consumer.
func (r *Ring) nodes() int {
	n, count := r.head, 0
	if n == nil {
		n = r.first
	}
	for ; n != nil; n = n.next.Load() {
		count++
	}
	return count
}

// room is how many bytes fit behind what the ring holds, without another node. The caller
// is both producer and consumer.
func (r *Ring) room() int {
	if t := r.tail.Load(); t != nil {
		return len(t.buf) - t.w
	}
	return 0
}

// checkInvariants panics when the ring's parts disagree. The caller is both producer
// and consumer.
func (r *Ring) checkInvariants() {
	word := r.word.Load()
	invariants.Assert((word&wordOpen != 0) == r.opened, "open flag %v, word %#x", r.opened, word)
	if word&wordChained == 0 {
		invariants.Assert(word>>wordShift == 0, "no chain but %d bytes", word>>wordShift)
		invariants.Assert(r.head == nil && r.seek == nil, "no chain but a head")
		invariants.Assert(r.opened || r.first == nil && r.tail.Load() == nil, "no chain but nodes are held")
		return
	}
	n, start, sum := r.head, int(r.rpos), 0
	if n == nil {
		n, start = r.first, 0
	}
	for ; n != nil; n = n.next.Load() {
		invariants.Assert(start <= n.w && n.w <= len(n.buf), "node has %d of %d bytes, read to %d", n.w, len(n.buf), start)
		sum += n.w - start
		start = 0
		invariants.Assert(n.next.Load() != nil || r.tail.Load() == n, "the tail is not the last node")
	}
	invariants.Assert(sum == int(word>>wordShift), "nodes hold %d bytes, length is %d", sum, word>>wordShift)
}
