package resp

// Source is where a connection's input waits. One goroutine parses; another one may
// append at the same time if the implementation allows it.
//
// Bytes that PeekAt has shown stay where they are until they are discarded, whatever
// is appended behind them: arguments are views of them.
type Source interface {
	// Len is how many bytes wait.
	Len() int
	// PeekAt returns the contiguous bytes from offset off (0 is the front) to the end
	// of their node, and nil when off >= Len.
	PeekAt(off int) []byte
	// Discard drops n bytes (at most Len) from the front.
	Discard(n int)
}

// SliceSource is a Source over one slice, for loaders and tests. It is used by its
// address; the slice must not change while views of it are alive.
type SliceSource []byte

// Len is how many bytes are left.
func (s *SliceSource) Len() int { return len(*s) }

// PeekAt returns everything from off on.
func (s *SliceSource) PeekAt(off int) []byte {
	if off >= len(*s) {
		return nil
	}
	return (*s)[off:]
}

// Discard drops n bytes from the front.
func (s *SliceSource) Discard(n int) { *s = (*s)[n:] }

// cursor walks a source node by node, so that each node is peeked once per Parse.
type cursor struct {
	src Source
	off int    // offset of buf[0] in the source
	buf []byte // the current node's bytes
	pos int    // position in buf
}

// abs is the cursor's offset in the source.
func (c *cursor) abs() int { return c.off + c.pos }

// seek moves to an offset of the source. Nothing may be there yet.
func (c *cursor) seek(off int) {
	if d := off - c.off; d >= 0 && d <= len(c.buf) {
		c.pos = d
		return
	}
	c.off, c.pos = off, 0
	c.buf = c.src.PeekAt(off)
}

// more makes sure that the current node has an unread byte, moving to the next node at
// the end of one. It returns false when all that has arrived was read.
func (c *cursor) more() bool {
	if c.pos < len(c.buf) {
		return true
	}
	c.off += c.pos
	c.pos = 0
	c.buf = c.src.PeekAt(c.off)
	return len(c.buf) > 0
}

// copyTo fills dst from the cursor and moves behind it. The source must have as much.
func (c *cursor) copyTo(dst []byte) {
	for len(dst) > 0 && c.more() {
		n := copy(dst, c.buf[c.pos:])
		c.pos += n
		dst = dst[n:]
	}
}

// skip moves n bytes on without looking at them. The source must have as much; the
// nodes in between are peeked, but only at a border.
func (c *cursor) skip(n int) {
	if left := len(c.buf) - c.pos; n <= left {
		c.pos += n
		return
	}
	c.off += c.pos + n
	c.pos = 0
	c.buf = c.src.PeekAt(c.off)
}
