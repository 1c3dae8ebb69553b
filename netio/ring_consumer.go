package netio

import (
	"io"

	"github.com/kringdb/kring/internal/invariants"
)

// Peek returns the contiguous bytes at the front, nil when the ring is empty. They
// stay valid and in place until they are discarded.
func (r *Ring) Peek() []byte { return r.PeekAt(0) }

// PeekAt returns the contiguous bytes from offset off (0 is the front) to the end of
// their node, nil when off >= Len. They stay valid and in place until they are
// discarded.
func (r *Ring) PeekAt(off int) []byte {
	// The length is loaded before any next pointer: a node without a successor holds
	// all bytes up to a length that was read earlier.
	length := r.Len()
	if off >= length {
		return nil
	}
	n, base, start := r.front(), 0, int(r.rpos)
	if r.seek != nil && off >= r.seekAt {
		n, base, start = r.seek, r.seekAt, 0
	}
	for {
		next := n.next.Load()
		if next == nil {
			return n.buf[start+off-base : start+length-base]
		}
		if has := n.w - start; off-base < has {
			return n.buf[start+off-base : start+min(has, length-base)]
		}
		base += n.w - start
		n, start = next, 0
		r.seek, r.seekAt = n, base
	}
}

// front returns the first node. The ring is not empty.
func (r *Ring) front() *node {
	if r.head == nil {
		r.head, r.first = r.first, nil
		r.rpos = 0
	}
	return r.head
}

// Discard drops n bytes, at most Len, from the front. Views of them are void.
func (r *Ring) Discard(n int) {
	if n == 0 {
		return
	}
	word := r.word.Load()
	if n < 0 || n > int(word>>wordShift) {
		panic("netio: Ring.Discard beyond Len")
	}
	h, left := r.front(), n
	for {
		next := h.next.Load()
		// w is final, and ours to read, only when there is a successor.
		if next == nil || left < h.w-int(r.rpos) {
			if invariants.Enabled {
				invariants.Mangle(h.buf[r.rpos : int(r.rpos)+left])
			}
			r.rpos += int32(left)
			break
		}
		left -= h.w - int(r.rpos)
		putNode(h)
		h = next
		r.head, r.rpos = h, 0
		if r.seek == h {
			r.seek = nil
		}
	}
	// The usual case, all that there was, takes one step.
	if word == uint64(n)<<wordShift|wordChained && r.word.CompareAndSwap(word, 0) {
		r.dropChain()
		return
	}
	r.seekAt -= n
	if r.word.Add(-(uint64(n) << wordShift)) == wordChained {
		r.trim()
	}
}

// trim gives the nodes back when the ring is empty and the producer has no window
// open.
func (r *Ring) trim() {
	if r.word.Load() == wordChained && r.word.CompareAndSwap(wordChained, 0) {
		r.dropChain()
	}
}

// dropChain gives the nodes back. The word says no longer that there are any.
func (r *Ring) dropChain() {
	n := r.head
	r.head, r.seek, r.rpos = nil, nil, 0
	for n != nil {
		next := n.next.Load()
		if next == nil {
			// The producer may have begun a new chain already: then tail is no longer n,
			// and cannot be n again before n is in the pool.
			r.tail.CompareAndSwap(n, nil)
		}
		putNode(n)
		n = next
	}
}

// Read moves up to len(p) bytes into p; io.EOF when the ring is empty.
func (r *Ring) Read(p []byte) (int, error) {
	total := 0
	for total < len(p) {
		b := r.Peek()
		if len(b) == 0 {
			break
		}
		n := copy(p[total:], b)
		r.Discard(n)
		total += n
	}
	if total == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return total, nil
}

// WriteTo moves everything into w.
func (r *Ring) WriteTo(w io.Writer) (total int64, err error) {
	for b := r.Peek(); len(b) > 0; b = r.Peek() {
		n, err := w.Write(b)
		r.Discard(n)
		total += int64(n)
		if err != nil {
			return total, err
		}
		if n < len(b) {
			return total, io.ErrShortWrite
		}
	}
	return total, nil
}

// views fills dst with the bytes at the front, node by node, most bytes at most. It
// returns how many views there are and their sum.
func (r *Ring) views(dst [][]byte, most int) (count, total int) {
	for count < len(dst) && total < most {
		b := r.PeekAt(total)
		if len(b) == 0 {
			break
		}
		if len(b) > most-total {
			b = b[:most-total]
		}
		dst[count] = b
		count++
		total += len(b)
	}
	return count, total
}
